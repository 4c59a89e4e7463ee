"""Screens that all lose their socket at once and come back, each after a random wait, until the last is fresh again.

A process of its own: one JSON line says where to; `open` is said when all sit; then, once all were hung up and are back, one JSON
line. Fresh is what a screen calls fresh: an answer to its own question says a number that is not above its own.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import uvloop

from benchmarks.screens import masked, upgrade

CAP_SECONDS, FIRST_SECONDS = 20.0, 1.0
OPENING_AT_ONCE = 100
ANSWER_SECONDS = 10.0


class Back:
    """What all of them came to."""

    def __init__(self) -> None:
        self.hung_up_at = 0.0
        self.tries = 0
        self.kept: list[asyncio.StreamReader] = []
        self.took: list[float] = []


async def fresh(spec: dict[str, Any], since: int) -> asyncio.StreamReader:
    """A socket whose screen is up to date; refused or silent: ConnectionError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", spec["port"])
    try:
        writer.write(upgrade(spec["path"], spec["headers"]))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError
        writer.write(masked(1, b'{"ping":1}'))
        while True:
            opcode, size = await reader.readexactly(2)
            size = int.from_bytes(await reader.readexactly(2)) if size == 126 else size
            text = await reader.readexactly(size)
            if opcode == 0x88:
                raise ConnectionError(int.from_bytes(text[:2]))
            told = json.loads(text) if opcode == 0x81 else {}
            since = max(since, told.get("to", since))
            if told.get("t") == "pong":
                if told["top"] is not None and told["top"] <= since:
                    reader.writer = writer  # type: ignore[attr-defined]  # kept open with it
                    return reader
                await asyncio.sleep(0.5)
                writer.write(masked(1, b'{"ping":1}'))
    except BaseException:
        writer.close()
        raise


async def screen(spec: dict[str, Any], back: Back, door: asyncio.Semaphore, sat: asyncio.Semaphore) -> None:
    since = int(spec["path"].rpartition(":")[2])
    async with door:
        reader = await fresh(spec, since)
    sat.release()
    while await reader.read(65_536):
        pass
    reader.writer.close()  # type: ignore[attr-defined]
    began = time.monotonic()
    back.hung_up_at = back.hung_up_at or began
    for attempt in range(100):
        await asyncio.sleep(random.uniform(0, min(CAP_SECONDS, FIRST_SECONDS * 2**attempt)))  # noqa: S311 - jitter
        back.tries += 1
        try:
            back.kept.append(await asyncio.wait_for(fresh(spec, since), ANSWER_SECONDS))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            continue
        back.took.append(time.monotonic() - back.hung_up_at)
        return


async def storm(spec: dict[str, Any]) -> None:
    back, door, sat = Back(), asyncio.Semaphore(OPENING_AT_ONCE), asyncio.Semaphore(0)
    tasks = [asyncio.create_task(screen(spec, back, door, sat)) for _ in range(spec["screens"])]
    for _ in tasks:
        await sat.acquire()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.wait(tasks, timeout=spec["wait_seconds"])
    took = sorted(back.took)
    said = {
        "fresh": len(took),
        "tries": back.tries,
        "last_seconds": took[-1] if took else 0,
        "p50_seconds": took[len(took) // 2] if took else 0,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(storm(json.loads(sys.stdin.readline())))
