"""Random households and places for the tests of the allocation, and a reading of its page that shares nothing with siao's."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import acos, cos, radians, sin
from random import Random
from uuid import UUID

from msgspec.structs import replace

from siao.core.allocation.compatible import Household, Place
from siao.core.requests import Need
from siao.core.units import Feature, Kind, Rule

NOW = datetime(2026, 1, 20, 21, 40, tzinfo=UTC)


def household(dice: Random) -> Household:
    where = (45 + dice.random(), 5 + dice.random()) if dice.random() < 0.7 else (None, None)
    while True:
        men, women, children, infants = dice.choices(range(4), (8, 4, 1, 1), k=4)
        if men + women + children + infants:
            break
    return Household(
        men, women, children, infants, tuple(need for need in Need if dice.random() < 0.12), *where,
        dice.choice((None, None, 5, 30, 80)), dice.choice((1, 1, 2, 7)), dice.randint(1, 4), NOW, UUID(int=dice.randint(1, 4)),
    )  # fmt: skip


def place(dice: Random, id: int) -> Place:
    kind = dice.choice(tuple(Kind))
    where = (45 + dice.random(), 5 + dice.random()) if dice.random() < 0.8 else (None, None)
    rule = dice.choice((Rule.MEN, Rule.WOMEN, Rule.MIXED, *((None,) if kind is Kind.DORMITORY else ())))
    door = NOW + timedelta(minutes=dice.randint(-30, 400)) if dice.random() < 0.4 else None
    return Place(
        (UUID(int=id),), UUID(int=dice.randint(1, 4)), kind, dice.randint(0, 6), dice.random() < 0.8, rule,
        tuple(feature for feature in Feature if dice.random() < 0.5), *where, door, dice.choice((None, 1, 3)), None,
    )  # fmt: skip


def park(dice: Random, count: int, shelters: int = 12) -> list[Place]:
    """Places of a few shelters, each of which lies and closes its door somewhere; one room in three adjoins another."""
    sites = [place(dice, 0) for _ in range(shelters)]
    return [_stands(dice, place(dice, id), dice.randrange(shelters), sites) for id in range(1, count + 1)]


def _stands(dice: Random, p: Place, at: int, sites: Sequence[Place]) -> Place:
    site = sites[at]
    suite = UUID(int=1_000 * (at + 1) + dice.randrange(3)) if p.kind is Kind.ROOM and dice.random() < 0.3 else None
    return replace(
        p, shelter=UUID(int=at + 1), latitude=site.latitude, longitude=site.longitude, arrive_before=site.arrive_before, suite=suite
    )


def second_reading(h: Household, p: Place) -> set[str]:
    """The same page, read again and written otherwise: exclusions by name, from what would have to be true."""
    adults, minors, size = h.men + h.women, h.children + h.infants, h.men + h.women + h.children + h.infants
    dormitory, room = p.kind == "dormitory", p.kind == "room"
    only_men, only_women = h.men > 0 and h.women == 0, h.women > 0 and h.men == 0
    admits = {
        Rule.MEN: only_men or adults == 0,
        Rule.WOMEN: only_women or adults == 0,
        Rule.MIXED: room or "women_only" not in h.needs,
        None: True,
    }
    km = None
    if None not in (h.latitude, h.longitude, p.latitude, p.longitude):
        a, b, c, d = (radians(x or 0.0) for x in (h.latitude, h.longitude, p.latitude, p.longitude))
        km = 6371 * acos(min(1.0, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d)))
    minutes = 15 + (km or 0) * 5
    wrong = {
        "FULL": not p.free,
        "SEX": not admits[p.rule],
        "CAPACITY": size > p.capacity or (dormitory and size > 2),
        "PROTECTED": "protected" in h.needs and ("protected" not in p.features or (dormitory and p.rule == "mixed")),
        "FAMILY": dormitory and (minors > 0 or "private_room" in h.needs),
        "DISTANCE": bool(h.max_km and km is not None and km > h.max_km),
        "HOUR": p.arrive_before is not None and minutes * 60 > (p.arrive_before - NOW).total_seconds(),
        "NIGHTS": p.nights_max is not None and p.nights_max < h.nights,
    }
    wrong |= {need.upper(): need in h.needs and need not in p.features for need in ("step_free", "animals", "cots")}
    return {name for name, true in wrong.items() if true}
