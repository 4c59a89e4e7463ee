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


async def held_by(db: Connection, territory: str, agent: UUID) -> list[UUID]:
    """What this account holds, the last one first, a coordinator's plan left out: the journal alone knows by whom."""
    rows = await db.fetch(
        """SELECT p.id FROM placement p JOIN journal j ON j.territory = p.territory AND j.seq = p.opened_seq
        WHERE p.territory = $1 AND p.state = 'held' AND j.agent = $2 AND j.outcome <> 'planned' ORDER BY p.opened_seq DESC""",
        territory,
        agent,
    )
    return [row[0] for row in rows]
