"""What the journal says became of a placement and of a request, walked along the law (STATES), and held against their rows."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from msgspec import Struct

from siao.core import night as nights
from siao.core import placements, places, requests
from siao.core.asking import CALL_BACK_HOURS_MAX
from siao.core.deadlines import QUARTER
from siao.core.invariants import Invariant
from siao.core.journal import Entry, Verb
from siao.core.territories import Territory

LENGTHS_KNOWN = timedelta(days=1)
"""Clocks are judged by the lengths as they are set now; what is older may have been promised under others."""
Law = Mapping[tuple[Any, Verb], frozenset[Any]]
Found = tuple[Invariant, int]
"""What does not hold, and the number of the entry at which that shows."""


class PlacementSeen(Struct, frozen=True, gc=False):
    """What a look needs of a placement's row."""

    id: UUID
    request: UUID | None
    state: placements.State
    opened_seq: int
    version: int


class RequestSeen(Struct, frozen=True, gc=False):
    id: UUID
    state: requests.State
    call_back: datetime | None


WAITS = placements.LIVE - {placements.State.PRESENT}
REQUEST_VERBS = {verb for _, verb in requests.TRANSITIONS} | {Verb.ASK}


class Record(Struct, frozen=True):
    """One placement or request: its entries in order, and its row; None once it was purged. `purged`: so may its first entries be."""

    entries: Sequence[Entry]
    row: PlacementSeen | RequestSeen | None
    purged: bool


def of_placement(record: Record, request: RequestSeen | None, territory: Territory, now: datetime) -> Iterator[Found]:
    """`request`: the row of the household's request, where it is still there."""
    yield from _walked(record, placements.TRANSITIONS, Verb.HOLD, placements.State.HELD)
    entries, row = record.entries, record.row
    if isinstance(row, PlacementSeen) and not _told(entries, row):
        yield Invariant.ENTRY, entries[-1].seq
    for before, entry in pairwise(entries):
        limit = _limit(before, entry, row, request, territory)
        if limit is not None and entry.at >= limit and now - entry.at < LENGTHS_KNOWN:
            yield Invariant.CLOCK, entry.seq


def of_request(record: Record) -> Iterator[Found]:
    """By the verbs that move it; others only name it."""
    told = [entry for entry in record.entries if entry.verb in REQUEST_VERBS]
    yield from _walked(Record(told, record.row, record.purged), requests.TRANSITIONS, Verb.ASK, requests.State.OPEN)


def _told(entries: Sequence[Entry], row: PlacementSeen) -> bool:
    """Each change of the row raised its version and has its entry; of a stay of a year ago the first ones may be gone."""
    whole = entries[0].seq == row.opened_seq
    return len(entries) == row.version if whole else entries[0].seq > row.opened_seq and len(entries) < row.version


def _walked(record: Record, law: Law, first: Verb, began: Any) -> Iterator[Found]:
    """All states that it may be in, verb by verb: an offer accepts at once where the 115 disposes of the place."""
    states: frozenset[Any] | None = None
    for entry in record.entries:
        if entry.verb is first:
            after = frozenset({began}) if states is None else frozenset[Any]()
        else:
            before = states if states is not None else {state for state, verb in law if verb is entry.verb and record.purged}
            after = frozenset(to for state in before for to in law.get((state, entry.verb), ()))
        if not after:
            yield Invariant.TRANSITION, entry.seq
            return
        states = after
    if states is not None and record.row is not None and record.row.state not in states:
        yield Invariant.TRANSITION, record.entries[-1].seq


def _limit(
    before: Entry, entry: Entry, row: PlacementSeen | RequestSeen | None, request: RequestSeen | None, territory: Territory
) -> datetime | None:
    """The instant from which `entry` was too late, as far as it can still be told."""
    placement = row if isinstance(row, PlacementSeen) else None
    if entry.verb in (Verb.OFFER, Verb.ACCEPT) and before.verb is Verb.HOLD:
        return _hold_ends(before, placement, request, territory)
    if entry.verb is Verb.ACCEPT and before.verb is Verb.OFFER:
        return before.at + timedelta(seconds=territory.answer_seconds)
    if entry.verb is Verb.ARRIVE and before.verb is not Verb.NO_SHOW:
        return _arrival_ends(before, territory)
    return None


def _arrival_ends(before: Entry, territory: Territory) -> datetime:
    """The hour agreed goes when they arrive. The latest there is: of who is recorded the noon after the night, of others their way."""
    if before.request is not None:
        return nights.criteria_end(nights.night(before.at, territory.time_zone), territory.time_zone)
    return before.at + timedelta(seconds=territory.travel_seconds + territory.grace_seconds) + places.walk_of(places.UNSAID_KM) + QUARTER


def _hold_ends(hold: Entry, placement: PlacementSeen | None, request: RequestSeen | None, territory: Territory) -> datetime:
    """A call back that was agreed is known while the placement waits for its household; else the latest that may have been."""
    usual = hold.at + timedelta(seconds=territory.hold_seconds)
    if hold.request is None:
        return usual
    waits = placement is not None and placement.state in WAITS and request is not None and request.state is requests.State.PLACED
    agreed = request.call_back if waits and request else hold.at + timedelta(hours=CALL_BACK_HOURS_MAX)
    return max(usual, agreed + timedelta(seconds=territory.call_back_seconds)) if agreed else usual
