"""How many may come in at once. After a restart every screen comes back; those inside must not wait for those at the door."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

AT_ONCE_MAX = 64
WAITING_MAX = 2_000


class Full(Exception):
    """Too many wait already: come back in a moment."""


class Gate:
    def __init__(self, at_once: int = AT_ONCE_MAX, waiting_max: int = WAITING_MAX) -> None:
        self.places, self.waiting, self.waiting_max = asyncio.Semaphore(at_once), 0, waiting_max

    @asynccontextmanager
    async def through(self) -> AsyncGenerator[None]:
        if self.waiting >= self.waiting_max:
            raise Full
        self.waiting += 1
        try:
            await self.places.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.places.release()
