"""How an evening goes on, in households: what was asked and what ended, added up by half hours, and what is still to come."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from siao.core import night as nights
from siao.core.allocation.rates import CELL_HOURS, Rates, week
from siao.core.requests import Closing

STEP = timedelta(minutes=30)


class Mark(Struct, frozen=True):
    """One request of a night: when it was asked, and when and how it ended."""

    asked: datetime
    closed: datetime | None
    closing: Closing | None


class Step(Struct, frozen=True):
    """Households since the night opened, up to `at`. Asked less closed is who waits or is on the way."""

    at: datetime
    asked: int
    met: int
    closed: int


class Ahead(Struct, frozen=True):
    """How many households will have asked by `at`, if the rest of the evening is like those before it."""

    at: datetime
    asked: float


def steps(marks: Sequence[Mark], opens: datetime, now: datetime) -> list[Step]:
    """A step each half hour since the night opened, the last of them now."""
    asked = sorted(mark.asked for mark in marks)
    closed = sorted(mark.closed for mark in marks if mark.closed)
    met = sorted(mark.closed for mark in marks if mark.closed and mark.closing is Closing.MET)
    whole = (now - opens) // STEP
    hours = [*(opens + STEP * i for i in range(whole + 1)), now]
    return [Step(at, bisect_right(asked, at), bisect_right(met, at), bisect_right(closed, at)) for at in hours]


def ahead(known: Rates, asked: int, now: datetime, zone: str) -> list[Ahead]:
    """From now to the close, by the mean of the nights known; of the two hours that run, the part that is left. Empty where no
    whole week is known: a rate with tonight in it would foretell tonight from itself."""
    running = week(now, zone)
    if not known.demand or any(one.week >= running for one in known.demand):
        return []
    by_hours: dict[int, float] = {}
    for one in known.demand:
        if one.need is None:
            by_hours[one.hours] = by_hours.get(one.hours, 0.0) + one.requests / known.nights
    told, so_far, at = [Ahead(now, float(asked))], float(asked), now
    end = nights.closes(nights.night(now, zone), zone)
    while at < end:
        hour = nights.local(at, zone).hour
        begun = hour - hour % CELL_HOURS
        until = min(at + _left(at, CELL_HOURS, zone), end)
        so_far += by_hours.get(begun, 0.0) * ((until - at) / timedelta(hours=CELL_HOURS))
        told.append(Ahead(until, so_far))
        at = until
    return told


def _left(at: datetime, hours: int, zone: str) -> timedelta:
    """How long the block of `hours` by local clocks still runs."""
    local = nights.local(at, zone)
    into = timedelta(hours=local.hour % hours, minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return timedelta(hours=hours) - into
