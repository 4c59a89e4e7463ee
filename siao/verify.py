"""Whether the promises are kept, looked at from outside: once, or each minute until told to stop."""

import argparse
import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from siao import witness
from siao.actions import verification
from siao.actions.verification import Look
from siao.core.chain import Link
from siao.core.invariants import Broken, Invariant
from siao.store import db as database
from siao.store import invariants as store

KEPT, BROKEN, NOT_LOOKED = 0, 1, 2
EVERY_SECONDS_MIN = 5
WHOLE_SECONDS = 24 * 3600
"""How often a watch goes through the whole journal again: what was touched long ago and not linked anew is seen by that alone."""


def main(argv: list[str]) -> int:
    """Exits 0 where every invariant is kept, 1 where one is broken, 2 where it could not be looked at."""
    parser = argparse.ArgumentParser(prog="siao verify", description=__doc__)
    parser.add_argument("--state", type=Path, metavar="F", help="go on from the journal's heads in this file, and add the new ones")
    parser.add_argument("--whole", action="store_true", help="the whole journal, also what a look before went through")
    parser.add_argument("--every", type=float, metavar="S", help="stay, and look every S seconds until told to stop; once a day the whole")
    parser.add_argument("--kept", type=Path, metavar="F", help="write the time into F after a look that found all kept; gone where not")
    parser.add_argument("--json", action="store_true", help="one object a look")
    options = parser.parse_args(argv)
    url = os.environ.get("SIAO_VERIFIER_URL") or os.environ.get("SIAO_DATABASE_URL")
    if not url:
        return _no("SIAO_VERIFIER_URL is not set, nor SIAO_DATABASE_URL; see .env.example")
    if options.every is not None and (options.every < EVERY_SECONDS_MIN or options.state is None):
        parser.error(f"--every: {EVERY_SECONDS_MIN} or more seconds, and with --state: what was seen must be written down")
    secret = os.environ.get("SIAO_SECRET", "").encode() or None
    return asyncio.run(_watch(Watch(url, secret, options.state, options.kept, options.json), options.every, options.whole))


def _no(why: str) -> int:
    sys.stderr.write(f"siao: {why}\n")
    return NOT_LOOKED


class Watch:
    """Somebody who looks, and writes down what was seen. The file is read once, and again where somebody else touched it."""

    def __init__(self, url: str, secret: bytes | None, state: Path | None, kept: Path | None, json: bool) -> None:
        self.url, self.secret, self.state, self.kept, self.json = url, secret, state, kept, json
        self.known: dict[str, Link] = {}
        self.stamp: tuple[int, int, int] | None = None

    async def look(self, whole: bool) -> int:
        self._remember()
        db = await store.connect(self.url)
        try:
            seen = await verification.look(db, self.secret, self.known, whole=whole)
        finally:
            await db.close(timeout=database.CONNECT_SECONDS)
        self._write_down(seen)
        sys.stdout.write(_json(seen) if self.json else _lines(seen, self.secret is not None))
        sys.stdout.flush()
        return BROKEN if seen.broken else KEPT

    def _remember(self) -> None:
        """A year of a territory is 57 MB, and 2 s of CPU to read: not each minute."""
        if self.state and (self.stamp is None or self.stamp != witness.stamp(self.state)):
            self.known, self.stamp = witness.read(self.state), None

    def _write_down(self, seen: Look) -> None:
        if self.state:
            witness.add(self.state, seen.at, self.known, seen.heads)
            self.known, self.stamp = self.known | seen.heads, witness.stamp(self.state)
        if self.kept and seen.broken:
            self.kept.unlink(missing_ok=True)
        elif self.kept:
            self.kept.write_text(f"{seen.at.isoformat()}\n", encoding="ascii")


async def _watch(watch: Watch, every: float | None, whole: bool) -> int:
    stop, again = asyncio.Event(), time.monotonic() + WHOLE_SECONDS
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    looking = asyncio.create_task(_looked(watch, whole or every is not None))
    while True:
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({looking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            return KEPT
        stopped.cancel()
        code = looking.result()
        if every is None:
            return code
        due = time.monotonic() >= again
        again += WHOLE_SECONDS if due else 0
        looking = asyncio.create_task(_later(every, watch, due))


async def _later(seconds: float, watch: Watch, whole: bool) -> int:
    await asyncio.sleep(seconds)
    return await _looked(watch, whole)


async def _looked(watch: Watch, whole: bool) -> int:
    """A database that is away, or a file that is not ours, is not a promise broken; it is said, and a watch goes on."""
    try:
        return await watch.look(whole)
    except database.AWAY as no:
        return _no(f"not looked: {type(no).__name__}: {no}")
    except (OSError, witness.Unreadable) as no:
        return _no(f"not looked: {no}")


def _lines(seen: Look, signed: bool) -> str:
    by = {invariant: [one for one in seen.broken if one.invariant is invariant] for invariant in Invariant}
    lines = [f"{seen.at:%Y-%m-%dT%H:%M:%SZ} {len(seen.heads)} territories, {seen.entries} entries"]
    for invariant, broken in by.items():
        unsigned = "" if signed or invariant is not Invariant.ANCHOR else "; their signatures not looked at: SIAO_SECRET is not set"
        lines.append(f"{'broken' if broken else 'kept  '}  {invariant:<10}  {invariant.en}{unsigned}{_where(broken)}")
    return "\n".join(lines) + "\n"


def _where(broken: list[Broken]) -> str:
    told = ((one.territory or "database", one.count, ", ".join([*map(str, one.numbers), *one.names])) for one in broken)
    return "".join(f"; {where}: {count}" + (f" ({which})" if which else "") for where, count, which in told)


def _json(seen: Look) -> str:
    told = {
        "at": seen.at,
        "kept": not seen.broken,
        "entries": seen.entries,
        "heads": {code: {"seq": link.seq, "head": link.hash.hex()} for code, link in seen.heads.items()},
        "invariants": [
            {"name": one, "words": one.en, "broken": [broken for broken in seen.broken if broken.invariant is one]} for one in Invariant
        ],
    }
    return msgspec.json.encode(told).decode() + "\n"
