"""Why a place is not to be had: what excludes places by itself, and which single wish stands in the way of most.

A wish is the household's: its word alone gives it up. A rule of the house or of the law is no wish: protection and a family's
room are never offered to be given up (`compatible.HARD`).
"""

from collections.abc import Mapping

from msgspec import Struct

from siao.core.allocation.compatible import WORDS, Reason

Both = tuple[str, str]
WISHES: dict[Reason, Both] = {
    Reason.STEP_FREE: ("Sans le plain-pied", "Without step-free access"),
    Reason.ANIMALS: ("Sans l’animal", "Without the animal"),
    Reason.COTS: ("Sans lit bébé", "Without a cot"),
    Reason.DISTANCE: ("En allant plus loin", "Going further"),
    Reason.HOUR: ("En arrivant plus vite", "Arriving sooner"),
    Reason.NIGHTS: ("Pour moins de nuits", "For fewer nights"),
}
ASK: Both = (
    "À demander au ménage, jamais à décider pour lui.",
    "For the household to say, never to decide for it.",
)


class Wish(Struct, frozen=True):
    """Without it so many more `places` would fit. `words`: as a sentence, which ends with whose word it is."""

    reason: str
    places: int
    words: str


def wish(only: Mapping[str, int], language: str) -> Wish | None:
    """The one wish that alone excludes most places; None where no single one opens any."""
    counts = [(n, reason) for reason in WISHES if (n := only.get(str(reason.name), 0))]
    if not counts:
        return None
    n, reason = max(counts, key=lambda one: (one[0], -one[1]))
    return Wish(str(reason.name), n, _sentence(reason, n)[language == "en"])


def _sentence(reason: Reason, n: int) -> Both:
    fr, en = WISHES[reason]
    many = n > 1
    return (
        f"{fr}, {n} place{'s' * many} de plus {'conviendraient' if many else 'conviendrait'}. {ASK[0]}",
        f"{en}, {n} more place{'s' * many} would fit. {ASK[1]}",
    )


def nobody(excluded: Mapping[str, int], only: Mapping[str, int], language: str) -> list[str]:
    """Where nothing fits: how many places each reason excludes all by itself, and what a wish given up would open."""
    pairs: list[Both] = [("Aucune place ne convient à cet instant.", "No place fits at this moment.")]
    if not excluded:
        pairs = [("Aucune place n’est ouverte à cet instant.", "No place is open at this moment.")]
    elif only:
        counts = sorted(only.items(), key=lambda one: -one[1])
        fr, en = (", ".join(f"{WORDS[Reason[name]][i]} {n}" for name, n in counts) for i in (0, 1))
        pairs.append((f"Écartées par ce seul motif : {fr}.", f"Excluded by this reason alone: {en}."))
    found = wish(only, language)
    if excluded and found is None:
        pairs.append(("Aucun souhait abandonné seul n’en ouvrirait une.", "No single wish given up would open one."))
    return [*(pair[language == "en"] for pair in pairs), *([found.words] if found else [])]
