"""The road to the schema: numbered files, forward only, each in one transaction, once, whoever starts first."""

from hashlib import sha256
from pathlib import Path

import asyncpg

from siao.carried import database_folder

LOCK = 5140115
"""The advisory lock that lets one starter migrate while the others wait."""


class Changed(Exception):
    """A migration that has run is no longer what it was."""


def steps() -> list[Path]:
    return sorted((database_folder() / "migrations").glob("[0-9]*.sql"))


async def migrate(url: str) -> list[str]:
    """Brings the database at `url` (its owner's) to the newest schema and analyses it. Gives the files that ran now."""
    db = await asyncpg.connect(url)
    try:
        await db.execute("SELECT pg_advisory_lock($1)", LOCK)
        await db.execute(
            "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
        done = dict(await db.fetch("SELECT name, checksum FROM migration"))
        ran = [step.name for step in steps() if await _run(db, step, done)]
        await db.execute("ANALYZE")
        return ran
    finally:
        await db.close()


async def _run(db: asyncpg.Connection, step: Path, done: dict[str, str]) -> bool:
    text = step.read_text(encoding="utf-8")
    checksum = sha256(text.encode()).hexdigest()
    if step.name in done:
        if done[step.name] != checksum:
            raise Changed(f"{step.name} was changed after it ran; write a new migration instead")
        return False
    async with db.transaction():
        await db.execute(text)
        await db.execute("INSERT INTO migration (name, checksum) VALUES ($1, $2)", step.name, checksum)
    return True


async def app_password(url: str, password: str) -> None:
    """Lets siao_app log in with this password."""
    db = await asyncpg.connect(url)
    try:
        quoted = await db.fetchval("SELECT quote_literal($1)", password)
        await db.execute(f"ALTER ROLE siao_app LOGIN PASSWORD {quoted}")
    finally:
        await db.close()
