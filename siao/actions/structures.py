"""The administration's writes: shelters, units, services. Each with one journal entry, so that every screen takes the board anew."""

import secrets
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from siao.core import world
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.world import Change
from siao.store import db as database
from siao.store import parks as store
from siao.store import world as batches


async def write(pool: database.Pool, territory: str, rows: Sequence[Struct], by: By, shelter: UUID | None = None) -> int:
    """Writes structures and says so in the journal, in one transaction. Gives the number of its entry."""
    async with database.acting(pool, [territory]) as db:
        locked = await batches.lock(db, [territory])
        if not locked:
            raise Refused(Refusal.UNKNOWN, "territory")
        now = await database.clock(db)
        try:
            await store.place(db, rows)
        except asyncpg.ForeignKeyViolationError as no:
            raise Refused(Refusal.UNKNOWN, database.constraint(no)) from None
        except (asyncpg.CheckViolationError, asyncpg.UniqueViolationError) as no:
            raise Refused(Refusal.INVALID, database.constraint(no)) from None
        entry = world.numbered(locked[0], Change(Verb.ADMINISTER, (), shelter=shelter), by, now, secrets.token_bytes(16))
        await store.append(db, [entry])
        await store.head(db, territory, entry.seq, entry.hash)
    return entry.seq
