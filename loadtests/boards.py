"""A person's board in Locust: whole over HTTP, then live over a WebSocket, and what it tells the person."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import gevent
import msgspec
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from loadtests.arrivals import Arrivals, Head, Lease, read_head
from loadtests.cast import Person
from siao.live.socket import CROWDED, RESYNC

PING_SECONDS = 5.0
AGAIN_SECONDS = 1.0
Told = Callable[[Any], None]
read_all = msgspec.json.Decoder().decode


class Board:
    """`take`: fetches the whole board, gives its body. `told`: gets each frame that has rows, as `decode` reads it.

    `fault`: gets what went wrong. `came`: hears of every frame of a whole territory. `opened`: it was live once; `grey_at`: when its
    lease was last found run out.
    """

    def __init__(
        self, host: str, person: Person, cookie: str, take: Callable[[], bytes | None], told: Told, fault: Callable[[str], None],
        came: Callable[[Head, float, "Board"], None], arrivals: Arrivals, decode: Callable[[bytes], Any] = read_all,
    ) -> None:  # fmt: skip
        self.host, self.person, self.cookie = host, person, cookie
        self.take, self.told, self.fault, self.came, self.arrivals, self.decode = take, told, fault, came, arrivals, decode
        self.epoch, self.mine = "", -1
        self.lease = Lease(time.time())
        self.socket: ClientConnection | None = None
        self.grey_at, self.opened, self.stopped = 0.0, False, False
        self.tasks = [gevent.spawn(self._run), gevent.spawn(self._pings)]

    def close(self) -> None:
        self.stopped = True
        gevent.killall(self.tasks, block=False)
        if self.socket is not None:
            with suppress(WebSocketException, OSError):
                self.socket.close_socket()

    def _run(self) -> None:
        """Opens the board, and again whenever it closes."""
        while not self.stopped:
            if self.mine < 0 and not self._whole():
                gevent.sleep(AGAIN_SECONDS)
                continue
            self._live()
            gevent.sleep(AGAIN_SECONDS * 0.3)

    def _whole(self) -> bool:
        body = self.take()
        if body is None:
            return False
        head = read_head(body)
        self.epoch, self.mine = head.epoch or "", head.upto
        self.told(self.decode(body))
        return True

    def _live(self) -> None:
        query = urlencode({**self.person.query, "since": f"{self.epoch}:{self.mine}"})
        try:
            with connect(
                f"{self.host.replace('http', 'ws', 1)}/api/live?{query}", origin=self.host, compression=None, max_size=None,  # pyright: ignore[reportArgumentType]
                additional_headers={"Cookie": self.cookie}, ping_interval=None,
            ) as self.socket:  # fmt: skip
                self.opened = True
                self.socket.send(self.lease.ping(time.time()).decode())
                for message in self.socket:
                    self._hear(message if isinstance(message, bytes) else message.encode())
        except ConnectionClosed as end:
            self._ended(end.rcvd.code if end.rcvd else 1006)
        except (WebSocketException, OSError) as no:
            self._ended(1006, type(no).__name__)
        else:
            self._ended(1000)

    def _ended(self, code: int, why: str = "") -> None:
        if self.stopped:
            return
        if code == RESYNC:
            self.mine = -1
        elif code != CROWDED:
            self.fault(f"board closed with {code} {why}".strip())

    def _hear(self, message: bytes) -> None:
        now, head = time.time(), read_head(message)
        if head.t == "pong":
            if self.lease.pong(head.n, head.top, self.mine):
                gevent.spawn_later(Lease.AGAIN_SECONDS, self._ping)
        elif head.t == "frame":
            self.arrivals.note((head.territory, self.person.only, max(head.before, self.mine), head.upto), now)
            if not self.person.only:
                self.came(head, now, self)
            if head.before > self.mine:
                self.mine = -1
                self.fault("a frame does not join")
            elif head.upto > self.mine:
                self.mine = head.upto
                if b'"rows":{}' not in message:
                    self.told(self.decode(message))

    def _ping(self) -> None:
        if self.socket is not None and self.opened and not self.stopped:
            with suppress(WebSocketException, OSError):
                self.socket.send(self.lease.ping(time.time()).decode())

    def _pings(self) -> None:
        while True:
            gevent.sleep(PING_SECONDS)
            self._ping()
            if self.opened and self.lease.grey(time.time()):
                self.grey_at = time.time()
