"""What tells one place from another for one household, and at which level; read off the rows, place by place."""

from msgspec import Struct

from siao.core.allocation.compatible import Household, Place, distance
from siao.core.allocation.model import Level, Rules, tenths, waste
from siao.core.coded import Coded

TELLING = (Level.WASTE, Level.CONTINUITY, Level.DISTANCE)
"""The levels that speak of places; the priority levels and waiting speak of households."""


class Why(Coded):
    """At which level a place beats the next."""

    ONLY = "only", "la seule qui convient", "the only one that fits"
    WASTE = "waste", "la plus juste en taille et en équipement", "the closest in size and equipment"
    CONTINUITY = "continuity", "même structure que la nuit dernière", "same shelter as last night"
    DISTANCE = "distance", "la plus proche", "the nearest"
    EQUAL = "equal", "à égalité avec la suivante", "equal to the next"
    LAST = "last", "après les autres", "after the others"


class Weighed(Struct, frozen=True):
    """What tells a place from another for one household: beds and equipment wasted, last night's shelter, tenths of a km.

    `tenths` None where one of the two did not say where it is: no wish, so it ranks as no way.
    """

    waste: int
    same_shelter: bool
    tenths: int | None


def weigh(h: Household, p: Place, rules: Rules) -> Weighed:
    return Weighed(waste(h, p, rules), p.shelter == h.last_shelter, None if distance(h, p) is None else tenths(h, p))


def why(mine: Weighed, after: Weighed | None, rules: Rules, fitting: int) -> Why:
    """The first level, in the rules' order, at which `mine` beats `after`."""
    if after is None:
        return Why.ONLY if fitting == 1 else Why.LAST
    for level in rules.order:
        if level in TELLING and cost(mine)[level] < cost(after)[level]:
            return Why(level)
    return Why.EQUAL


def cost(w: Weighed) -> dict[Level, int]:
    """The levels that tell places apart, smaller is better."""
    return {Level.WASTE: w.waste, Level.CONTINUITY: -w.same_shelter, Level.DISTANCE: w.tenths or 0}
