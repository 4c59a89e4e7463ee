"""Requests as they are read outside the board: by code, with their history."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from siao.core.allocation.past import Wait
from siao.core.journal import Entry
from siao.core.requests import Request, Side
from siao.core.statistics import Band
from siao.store.db import Connection
from siao.store.rows import reader

read_request = reader(Request)
read_entry = reader(Entry)


async def by_code(db: Connection, territory: str, code: str) -> Request | None:
    row = await db.fetchrow("SELECT * FROM request WHERE territory = $1 AND code = $2", territory, code)
    return read_request(row) if row else None


async def one(db: Connection, id: UUID) -> Request | None:
    row = await db.fetchrow("SELECT * FROM request WHERE id = $1", id)
    return read_request(row) if row else None


async def date_back(db: Connection, id: UUID, at: datetime) -> None:
    """For a demo that opens in the middle of an evening."""
    await db.execute("UPDATE request SET first_asked = $2, asked_at = $2 WHERE id = $1", id, at)


async def timeline(db: Connection, id: UUID) -> list[Entry]:
    """What happened to a request, oldest first; its placements' steps carry its id."""
    return [read_entry(row) for row in await db.fetch("SELECT * FROM journal WHERE request = $1 ORDER BY seq", id)]


async def waits(db: Connection, territory: str, nights: int) -> list[Wait]:
    """How long closed requests of the last `nights` had waited, by side and level."""
    rows: list[Any] = await db.fetch(
        """SELECT side, level, band, sum(households)::int FROM tally WHERE territory = $1 AND night >= current_date - $2::int
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        territory,
        nights,
    )
    return [Wait(Side(row[0]), row[1], Band(row[2]), row[3]) for row in rows]


async def due(db: Connection, limit: int) -> list[tuple[str, UUID, int]]:
    """Placements whose clock has run out: territory, id, version. The transaction must see the territories."""
    rows: list[Any] = await db.fetch(
        "SELECT territory, id, version FROM placement WHERE until < clock_timestamp() ORDER BY until LIMIT $1", limit
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def left_over(db: Connection, territory: str, before: date, limit: int) -> list[tuple[UUID, int]]:
    """Requests of nights before `before` that wait still: id, version."""
    rows: list[Any] = await db.fetch(
        "SELECT id, version FROM request WHERE territory = $1 AND closing IS NULL AND state <> 'placed' AND night < $2 LIMIT $3",
        territory,
        before,
        limit,
    )
    return [(row[0], row[1]) for row in rows]
