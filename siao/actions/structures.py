"""The administration's writes: shelters, units, services. Each with one journal entry, so that every screen takes the board anew."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from msgspec import Struct

from siao.actions import journal
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.world import Change
from siao.store import db as database
from siao.store import parks as store


async def write(
    pool: database.Pool, territory: str, rows: Sequence[Struct], by: By, shelter: UUID | None = None, service: UUID | None = None
) -> int:
    """Writes structures and says so in the journal, in one transaction. Gives the number of its entry."""
    async with database.acting(pool, [territory]) as db:
        head = await journal.lock(db, territory)
        try:
            await store.place(db, rows)
        except asyncpg.ForeignKeyViolationError as no:
            raise Refused(Refusal.UNKNOWN, database.constraint(no)) from None
        except (asyncpg.CheckViolationError, asyncpg.UniqueViolationError) as no:
            raise Refused(Refusal.INVALID, database.constraint(no)) from None
        return await journal.tell(db, head, [Change(Verb.ADMINISTER, (), shelter=shelter, service=service)], by)
