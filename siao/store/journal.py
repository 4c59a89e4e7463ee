"""The journal as it is written outside a batch, and as it is looked back at."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from siao.core.journal import Entry, Verb
from siao.core.people import Role
from siao.store.db import Connection
from siao.store.rows import reader, values


class Told(Struct, frozen=True):
    """One change as it is looked back at: `by` and `account` are logins, None where there was nobody or the account is gone."""

    seq: int
    at: datetime
    by: str | None
    role: Role
    verb: Verb
    outcome: str
    account: str | None
    shelter: UUID | None
    service: UUID | None


read_told = reader(Told)


async def append(db: Connection, territory: str, entries: Sequence[Entry]) -> None:
    """Entries in their order, and the territory's number and head with them."""
    await db.execute("INSERT INTO journal SELECT (n).* FROM unnest($1::journal[]) n", values(entries))
    await db.execute("UPDATE territory SET seq = $2, head = $3 WHERE code = $1", territory, entries[-1].seq, entries[-1].hash)


async def changes(db: Connection, territory: str, limit: int) -> list[Told]:
    """The last entries of ADMINISTERED, the newest first. The verbs stand here in full: only so an index of them alone is found."""
    rows = await db.fetch(
        """SELECT j.seq, j.at, a.login, j.role, j.verb, j.outcome, o.login, j.shelter, j.service FROM journal j
        LEFT JOIN account a ON a.id = j.agent LEFT JOIN account o ON o.id = j.account
        WHERE j.territory = $1 AND j.verb IN ('administer', 'set_rules', 'add_account', 'close_account', 'open_account', 'set_password',
            'grant', 'revoke', 'end_sessions') ORDER BY j.seq DESC LIMIT $2""",
        territory,
        limit,
    )
    return [read_told(row) for row in rows]
