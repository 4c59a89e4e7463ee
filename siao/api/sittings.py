"""Who sits at an open socket, looked at again each second and at each ping: a right that was taken away is felt within 5 s, also by a
screen that never pings. Costs no query of its own: who holds which session is kept up to date for all (siao/api/known.py)."""

import asyncio
import time
from contextlib import suppress

import msgspec
from msgspec import Struct

from siao.actions.people import Person
from siao.api import seat
from siao.api.seat import House
from siao.core.refused import Refused
from siao.core.views import View
from siao.live.feed import Feed
from siao.live.socket import NO_RIGHT, NO_SENSE, SESSION_OVER, Line, Sitter
from siao.live.wire import framed
from siao.store import db as database

LOOK_SECONDS = 1.0
AT_ONCE_MAX = 200
"""Looked at between two turns of the loop: ten thousand screens must not hold up a click."""


class Ping(Struct):
    ping: int


class Sitting:
    """One screen: whose, of which territory and view. It holds no request and no coroutine."""

    __slots__ = ("asking", "cookie", "feed", "here", "line", "person", "view")

    def __init__(self, here: House, cookie: str, feed: Feed, view: View) -> None:
        self.here, self.cookie, self.feed, self.view = here, cookie, feed, view
        self.line: Line | None = None
        self.person: Person | None = None
        self.asking: asyncio.Task[None] | None = None

    def sit(self, line: Line, since: str) -> bool:
        """False: from this position it cannot be told on."""
        self.line = line
        self.here.sittings.add(self)
        return self.feed.subscribe(self.view, line, since)

    def heard(self, text: bytes) -> None:
        """Each ping renews the lease of a screen that is up to date, and looks at its right again."""
        try:
            ping = msgspec.json.decode(text, type=Ping).ping
        except msgspec.MsgspecError:
            return self._hang_up(NO_SENSE)
        if kept := self.here.known.seen(self.cookie):
            return self._answer(ping, kept.person)
        if self.asking is None:  # one look-up at a time; who is not answered greys by itself
            self.asking = asyncio.create_task(self._look_up(ping))
        return None

    async def _look_up(self, ping: int) -> None:
        try:
            with suppress(*database.AWAY):
                self._answer(ping, await self.here.known.find(self.cookie))
        finally:
            self.asking = None

    def _answer(self, ping: int, person: Person | None) -> None:
        self._still(person)
        if self.line is not None:
            hub = self.here.hub
            epoch, top = hub.top(self.feed.code) or (None, None)
            pong = {"t": "pong", "n": ping, "epoch": epoch, "top": top, "redis": hub.doorbell.up}
            self.line.show(self.feed.number(self.line) + framed(msgspec.json.encode(pong)))

    async def look(self, now: float) -> None:
        kept = self.here.known.seen(self.cookie)
        self._still(kept.person if kept else await self.here.known.find(self.cookie))
        if self.line is not None:
            self.line.tend(now)

    def _still(self, person: Person | None) -> None:
        """Hangs up where the session is over or the right is gone, as the database answered, however long it took: that it has not
        answered is no answer. The same person as last time has the same rights."""
        if person is None:
            self._hang_up(SESSION_OVER)
        elif person is not self.person:
            self.person = person
            self._may(person)

    def _may(self, person: Person) -> None:
        ids = {"shelter": getattr(self.view, "shelter", None), "service": getattr(self.view, "service", None)}
        try:
            right = seat.view(person, self.feed.code, self.view.name, **ids) == self.view
        except Refused:
            right = False
        if not right:
            self._hang_up(NO_RIGHT)

    def _hang_up(self, code: int) -> None:
        if self.line is not None:
            self.line.hang_up(code)

    def left(self, code: int | None) -> None:
        if self.line is not None:
            self.feed.leave(self.line)
        self.line = None
        self.here.sittings.discard(self)
        if code is not None:
            self.here.hub.hung_up[code] += 1


async def keep(sittings: set[Sitter]) -> None:
    """A supervised loop."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await look(sittings)
        except database.AWAY:
            continue  # the screens grey by themselves


async def look(sittings: set[Sitter]) -> None:
    for number, sitter in enumerate(tuple(sittings), 1):
        await sitter.look(time.monotonic())
        if number % AT_ONCE_MAX == 0:
            await asyncio.sleep(0)
