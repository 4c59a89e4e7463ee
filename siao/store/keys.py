"""The keys that served, for commands outside a batch; those of a batch come and go with its rows (world.py, changes.py)."""

from uuid import UUID

from siao.store.db import Connection


async def kept(db: Connection, key: UUID) -> tuple[bytes, bytes] | None:
    """MAC and answer of a key that served already in the territories of this transaction; to be asked after their lock."""
    row = await db.fetchrow("SELECT mac, answer FROM command WHERE key = $1", key)
    return (row[0], row[1]) if row else None


async def keep(db: Connection, key: UUID, territory: str, mac: bytes, answer: bytes) -> None:
    """In the transaction of what was done under it."""
    await db.execute(
        "INSERT INTO command (key, territory, at, mac, answer) VALUES ($1, $2, clock_timestamp(), $3, $4)", key, territory, mac, answer
    )
