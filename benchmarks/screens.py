"""Screens by the thousand in a process of their own, that cost little. Each reads at once, as a browser does: one who slept would
hold back his acknowledgements, and a server that waits for them (Nagle's algorithm) would send less often.

One JSON line on standard input says where to; then `begin` and `end`, answered by one JSON line: what came in between. Every screen
of one server gets the same bytes, so that one who missed something shows in the sum.
"""

import json
import re
import select
import socket
import sys
import time
from typing import Any

SWEEP_SECONDS = 0.05
READ_BYTES = 1 << 20
AT_ONCE = 50
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
AT = re.compile(rb'"at":(\d{6,})')
FRAME = re.compile(rb"\x81[\x78\x7e]")
"""The head of a frame of 120 bytes, or of 126 and more; no byte of text is above 0x7f."""
TO = re.compile(rb'"to":(\d+),')
SERVER_PING = b"\x89\x00"
"""To whoever was silent; neither byte occurs in text."""
LEASE_SECONDS = 5.0
SEATED_SECONDS = 60.0


def masked(opcode: int, text: bytes) -> bytes:
    """A client's frame; the mask is zero, which costs a server the same."""
    return bytes((0x80 | opcode, 0x80 | len(text))) + b"\0\0\0\0" + text


def upgrade(path: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{lines}\r\n"
    ).encode()


class Screens:
    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec, self.lines = spec, list[socket.socket]()
        self.bytes: list[int] = []
        self.took: list[float] = []
        self.reached: list[tuple[int, int, float]] = []
        self.lost = self.pongs = self.frames = 0
        self.counting = False
        ask = upgrade(spec["path"], spec["headers"])
        for first in range(0, spec["screens"], AT_ONCE):
            self._open(ask, min(AT_ONCE, spec["screens"] - first))
        if spec.get("hello"):
            self._seat()
        self.watching = {line.fileno(): n for n, line in enumerate(self.lines)}

    def _open(self, ask: bytes, number: int) -> None:
        fresh = [socket.create_connection(("127.0.0.1", self.spec["port"])) for _ in range(number)]
        for line in fresh:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(ask)
        for line in fresh:
            head = b""
            while b"\r\n\r\n" not in head:
                some = line.recv(65_536)
                if not some:
                    raise ConnectionError(head.decode())
                head += some
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(head.decode())
            line.setblocking(False)
        self.lines += fresh
        self.bytes += [0] * number

    def _seat(self) -> None:
        """Waits until each screen was answered: siao says 101 before it looks at who asks."""
        for line in self.lines:
            line.send(masked(1, b'{"ping":1}'))
        self.counting, deadline = True, time.monotonic() + SEATED_SECONDS
        while not all(self.bytes):
            if self.lost or time.monotonic() > deadline:
                raise ConnectionError(f"{self.bytes.count(0)} screens found no seat")
            time.sleep(SWEEP_SECONDS)
            for n, some in enumerate(self.bytes):
                if not some:
                    self._read(n)
        self.counting = False

    def run(self) -> None:
        """Reads until standard input ends."""
        poll, sweep, lease = select.epoll(), 0.0, 0
        poll.register(sys.stdin.fileno(), select.EPOLLIN)
        for fd in self.watching:
            poll.register(fd, select.EPOLLIN)
        sys.stdout.write("open\n")
        sys.stdout.flush()
        while True:
            for fd, _ in poll.poll(max(0.0, sweep - time.monotonic())):
                if fd == sys.stdin.fileno():
                    if not self._told(sys.stdin.readline().strip()):
                        return
                else:
                    self._read(self.watching[fd])
            if time.monotonic() >= sweep:
                sweep, lease = time.monotonic() + SWEEP_SECONDS, self._ask(lease)

    def _ask(self, lease: int) -> int:
        """Those whose turn it is ask whether they are fresh, each once in 5 s."""
        if not self.spec.get("lease"):
            return 0
        turns = round(LEASE_SECONDS / SWEEP_SECONDS)
        for line in self.lines[lease % turns :: turns]:
            if line.fileno() >= 0:
                line.send(masked(1, b'{"ping":1}'))
        return lease + 1

    def _read(self, n: int) -> None:
        line = self.lines[n]
        if line.fileno() < 0:
            return
        try:
            some = line.recv(READ_BYTES)
        except BlockingIOError:
            return
        except ConnectionError:
            some = b""
        if not some:
            self.lost += 1
            line.close()
            return
        if SERVER_PING in some:
            line.send(masked(10, b""))
        if self.counting:
            self.bytes[n] += len(some)
            self.pongs += self.spec.get("lease", False) and some.count(b'"pong"')
            if n < self.spec["watchers"]:
                self._seen(n, some)

    def _seen(self, n: int, some: bytes) -> None:
        now = time.monotonic()
        self.frames += len(FRAME.findall(some))
        self.took += [now - int(at) / 1e9 for at in AT.findall(some)]
        self.reached += [(n, int(to), now) for to in TO.findall(some)]

    def _told(self, word: str) -> bool:
        for n in range(len(self.lines)):  # what has come until now belongs to before
            self._read(n)
        if word == "begin":
            self.bytes, self.took, self.reached, self.frames, self.pongs, self.counting = [0] * len(self.lines), [], [], 0, 0, True
        elif word == "end":
            self.counting = False
            took = sorted(self.took)
            said = {
                "bytes": self.bytes, "lost": self.lost, "pongs": self.pongs, "frames": self.frames, "reached": self.reached,
                "seen": len(took),
                "p50_ms": 1000 * took[len(took) // 2] if took else 0, "p99_ms": 1000 * took[len(took) * 99 // 100] if took else 0,
            }  # fmt: skip
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
        return bool(word)


if __name__ == "__main__":
    Screens(json.loads(sys.stdin.readline())).run()
