"""Invented batches to solve, from a seed: who waits and what is free, small, of a département, of Paris, of all France."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation.compatible import Household, Place, adjoin
from siao.core.allocation.model import Instance, Rules, Waiting
from siao.core.requests import Need
from siao.core.units import Feature, Kind, Rule

NOW = datetime(2026, 1, 20, 19, 30, tzinfo=UTC)
DEPARTEMENTS = 101
FRANCE_REQUESTS, FRANCE_PLACES = 30_611, 203_000
FREE_SHARE = 0.03
COMPOSITIONS = (
    # men, women, children from–to, weight
    (1, 0, (0, 0), 44), (0, 1, (0, 0), 15), (1, 1, (0, 0), 7), (2, 0, (0, 0), 1), (0, 2, (0, 0), 1), (0, 1, (1, 4), 14),
    (1, 1, (1, 6), 13), (1, 0, (1, 2), 2), (0, 0, (1, 2), 3),
)  # fmt: skip
LEVELS = (10, 20, 30, 40)
ROOM_RULES = ((Rule.MIXED, 70), (Rule.WOMEN, 15), (Rule.MEN, 15))
DORMITORY_RULES = ((Rule.MEN, 45), (Rule.WOMEN, 20), (Rule.MIXED, 15), (None, 20))


class Size(Struct, frozen=True):
    """How large a batch is. `free`: beds free tonight; `full`: with what makes it more than a network."""

    requests: int
    free: int
    shelters: int
    communes: int
    radius_degrees: float
    full: bool = True


SMALL = Size(24, 32, 5, 3, 0.2)
DEPARTEMENT = Size(FRANCE_REQUESTS // DEPARTEMENTS, 60, 40, 12, 0.4)
PARIS = Size(2_000, 750, 850, 20, 0.06)


def make(size: Size, seed: int, rules: Rules | None = None) -> Instance:
    """One batch. The same seed, the same batch."""
    dice = Random(seed)
    communes = [_spot(dice, size.radius_degrees) for _ in range(size.communes)]
    shelters = [(_id(dice), *_spot(dice, size.radius_degrees), _door(dice)) for _ in range(size.shelters)]
    places = tuple(_places(dice, size, shelters))
    slept = [place.shelter for place in places]
    waiting = tuple(Waiting(_id(dice), _household(dice, communes, slept)) for _ in range(size.requests))
    made = Instance(waiting, places, NOW, rules or Rules())
    return made if size.full else as_network(made)


def as_network(instance: Instance) -> Instance:
    """The same batch without adjoining pairs, rules to choose and households of two in dormitories."""
    places = [replace(p, rule=p.rule or (Rule.MIXED if p.kind is Kind.DORMITORY else None)) for p in instance.places if len(p.units) == 1]
    waiting = [replace(one, household=_alone(one.household)) for one in instance.waiting]
    return replace(instance, places=tuple(places), waiting=tuple(waiting))


def _alone(h: Household) -> Household:
    needs = h.needs if h.persons == 1 or Need.PRIVATE_ROOM in h.needs else (*h.needs, Need.PRIVATE_ROOM)
    return replace(h, needs=needs)


def france(seed: int, *, full: bool = False) -> Iterator[Instance]:
    """The hundred and one départements, large and small, with as many requests as all have together."""
    dice = Random(seed)
    shares = [dice.lognormvariate(0, 0.8) for _ in range(DEPARTEMENTS)]
    for i, share in enumerate(shares):
        part = share / sum(shares)
        requests, free = round(FRANCE_REQUESTS * part), round(FRANCE_PLACES * FREE_SHARE * part)
        yield make(Size(max(2, requests), max(2, free), max(3, free), 12, 0.4, full), seed * 1_000 + i)


def _id(dice: Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


def _spot(dice: Random, radius: float) -> tuple[float, float]:
    return round(48.8 + dice.uniform(-radius, radius), 4), round(2.3 + dice.uniform(-radius, radius), 4)


def _door(dice: Random) -> datetime | None:
    return NOW + timedelta(minutes=dice.choice((45, 60, 90, 150, 240))) if dice.random() < 0.35 else None


def _household(dice: Random, communes: list[tuple[float, float]], slept: list[UUID]) -> Household:
    men, women, (least, most), _ = dice.choices(COMPOSITIONS, [row[-1] for row in COMPOSITIONS])[0]
    minors = dice.randint(least, most)
    infants = sum(dice.random() < 0.25 for _ in range(minors)) if men + women else 0
    where = dice.choice(communes) if dice.random() < 0.7 else (None, None)
    level = min(dice.choices((1, 2, 3, 4), LEVELS)[0], 2 if infants else 4)
    waited = timedelta(minutes=round(dice.expovariate(1 / 240)) + (1440 * dice.randint(1, 9) if dice.random() < 0.2 else 0))
    last = dice.choice(slept) if slept and dice.random() < 0.25 else None
    needs = tuple(_needs(dice, men, women, minors - infants, infants))
    return Household(
        men, women, minors - infants, infants, needs, *where, dice.choice((None, None, None, 5, 15)) if where[0] else None,
        dice.choice((1, 1, 1, 7)), level, NOW - waited, last,
    )  # fmt: skip


def _needs(dice: Random, men: int, women: int, children: int, infants: int) -> Iterator[Need]:
    for need, share in (
        (Need.STEP_FREE, 0.06),
        (Need.ANIMALS, 0.05),
        (Need.PROTECTED, 0.08 if women and not men else 0.01),
        (Need.COTS, 0.6 if infants else 0),
        (Need.PRIVATE_ROOM, 0.04),
        (Need.WOMEN_ONLY, 0.25 if women and not men else 0),
    ):
        if dice.random() < share:
            yield need


def _places(dice: Random, size: Size, shelters: list[tuple[UUID, float, float, datetime | None]]) -> Iterator[Place]:
    left = size.free
    while left > 0:
        shelter = dice.choice(shelters)
        if dice.random() < 0.35:
            made = [_place(dice, shelter, Kind.DORMITORY, min(left, dice.choice((1, 1, 2, 2, 3, 4, 6))), None)]
            if dice.random() < 0.3:
                made.append(replace(made[0], units=(_id(dice),), capacity=dice.choice((1, 1, 2, 3))))
        else:
            suite = _id(dice) if dice.random() < 0.12 else None
            made = [_place(dice, shelter, Kind.ROOM, dice.choice((1, 2, 2, 3, 3, 4, 5)), suite) for _ in range(1 + (suite is not None))]
        left -= sum(place.capacity for place in made)
        yield from made
        yield from (adjoin(a, b) for a, b in combinations(made, 2) if a.kind is Kind.ROOM)


def _place(dice: Random, shelter: tuple[UUID, float, float, datetime | None], kind: Kind, capacity: int, suite: UUID | None) -> Place:
    rules = DORMITORY_RULES if kind is Kind.DORMITORY else ROOM_RULES
    rule = dice.choices([rule for rule, _ in rules], [weight for _, weight in rules])[0]
    features = tuple(feature for feature in Feature if dice.random() < 0.2)
    stay = dice.choice((None, None, None, 1, 3, 7))
    id, latitude, longitude, door = shelter
    return Place((_id(dice),), id, kind, capacity, True, rule, features, latitude, longitude, door, stay, suite)
