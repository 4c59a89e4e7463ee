"""Invented parks of any size: so many shelters, exactly so many places, for a seed. Schemes as France has them."""

from collections.abc import Iterator
from datetime import time
from math import cos, pi, sin
from random import Random

from siao.core.beds import OutReason
from siao.core.parks import Park, ParkCommune, ParkShelter, ParkUnit
from siao.core.units import Feature, Kind, Mode, Rule, Scheme

DEPARTEMENTS = (
    *(f"{n:02d}" for n in range(1, 96) if n != 20), "2A", "2B", "971", "972", "973", "974", "976",
)  # fmt: skip
ZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}
LARGE = ("75", "93", "59", "69", "13", "94", "92", "91", "77", "78", "95", "31", "33", "44", "38")
"""These have most of the places, Paris first."""
SCHEMES = (
    (Scheme.HOTEL, 32),
    (Scheme.CHRS, 24),
    (Scheme.CHU, 24),
    (Scheme.RHVS, 8),
    (Scheme.NIGHT_SHELTER, 5),
    (Scheme.WINTER, 4),
    (Scheme.LHSS, 3),
)
DORMITORIES = frozenset({Scheme.CHU, Scheme.NIGHT_SHELTER, Scheme.WINTER})
DOORS = (time(21), time(22), time(23), time(0, 30), time(2), None, None, None)
COMMUNES = 20
PLACES_MIN = 4
FREE = 0.08
"""The share of rooms that is free as the evening begins."""


def park(code: str, shelters: int, places: int, services: int, seed: int) -> Park:
    dice = Random(f"{seed}/{code}")
    communes = tuple(_communes(dice, code))
    sizes = shares(places, [dice.lognormvariate(0, 0.7) for _ in range(shelters)], PLACES_MIN)
    return Park(
        code,
        f"Territoire {code}",
        ZONES.get(code, "Europe/Paris"),
        "115",
        tuple(_shelter(dice, i, beds, dice.choice(communes)) for i, beds in enumerate(sizes)),
        communes,
        services=tuple(f"Service {n + 1}" for n in range(services)),
    )


def france(territories: int, shelters: int, places: int, services: int, seed: int) -> Iterator[Park]:
    """So many territories that share shelters and places; the first have most."""
    codes = (*LARGE, *(code for code in DEPARTEMENTS if code not in LARGE))[:territories]
    weights = [1 / (rank + 6) for rank in range(territories)]
    sizes = zip(codes, shares(shelters, weights, 3), shares(places, weights, 60))
    yield from (park(code, own, beds, services, seed) for code, own, beds in sizes)


def shares(total: int, weights: list[float], least: int) -> list[int]:
    """`total` in whole parts by weight, none under `least`; what rounding leaves goes to the first."""
    free, whole = total - least * len(weights), sum(weights)
    if free < 0:
        raise ValueError(f"{total} cannot be {len(weights)} parts of at least {least}")
    parts = [least + int(free * weight / whole) for weight in weights]
    parts[0] += total - sum(parts)
    return parts


def _communes(dice: Random, code: str) -> Iterator[ParkCommune]:
    """On rings around a centre, a few kilometres apart."""
    latitude, longitude = 43 + 7 * dice.random(), 6 * dice.random()
    for n in range(COMMUNES):
        away, turn = 0.02 + 0.01 * n, n * 2 * pi * 0.381966
        yield ParkCommune(f"Commune {code}-{n + 1}", f"Secteur {n % 4 + 1}", latitude + away * sin(turn), longitude + away * cos(turn))


def _shelter(dice: Random, i: int, beds: int, commune: ParkCommune) -> ParkShelter:
    scheme = dice.choices([scheme for scheme, _ in SCHEMES], [weight for _, weight in SCHEMES])[0]
    features = tuple(f for f, chance in ((Feature.STEP_FREE, 0.45), (Feature.ANIMALS, 0.3), (Feature.COTS, 0.4)) if dice.random() < chance)
    return ParkShelter(
        name=f"Structure {i + 1:04d}",
        scheme=scheme,
        commune=commune.name,
        zone=commune.zone,
        units=tuple(_units(dice, scheme, features, beds)),
        latitude=commune.latitude + dice.uniform(-0.01, 0.01),
        longitude=commune.longitude + dice.uniform(-0.01, 0.01),
        address=f"{dice.randint(1, 80)} rue inventée, {commune.name}",
        telephone=f"01 99 00 {i // 100 % 100:02d} {i % 100:02d}",
        arrive_before=None if scheme is Scheme.HOTEL else dice.choice(DOORS),
        by_phone=i % 9 == 4,
        told_minutes_ago=dice.randint(1, 240),
    )


def _units(dice: Random, scheme: Scheme, features: tuple[Feature, ...], beds: int) -> Iterator[ParkUnit]:
    """Dormitories of at most 16 for a third of the places where the scheme has them, rooms of one to six for the rest."""
    left, number = beds, 0
    while scheme in DORMITORIES and left > beds * 2 // 3:
        size = min(left, dice.randint(4, 16))
        number, left = number + 1, left - size
        yield _dormitory(dice, number, size, features)
    rooms = 0
    while left:
        size = min(left, dice.choice((1, 2, 2, 3, 3, 4, 4, 5, 6)))
        rooms, left = rooms + 1, left - size
        yield _room(dice, scheme, rooms, size, features)


def _dormitory(dice: Random, number: int, beds: int, features: tuple[Feature, ...]) -> ParkUnit:
    rule = dice.choice((Rule.MEN, Rule.MEN, Rule.WOMEN, Rule.MIXED, Rule.SWITCHABLE))
    vacant = min(beds, dice.choice((0, 0, 1, 1, 2, 3)))
    tonight = dice.choice((Rule.MEN, Rule.WOMEN)) if rule is Rule.SWITCHABLE and vacant < beds else None
    return ParkUnit(f"Dortoir {number}", Kind.DORMITORY, rule, beds, vacant, beds - vacant, features=features, rule_tonight=tonight)


def _room(dice: Random, scheme: Scheme, number: int, beds: int, features: tuple[Feature, ...]) -> ParkUnit:
    fate = dice.random()
    vacant, out = (beds, 0) if fate < FREE else (0, beds) if fate > 0.98 else (0, 0)
    return ParkUnit(
        name=f"Chambre {number}",
        kind=Kind.ROOM,
        rule=Rule.MIXED,
        nominal=beds,
        vacant=vacant,
        occupied=beds - vacant - out,
        out=out,
        out_reason=dice.choice(tuple(OutReason)),
        features=features,
        mode=Mode.DIRECT if scheme is Scheme.HOTEL else Mode.ON_ACCEPTANCE,
        suite=f"{(number + 1) // 2}" if number <= 4 else None,
    )
