"""Parks to play evenings on: two invented ones, A scarce and B less so, and any park that was imported."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core import night as nights
from siao.core.allocation.compatible import Place
from siao.core.parks import Park, ParkShelter, ParkUnit, identity
from siao.core.units import Feature, Kind, Rule
from siao.simulator.clock import NIGHT, ZONE

LATITUDE, LONGITUDE, SPREAD_DEGREES = 45.19, 5.72, 0.12
DOORS = (None, None, None, 22, 23)
FEATURES = ((Feature.STEP_FREE, 0.25), (Feature.ANIMALS, 0.2), (Feature.PROTECTED, 0.12), (Feature.COTS, 0.5))
A = (
    (Kind.DORMITORY, 20, Rule.MEN, 8), (Kind.DORMITORY, 16, Rule.WOMEN, 3), (Kind.DORMITORY, 12, Rule.MIXED, 3),
    (Kind.DORMITORY, 8, Rule.SWITCHABLE, 2), (Kind.ROOM, 1, Rule.MIXED, 40), (Kind.ROOM, 2, Rule.MIXED, 50), (Kind.ROOM, 3, Rule.MIXED, 20),
    (Kind.ROOM, 4, Rule.MIXED, 16), (Kind.ROOM, 6, Rule.MIXED, 6),
)  # fmt: skip
B = (
    (Kind.DORMITORY, 20, Rule.MEN, 12), (Kind.DORMITORY, 16, Rule.WOMEN, 5), (Kind.DORMITORY, 12, Rule.MIXED, 4),
    (Kind.DORMITORY, 8, Rule.SWITCHABLE, 4), (Kind.ROOM, 1, Rule.MIXED, 60), (Kind.ROOM, 2, Rule.MIXED, 75), (Kind.ROOM, 3, Rule.MIXED, 30),
    (Kind.ROOM, 4, Rule.MIXED, 24), (Kind.ROOM, 6, Rule.MIXED, 9),
)  # fmt: skip


class City(Struct, frozen=True):
    """All places that one evening may bring; a dormitory's capacity is its beds."""

    name: str
    places: tuple[Place, ...]

    @property
    def persons(self) -> int:
        return sum(place.capacity for place in self.places)


def invented(name: str) -> City:
    """A (560 places) or B (850): the same name gives the same park."""
    dice = Random(f"park {name}")
    rows = {"A": A, "B": B}[name]
    units = [(kind, capacity, rule) for kind, capacity, rule, count in rows for _ in range(count)]
    return City(name, tuple(_place(name, i, *unit, dice) for i, unit in enumerate(units)))


def _place(name: str, i: int, kind: Kind, capacity: int, rule: Rule, dice: Random) -> Place:
    features = tuple(feature for feature, chance in FEATURES if dice.random() < chance)
    door = dice.choice(DOORS)
    return Place(
        units=(identity(name, i),),
        shelter=identity(name, "shelter", i),
        kind=kind,
        capacity=capacity,
        free=True,
        rule=None if rule is Rule.SWITCHABLE else rule,
        features=tuple(f for f in features if f is not Feature.COTS or kind is Kind.ROOM),
        latitude=LATITUDE + dice.gauss(0, SPREAD_DEGREES),
        longitude=LONGITUDE + dice.gauss(0, SPREAD_DEGREES),
        arrive_before=None if door is None else nights.at(NIGHT, nights.time(door), ZONE),
        nights_max=None,
        suite=None,
    )


def imported(park: Park) -> City:
    """What is vacant on the imported night; what the file does not say is absent."""
    return City(park.name, tuple(place for shelter in park.shelters for place in _vacant(park.code, shelter)))


def _vacant(code: str, s: ParkShelter) -> Iterator[Place]:
    for unit in s.units:
        if unit.vacant:
            yield _as_place(identity(code, s.name, unit.name), identity(code, s.name), s, unit)


def _as_place(id: UUID, shelter: UUID, s: ParkShelter, unit: ParkUnit) -> Place:
    return Place(
        units=(id,),
        shelter=shelter,
        kind=unit.kind,
        capacity=unit.vacant,
        free=True,
        rule=unit.rule_tonight if unit.rule is Rule.SWITCHABLE else unit.rule,
        features=unit.features,
        latitude=s.latitude,
        longitude=s.longitude,
        arrive_before=s.arrive_before and nights.door(NIGHT, s.arrive_before, ZONE),
        nights_max=unit.nights_max,
        suite=None,
    )


def without_features(city: City) -> City:
    """Whether a file said nothing of features: then no call may ask for one."""
    return City(city.name, tuple(replace(place, features=()) for place in city.places))
