"""What the allocation solves: who waits, what is free, by which rules; and what a plan is worth, told without any solver.

Everything is minimised, level by level in the order of the rules, and never as one weighted sum (ALLOCATION, Model).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation.compatible import Household, Place, distance, excluded
from siao.core.coded import Coded
from siao.core.requests import Need
from siao.core.units import Feature, Kind, Rule

FIRST, LAST = 1, 4
"""Priority levels of households."""
SIDES = (Rule.MEN, Rule.WOMEN, Rule.MIXED)
HOUR_SECONDS = 3600
TENTHS = 10


class Level(Coded):
    """What the vector of a plan counts. L1 to L4 speak of the households' priority levels, the others of all sheltered."""

    L1 = "l1", "ménages de niveau 1 abrités", "households of level 1 sheltered"
    L2 = "l2", "ménages de niveau 2 abrités", "households of level 2 sheltered"
    L3 = "l3", "ménages de niveau 3 abrités", "households of level 3 sheltered"
    L4 = "l4", "ménages de niveau 4 abrités", "households of level 4 sheltered"
    WASTE = "waste", "lits et équipements perdus", "beds and equipment wasted"
    CONTINUITY = "continuity", "même structure que la nuit dernière", "same shelter as last night"
    WAITING = "waiting", "ancienneté de ceux qui sont abrités", "waiting time of those sheltered"
    DISTANCE = "distance", "distance", "distance"


PRIORITY = (Level.L1, Level.L2, Level.L3, Level.L4)


class Counted(Coded):
    """What the priority levels count: it changes who wins, so it is a written decision of the territory."""

    PERSONS = "persons", "en personnes", "in persons"
    HOUSEHOLDS = "households", "en ménages", "in households"


class Rules(Struct, frozen=True):
    """A territory's rules of allocation, versioned. Weights are whole numbers of beds.

    `order`: every level once, the first decides first. `floors`: at least so many households of each priority level are
    sheltered, as far as can be. `promote_after_hours`: a request that has waited longer counts one level higher.
    """

    version: int = 1
    effective: date = date(2000, 1, 1)
    order: tuple[Level, ...] = tuple(Level)
    floors: tuple[int, int, int, int] = (0, 0, 0, 0)
    promote_after_hours: int | None = None
    counted: Counted = Counted.PERSONS
    step_free_waste: int = 3
    protected_waste: int = 2


class Waiting(Struct, frozen=True):
    """One household that waits."""

    request: UUID
    household: Household


class Instance(Struct, frozen=True):
    """All that a plan is made from. `places`: free ones; rooms that adjoin are also there in pairs, as in `Board.places`."""

    waiting: tuple[Waiting, ...]
    places: tuple[Place, ...]
    now: datetime
    rules: Rules


class Given(Struct, frozen=True):
    """One household and its place: a room, a pair of rooms, or as many beds of a dormitory as it has persons."""

    request: UUID
    units: tuple[UUID, ...]


Vector = tuple[int, ...]
"""One whole number a level, in the order of the rules; smaller is better, compared from the left."""


def level(h: Household, rules: Rules, now: datetime) -> int:
    """The priority level that counts: one higher where the household waited longer than the rules say."""
    hours = (now - h.waiting_since).total_seconds() / HOUR_SECONDS
    promoted = rules.promote_after_hours is not None and hours > rules.promote_after_hours
    return max(FIRST, h.level - promoted)


def weight(h: Household, rules: Rules) -> int:
    """What sheltering this household adds to its priority level."""
    return h.persons if rules.counted is Counted.PERSONS else 1


def waste(h: Household, p: Place, rules: Rules) -> int:
    """Σ(c − s) of rooms + 3·[step-free, not needed] + 2·[protected, not needed]; the weights are the rules'."""
    beds = p.capacity - h.persons if p.kind is Kind.ROOM else 0
    step_free = Feature.STEP_FREE in p.features and Need.STEP_FREE not in h.needs
    protected = Feature.PROTECTED in p.features and Need.PROTECTED not in h.needs
    return beds + rules.step_free_waste * step_free + rules.protected_waste * protected


def hours(h: Household, now: datetime) -> int:
    """Whole hours waited."""
    return max(0, int((now - h.waiting_since).total_seconds() // HOUR_SECONDS))


def tenths(h: Household, p: Place) -> int:
    """The way in tenths of a km, 0 where one of the two did not say where it is."""
    return round((distance(h, p) or 0) * TENTHS)


def worth(h: Household, p: Place, rules: Rules, now: datetime) -> Vector:
    """What giving this place to this household adds to each level, in the order of the rules."""
    mine = PRIORITY[level(h, rules, now) - 1]
    adds = {
        mine: -weight(h, rules),
        Level.WASTE: waste(h, p, rules),
        Level.CONTINUITY: -int(p.shelter == h.last_shelter),
        Level.WAITING: -hours(h, now),
        Level.DISTANCE: tenths(h, p),
    }
    return tuple(adds.get(one, 0) for one in rules.order)


def vector(instance: Instance, given: Iterable[Given]) -> Vector:
    """What a plan is worth, level by level."""
    household = {one.request: one.household for one in instance.waiting}
    place = {one.units: one for one in instance.places}
    total = [0] * len(instance.rules.order)
    for one in given:
        adds = worth(household[one.request], place[one.units], instance.rules, instance.now)
        total = [a + b for a, b in zip(total, adds)]
    return tuple(total)


def faults(instance: Instance, given: Sequence[Given]) -> Iterator[str]:
    """What makes a plan impossible, in words; nothing where it can be done. Knows nothing of how it was made."""
    household = {one.request: one.household for one in instance.waiting}
    place = {one.units: one for one in instance.places}
    if len({one.request for one in given}) < len(given):
        yield "a household has two places"
    taken: defaultdict[UUID, list[Given]] = defaultdict(list)
    for one in given:
        if one.request not in household or one.units not in place:
            yield f"{one.request} or its place is not in the instance"
            return
        for unit in one.units:
            taken[unit].append(one)
    for users in taken.values():
        yield from _shared(place[users[0].units], [(household[one.request], place[one.units]) for one in users], instance.now)


def _shared(p: Place, users: Sequence[tuple[Household, Place]], now: datetime) -> Iterator[str]:
    """A room goes to one household; a dormitory to as many as it has beds, all under one rule of the night."""
    if p.kind is Kind.ROOM and len(users) > 1:
        yield f"room {p.units} is given twice"
    if p.kind is Kind.DORMITORY and sum(h.persons for h, _ in users) > p.capacity:
        yield f"dormitory {p.units} has {p.capacity} beds"
    rules = (p.rule,) if p.rule is not None else SIDES
    if p.kind is Kind.DORMITORY and not any(all(not excluded(h, replace(q, rule=rule), now) for h, q in users) for rule in rules):
        yield f"no rule of the night lets these households share dormitory {p.units}"
    if p.kind is Kind.ROOM and any(excluded(h, q, now) for h, q in users):
        yield f"room {p.units} does not fit"
