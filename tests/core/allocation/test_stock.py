"""The arrays beside the scalar rules and a reading of the page: the same reasons, order and counts, whatever was written."""

from datetime import timedelta
from itertools import combinations
from random import Random
from uuid import UUID

import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks import plainly
from pairs import NOW, household, park, second_reading
from siao.core.allocation import rank
from siao.core.allocation.compatible import Household, Place, Reason, adjoin, excluded
from siao.core.allocation.model import Level, Rules, worth
from siao.core.allocation.stock import ABSENT, Stock
from siao.core.allocation.weigh import Why
from siao.core.units import Feature, Kind, Rule

PAIRS, PLACES = 20_000, 500


def with_pairs(places: list[Place]) -> list[Place]:
    """The places and, as the board gives them, every two free rooms of a shelter that adjoin."""
    free = [p for p in places if p.suite and p.kind is Kind.ROOM and p.free]
    return places + [adjoin(a, b) for a, b in combinations(free, 2) if (a.shelter, a.suite) == (b.shelter, b.suite)]


def rules(dice: Random) -> Rules:
    order = dice.sample(tuple(Level), len(Level))
    return Rules(order=tuple(order), step_free_waste=dice.randint(0, 9), protected_waste=dice.randint(0, 9))


def patterns(stock: Stock, h: Household) -> list[int]:
    return rank.Look(stock, h, NOW, Rules()).patterns.tolist()


def test_three_readings_agree_on_every_pair() -> None:
    dice, seen = Random(20_000), Reason(0)
    for _ in range(PAIRS // PLACES):
        h, places = household(dice), park(dice, PLACES)
        stock = Stock(places)
        said = patterns(stock, h)
        for p in places:
            scalar = excluded(h, p, NOW)
            assert said[stock.row[p.units[0]]] == scalar, (h, p)
            assert {reason.name for reason in scalar} == second_reading(h, p), (h, p)
            seen |= scalar
    assert seen == sum(Reason), "every reason was met"


def test_a_broken_array_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Random(5)
    h, places = replace(household(dice), men=1, women=0, children=0, infants=0), park(dice, 200)
    monkeypatch.setattr("siao.core.allocation.stock._other_side", lambda h: np.zeros(256, bool))
    stock = Stock(places)
    assert any(patterns(stock, h)[stock.row[p.units[0]]] != excluded(h, p, NOW) for p in places)


@pytest.mark.parametrize("seed", range(60))
def test_the_arrays_answer_what_plain_python_answers(seed: int) -> None:
    dice = Random(seed)
    places, shown = park(dice, dice.choice((0, 1, 30, 400)), dice.choice((1, 12))), dice.choice((5, 20))
    stock = Stock(places)
    for _ in range(8):
        h, how = household(dice), rules(dice)
        assert rank.find(stock, h, NOW, how, shown) == plainly.find(with_pairs(places), h, NOW, how, shown)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_written_is_what_would_be_built_anew(seed: int) -> None:
    dice = Random(seed)
    here = {p.units: p for p in park(dice, 40, 3)}
    stock, closed = Stock(here.values()), set[tuple[UUID, ...]]()
    for _ in range(80):
        units = dice.choice(list(here))
        if dice.random() < 0.2:
            stock.remove(units[0])
            closed.add(units)
            continue
        here[units] = replace(here[units], free=dice.random() < 0.7, capacity=dice.randint(0, 40))
        stock.write(units[0], here[units].free, here[units].capacity, here[units].rule)
        closed.discard(units)
        there = with_pairs([p for p in here.values() if p.units not in closed])
        assert sorted(stock.there(), key=lambda p: p.units) == sorted(there, key=lambda p: p.units)
        h, how = household(dice), rules(dice)
        assert rank.find(stock, h, NOW, how) == plainly.find(there, h, NOW, how, rank.SHOWN_MAX)


def test_the_order_does_not_depend_on_the_order_given() -> None:
    dice = Random(3)
    for _ in range(50):
        h, places = household(dice), park(dice, 40)
        first = rank.find(Stock(places), h, NOW, Rules())
        dice.shuffle(places)
        assert rank.find(Stock(places), h, NOW, Rules()) == first


def test_the_first_is_worth_most_by_the_vector_that_plans_are_told_in() -> None:
    dice = Random(6)
    for _ in range(100):
        h, places, how = household(dice), park(dice, 60), rules(dice)
        found = rank.find(Stock(places), h, NOW, how, 500)
        told = [worth(h, one.place, how, NOW) for one in found.places]
        assert told == sorted(told)


def test_counts_add_up() -> None:
    dice = Random(2)
    for _ in range(50):
        h, places = household(dice), park(dice, 60)
        stock = Stock(places)
        found, there = rank.find(stock, h, NOW, Rules()), list(stock.there())
        assert found.compatible == sum(not excluded(h, p, NOW) for p in there)
        assert sum(found.only.values()) == sum(excluded(h, p, NOW).bit_count() == 1 for p in there)


def test_why_says_the_first_level_at_which_a_place_beats_the_next() -> None:
    h = Household(1, 0, 0, 0, (), 45.0, 5.0, None, 1, 4, NOW, UUID(int=2))
    base = Place((UUID(int=1),), UUID(int=1), Kind.ROOM, 1, True, Rule.MIXED, (), 45.0, 5.0, None, None, None)
    larger = replace(base, units=(UUID(int=2),), capacity=2)
    same_shelter = replace(base, units=(UUID(int=3),), shelter=UUID(int=2))
    farther = replace(base, units=(UUID(int=4),), shelter=UUID(int=4), latitude=45.5)
    twin = replace(base, units=(UUID(int=5),))

    def reasons(*places: Place, order: tuple[Level, ...] = tuple(Level)) -> list[Why]:
        return [one.why for one in rank.find(Stock(places), h, NOW, Rules(order=order)).places]

    assert reasons() == []
    assert reasons(base) == [Why.ONLY]
    assert reasons(larger, base) == [Why.WASTE, Why.LAST]
    assert reasons(base, same_shelter) == [Why.CONTINUITY, Why.LAST]
    assert reasons(base, farther) == [Why.DISTANCE, Why.LAST]
    assert reasons(twin, base) == [Why.EQUAL, Why.LAST]
    nearest_first = (Level.DISTANCE, *(level for level in Level if level is not Level.DISTANCE))
    assert reasons(larger, replace(farther, capacity=1), order=nearest_first) == [Why.DISTANCE, Why.LAST]


def test_another_night_moves_the_doors() -> None:
    h = Household(1, 0, 0, 0, (), None, None, None, 1, 4, NOW, None)
    shut = Place((UUID(int=1),), UUID(int=1), Kind.ROOM, 1, True, Rule.MIXED, (), None, None, NOW, None, None)
    stock = Stock([shut])
    assert rank.find(stock, h, NOW, Rules()).excluded == {"HOUR": 1}
    stock.night({shut.shelter: NOW + timedelta(hours=1)})
    assert [one.place.arrive_before for one in rank.find(stock, h, NOW, Rules()).places] == [NOW + timedelta(hours=1)]
    stock.night({shut.shelter: None})
    assert rank.find(stock, h, NOW + timedelta(days=9), Rules()).compatible == 1


def test_a_door_is_missed_by_a_microsecond() -> None:
    h = Household(1, 0, 0, 0, (), None, None, None, 1, 4, NOW, None)
    door = NOW + timedelta(minutes=15)
    stock = Stock([Place((UUID(int=1),), UUID(int=1), Kind.ROOM, 1, True, Rule.MIXED, (), None, None, door, None, None)])
    assert rank.find(stock, h, NOW, Rules()).compatible == 1
    assert rank.find(stock, h, NOW + timedelta(microseconds=1), Rules()).compatible == 0


def test_a_room_that_closes_takes_its_pair_along() -> None:
    rooms = [
        Place((UUID(int=i),), UUID(int=1), Kind.ROOM, 2, True, Rule.MIXED, (Feature.COTS,), None, None, None, None, UUID(int=9))
        for i in (1, 2, 3)
    ]
    stock = Stock(rooms)
    h = Household(2, 2, 0, 0, (), None, None, None, 1, 4, NOW, None)
    assert rank.find(stock, h, NOW, Rules()).compatible == 3
    stock.remove(rooms[0].units[0])
    assert [one.place.units for one in rank.find(stock, h, NOW, Rules()).places] == [rooms[1].units + rooms[2].units]
    assert (stock.profile == ABSENT).sum() == 3
    stock.write(rooms[0].units[0], True, 40, Rule.MIXED)
    assert {p.capacity for p in stock.there()} == {2, 4, 40, 42}
