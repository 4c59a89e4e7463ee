"""Entries of what is done outside the desk: places, accounts, rights. In the transaction of the change itself."""

import secrets
from collections.abc import Iterable

from msgspec.structs import replace

from siao.core import world
from siao.core.journal import Entry
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.territories import Territory
from siao.core.world import Change
from siao.store import db as database
from siao.store import journal as store
from siao.store import world as batches

SALT_BYTES = 16


def salt() -> bytes:
    """For the hash of one entry."""
    return secrets.token_bytes(SALT_BYTES)


async def lock(db: database.Connection, territory: str) -> Territory:
    """The territory, held until the transaction ends; taken before anything is read."""
    locked = await batches.lock(db, [territory])
    if not locked:
        raise Refused(Refusal.UNKNOWN, "territory")
    return locked[0]


async def tell(db: database.Connection, head: Territory, changes: Iterable[Change], by: By) -> int:
    """Numbers and links one entry a change, from the head that was locked. Gives the number of the last one."""
    now, entries = await database.clock(db), list[Entry]()
    for change in changes:
        entry = world.numbered(head, change, by, now, salt())
        head = replace(head, seq=entry.seq, head=entry.hash)
        entries.append(entry)
    if entries:
        await store.append(db, head.code, entries)
    return head.seq
