"""Accounts, rights, sessions, recorded reads. Not bound to one territory, but access_log is."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from siao.core.people import Read, Right, Role
from siao.store.db import Connection, Pool, scalar
from siao.store.rows import reader

SESSION_HOURS = 12
LOGIN_WINDOW_MINUTES = 15
MISS_WINDOW_MINUTES = 15
ROLES = {str(role): role for role in Role}


class Account(Struct, frozen=True):
    id: UUID
    login: str
    password: str
    language: str
    active: bool


class Post(Struct, frozen=True):
    """An account as an administrator sees it: all but its password."""

    id: UUID
    login: str
    language: str
    active: bool
    rights: tuple[Right, ...]


class Seat(Struct, frozen=True):
    """A right with the names that a screen shows."""

    role: Role
    territory: str
    territory_name: str
    time_zone: str
    telephone: str
    shelter: UUID | None
    shelter_name: str | None
    service: UUID | None
    service_name: str | None


class Session(Struct, frozen=True):
    token: bytes
    account: UUID
    login: str
    language: str
    human_at: datetime
    now: datetime
    rights: tuple[Right, ...]


class Recorded(Struct, frozen=True):
    """One recorded read: `by` is a login, None once the account is gone; `subject` a request or a placement, None for a code of nobody."""

    at: datetime
    by: str | None
    what: Read
    subject: UUID | None


read_recorded = reader(Recorded)


async def account(db: Pool | Connection, login: str) -> Account | None:
    row = await db.fetchrow("SELECT id, login, password, language, active FROM account WHERE login = $1", login)
    return Account(*row) if row else None


async def held(db: Connection, id: UUID) -> Account | None:
    """The account, held until the transaction ends."""
    row = await db.fetchrow("SELECT id, login, password, language, active FROM account WHERE id = $1 FOR UPDATE", id)
    return Account(*row) if row else None


async def posts(db: Connection, territory: str, limit: int) -> list[Post]:
    """Who has a right there, and who has none anywhere; by login. Where they are more than `limit`, those without any are left out
    first."""
    rows = await db.fetch(
        """SELECT id, login, language, active, rights FROM (
            SELECT * FROM (
                SELECT id, login, language, active,
                    ARRAY(SELECT r FROM account_right r WHERE r.account = a.id ORDER BY role, territory) AS rights,
                    EXISTS (SELECT FROM account_right r WHERE r.account = a.id AND r.territory = $1) AS here
                FROM account a) every
            WHERE here OR cardinality(rights) = 0 ORDER BY here DESC, login LIMIT $2) first
        ORDER BY login""",
        territory,
        limit,
    )
    return [Post(row[0], row[1], row[2], row[3], _rights(row[4])) for row in rows]


async def add(db: Connection, row: Account) -> None:
    await db.execute("INSERT INTO account (id, login, password, language, active) VALUES ($1, $2, $3, $4, $5)", *_values(row))


async def keep(db: Connection, row: Account) -> None:
    await db.execute("UPDATE account SET login = $2, password = $3, language = $4, active = $5 WHERE id = $1", *_values(row))


def _values(row: Account) -> tuple[Any, ...]:
    return row.id, row.login, row.password, row.language, row.active


async def language(db: Pool, account: UUID, language: str) -> None:
    await db.execute("UPDATE account SET language = $2 WHERE id = $1", account, language)


async def rights(db: Pool | Connection, account: UUID) -> list[Right]:
    rows = await db.fetch(
        "SELECT role, territory, shelter, service FROM account_right WHERE account = $1 ORDER BY role, territory", account
    )
    return [Right(Role(role), *rest) for role, *rest in rows]


async def grant(db: Connection, account: UUID, rights: Sequence[Right]) -> None:
    """The account's rights from now on."""
    await db.execute("DELETE FROM account_right WHERE account = $1", account)
    await db.executemany(
        "INSERT INTO account_right (account, role, territory, shelter, service) VALUES ($1, $2, $3, $4, $5)",
        [(account, right.role, right.territory, right.shelter, right.service) for right in rights],
    )


async def administered(db: Connection, territory: str) -> bool:
    """Whether somebody with an open account is administrator there."""
    return await scalar(
        db,
        """SELECT EXISTS (SELECT FROM account_right r JOIN account a ON a.id = r.account
        WHERE r.territory = $1 AND r.role = 'admin' AND a.active)""",
        territory,
    )


async def seats(db: Connection, account: UUID) -> list[Seat]:
    """The rights with names; the transaction must see the territories."""
    rows = await db.fetch(
        """SELECT r.role, r.territory, t.name, t.time_zone, t.telephone, r.shelter, s.name, r.service, v.name
        FROM account_right r JOIN territory t ON t.code = r.territory LEFT JOIN shelter s ON s.id = r.shelter
        LEFT JOIN service v ON v.id = r.service WHERE r.account = $1 ORDER BY r.role, r.territory""",
        account,
    )
    return [Seat(Role(role), *rest) for role, *rest in rows]


async def open_session(db: Pool, token: bytes, account: UUID, password: str) -> bool:
    """Begins a session, and forgets those that are over. False where the account has another password by now, or is closed:
    hashing takes long enough for somebody to change it, and the sessions that end then must include this one."""
    return await scalar(
        db,
        """WITH over AS (
            DELETE FROM session WHERE began < clock_timestamp() - make_interval(hours => $3)
        ), still AS (
            SELECT id FROM account WHERE id = $2 AND password = $4 AND active FOR KEY SHARE
        ), begun AS (
            INSERT INTO session (token, account, began, human_at) SELECT $1, id, clock_timestamp(), clock_timestamp() FROM still
            RETURNING token
        )
        SELECT EXISTS (SELECT FROM begun)""",
        token,
        account,
        SESSION_HOURS,
        password,
    )


async def sessions(db: Pool, tokens: Sequence[bytes]) -> list[Session]:
    """The sessions of these tokens that have not run out and whose accounts are active, with their rights."""
    rows = await db.fetch(
        """SELECT s.token, a.id, a.login, a.language, s.human_at, clock_timestamp(),
            ARRAY(SELECT r FROM account_right r WHERE r.account = a.id ORDER BY role, territory)
        FROM session s JOIN account a ON a.id = s.account
        WHERE s.token = ANY($1::bytea[]) AND a.active AND s.began > clock_timestamp() - make_interval(hours => $2)""",
        tokens,
        SESSION_HOURS,
    )
    return [Session(row[0], row[1], row[2], row[3], row[4], row[5], _rights(row[6])) for row in rows]


def _rights(rows: Sequence[Any]) -> tuple[Right, ...]:
    """Of whole rows of account_right."""
    return tuple(Right(ROLES[row[1]], row[2], row[3], row[4]) for row in rows)


async def touch(db: Pool, token: bytes) -> None:
    await db.execute("UPDATE session SET human_at = clock_timestamp() WHERE token = $1", token)


async def close_session(db: Pool, token: bytes) -> None:
    await db.execute("DELETE FROM session WHERE token = $1", token)


async def close_sessions(db: Connection, account: UUID) -> None:
    await db.execute("DELETE FROM session WHERE account = $1", account)


async def failures(db: Connection, login: str, browser: bytes) -> int:
    """Failed logins under this name from this browser in the last quarter of an hour; older ones are forgotten."""
    return await scalar(
        db,
        """WITH old AS (DELETE FROM login_failure WHERE at < clock_timestamp() - make_interval(mins => $2))
        SELECT count(*) FROM login_failure
        WHERE login = $1 AND browser = $3 AND at >= clock_timestamp() - make_interval(mins => $2)""",
        login,
        LOGIN_WINDOW_MINUTES,
        browser,
    )


async def fail(db: Connection, login: str, browser: bytes) -> datetime:
    return await scalar(
        db, "INSERT INTO login_failure (login, at, browser) VALUES ($1, clock_timestamp(), $2) RETURNING at", login, browser
    )


async def succeed(db: Pool, login: str, browser: bytes, tried: datetime) -> None:
    """This try was none; what others tried under the name counts on."""
    await db.execute("DELETE FROM login_failure WHERE login = $1 AND browser = $2 AND at = $3", login, browser, tried)


async def record(db: Connection, territory: str, agent: UUID, what: Read, subject: UUID | None) -> None:
    await db.execute(
        "INSERT INTO access_log (territory, at, agent, what, subject) VALUES ($1, clock_timestamp(), $2, $3, $4)",
        territory,
        agent,
        what,
        subject,
    )


async def recorded(db: Connection, territory: str, day: date, limit: int, skip: int) -> list[Recorded]:
    """The reads of one day by the territory's own clock, the last one first."""
    rows = await db.fetch(
        """SELECT l.at, a.login, l.what, l.subject FROM access_log l
        JOIN territory t ON t.code = l.territory LEFT JOIN account a ON a.id = l.agent
        WHERE l.territory = $1 AND l.at >= $2::date::timestamp AT TIME ZONE t.time_zone
            AND l.at < ($2::date + 1)::timestamp AT TIME ZONE t.time_zone
        ORDER BY l.at DESC LIMIT $3 OFFSET $4""",
        territory,
        day,
        limit,
        skip,
    )
    return [read_recorded(row) for row in rows]


async def recorded_by(db: Connection, territory: str, day: date, login: str, limit: int, skip: int) -> list[Recorded]:
    """The same, of one account."""
    rows = await db.fetch(
        """SELECT l.at, a.login, l.what, l.subject FROM access_log l
        JOIN territory t ON t.code = l.territory JOIN account a ON a.id = l.agent
        WHERE l.territory = $1 AND l.at >= $2::date::timestamp AT TIME ZONE t.time_zone
            AND l.at < ($2::date + 1)::timestamp AT TIME ZONE t.time_zone AND a.login = $3
        ORDER BY l.at DESC LIMIT $4 OFFSET $5""",
        territory,
        day,
        login,
        limit,
        skip,
    )
    return [read_recorded(row) for row in rows]


async def misses(db: Connection, agent: UUID) -> int:
    """Codes this account looked up in vain in the last quarter of an hour."""
    return await scalar(
        db,
        "SELECT count(*) FROM access_log WHERE agent = $1 AND what = 'code_missed' AND at > clock_timestamp() - make_interval(mins => $2)",
        agent,
        MISS_WINDOW_MINUTES,
    )


async def looked_up(db: Connection, agent: UUID, request: UUID) -> bool:
    """Whether this account found this request by its code today."""
    return await scalar(
        db,
        """SELECT EXISTS (SELECT FROM access_log WHERE agent = $1 AND what = 'code_found' AND subject = $2
        AND at > clock_timestamp() - interval '1 day')""",
        agent,
        request,
    )


async def acted_on(db: Connection, agent: UUID, placement: UUID) -> bool:
    """Whether this account acted on the placement: the journal knows."""
    return await scalar(db, "SELECT EXISTS (SELECT FROM journal WHERE placement = $2 AND agent = $1)", agent, placement)
