"""All of Redis: a hint that a territory has news. It may be lost; the feed looks by itself after a second.

The channel names its database, so that two installations at one Redis do not ring at each other; but for two that were restored from one
and the same cluster's files, where a ring too many costs one look.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError, RedisError

from siao.live import address
from siao.live.pace import gather
from siao.store import db as database

log = logging.getLogger("siao.doorbell")
CHANNEL = "siao:news"
AGAIN_SECONDS = 0.5
WAIT_SECONDS = 1.0
Heard = Callable[[str, int], None]


class Doorbell:
    """Rings and hears `territory:seq`, several to a message. Ringing never waits and never fails; hearing reconnects for ever.

    `house` says whose bell it is, asked until it answers once. `up` says whether Redis is there. Every (re)subscription is told as a
    ring of all, since what was rung between is lost.
    """

    def __init__(self, url: str, heard: Heard, missed: Callable[[], None], house: Callable[[], Awaitable[str]]) -> None:
        self.address = address.parse(url)
        self.sharded = self.address.kind == "cluster"
        self.node: tuple[str, int] | None = None
        self.redis: Redis | None = None
        self.heard, self.missed, self.house, self.up = heard, missed, house, False
        self.channel = ""
        self.rings: dict[str, int] = {}
        self.rung, self.published_at = asyncio.Event(), 0.0

    def ring(self, territory: str, seq: int) -> None:
        self.heard(territory, seq)  # this process's own screens need no round trip
        self.rings[territory] = max(seq, self.rings.get(territory, 0))
        self.rung.set()

    async def publish(self) -> None:
        """A supervised loop: what was rung meanwhile goes out as one message, the last number of each territory; a dead Redis
        costs one bounded attempt, never an answer. At once while it is quiet; those who hear gather as long anyway."""
        while True:
            await self.rung.wait()
            await asyncio.sleep(gather(self.published_at, time.monotonic()))
            self.rung.clear()
            rings, self.rings = self.rings, {}
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._publish(" ".join(f"{code}:{seq}" for code, seq in rings.items()))
            except (RedisError, OSError, TimeoutError):
                self.up = False
            self.published_at = time.monotonic()

    async def _publish(self, text: str) -> None:
        if self.redis is None:
            raise ConnectionError("no server found yet")
        await (self.redis.spublish(self.channel, text) if self.sharded else self.redis.publish(self.channel, text))

    async def listen(self) -> None:
        """A supervised loop: hears until Redis goes away, then comes back."""
        while True:
            try:
                await self._hear()
            except (RedisError, *database.AWAY):
                if self.up:
                    log.warning("redis is away; the journal is read each second")
                self.up = False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self) -> None:
        await self.close()
        async with asyncio.timeout(3 * WAIT_SECONDS):
            self.channel = self.channel or f"{CHANNEL}:{await self.house()}"
            self.node = await address.find(self.address, self.channel)
        self.redis = address.connect(self.address, self.node)
        async with self.redis.pubsub() as pubsub:
            await (pubsub.ssubscribe(self.channel) if self.sharded else pubsub.subscribe(self.channel))
            while await self._next(self.redis, pubsub):
                pass

    async def _next(self, redis: Redis, pubsub: PubSub) -> bool:
        """One message, or one look after a silent second: the connection may be dead or frozen, the bell may hang elsewhere."""
        message = await pubsub.get_message(timeout=WAIT_SECONDS)
        if message is None:
            async with asyncio.timeout(WAIT_SECONDS):
                await redis.ping()
            self.up = True  # one ring may have failed on a connection of before
            return self.address.kind == "single" or self.node == await address.find(self.address, self.channel)
        if message["type"] in ("subscribe", "ssubscribe"):
            self.up = True
            self.missed()
        elif message["type"] in ("message", "smessage"):
            self._heard(str(message["data"]))
        return message["type"] != "sunsubscribe"  # its slot has moved

    def _heard(self, text: str) -> None:
        for ring in text.split():
            territory, _, seq = ring.partition(":")
            if seq.isdigit():
                self.heard(territory, int(seq))

    async def close(self) -> None:
        redis, self.redis = self.redis, None
        if redis is not None:
            await redis.aclose()
