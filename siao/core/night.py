"""Nights. Night D of a territory runs from 04:00 on D to 04:00 on D+1 by its own clocks.

04:00 exists once on every date, on both daylight-saving nights too. Instants in and out are aware; out, in UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TURN = time(4)
CLOSES_FROM = time(3, 30)
CRITERIA_END = time(12)
NOON = time(12)


def at(day: date, hour: time, zone: str) -> datetime:
    """The instant of a local hour."""
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)


def local(at: datetime, zone: str) -> datetime:
    """An instant by the territory's own clocks."""
    return at.astimezone(ZoneInfo(zone))


def night(now: datetime, zone: str) -> date:
    """The night that `now` belongs to: before 04:00 it is still the night of the day before."""
    here = local(now, zone)
    return here.date() - timedelta(days=here.time() < TURN)


def opens(night: date, zone: str) -> datetime:
    return at(night, TURN, zone)


def closes(night: date, zone: str) -> datetime:
    return at(night + timedelta(days=1), TURN, zone)


def may_close(night: date, zone: str, now: datetime) -> bool:
    """By the coordinator from 03:30."""
    return now >= at(night + timedelta(days=1), CLOSES_FROM, zone)


def criteria_end(night: date, zone: str) -> datetime:
    """No household's needs outlive noon of the next day."""
    return at(night + timedelta(days=1), CRITERIA_END, zone)


def door(night: date, hour: time, zone: str) -> datetime:
    """The instant a shelter's door closes in this night; an hour before noon lies after midnight."""
    return at(night + timedelta(days=hour < NOON), hour, zone)
