"""A night: what ended in it, how it went on, and whether it is closed."""

from datetime import date, datetime
from typing import Any

from siao.core.evening import Mark
from siao.store.db import Connection, scalar
from siao.store.rows import reader

read_mark = reader(Mark)


async def tallies(db: Connection, territory: str, night: date) -> list[tuple[str, int, int]]:
    """Closed requests of one night by outcome: households, persons."""
    rows: list[Any] = await db.fetch(
        "SELECT outcome, sum(households)::int, sum(persons)::int FROM tally WHERE territory = $1 AND night = $2 GROUP BY outcome",
        territory,
        night,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def refusals(db: Connection, territory: str, night: date) -> list[tuple[str, str, int]]:
    """Coded refusals of one night's placements: verb, reason, count. By side, never by person."""
    rows: list[Any] = await db.fetch(
        """SELECT j.verb, j.outcome, count(*)::int FROM journal j JOIN placement p ON p.id = j.placement AND p.territory = j.territory
        WHERE j.territory = $1 AND p.night = $2 AND j.verb IN ('refuse_shelter', 'refuse_household') GROUP BY 1, 2 ORDER BY 3 DESC""",
        territory,
        night,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def marks(db: Connection, territory: str, night: date, opened: datetime) -> list[Mark]:
    """When the requests of one night were asked and ended. Those that wait and those that ended since it opened are each found by
    an index of their own; there is none of the nights."""
    rows: list[Any] = await db.fetch(
        """SELECT asked_at, closed_at, closing FROM request WHERE territory = $1 AND closing IS NULL AND night = $2
        UNION ALL
        SELECT asked_at, closed_at, closing FROM request WHERE closed_at >= $3 AND territory = $1 AND night = $2""",
        territory,
        night,
        opened,
    )
    return [read_mark(row) for row in rows]


async def head(db: Connection, territory: str) -> tuple[int, bytes]:
    """Number and hash of the journal's last entry."""
    row: Any = await db.fetchrow("SELECT seq, head FROM territory WHERE code = $1", territory)
    return row[0], row[1]


async def night_closed(db: Connection, territory: str, night: date) -> bool:
    return await scalar(db, "SELECT EXISTS (SELECT FROM night WHERE territory = $1 AND date = $2)", territory, night)
