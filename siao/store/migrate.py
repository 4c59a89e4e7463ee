"""The road to the schema: numbered files, forward only, each in one transaction, once, whoever starts first."""

from contextlib import suppress
from hashlib import sha256

import asyncpg

from siao.carried import database_folder

LOCK = 5140115
"""The advisory lock that lets one starter migrate while the others wait."""

TRIES_MAX = 20


class Changed(Exception):
    """A migration that has run is no longer what it was."""


class Crowded(Exception):
    """A migration did not get its tables among those who work with them."""


def steps() -> list[tuple[str, str]]:
    """Name and text of every migration, in order."""
    files = sorted((database_folder() / "migrations").glob("[0-9]*.sql"))
    return [(file.name, file.read_text(encoding="utf-8")) for file in files]


async def migrate(url: str) -> list[str]:
    """Brings the database at `url` (its owner's) to the newest schema and analyses it. Gives the files that ran now."""
    db = await asyncpg.connect(url)
    try:
        await db.execute("SELECT pg_advisory_lock($1)", LOCK)
        await db.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
        done = dict(await db.fetch("SELECT name, checksum FROM migration"))
        ran = [name for name, text in steps() if await _run(db, name, text, done)]
        await db.execute("ANALYZE")
        return ran
    finally:
        await db.close()


async def _run(db: asyncpg.Connection, name: str, text: str, done: dict[str, str]) -> bool:
    checksum = sha256(text.encode()).hexdigest()
    if name in done:
        if done[name] != checksum:
            raise Changed(f"{name} was changed after it ran; write a new migration instead")
        return False
    for _ in range(TRIES_MAX):
        with suppress(asyncpg.DeadlockDetectedError):  # workers are at the same tables, in an order of their own; nothing happened
            async with db.transaction():
                await db.execute(text)
                await db.execute("INSERT INTO migration (name, checksum) VALUES ($1, $2)", name, checksum)
            return True
    raise Crowded(f"{name} met other transactions {TRIES_MAX} times; nothing of it happened: run it again")


async def app_password(url: str, password: str) -> None:
    """Lets siao_app log in with this password."""
    await _login(url, "siao_app", password)


async def verifier_password(url: str, password: str) -> None:
    """Lets siao_verifier log in with this password."""
    await _login(url, "siao_verifier", password)


async def _login(url: str, role: str, password: str) -> None:
    db = await asyncpg.connect(url)
    try:
        quoted = await db.fetchval("SELECT quote_literal($1)", password)
        await db.execute(f"ALTER ROLE {role} LOGIN PASSWORD {quoted}")
    finally:
        await db.close()
