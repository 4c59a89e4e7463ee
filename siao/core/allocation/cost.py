"""What it costs all who wait, at least, to give one household another place than the plan's: told as one true sentence."""

from collections.abc import Callable

from msgspec import Struct

from siao.core.allocation.model import PRIORITY, TENTHS, Counted, Level, Rules, Vector

Both = tuple[str, str]


class Cost(Struct, frozen=True, tag="cost"):
    """`plan`: what the plan is worth. `least`: no plan that makes this exception is better than this."""

    plan: Vector
    least: Vector

    def first(self, rules: Rules) -> tuple[Level, int] | None:
        """The first level at which the exception is proven to be worse, and by how much; None where nothing is proven."""
        if self.least <= self.plan:
            return None
        return next((level, least - plan) for level, plan, least in zip(rules.order, self.plan, self.least) if plan != least)


def said(cost: Cost, rules: Rules, language: str) -> str:
    """ "At least", because the bound may be lower than the truth, and what is lost earlier in the order may be more."""
    found = cost.first(rules)
    if found is None:
        pair = ("Rien ne prouve que ce choix coûte quelque chose aux autres.", "Nothing proves that this choice costs the others anything.")
        return pair[language == "en"]
    fr, en = _lost(*found, rules)
    pair = (
        f"Pour l’ensemble, ce choix coûte au moins {fr}, ou davantage à un critère qui passe avant.",
        f"To all together this choice costs at least {en}, or more at a level that comes before.",
    )
    return pair[language == "en"]


def _lost(level: Level, n: int, rules: Rules) -> Both:
    if level in PRIORITY:
        number, persons = level.value[1:], rules.counted is Counted.PERSONS
        who = ("personne", "person") if persons else ("ménage", "household")
        return f"{n} {who[0]}{_s(n)} de niveau {number} sans abri de plus", f"{n} more {who[1]}{_s(n)} of level {number} without shelter"
    return LOST[level](n)


LOST: dict[Level, Callable[[int], Both]] = {
    Level.WASTE: lambda n: (f"{n} lit{_s(n)} ou équipement{_s(n)} perdu{_s(n)} de plus", f"{n} more bed{_s(n)} or equipment wasted"),
    Level.CONTINUITY: lambda n: (
        f"{n} ménage{_s(n)} de plus ailleurs que la nuit dernière",
        f"{n} more household{_s(n)} elsewhere than last night",
    ),
    Level.WAITING: lambda n: (
        f"{n} heure{_s(n)} d’attente de moins parmi ceux qui sont abrités",
        f"{n} hour{_s(n)} of waiting less among those sheltered",
    ),
    Level.DISTANCE: lambda n: (f"{n / TENTHS:.1f}".replace(".", ",") + " km de plus en tout", f"{n / TENTHS:.1f} km more in all"),
}


def _s(n: int) -> str:
    return "s" * (n > 1)
