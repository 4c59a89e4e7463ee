"""All of Redis: a hint that a territory has news. It may be lost; the feed looks by itself after a second."""

import asyncio
import logging
from collections.abc import Callable

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = logging.getLogger("siao.doorbell")
CHANNEL = "siao:news"
AGAIN_SECONDS = 0.5
WAIT_SECONDS = 1.0
Heard = Callable[[str, int], None]


class Doorbell:
    """Rings and hears `territory:seq`, several to a message. Ringing never waits and never fails; hearing reconnects for ever.

    `up` says whether Redis is there. Every (re)subscription is told as a ring of all, since what was rung between is lost.
    """

    def __init__(self, url: str, heard: Heard, missed: Callable[[], None]) -> None:
        self.redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=WAIT_SECONDS, decode_responses=True)
        self.heard, self.missed, self.up = heard, missed, False
        self.rings: dict[str, int] = {}
        self.rung = asyncio.Event()

    def ring(self, territory: str, seq: int) -> None:
        self.heard(territory, seq)  # this process's own screens need no round trip
        self.rings[territory] = max(seq, self.rings.get(territory, 0))
        self.rung.set()

    async def publish(self) -> None:
        """A supervised loop: what was rung meanwhile goes out as one message, the last number of each territory; a dead Redis
        costs one bounded attempt, never an answer."""
        while True:
            await self.rung.wait()
            self.rung.clear()
            rings, self.rings = self.rings, {}
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self.redis.publish(CHANNEL, " ".join(f"{code}:{seq}" for code, seq in rings.items()))
            except (RedisError, OSError, TimeoutError):
                self.up = False

    async def listen(self) -> None:
        """A supervised loop: hears until Redis goes away, then comes back."""
        while True:
            try:
                await self._hear()
            except (RedisError, OSError, TimeoutError):
                if self.up:
                    log.warning("redis is away; the journal is read each second")
                self.up = False
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self) -> None:
        async with self.redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            while True:
                message = await pubsub.get_message(timeout=WAIT_SECONDS)
                if message is None:
                    await asyncio.wait_for(self.redis.ping(), WAIT_SECONDS)  # a silent connection may be a dead one, or frozen
                    self.up = True  # one ring may have failed on a connection of before
                elif message["type"] == "subscribe":
                    self.up = True
                    self.missed()
                elif message["type"] == "message":
                    self._heard(str(message["data"]))

    def _heard(self, text: str) -> None:
        for ring in text.split():
            territory, _, seq = ring.partition(":")
            if seq.isdigit():
                self.heard(territory, int(seq))

    async def close(self) -> None:
        await self.redis.aclose()
