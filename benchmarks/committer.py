"""Commits at a rate through a desk of its own, in a process of its own; says when each became true.

One JSON line on standard input: where, how often, how long; one on standard output: number and monotonic second of each commit.
"""

import asyncio
import json
import sys
import time
from functools import partial
from typing import Any
from uuid import uuid4

import uvloop

from benchmarks.stage import units
from siao.actions.desk import Desk
from siao.actions.verbs import Command
from siao.core.people import By, Role
from siao.core.placements import Hold, Release
from siao.core.requests import Side
from siao.live.doorbell import Doorbell
from siao.store import db as database


async def commit(spec: dict[str, Any]) -> list[tuple[int, float]]:
    pool = await database.pool(spec["database"])
    bell = Doorbell(spec["redis"], lambda code, seq: None, lambda: None, partial(database.name, pool))
    tasks = [asyncio.create_task(bell.publish()), asyncio.create_task(bell.listen())]
    desk, code, done = Desk(pool, b"bench", bell.ring), spec["territory"], list[tuple[int, float]]()
    rooms, going = units(code), set[asyncio.Task[None]]()

    async def pair(turn: int) -> None:
        key, by = uuid4(), By(uuid4(), Role.OPERATOR)  # one operator may not hold many
        for what in (Hold(key, (rooms[turn % len(rooms)],), persons=1, side=Side.MEN), Release(key)):
            answer = await desk.submit(Command(key if isinstance(what, Hold) else uuid4(), code, by, what))  # type: ignore[arg-type]
            done.append((answer.seq, time.monotonic()))
            await asyncio.sleep(1 / spec["rate"])

    await asyncio.sleep(1.0)  # until the bell hangs
    began = time.monotonic()
    for turn in range(round(spec["seconds"] * spec["rate"] / 2)):
        await asyncio.sleep(max(0.0, began + 2 * turn / spec["rate"] - time.monotonic()))
        going.add(asyncio.create_task(pair(turn)))
    await asyncio.gather(*going)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    pool.terminate()
    return done


if __name__ == "__main__":
    print(json.dumps(uvloop.run(commit(json.loads(sys.stdin.readline())))))
