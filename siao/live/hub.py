"""The feeds of this process, its doorbell, and the database's tops: one read a second, however many screens."""

import asyncio
import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from siao import traced
from siao.live.doorbell import Doorbell
from siao.live.feed import Feed
from siao.live.gate import Gate
from siao.live.pace import Pace
from siao.store import db as database

log = logging.getLogger("siao.hub")
TOP_SECONDS = 0.5
TOP_AGE_MAX_SECONDS = 1.0
"""An older top is not told: a screen may only be called fresh by what the database said a moment ago."""
DEATHS_MAX, DEATHS_SECONDS = 20, 3600.0
"""A loop that dies so often within an hour is given up: /readyz says so, and it is tried once a minute alone."""
AGAIN_SECONDS, AGAIN_MAX_SECONDS, GIVEN_UP_SECONDS = 0.1, 5.0, 60.0
READY_SECONDS = 5.0
CANCEL_AGAIN_SECONDS = 0.2
OPEN_AT_START = 8
"""Territories whose board is open before anybody asks; the others open on first use."""
FEED_AGE_MAX_SECONDS = 3.0
"""A feed looks each second and tells within one; one that did not for so long is not live."""


class Hub:
    def __init__(self, pool: database.Pool, redis_url: str) -> None:
        self.pool = pool
        self.feeds: dict[str, Feed] = {}
        self.tops: dict[str, tuple[str, int]] = {}
        self.read_at = 0.0
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.deaths: dict[str, deque[float]] = {}
        self.gate, self.pace = Gate(), Pace()
        self.hung_up: Counter[int] = Counter()
        self.doorbell = Doorbell(redis_url, self._heard, self._missed, partial(database.name, pool))

    def start(self) -> None:
        self.supervise("tops", self._watch_tops)
        self.supervise("publish", self.doorbell.publish)
        self.supervise("listen", self.doorbell.listen)

    async def stop(self) -> None:
        """Ends every loop. Python 3.11's `wait_for` loses a cancellation that meets an answer, so it is said until it is heard."""
        left = set(self.tasks.values())
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_SECONDS)
        await self.doorbell.close()

    def supervise(self, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.tasks[name] = asyncio.create_task(self._supervised(name, loop), name=name)

    async def _supervised(self, name: str, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs a loop again when it dies, later each time. A death is forgotten after an hour: one a week ends nothing."""
        deaths = self.deaths[name] = deque(maxlen=DEATHS_MAX)
        while True:
            try:
                return await loop()
            except Exception as no:  # where it died, never what it says: that may repeat a row
                log.error("loop %s died: %s\n%s", name, type(no).__name__, traced.where(no))
            deaths.append(time.monotonic())
            await asyncio.sleep(_pause(deaths))

    def given_up(self) -> set[str]:
        """Loops that died too often within the last hour."""
        return {name for name, deaths in self.deaths.items() if _too_often(deaths)}

    async def feed(self, territory: str) -> Feed:
        """The feed of a territory, started on first use; raises TimeoutError while the database is away."""
        feed = self._open(territory)
        if not feed.ready.is_set():
            async with asyncio.timeout(READY_SECONDS):
                await feed.ready.wait()
        await feed.reach(feed.heard)  # whoever clicked and looks sees what the click did
        return feed

    def _open(self, territory: str) -> Feed:
        if territory not in self.feeds:
            self.feeds[territory] = feed = Feed(self.pool, territory, self.pace)
            for name, loop in zip(_named(territory), (feed.run, feed.tell), strict=True):
                self.supervise(name, loop)
        return self.feeds[territory]

    async def _watch_tops(self) -> None:
        while True:
            try:
                began = time.monotonic()  # the answer is as old as the question
                self.tops, self.read_at = await database.tops(self.pool), began
                for code in sorted(self.tops)[:OPEN_AT_START]:
                    self._open(code)
                for code, (_, seq) in self.tops.items():
                    if code in self.feeds and self.feeds[code].seq < seq:
                        self.feeds[code].ring()
            except database.AWAY:
                log.debug("the database is away")
            await asyncio.sleep(TOP_SECONDS)

    def top(self, territory: str) -> tuple[str, int] | None:
        """Epoch and number of the last entry as the database said a moment ago; None where it did not answer."""
        return self.tops.get(territory) if time.monotonic() - self.read_at < TOP_AGE_MAX_SECONDS else None

    def ready(self) -> dict[str, bool]:
        """What /readyz says: the database answered a moment ago, a board is there, looks for news and tells, the house's loops run.

        `territories`: so for each of them. One alone that fails is told, as Redis away is, and keeps no other from being served.
        """
        now, feeds, dead = time.monotonic(), self.feeds.values(), self.given_up()
        loops = {name for code in self.feeds for name in _named(code)}
        live = [feed.ready.is_set() and max(now - feed.pulled_at, feed.waves.waits(now)) < FEED_AGE_MAX_SECONDS for feed in feeds]
        return {
            "database": now - self.read_at < 2 * TOP_AGE_MAX_SECONDS,
            "board": not feeds or any(feed.ready.is_set() for feed in feeds),
            "feed": not live or any(live),
            "loops": not dead - loops,
            "territories": all(live) and not dead & loops,
            "redis": self.doorbell.up,
        }

    async def status(self, territory: str) -> dict[str, Any]:
        """What operations watch in this process, in numbers alone."""
        feed, top = await self.feed(territory), self.top(territory)
        return {
            "process": os.getpid(),
            "redis": self.doorbell.up,
            "loops_dead": sorted(self.given_up()),
            "at_the_door": self.gate.waiting,
            "hung_up": {str(code): count for code, count in sorted(self.hung_up.items())},
            "behind": max(0, top[1] - feed.seq) if top else None,
            **feed.status(),
        }

    def _heard(self, territory: str, seq: int) -> None:
        feed = self.feeds.get(territory)
        if feed is not None and feed.seq < seq:
            feed.ring(seq)

    def _missed(self) -> None:
        for feed in self.feeds.values():
            feed.ring()


def _named(territory: str) -> tuple[str, str]:
    """A feed's two loops."""
    return f"feed {territory}", f"tell {territory}"


def _too_often(deaths: deque[float]) -> bool:
    return len(deaths) == DEATHS_MAX and deaths[0] > time.monotonic() - DEATHS_SECONDS


def _pause(deaths: deque[float]) -> float:
    lately = sum(at > time.monotonic() - DEATHS_SECONDS for at in deaths)
    return GIVEN_UP_SECONDS if _too_often(deaths) else min(AGAIN_MAX_SECONDS, AGAIN_SECONDS * 2 ** (lately - 1))
