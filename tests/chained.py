"""The journal of a test's database, every invariant looked at as `siao verify` does."""

import asyncpg

import city
from siao.actions import verification
from siao.core.journal import Entry
from siao.store.rows import reader


async def chain(look: asyncpg.Connection) -> list[Entry]:
    """The journal, having followed its links, compared its head, and found nothing broken."""
    assert (await verification.look(look, None, {}, whole=True)).broken == []
    return [reader(Entry)(row) for row in await look.fetch("SELECT * FROM journal WHERE territory = $1 ORDER BY seq", city.CODE)]
