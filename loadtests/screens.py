"""Screens that only listen, thousands in one process, where Locust's would take the machine: python -m loadtests.screens PEOPLE TAPE

Each takes its whole board over HTTP, then frames over a WebSocket read by hand, pings every 5 s and holds its own lease. Runs
until SIGTERM, then writes what came when.
"""

import asyncio
import base64
import os
import secrets
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import random
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
import uvloop

from loadtests import cast
from loadtests.arrivals import Arrivals, Lease, read_head
from loadtests.cast import Cast, Person
from siao.figures import progress
from siao.live.socket import CROWDED, RESYNC

PING_SECONDS = 5.0
SAY_SECONDS, LOOK_SECONDS = 5.0, 0.2
OPENING_AT_ONCE = 8
OPENED = ".opened"
"""The file that says that every screen is open."""
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Room:
    """All the screens of this process, and what they noted together."""

    def __init__(self, seats: Cast) -> None:
        self.seats, self.arrivals = seats, Arrivals()
        self.screens: list[Screen] = []
        self.faults: dict[str, int] = {}
        self.lag_ms: list[float] = []
        self.frames = 0
        self.gate = asyncio.Semaphore(OPENING_AT_ONCE)
        self.http = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=OPENING_AT_ONCE))

    def fault(self, what: str) -> None:
        self.faults[what] = self.faults.get(what, 0) + 1

    def said(self) -> str:
        there, wrong = sum(screen.open for screen in self.screens), sum(self.faults.values())
        return f"{there} of {len(self.screens)} listening screens · {self.frames} frames · {wrong} errors"


class Screen(asyncio.Protocol):
    """One screen. Server frames are whole and unmasked (RFC 6455, 5.2); what else comes is a fault."""

    def __init__(self, room: Room, person: Person, host: str) -> None:
        self.room, self.person, self.host = room, person, host
        self.epoch, self.mine = "", -1
        self.buffer, self.open, self.grey_at = bytearray(), False, 0.0
        self.lease = Lease(time.time())
        self.transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()

    async def watch(self) -> None:
        """Opens, and again whenever it closes."""
        while True:
            try:
                async with self.room.gate:
                    await self._open()
                await self.gone.wait()
            except (httpx.HTTPError, OSError, ValueError, KeyError) as no:
                self.room.fault(f"did not open: {type(no).__name__}")
            await asyncio.sleep(0.3 + random())

    async def _open(self) -> None:
        if self.mine < 0:
            answer = await self.room.http.get(f"{self.host}/api/board", params=self.person.query, headers={"Cookie": self._cookie()})
            answer.raise_for_status()
            head = read_head(answer.content)
            self.epoch, self.mine = head.epoch or "", head.upto
        self.gone.clear()
        self.buffer.clear()
        self.lease = Lease(time.time())
        where = urlsplit(self.host)
        await asyncio.get_running_loop().create_connection(lambda: self, where.hostname, where.port)

    def _cookie(self) -> str:
        return f"{self.room.seats.cookie}={self.person.token}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        query = urlencode({**self.person.query, "since": f"{self.epoch}:{self.mine}"})
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._write(
            f"GET /api/live?{query} HTTP/1.1\r\nHost: {urlsplit(self.host).netloc}\r\nOrigin: {self.host}\r\nCookie: {self._cookie()}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self.gone.set()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open and not self._opened():
            return
        while (end := self._next()) is not None:
            del self.buffer[:end]

    def _opened(self) -> bool:
        head, found, _ = bytes(self.buffer).partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            self._fault(f"refused: {head[:12].decode(errors='replace')}")
            return False
        del self.buffer[: len(head) + 4]
        self.open = True
        self.ping()
        return True

    def _next(self) -> int | None:
        """Takes one frame off the buffer's front: where it ends, None while it is not all there."""
        b = self.buffer
        if len(b) < 2:
            return None
        size, at = b[1] & 127, 2
        if size == 126 and len(b) >= 4:
            size, at = struct.unpack_from("!H", b, 2)[0], 4
        elif size == 127 and len(b) >= 10:
            size, at = struct.unpack_from("!Q", b, 2)[0], 10
        elif size > 125:
            return None
        if len(b) < at + size:
            return None
        self._take(b[0] & 15, bytes(b[at : at + size]))
        return at + size

    def _take(self, kind: int, body: bytes) -> None:
        if kind == TEXT:
            self._hear(body)
        elif kind == PING:
            self._send(PONG, body)
        elif kind == CLOSE:
            code = struct.unpack("!H", body[:2])[0] if len(body) > 1 else 1005
            if code in (RESYNC, CROWDED):
                self.mine = -1 if code == RESYNC else self.mine
            else:
                self._fault(f"closed with {code}")

    def _hear(self, body: bytes) -> None:
        now, head = time.time(), read_head(body)
        if head.t == "pong":
            if self.lease.pong(head.n, head.top, self.mine):
                asyncio.get_running_loop().call_later(Lease.AGAIN_SECONDS, self.ping)
        elif head.t == "frame":
            self.room.frames += 1
            self.room.arrivals.note((head.territory, self.person.only, max(head.before, self.mine), head.upto), now)
            if head.before > self.mine:
                self.mine = -1
                self._fault("a frame does not join")
            else:
                self.mine = max(self.mine, head.upto)

    def ping(self) -> None:
        if self.open:
            self._send(TEXT, self.lease.ping(time.time()))
            if self.lease.grey(time.time()):
                self.grey_at = time.time()

    def _send(self, kind: int, body: bytes) -> None:
        """A client's frames are masked; a mask of zeros is one."""
        self._write(bytes((0x80 | kind, 0x80 | len(body))) + bytes(4) + body)

    def _write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def _fault(self, what: str) -> None:
        self.room.fault(what)
        if self.transport is not None:
            self.transport.abort()


async def _pings(room: Room) -> None:
    """Every screen each 5 s, not all at once."""
    while True:
        some = max(1, len(room.screens) // 50)
        for n in range(0, len(room.screens), some):
            for screen in room.screens[n : n + some]:
                screen.ping()
            await asyncio.sleep(PING_SECONDS * some / max(1, len(room.screens)))
        await asyncio.sleep(0)


async def _lag(room: Room) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.1)
        room.lag_ms.append(max(0.0, (time.perf_counter() - began - 0.1) * 1000))


async def _say(room: Room) -> None:
    while True:
        await asyncio.sleep(SAY_SECONDS)
        progress(room.said())


async def _main(people: Path, tape: Path) -> None:
    seats = cast.read(people)
    room, stop = Room(seats), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    room.screens = [Screen(room, person, seats.host(person) or "") for person in seats.listening()]
    tasks = [asyncio.create_task(one) for one in (*(screen.watch() for screen in room.screens), _pings(room), _lag(room), _say(room))]
    while not stop.is_set() and not all(screen.open for screen in room.screens):
        await asyncio.sleep(LOOK_SECONDS)
    tape.with_suffix(OPENED).touch()
    await stop.wait()
    found = {
        "screens": len(room.screens),
        "grey_at": [s.grey_at for s in room.screens if s.grey_at],
        "faults": room.faults,
        "frames": room.frames,
    }
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
    room.arrivals.save(tape.with_suffix(".arrivals"))
    tape.write_bytes(msgspec.msgpack.encode({**found, "open": sum(s.open for s in room.screens), "lag_ms": room.lag_ms}))


if __name__ == "__main__":
    uvloop.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
    os._exit(0)  # thousands of transports have nothing more to say
