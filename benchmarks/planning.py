"""Whether a plan slows a click: operators who hold and release all the time, alone and while plans of 600 waiting are made.

The same callers against the same server, turn about; the ratio of their slowest hundredth is what counts. The solver's child is kind:
its nice value is looked at, too.
"""

import asyncio
import os
import threading
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from benchmarks import claims
from benchmarks import stage as stages
from benchmarks.stage import TERRITORIES, Stage, served
from siao import figures
from siao.core.people import Right, Role
from siao.figures import Figure
from siao.store import people as store

WAITING, CALLERS = 600, 16
CODE = TERRITORIES[0]
PLAN_SECONDS = 10
HOLDS_MIN = 100


async def coordinator(stage: Stage) -> None:
    owner = await asyncpg.connect(stage.owner_url)
    async with owner.transaction():
        await owner.execute("SELECT set_config('siao.territories', $1, true)", CODE)
        account = await owner.fetchval("SELECT id FROM account WHERE login = 'person0'")
        await store.grant(owner, account, [Right(Role.COORDINATOR, CODE)])
    await owner.close()


def asks(client: httpx.Client, count: int) -> None:
    """Men alone and in twos, of every level: the second bed of a couple is what makes a plan more than a network."""
    dice = Random(1)  # noqa: S311 - a load
    for _ in range(count):
        body = {"men": dice.choice((1, 1, 1, 2)), "level": dice.randint(1, 4), "nights": 1}
        client.post("/api/requests", json=body, headers={"Idempotency-Key": str(uuid4())}).raise_for_status()


@contextmanager
def plans(client: httpx.Client, made: list[str]) -> Generator[None]:
    """One plan after another, as long as the block lasts."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            made.append(client.post("/api/allocation", params={"seconds": PLAN_SECONDS, "territory": CODE}).raise_for_status().text)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()


def nice(server: int) -> list[int]:
    """The nice values of the solver's children of a server, and of their sessions."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
    solving = [int(pid) for pid in children if b"siao.actions.solving" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return [min(os.getpriority(os.PRIO_PROCESS, pid), group(pid)) for pid in solving]


def group(pid: int) -> int:
    """Of the session, which is what counts against other sessions, where the kernel groups by them."""
    try:
        return int(Path(f"/proc/{pid}/autogroup").read_text(encoding="ascii").rpartition(" ")[2])
    except OSError:
        return os.getpriority(os.PRIO_PROCESS, pid)


def measure(quick: bool) -> list[Figure]:
    seen: defaultdict[str, list[float]] = defaultdict(list)
    seconds, made, kind, bad = 3.0 if quick else 8.0, [], [], 0
    with stages.stage() as stage:
        asyncio.run(coordinator(stage))
        with served(stage) as (port, workers), caller(stage, port) as client:
            asks(client, WAITING)
            for n in range(1 if quick else figures.ROUNDS_MIN):
                alone = claims.http(stage, port, False, CALLERS, seconds)
                with plans(client, made):
                    beside = claims.http(stage, port, False, CALLERS, seconds)
                    kind += [value for server in (workers or [os.getpid()]) for value in nice(server)]
                bad += sum(wrong(answer) for answer in (alone, beside))
                for name in ("p50_ms", "p99_ms"):
                    seen[name].append(beside[name])
                    seen[f"{name} ratio"].append(beside[name] / alone[name])
                seen["holds"].append(beside["rate"] * seconds / 2)
                figures.progress(
                    f"round {n + 1}: p99 {alone['p99_ms']:.1f} ms alone, {beside['p99_ms']:.1f} beside {len(made)} plans so far"
                )
    return [
        figures.measured("a click beside a plan, p99 / alone", seen["p99_ms ratio"], "×"),
        figures.measured("a click beside a plan, p50 / alone", seen["p50_ms ratio"], "×"),
        figures.measured("a click beside a plan, p99", seen["p99_ms"], "ms"),
        figures.exact("holds beside a plan, the fewest of a round", min(seen["holds"]), "", at_least=HOLDS_MIN),
        Figure(f"plans made of {WAITING} waiting", len(made), ""),
        figures.exact("the solver's children, lowest nice value", min(kind, default=0), "", at_least=1),
        figures.exact("5xx, lost connections, differing answers", bad, "", at_most=0),
    ]


@contextmanager
def caller(stage: Stage, port: int) -> Generator[httpx.Client]:
    base, cookie = f"http://127.0.0.1:{port}", {"Cookie": f"siao={stage.sessions[0]}"}
    with httpx.Client(base_url=base, headers=cookie, params={"territory": CODE}, timeout=60) as client:
        yield client


def wrong(answer: dict[str, Any]) -> int:
    return sum(count for status, count in answer["statuses"].items() if int(status) >= 500) + answer["lost"] + answer["differing"]


def main(argv: list[str]) -> int:
    options = figures.parser("./run bench planning", __doc__ or "").parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
