"""Placements as they are read outside the board."""

from typing import Any
from uuid import UUID

from siao.core.placements import Placement
from siao.store.db import Connection
from siao.store.rows import reader

read_placement = reader(Placement)


async def explained(db: Connection, id: UUID) -> tuple[Placement, bytes | None, str | None] | None:
    """The placement, what its request's criteria hold of explanations while it is open, and its code."""
    row: Any = await db.fetchrow(
        """SELECT p, c.explanation, r.code FROM placement p LEFT JOIN request r ON r.id = p.request
        LEFT JOIN criteria c ON c.request = p.request WHERE p.id = $1""",
        id,
    )
    return (read_placement(row[0]), row[1], row[2]) if row else None
