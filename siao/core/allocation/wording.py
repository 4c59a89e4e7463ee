"""The rules in plain words, with every parameter and its weight: what anybody may ask for (CRPA L311-3-1)."""

from collections.abc import Iterator

from siao.core.allocation.compatible import WORDS
from siao.core.allocation.model import PRIORITY, Level, Rules

Both = tuple[str, str]


def plainly(rules: Rules, language: str) -> list[str]:
    return [pair[language == "en"] for pair in _sentences(rules)]


def levels(rules: Rules, language: str) -> list[str]:
    """What is compared, in the order in which it decides."""
    return [_level(level, rules)[language == "en"] for level in rules.order]


def _sentences(rules: Rules) -> Iterator[Both]:
    yield _excluding()
    yield (
        "Les plans possibles se comparent critère par critère, dans l’ordre de la liste : le second ne compte qu’à égalité sur le "
        "premier, et ainsi de suite. Rien n’est additionné en une note, et aucune personne n’est notée.",
        "Possible plans are compared level by level in the order of the list: the second counts only where the first is equal, and so on. "
        "Nothing is added up into a score, and nobody is scored.",
    )
    yield from _floors(rules)
    yield _promotion(rules)
    yield from _weights(rules)
    yield (
        "Qui a le droit de rester où il a dormi y reste : cela ne dépend d’aucun critère.",
        "Whoever has the right to stay where they slept stays there: no level decides it.",
    )
    yield (
        "La machine propose et explique ; une personne décide, et peut choisir autrement en donnant un motif codé.",
        "The machine proposes and explains; a person decides, and may choose otherwise with a coded reason.",
    )
    yield (
        "Chacun peut demander comment ces règles ont été appliquées à son cas, en clair, tant que sa demande est ouverte.",
        "Anybody may ask how these rules were applied to their own case, in plain words, while their request is open.",
    )


def _excluding() -> Both:
    fr, en = (", ".join(words[i] for words in WORDS.values()) for i in (0, 1))
    return (
        f"Une place n’est proposée que si elle convient. {len(WORDS)} motifs peuvent l’écarter, et chacun est dit : {fr}.",
        f"A place is proposed only if it fits. {len(WORDS)} reasons may exclude it, and each is said: {en}.",
    )


def _level(level: Level, rules: Rules) -> Both:
    if level in PRIORITY:
        return f"{level.fr}, comptés {rules.counted.fr}", f"{level.en}, counted {rules.counted.en}"
    return level.fr, level.en


def _floors(rules: Rules) -> Iterator[Both]:
    for level, floor in zip(PRIORITY, rules.floors):
        if floor:
            number = level.value[1:]
            yield (
                f"Au moins {floor} ménages de niveau {number} sont abrités chaque nuit, autant que faire se peut.",
                f"At least {floor} households of level {number} are sheltered each night, as far as can be.",
            )
    if not any(rules.floors):
        yield "Aucun niveau n’a de nombre de places garanti.", "No level has a guaranteed number of places."


def _promotion(rules: Rules) -> Both:
    hours = rules.promote_after_hours
    if hours is None:
        return "Attendre longtemps ne change pas le niveau.", "A long wait does not change the level."
    return (
        f"Une demande qui attend depuis plus de {hours} heures compte un niveau plus haut.",
        f"A request that has waited for more than {hours} hours counts one level higher.",
    )


def _weights(rules: Rules) -> Iterator[Both]:
    yield (
        "« Perdu » se compte ainsi : chaque lit laissé vide dans une chambre compte 1 ; une place de plain-pied donnée sans ce besoin "
        f"compte {rules.step_free_waste} ; une place protégée donnée sans ce besoin compte {rules.protected_waste}.",
        "“Wasted” is counted so: each bed left empty in a room counts 1; a step-free place given without that need counts "
        f"{rules.step_free_waste}; a protected place given without that need counts {rules.protected_waste}.",
    )
    yield (
        "L’ancienneté se compte en heures entières depuis la première demande, la distance en dixièmes de kilomètre.",
        "Waiting is counted in whole hours since the first request, distance in tenths of a kilometre.",
    )
