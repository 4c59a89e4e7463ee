"""Nothing under 11 is shown, and nothing from which it follows, even to somebody who knows the rule by heart."""

import itertools
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import city
from siao.core import published
from siao.core.beds import Bed
from siao.core.board import Board, Facts, touched_by
from siao.core.closing import CloseNight
from siao.core.people import CLOCK
from siao.core.placements import Accept, Hold, Lapse, Offer
from siao.core.published import CELL_MIN, Cell, Count
from siao.core.requests import CloseUnmet, Closing, Request, State
from siao.core.statistics import Band, Composition
from siao.core.territories import Territory
from siao.core.units import Shelter, Unit

MONDAY = date(2026, 1, 12)


def table(households: tuple[int, ...]) -> list[Cell]:
    return [Cell(str(i), n, 2 * n) for i, n in enumerate(households)]


@pytest.mark.parametrize(("cells", "total"), [(3, 34), (4, 26), (5, 19)])
def test_no_hidden_cell_follows_from_what_is_shown(cells: int, total: int) -> None:
    """Every table there is, sorted by what is published of it: a hidden cell could have been several numbers."""
    could_be: dict[tuple[int, tuple[int | None, ...]], list[set[int]]] = defaultdict(lambda: [set() for _ in range(cells)])
    for households in itertools.product(range(total + 1), repeat=cells):
        if sum(households) > total:
            continue
        whole = sum(households)
        shown = tuple(cell.households for cell in published.published(table(households)))
        for i, n in enumerate(households):
            could_be[(whole if whole >= CELL_MIN else 0, shown)][i].add(n)
    for (_, shown), numbers in could_be.items():
        for cell, possible in zip(shown, numbers, strict=True):
            assert cell is None or cell == 0 or cell >= CELL_MIN
            assert cell is not None or len(possible) > 1, (shown, numbers)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=10))
def test_a_table_hides_no_more_than_it_must(households: list[int]) -> None:
    shown = published.published(table(tuple(households)))
    if all(n == 0 or n >= CELL_MIN for n in households):
        assert [cell.households for cell in shown] == households
    for cell, n in zip(shown, households, strict=True):
        assert cell.households in (None, n)
        assert (cell.persons is None) == (cell.households is None)


def counts(of: dict[date, int], level: str = "4") -> list[Count]:
    cells = {"outcome": Closing.MET, "level": level, "composition": Composition.MAN, "band": Band.UNDER_1_H}
    return [Count(night, cells, n, n) for night, n in of.items()]


def test_a_week_and_its_nights_are_hidden_together() -> None:
    week = published.weeks(counts({MONDAY: 40, MONDAY + timedelta(days=1): 6, MONDAY + timedelta(days=2): 30}), MONDAY)[0]
    assert week.households == 76
    assert [night.households for night in week.nights] == [None, None, 30, 0, 0, 0, 0], "the 6 does not follow from the week"
    small = published.weeks(counts({MONDAY: 7}), MONDAY)[0]
    assert small.households is None
    assert {night.households for night in small.nights} == {None}
    assert all(cell.households is None for cells in small.breakdowns.values() for cell in cells)


def test_a_week_that_may_still_grow_is_not_shown() -> None:
    zone = "Europe/Paris"
    assert published.last_monday(datetime(2026, 1, 19, 10, tzinfo=UTC), zone) == MONDAY - timedelta(days=7), "Sunday's needs until noon"
    assert published.last_monday(datetime(2026, 1, 19, 11, tzinfo=UTC), zone) == MONDAY
    assert published.weeks(counts({MONDAY: 40}), MONDAY - timedelta(days=7)) == []


def test_a_week_waits_for_whoever_waits_of_its_sunday() -> None:
    """Expected at 03:55 of the Monday, a no-show at 07:00, and still to be closed as noon strikes."""
    before, world = MONDAY - timedelta(days=7), city.city()

    def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
        return datetime.combine(MONDAY + timedelta(days=7), time(hour, minute, second), ZoneInfo(city.ZONE))

    asked, hold = city.asks(), uuid4()
    for hour, minute, what, by in (
        (3, 50, asked, city.OPERATOR),
        (3, 51, Hold(hold, (city.unit("Dortoir hommes"),), request=asked.id), city.OPERATOR),
        (3, 52, Offer(hold), city.OPERATOR),
        (3, 55, Accept(hold), city.OPERATOR),
        (4, 0, CloseNight(city.CODE, MONDAY + timedelta(days=6)), CLOCK),
        (7, 0, Lapse(hold), CLOCK),
    ):
        city.do(world, what, by, at(hour, minute))
    request = world.get(Request, asked.id)
    assert (request.state, request.night) == (State.PAUSED, MONDAY + timedelta(days=6))
    for day, last in ((at(12), before), (at(12) + timedelta(days=9), before)):
        assert published.last_monday(day, city.ZONE, request.night) == last
    told = city.do(world, CloseUnmet(asked.id, Closing.NO_PLACE), CLOCK, at(12, 0, 20))
    assert [tally.night for change in told.changes for tally in change.tally] == [request.night], "what was shown at noon would tell it"
    assert published.last_monday(at(12, 0, 20), city.ZONE) == MONDAY
    assert published.last_monday(at(12, 0, 20), city.ZONE, MONDAY + timedelta(days=7)) == MONDAY, "tonight's are of another week"


def test_the_breakdowns_do_not_contain_one_another() -> None:
    """A side is a sum of compositions: published beside them, the two would give a hidden one away."""
    assert set(published.BREAKDOWNS) == {"outcome", "level", "composition", "band"}


def board() -> Board:
    world = city.city()
    here = Board(world.get(Territory, city.CODE))
    facts = Facts(shelters=list(world.all(Shelter)), units=list(world.all(Unit)), beds=list(world.all(Bed)))
    here.fold(facts, touched_by(facts))
    return here


def test_free_places_are_those_that_can_be_given_and_confidential_shelters_are_in_no_line() -> None:
    places = published.places(board(), city.EVENING)
    assert [zone.name for zone in places.zones] == ["Grenoble"], "the Refuge's area is not told"
    assert {scheme.name for scheme in places.schemes} == {"chu"}
    assert (places.zones[0].free, places.zones[0].in_service) == (15, 16), "a closed surge plan serves nobody"
    assert places.protected is None, "one confidential shelter is not a total"
