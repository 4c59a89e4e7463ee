"""Connections to PostgreSQL. The primary alone; what acts in a territory says so, and row-level security holds it to it."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
Pool = asyncpg.Pool

LOCK_TIMEOUT_MS = 3_000
STATEMENT_TIMEOUT_MS = 5_000
POOL_MAX = 10
STATEMENTS_MAX = 256
"""Kept prepared by a connection, for as long as it lives: one is planned while a territory is locked."""
CONNECT_SECONDS = 3

PLANS = {"enable_seqscan": "off", "plan_cache_mode": "force_generic_plan"}
"""Every statement here finds its rows by an index. A plan made while a table was empty would scan it for as long as the connection
lives, the checks of foreign keys too; and the two statements of a batch cost more to plan anew than to run."""

LOST = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""The connection went away; what it was doing may or may not have happened."""

AWAY = (*LOST, asyncpg.PostgresError)
"""No answer: the connection went away, or PostgreSQL objected, to whatever it was. For those who only look, and look again or say so;
whoever must know whether something happened tells the kinds below apart."""

HELD_UP = asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError, asyncpg.DeadlockDetectedError
"""Somebody else held what it needs for too long. Nothing happened; the same may be sent again."""

STANDBY = asyncpg.ReadOnlySQLTransactionError, asyncpg.ObjectNotInPrerequisiteStateError
"""What answers is not the primary, or not yet: the name still leads to a standby."""

AHEAD = asyncpg.DatatypeMismatchError, asyncpg.InvalidCachedStatementError
"""A table has gained a column under this worker, which the roll that follows will replace. Nothing happened; its successor can do it."""

LATER = (*LOST, *HELD_UP, *STANDBY)
"""Nobody's fault who asked: the same may be sent again, later."""

UNFIT = asyncpg.DataError
"""A value that no column takes."""

BROKEN = asyncpg.IntegrityConstraintViolationError
"""A constraint objects, which `constraint` names."""

OUT_OF_SIGHT = asyncpg.InsufficientPrivilegeError
"""Row-level security objects: it would be a row of another territory."""

LOCK = "PREPARE lock (text[]) AS SELECT FROM territory WHERE code = ANY($1) ORDER BY code FOR UPDATE"
"""Made once a connection: a statement that travels with BEGIN as text would else be planned for every batch."""


class Lean(asyncpg.Connection):
    """Every transaction here sets what it needs with SET LOCAL, so giving a connection back needs no round trip.

    `epoch` is asked once: a primary keeps its timeline for as long as a connection to it can last, and asking reads a file. So nothing
    may stand between that hands one connection's statements to several servers' (a pooler of transactions).
    """

    epoch = ""

    def get_reset_query(self) -> str:
        return ""


async def connect(url: str, command_seconds: float | None = None) -> asyncpg.Connection:
    """One connection outside a pool, for what runs beside the service; bounded as it opens, its commands only where that is said."""
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=command_seconds)


async def pool(url: str, size: int = POOL_MAX) -> Pool:
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        init=_opened,
        connection_class=Lean,
        timeout=CONNECT_SECONDS,
        statement_cache_size=STATEMENTS_MAX,
        max_cached_statement_lifetime=0,
        command_timeout=STATEMENT_TIMEOUT_MS / 1000 + 1,
        server_settings={
            "application_name": "siao",
            "lock_timeout": str(LOCK_TIMEOUT_MS),
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "synchronous_commit": "on",
            "timezone": "UTC",
            **PLANS,
        },
    )


async def _opened(db: Lean) -> None:
    await db.execute(LOCK)
    db.epoch = await scalar(db, "SELECT epoch()")


def epoch(db: Connection) -> str:
    """Of the database that this connection of the pool leads to."""
    return db.epoch  # type: ignore[union-attr] - of the class that the pool was given


async def scalar(db: Connection | Pool, sql: str, *values: Any) -> Any:
    """The one value of a statement that has one."""
    return await db.fetchval(sql, *values)


async def deleted(db: Connection, statement: str, *values: Any) -> int:
    """How many rows a DELETE took."""
    return int((await db.execute(statement, *values)).rpartition(" ")[2])


def begin(territories: Iterable[str]) -> str:
    """BEGIN and the territories this transaction may see, in one round trip."""
    return f"BEGIN; {_set(territories)}"


def _lock(territories: Iterable[str]) -> str:
    return f"EXECUTE lock('{{{','.join(sorted(set(territories)))}}}')"


def _set(territories: Iterable[str]) -> str:
    """Codes are checked: they reach SQL as text."""
    codes = ",".join(sorted(set(territories)))
    if not codes.replace(",", "").isalnum():
        raise ValueError(f"not territory codes: {codes!r}")
    return f"SET LOCAL siao.territories = '{codes}'"


async def here(db: Connection, territories: Iterable[str]) -> None:
    """Lets the transaction that is open see these territories."""
    await db.execute(_set(territories))


async def alone(db: Connection, name: str) -> None:
    """Until the transaction ends nobody else is alone under this name: what is counted and then written has no race."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)


async def analyse(db: Connection) -> None:
    """After many rows came in: plans made on empty tables stay sequential."""
    await db.execute("ANALYZE")


def constraint(no: Exception) -> str | None:
    """The name of the constraint that objects, where one does."""
    return getattr(no, "constraint_name", None)


@asynccontextmanager
async def acting(pool: Pool, territories: Iterable[str]) -> AsyncGenerator[Connection]:
    """A transaction at READ COMMITTED that sees these territories."""
    async with pool.acquire() as db, _transaction(db, begin(territories)):
        yield db


def locked(db: Connection, territories: Iterable[str]) -> AbstractAsyncContextManager[None]:
    """The same on a connection at hand, and it holds the territories, in the same round trip, in the order of their codes, so that two
    desks cannot deadlock."""
    return _transaction(db, f"{begin(territories)}; {_lock(territories)}")


@asynccontextmanager
async def _transaction(db: Connection, first: str) -> AsyncGenerator[None]:
    try:
        await db.execute(first)  # inside: whoever is cancelled here leaves no open transaction to the next
        yield
    except BaseException:
        await _rollback(db)
        raise
    await db.execute("COMMIT")


@asynccontextmanager
async def reading(pool: Pool, territories: Iterable[str]) -> AsyncGenerator[Connection]:
    """One snapshot of these territories, read only."""
    async with pool.acquire() as db:
        try:
            await db.execute(begin(territories).replace("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            yield db
        finally:
            await _rollback(db)


async def _rollback(db: Connection) -> None:
    """A connection that cannot roll back is not worth keeping; the pool opens another."""
    try:
        await db.execute("ROLLBACK")
    except LOST:
        db.terminate()


async def top(db: Connection | Pool, territory: str) -> tuple[str, int]:
    """Epoch, and the number of the last journal entry, now."""
    row: Any = await db.fetchrow("SELECT epoch(), seq FROM territory WHERE code = $1", territory)
    if row is None:
        raise LookupError(territory)
    return row[0], row[1]


async def name(db: Connection | Pool) -> str:
    """Which database of which cluster: the epoch without its timeline, so that a promotion changes nothing."""
    cluster, _, database = (await scalar(db, "SELECT epoch()")).split(".")
    return f"{cluster}.{database}"


async def tops(db: Connection | Pool) -> dict[str, tuple[str, int]]:
    """Epoch, asked once since it reads a file, and last number of every territory."""
    rows = await db.fetch("SELECT code, (SELECT epoch()), seq FROM territory")
    return {code: (epoch, seq) for code, epoch, seq in rows}


async def clock(db: Connection) -> datetime:
    """The database's clock."""
    return await scalar(db, "SELECT clock_timestamp()")
