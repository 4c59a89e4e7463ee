"""What may be shown of a territory to somebody who looks at it from outside: weeks that are over, and free places.

Households: nothing under 11, nothing from which a number under 11 follows (GUARANTEES, 22). A week appears once nothing
can be added to it, with its seven nights, so that no later figure takes away from an earlier one; of the breakdowns only
those that do not contain one another. Places are not persons: they may be counted, confidential shelters only together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from siao.core import night as nights
from siao.core.beds import Physical
from siao.core.board import Board
from siao.core.places import bed_is_free
from siao.core.requests import Closing
from siao.core.statistics import Band, Composition
from siao.core.units import Kind, Scheme, Unit

CELL_MIN = 11
"""Households: the least number that is shown to anybody outside (GUARANTEES, 22). What may be learned has a floor of its own in
allocation/rates.py, which is another rule and only happens to be as high: either may move without the other."""
PROTECTED_MIN = 3
"""Confidential shelters are counted only in totals over at least so many."""
RECENT = timedelta(hours=2)
WEEKS_SHOWN = 12
BREAKDOWNS: dict[str, tuple[str, ...]] = {
    "outcome": tuple(Closing),
    "level": ("1", "2", "3", "4"),
    "composition": tuple(Composition),
    "band": tuple(Band),
}
"""The side is left out: it is a sum of compositions, so that the two would give each other away."""


class Count(Struct, frozen=True):
    """One line of the tallies, of one night: `cells` names it in each breakdown."""

    night: date
    cells: Mapping[str, str]
    households: int
    persons: int


class Cell(Struct, frozen=True):
    """A figure, or None where it is not published."""

    name: str
    households: int | None
    persons: int | None


class Week(Struct, frozen=True):
    """Monday to Sunday. A week of 1 to 10 households is there, and says nothing."""

    first: date
    households: int | None
    persons: int | None
    nights: list[Cell]
    breakdowns: dict[str, list[Cell]]


class Free(Struct):
    """Places that can be given now, of those in service; `recent`: confirmed within two hours."""

    name: str
    free: int = 0
    in_service: int = 0
    recent: int = 0


class Places(Struct, frozen=True):
    zones: list[Free]
    schemes: list[Free]
    protected: Free | None


def last_monday(now: datetime, zone: str, waiting: date | None = None) -> date:
    """The first day of the last week to which nothing can be added: it is past the noon of the Monday after, and nobody waits of its
    nights. `waiting`: the first night of whoever waits still. What is left over is closed from that noon on, one after the other: shown
    before and after, a week would tell what one household was.
    """
    tonight = nights.night(now, zone)
    monday = tonight - timedelta(days=tonight.weekday() + 7)
    last = monday if now >= nights.criteria_end(monday + timedelta(days=6), zone) else monday - timedelta(days=7)
    return last if waiting is None else min(last, waiting - timedelta(days=waiting.weekday() + 7))


def weeks(counts: Sequence[Count], last: date) -> list[Week]:
    """The weeks in which anybody asked, the last one first."""
    first = last - timedelta(weeks=WEEKS_SHOWN - 1)
    mondays = sorted({count.night - timedelta(days=count.night.weekday()) for count in counts}, reverse=True)
    return [_week(monday, counts) for monday in mondays if first <= monday <= last]


def _week(monday: date, counts: Sequence[Count]) -> Week:
    days = [monday + timedelta(days=i) for i in range(7)]
    here = [count for count in counts if count.night in days]
    total = sum(count.households for count in here)
    shown = total >= CELL_MIN
    return Week(
        monday,
        total if shown else None,
        sum(count.persons for count in here) if shown else None,
        published(_sums(here, [day.isoformat() for day in days], lambda count: count.night.isoformat())),
        {kind: published(_sums(here, names, lambda count, kind=kind: count.cells[kind])) for kind, names in BREAKDOWNS.items()},
    )


def _sums(counts: Iterable[Count], names: Sequence[str], key: Callable[[Count], str]) -> list[Cell]:
    sums = {name: [0, 0] for name in names}
    for count in counts:
        sums[key(count)][0] += count.households
        sums[key(count)][1] += count.persons
    return [Cell(name, households, persons) for name, (households, persons) in sums.items()]


def published(cells: Sequence[Cell]) -> list[Cell]:
    """The cells of one table whose total is known, with those hidden that are under 11 or would follow from the others.

    Hidden: 1 to 10; then the rest in the table's order, until what is hidden cannot be told from its sum. In the table's
    order and not by size: that the smallest was taken would tell how large it can be at most.
    """
    total = sum(cell.households or 0 for cell in cells)
    if 0 < total < CELL_MIN:
        return [Cell(cell.name, None, None) for cell in cells]
    hidden = [cell for cell in cells if 0 < (cell.households or 0) < CELL_MIN]
    rest = [cell for cell in cells if (cell.households or 0) >= CELL_MIN]
    while hidden and rest and _told_by_its_sum(hidden):
        hidden.append(rest.pop(0))
    names = {cell.name for cell in hidden}
    return [Cell(cell.name, None, None) if cell.name in names else cell for cell in cells]


def _told_by_its_sum(hidden: Sequence[Cell]) -> bool:
    """One alone; together under 11; or each as large as a hidden cell may be: 10 and 10 are the only way to 20."""
    total = sum(cell.households or 0 for cell in hidden)
    return len(hidden) < 2 or total < CELL_MIN or total == len(hidden) * (CELL_MIN - 1)


def places(board: Board, now: datetime) -> Places:
    """Free places by area and by scheme; confidential shelters in neither, but in a total of their own."""
    zones: dict[str, Free] = {}
    schemes = {scheme: Free(scheme) for scheme in Scheme}
    protected = Free("protected")
    for unit in board.units.values():
        shelter = board.shelters[unit.shelter]
        sums = (protected,) if shelter.confidential else (zones.setdefault(shelter.zone, Free(shelter.zone)), schemes[shelter.scheme])
        for place in sums:
            _add(place, board, unit, now)
    enough = sum(shelter.confidential for shelter in board.shelters.values()) >= PROTECTED_MIN
    return Places(
        sorted(zones.values(), key=lambda zone: (-zone.in_service, zone.name)),
        [scheme for scheme in schemes.values() if scheme.in_service],
        protected if enough else None,
    )


def _add(place: Free, board: Board, unit: Unit, now: datetime) -> None:
    """A closed unit serves nobody; a room is free only if all its beds in service are."""
    serving = [bed for bed in board.beds.get(unit.id, ()) if bed.physical is not Physical.OUT] if unit.open else []
    free = sum(bed_is_free(bed, board.claim_on(unit.id, bed.id)) for bed in serving)
    given = free if unit.kind is Kind.DORMITORY or free == len(serving) else 0
    place.in_service += len(serving)
    place.free += given
    place.recent += given if unit.confirmed_at is not None and now - unit.confirmed_at <= RECENT else 0
