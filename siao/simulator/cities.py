"""Parks to play evenings on: two invented ones, A scarce and B less so, and any park that was imported."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

from msgspec import Struct

from siao.core import night as nights
from siao.core.allocation.compatible import Place
from siao.core.parks import Park, ParkShelter, ParkUnit, identity
from siao.core.units import Feature, Kind, Rule
from siao.simulator.clock import NIGHT, ZONE

LATITUDE, LONGITUDE, SPREAD_DEGREES = 45.19, 5.72, 0.12
SHELTERS = 24
DOORS = (None, None, None, 22, 23)
FEATURES = ((Feature.STEP_FREE, 0.25), (Feature.ANIMALS, 0.2), (Feature.PROTECTED, 0.12), (Feature.COTS, 0.5))
A = (
    (Kind.DORMITORY, 20, Rule.MEN, 11), (Kind.DORMITORY, 16, Rule.WOMEN, 5), (Kind.DORMITORY, 12, Rule.MIXED, 3),
    (Kind.DORMITORY, 8, Rule.SWITCHABLE, 1), (Kind.ROOM, 1, Rule.MEN, 14), (Kind.ROOM, 1, Rule.WOMEN, 14), (Kind.ROOM, 1, Rule.MIXED, 2),
    (Kind.ROOM, 2, Rule.MEN, 6), (Kind.ROOM, 2, Rule.WOMEN, 22), (Kind.ROOM, 2, Rule.MIXED, 6), (Kind.ROOM, 3, Rule.WOMEN, 10),
    (Kind.ROOM, 3, Rule.MIXED, 4), (Kind.ROOM, 4, Rule.WOMEN, 7), (Kind.ROOM, 4, Rule.MIXED, 3), (Kind.ROOM, 6, Rule.WOMEN, 3),
    (Kind.ROOM, 6, Rule.MIXED, 3),
)  # fmt: skip
B = (
    (Kind.DORMITORY, 20, Rule.MEN, 12), (Kind.DORMITORY, 16, Rule.WOMEN, 5), (Kind.DORMITORY, 12, Rule.MIXED, 4),
    (Kind.DORMITORY, 8, Rule.SWITCHABLE, 4), (Kind.ROOM, 1, Rule.MEN, 30), (Kind.ROOM, 1, Rule.WOMEN, 15), (Kind.ROOM, 1, Rule.MIXED, 15),
    (Kind.ROOM, 2, Rule.MEN, 15), (Kind.ROOM, 2, Rule.WOMEN, 37), (Kind.ROOM, 2, Rule.MIXED, 23), (Kind.ROOM, 3, Rule.WOMEN, 18),
    (Kind.ROOM, 3, Rule.MIXED, 12), (Kind.ROOM, 4, Rule.WOMEN, 12), (Kind.ROOM, 4, Rule.MIXED, 12), (Kind.ROOM, 6, Rule.WOMEN, 3),
    (Kind.ROOM, 6, Rule.MIXED, 6),
)  # fmt: skip
"""(kind, persons, rule, how many)."""


class City(Struct, frozen=True):
    """All places that one evening may bring; a dormitory's capacity is its beds."""

    name: str
    places: tuple[Place, ...]

    @property
    def persons(self) -> int:
        return sum(place.capacity for place in self.places)


def invented(name: str) -> City:
    """A (560 places) or B (850): the same name gives the same park. Units are dealt to shelters, and listed by shelter."""
    dice = Random(f"park {name}")
    rows = {"A": A, "B": B}[name]
    units = [(dice.randrange(SHELTERS), kind, capacity, rule) for kind, capacity, rule, count in rows for _ in range(count)]
    sites = [(dice.gauss(LATITUDE, SPREAD_DEGREES), dice.gauss(LONGITUDE, SPREAD_DEGREES), dice.choice(DOORS)) for _ in range(SHELTERS)]
    return City(name, tuple(_place(name, i, unit, sites[unit[0]], dice) for i, unit in enumerate(sorted(units))))


def _place(name: str, i: int, unit: tuple[int, Kind, int, Rule], site: tuple[float, float, int | None], dice: Random) -> Place:
    shelter, kind, capacity, rule = unit
    latitude, longitude, door = site
    features = tuple(feature for feature, chance in FEATURES if dice.random() < chance)
    return Place(
        units=(identity(name, i),),
        shelter=identity(name, "shelter", shelter),
        kind=kind,
        capacity=capacity,
        free=True,
        rule=None if rule is Rule.SWITCHABLE else rule,
        features=tuple(f for f in features if f is not Feature.COTS or kind is Kind.ROOM),
        latitude=latitude,
        longitude=longitude,
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
