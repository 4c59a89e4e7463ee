"""What is past its time goes (GUARANTEES, 17; the register says how long each thing is kept). With the purger's rights alone."""

from msgspec import Struct

from siao.actions.clock import KEYS_HOURS
from siao.core.journal import Anchor, signed
from siao.store import db as database
from siao.store import purge as store
from siao.store import world as worlds

UNLINKED_DAYS = 30
ACCESS_MONTHS = 6
JOURNAL_MONTHS = 12


class Purged(Struct, frozen=True):
    """How many rows went of each kind."""

    requests: int = 0
    reads: int = 0
    entries: int = 0
    keys: int = 0
    sessions: int = 0


async def purge(db: database.Connection, secret: bytes) -> Purged:
    """All territories, each in a transaction of its own: what was done stays done where the next one fails."""
    done = [await _territory(db, code, secret) for code in await store.territories(db)]
    async with db.transaction():
        await store.act(db)
        sessions = await store.sessions(db)
    sums = {name: sum(getattr(one, name) for one in done) for name in ("requests", "reads", "entries", "keys")}
    return Purged(**sums, sessions=sessions)


async def _territory(db: database.Connection, code: str, secret: bytes) -> Purged:
    async with db.transaction():
        await store.act(db)
        await database.here(db, [code])
        return Purged(
            requests=await store.unlink(db, code, UNLINKED_DAYS),
            reads=await store.access(db, ACCESS_MONTHS),
            entries=await _journal(db, code, secret),
            keys=await worlds.forget(db, KEYS_HOURS),
        )


async def _journal(db: database.Connection, code: str, secret: bytes) -> int:
    """Whole months, so that what is left begins with one."""
    last = await store.last_of_past_months(db, code, JOURNAL_MONTHS)
    if last is None:
        return 0
    seq, hash, at = last
    return await store.cut(db, Anchor(code, seq, hash, at, signed(secret, code, seq, hash)))
