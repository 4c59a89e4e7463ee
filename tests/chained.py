"""The journal of a test's database, followed as `siao verify` follows it."""

import asyncpg

import city
from siao.core import chain as links
from siao.core.chain import Link
from siao.core.journal import Entry
from siao.store.rows import reader


async def chain(look: asyncpg.Connection) -> list[Entry]:
    """The journal, having followed its links and compared its head."""
    entries = [reader(Entry)(row) for row in await look.fetch("SELECT * FROM journal WHERE territory = $1 ORDER BY seq", city.CODE)]
    followed = links.follow(Link(), entries)
    assert followed.breaks == ()
    assert Link(*await look.fetchrow("SELECT seq, head FROM territory WHERE code = $1", city.CODE)) == followed.end
    return entries
