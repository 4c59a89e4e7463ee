"""Nights by the territory's own clocks, on both daylight-saving nights, on La Réunion and overseas."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siao.core import night

PARIS, REUNION, GUADELOUPE, MAYOTTE = "Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "Indian/Mayotte"
ZONES = (PARIS, REUNION, GUADELOUPE, MAYOTTE, "America/Cayenne", "America/Miquelon", "Pacific/Noumea", "America/Toronto")


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 1, 20), 24)],
    ids=["clocks go forward", "clocks go back", "plain"],
)
def test_a_night_lasts_as_long_as_its_clocks_say(day: date, hours: int) -> None:
    assert night.closes(day, PARIS) - night.opens(day, PARIS) == timedelta(hours=hours)


def test_la_reunion_turns_at_its_own_four_o_clock() -> None:
    assert night.opens(date(2026, 1, 20), REUNION) == datetime(2026, 1, 20, 0, tzinfo=UTC)
    assert night.night(datetime(2026, 1, 20, 23, 59, tzinfo=UTC), REUNION) == date(2026, 1, 20)
    assert night.night(datetime(2026, 1, 21, 0, 0, tzinfo=UTC), REUNION) == date(2026, 1, 21)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_every_instant_lies_in_its_night(now: datetime, zone: str) -> None:
    tonight = night.night(now, zone)
    assert night.opens(tonight, zone) <= now < night.closes(tonight, zone)
    assert night.closes(tonight, zone) == night.opens(tonight + timedelta(days=1), zone)


@given(st.dates(date(2024, 1, 1), date(2029, 12, 31)), st.sampled_from(ZONES), st.times())
def test_a_door_closes_within_its_night_or_before_noon(day: date, zone: str, hour: time) -> None:
    door = night.door(day, hour, zone)
    assert night.at(day, time(12), zone) <= door < night.at(day + timedelta(days=1), time(12), zone) + timedelta(hours=1)


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 10, 24)])
def test_the_coordinator_may_close_half_an_hour_before_the_turn(day: date) -> None:
    turn = night.closes(day, PARIS)
    assert not night.may_close(day, PARIS, turn - timedelta(minutes=31))
    assert night.may_close(day, PARIS, turn - timedelta(minutes=30))


def test_needs_end_at_noon() -> None:
    assert night.criteria_end(date(2026, 1, 20), PARIS) == datetime(2026, 1, 21, 11, tzinfo=UTC)
