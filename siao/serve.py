"""The service in earnest: settings from the environment, no accounts but those an administrator made."""

import argparse
import asyncio
import os
import signal
import sys
import time

import msgspec

from siao import settings, workers
from siao.actions import purge as purging
from siao.store import db as database
from siao.store import migrate as road

WORKERS_MAX = 64
DAY_SECONDS = 24 * 3600
AGAIN_SECONDS = 60.0
"""When a purge that could not be done is tried again."""


def serve(argv: list[str]) -> int:
    """Serves until told to stop, SIGHUP rolls the workers; exits 2 where a variable is missing."""
    parser = argparse.ArgumentParser(prog="siao serve", description="The service, from the environment (.env.example).")
    parser.add_argument("--workers", type=int, default=1, help="processes at one door; SIGHUP replaces them one by one")
    number = parser.parse_args(argv).workers
    if not 1 <= number <= WORKERS_MAX:
        parser.error(f"--workers: 1 to {WORKERS_MAX}")
    try:
        found = settings.from_environment()
    except settings.Missing as no:
        sys.stderr.write(f"siao: {no}\n")
        return 2
    return workers.serve(found, number)


def migrate(argv: list[str]) -> int:
    """As the owner: the newest schema, and the app's and the verifier's own passwords (SIAO_OWNER_URL, SIAO_APP_PASSWORD,
    SIAO_VERIFIER_PASSWORD)."""
    url = os.environ.get("SIAO_OWNER_URL")
    if not url:
        sys.stderr.write("siao: SIAO_OWNER_URL is not set; see .env.example\n")
        return 2
    ran = asyncio.run(road.migrate(url))
    if password := os.environ.get("SIAO_APP_PASSWORD"):
        asyncio.run(road.app_password(url, password))
    if password := os.environ.get("SIAO_VERIFIER_PASSWORD"):
        asyncio.run(road.verifier_password(url, password))
    sys.stdout.write("".join(f"siao: {name}\n" for name in ran) or "siao: the schema is current\n")
    return 0


def purge(argv: list[str]) -> int:
    """As the owner, with the purger's rights alone: deletes what is past its time, once or each day (SIAO_OWNER_URL, SIAO_SECRET)."""
    parser = argparse.ArgumentParser(prog="siao purge", description="Deletes what is past its time; run it each day.")
    parser.add_argument("--daily", action="store_true", help="stay, and do it again every 24 hours")
    daily = parser.parse_args(argv).daily
    missing = [name for name in ("SIAO_OWNER_URL", "SIAO_SECRET") if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"siao: {missing[0]} is not set; see .env.example\n")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as a container's first process it would not hear it
    url, secret = os.environ["SIAO_OWNER_URL"], os.environ["SIAO_SECRET"].encode()
    while True:
        done = _purge(url, secret)
        if not daily:
            return 0 if done else 1
        time.sleep(DAY_SECONDS if done else AGAIN_SECONDS)


def _purge(url: str, secret: bytes) -> bool:
    """Whether it was done; a database that is away is said by its kind, and asked again by whoever stays."""
    try:
        told = asyncio.run(_purged(url, secret))
    except database.AWAY as no:
        sys.stderr.write(f"siao: not purged: {type(no).__name__}\n")
        return False
    sys.stdout.write(f"siao: gone: {told}\n")
    sys.stdout.flush()
    return True


async def _purged(url: str, secret: bytes) -> str:
    db = await database.connect(url)
    try:
        return ", ".join(f"{count} {name}" for name, count in msgspec.structs.asdict(await purging.purge(db, secret)).items())
    finally:
        await db.close()
