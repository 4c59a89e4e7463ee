"""The journal of a test's database, followed link by link."""

import asyncpg

import city
from siao.core.journal import GENESIS, Entry, link
from siao.store.rows import reader


async def chain(look: asyncpg.Connection) -> list[Entry]:
    """The journal, having followed its links and compared its head."""
    entries = [reader(Entry)(row) for row in await look.fetch("SELECT * FROM journal WHERE territory = $1 ORDER BY seq", city.CODE)]
    head = GENESIS
    for number, entry in enumerate(entries, 1):
        head = link(head, entry)
        assert (entry.seq, entry.hash) == (number, head), entry
    assert tuple(await look.fetchrow("SELECT seq, head FROM territory WHERE code = $1", city.CODE)) == (len(entries), head)
    return entries
