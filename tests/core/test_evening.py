"""The evening's curve: what is added up by half hours, and what evenings like this one would still add."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from siao.core import evening, night
from siao.core.allocation.rates import Demand, Rates, Size
from siao.core.evening import Mark
from siao.core.requests import Closing, Need, Side

ZONE, DAY = "Europe/Paris", date(2026, 1, 20)
OPENS, CLOSES = night.opens(DAY, ZONE), night.closes(DAY, ZONE)


def _at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, 20, hour, minute, tzinfo=UTC)


def _demand(hours: int, requests: float, need: Need | None = None) -> Demand:
    return Demand("38", date(2026, 1, 12), Side.MEN, Size.ONE, 4, hours, need, requests)


def test_each_half_hour_adds_up_and_the_last_step_is_now() -> None:
    marks = [
        Mark(_at(16, 10), _at(16, 50), Closing.MET),
        Mark(_at(16, 20), _at(17, 5), Closing.WITHDRAWN),
        Mark(_at(17, 20), None, None),
    ]
    told = {step.at: (step.asked, step.met, step.closed) for step in evening.steps(marks, OPENS, _at(17, 40))}
    assert told[_at(16)] == (0, 0, 0)
    assert told[_at(16, 30)] == (2, 0, 0)
    assert told[_at(17)] == (2, 1, 1)
    assert told[_at(17, 30)] == (3, 1, 2)
    assert max(told) == _at(17, 40)


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 600), st.sampled_from([None, *Closing])), max_size=30), st.integers(0, 1439))
def test_no_line_ever_falls_or_crosses(asked: list[tuple[int, int, Closing | None]], minutes: int) -> None:
    now = OPENS + timedelta(minutes=minutes)
    marks = [
        Mark(OPENS + timedelta(minutes=m), OPENS + timedelta(minutes=m + waited) if closing else None, closing)
        for m, waited, closing in asked
    ]
    told = evening.steps(marks, OPENS, now)
    assert all(step.met <= step.closed <= step.asked for step in told)
    assert all(a.asked <= b.asked and a.met <= b.met and a.closed <= b.closed for a, b in pairwise(told))
    assert told[-1].asked == sum(mark.asked <= now for mark in marks)


def test_without_a_night_known_nothing_is_foretold() -> None:
    assert evening.ahead(Rates(), 12, _at(18), ZONE) == []
    tonight = Demand("38", date(2026, 1, 19), Side.MEN, Size.ONE, 4, 18, None, 40)
    assert evening.ahead(Rates(2, (tonight,)), 12, _at(18), ZONE) == [], "nor from this week, in which tonight is"


def test_the_rest_of_the_evening_is_the_mean_of_those_before() -> None:
    """At 19:00 in Paris half of the two hours from 18 is left; a need is a part of its cell and adds nothing."""
    known = Rates(10, (_demand(18, 40), _demand(20, 30), _demand(2, 10), _demand(16, 99), _demand(20, 20, Need.STEP_FREE)))
    told = evening.ahead(known, 7, _at(18), ZONE)
    assert told[0] == evening.Ahead(_at(18), 7.0)
    assert {step.at: round(step.asked, 6) for step in told}[_at(19)] == 9.0
    assert told[-1].at == CLOSES
    assert round(told[-1].asked, 6) == 7 + 2 + 3 + 1
