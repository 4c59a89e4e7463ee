"""The eleven reasons beside a second reading of the same page, on twenty thousand random pairs; and the ranking."""

from datetime import UTC, datetime, timedelta
from math import acos, cos, radians, sin
from random import Random
from uuid import UUID

from msgspec.structs import replace

from siao.core.allocation import rank
from siao.core.allocation.compatible import WORDS, Household, Place, Reason, excluded
from siao.core.requests import Need
from siao.core.units import Feature, Kind, Rule

NOW = datetime(2026, 1, 20, 21, 40, tzinfo=UTC)
PAIRS = 20_000


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


def test_two_readings_agree_on_every_pair() -> None:
    dice = Random(20_000)
    seen: set[str] = set()
    for id in range(PAIRS):
        h, p = household(dice), place(dice, id)
        why = {reason.name for reason in excluded(h, p, NOW)}
        assert why == second_reading(h, p), (h, p)
        seen |= {name for name in why if name}
    assert seen == {reason.name for reason in Reason}, "every reason was met"


def test_a_broken_reading_would_be_noticed() -> None:
    dice = Random(1)
    pairs = [(household(dice), place(dice, id)) for id in range(2_000)]
    for forgotten in Reason:
        assert any((excluded(h, p, NOW) & ~forgotten) != excluded(h, p, NOW) for h, p in pairs), forgotten


def test_counts_add_up_and_the_best_comes_first() -> None:
    dice = Random(2)
    for _ in range(100):
        h, places = household(dice), [place(dice, id) for id in range(60)]
        found = rank.find(h, places, NOW)
        fitting = [p for p in places if not excluded(h, p, NOW)]
        assert found.compatible == len(fitting)
        assert {one.place.units for one in found.places} <= {p.units for p in fitting}
        costs = [rank.cost(h, one.place, rank.RULES) for one in found.places]
        assert costs == sorted(rank.cost(h, p, rank.RULES) for p in fitting)[: rank.SHOWN_MAX]
        assert sum(found.only.values()) == sum(excluded(h, p, NOW).bit_count() == 1 for p in places)
        for reason in Reason:
            assert found.excluded.get(str(reason.name), 0) == sum(reason in excluded(h, p, NOW) for p in places)


def test_the_order_does_not_depend_on_the_order_given() -> None:
    dice = Random(3)
    for _ in range(50):
        h, places = household(dice), [place(dice, id) for id in range(40)]
        first = [one.place for one in rank.find(h, places, NOW).places]
        dice.shuffle(places)
        assert [one.place for one in rank.find(h, places, NOW).places] == first


def test_why_says_the_first_level_at_which_a_place_beats_the_next() -> None:
    h = Household(1, 0, 0, 0, (), 45.0, 5.0, None, 1, 4, NOW, UUID(int=2))
    base = Place((UUID(int=1),), UUID(int=1), Kind.ROOM, 1, True, Rule.MIXED, (), 45.0, 5.0, None, None, None)
    larger = replace(base, units=(UUID(int=2),), capacity=2)
    same_shelter = replace(base, units=(UUID(int=3),), shelter=UUID(int=2))
    farther = replace(base, units=(UUID(int=4),), latitude=45.5)
    twin = replace(base, units=(UUID(int=5),))

    def reasons(*places: Place) -> list[rank.Why]:
        return [one.why for one in rank.find(h, places, NOW).places]

    assert reasons(base) == [rank.Why.ONLY]
    assert reasons(larger, base) == [rank.Why.WASTE, rank.Why.LAST]
    assert reasons(base, same_shelter) == [rank.Why.CONTINUITY, rank.Why.LAST]
    assert reasons(base, farther) == [rank.Why.DISTANCE, rank.Why.LAST]
    assert reasons(twin, base) == [rank.Why.EQUAL, rank.Why.LAST]


def test_taking_the_only_reason_away_makes_it_fit() -> None:
    dice = Random(4)
    met = 0
    for id in range(5_000):
        h, p = household(dice), place(dice, id)
        if excluded(h, p, NOW) is Reason.NIGHTS:
            assert not excluded(h, replace(p, nights_max=None), NOW)
            met += 1
        if excluded(h, p, NOW) is Reason.FULL:
            assert not excluded(h, replace(p, free=True), NOW)
            met += 1
    assert met > 20


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(Reason) and len(Reason) == 11
