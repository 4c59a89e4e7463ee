"""The solver seen from the service: one child process, one job at a time, stopped by this process's clock.

It never runs in the event loop: a plan costs seconds, a click has milliseconds. Plans and what an override costs share one;
effects of other rules have a second, and advice a third, so that none of them waits for a longer one of another kind.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator

import msgspec

from siao.actions.answers import Unavailable
from siao.core.allocation.jobs import LENGTH, Job, Reply

WAITING_MAX = 8
REPLY_BYTES_MAX = 64_000_000
STARTING_SECONDS = 10.0
"""How long a new child may take before its first job's clock begins: it loads the solvers."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class Solver:
    """Started with its first job, kept warm between jobs, killed when a job's time is over or whoever asked has gone."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting = 0
        self.child: Process | None = None

    async def run(self, job: Job, seconds: float) -> AsyncGenerator[Reply]:
        """Each better result as it is found. After `seconds` the child is stopped: the last result told is the best there is.

        Raises `Unavailable` where too many wait, the turn did not come within `seconds`, or the child died without a result.
        """
        if self.waiting >= WAITING_MAX:
            raise Unavailable
        self.waiting += 1
        try:
            await self._turn(seconds)
            try:
                async for reply in self._run(job, seconds):
                    yield reply
            finally:
                self.turn.release()
        finally:
            self.waiting -= 1

    async def _turn(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.turn.acquire()
        except TimeoutError:
            raise Unavailable from None

    async def _run(self, job: Job, seconds: float) -> AsyncGenerator[Reply]:
        fresh = self.child is None or self.child.returncode is not None
        child = self.child = await _start() if fresh or self.child is None else self.child
        until = time.monotonic() + seconds + STARTING_SECONDS * fresh
        told = done = False
        try:
            await _send(child, job, until - time.monotonic())
            while not done and (reply := await _reply(child, until - time.monotonic())):
                told, done = True, reply.last
                yield reply
        finally:
            if not done:
                await _kill(child)
        if not told:
            raise Unavailable

    async def stop(self) -> None:
        if self.child is not None:
            await _kill(self.child)


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "siao.actions.solving", stdin=PIPE, stdout=PIPE, env={**os.environ, **ONE_THREAD}, start_new_session=True
    )


async def _send(child: Process, job: Job, seconds: float) -> None:
    text = msgspec.msgpack.encode(job)
    if child.stdin is None:
        raise Unavailable
    try:
        async with asyncio.timeout(seconds):
            child.stdin.write(LENGTH.pack(len(text)) + text)
            await child.stdin.drain()
    except (ConnectionError, TimeoutError):
        raise Unavailable from None


async def _reply(child: Process, seconds: float) -> Reply | None:
    """The next reply; None where its time is over or the child has died."""
    if child.stdout is None or seconds <= 0:
        return None
    try:
        async with asyncio.timeout(seconds):
            (length,) = LENGTH.unpack(await child.stdout.readexactly(LENGTH.size))
            if length > REPLY_BYTES_MAX:
                return None
            return msgspec.msgpack.decode(await child.stdout.readexactly(length), type=Reply)
    except (TimeoutError, asyncio.IncompleteReadError):
        return None


async def _kill(child: Process) -> None:
    if child.returncode is None:
        child.kill()
    await child.wait()
