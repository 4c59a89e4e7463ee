"""Operators who hold a place and release it, on and on: raw HTTP on one connection each, so that the caller costs little.

Run as a process of its own: one JSON on standard input says whom to call, one on standard output what was answered.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any
from uuid import uuid4

import uvloop

GONE_SECONDS = 30.0


class Caller(asyncio.Protocol):
    """One operator. `times`: how often each command is sent; every answer to one key must be the same."""

    def __init__(self, spec: dict[str, Any], who: dict[str, Any], seen: "Seen") -> None:
        self.seen, self.times, self.who = seen, spec["times"], who
        self.head = f"HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: siao={who['cookie']}\r\nContent-Type: application/json\r\n"
        self.placement: str | None = None
        self.buffer, self.left, self.first = b"", 0, b""
        self.asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.seen.open += 1
        self._next()

    def _next(self) -> None:
        if self.seen.over and self.placement is None:  # a place still held is given back first: five a person are the limit
            self.transport.close()
            return
        path = f"/api/placements/{self.placement}/release" if self.placement else "/api/placements"
        unit = random.choice(self.who["units"])  # noqa: S311 - a load
        body = "" if self.placement else f'{{"units":["{unit}"],"persons":1,"side":"men"}}'
        head = f"POST {path}?territory={self.who['territory']} {self.head}Idempotency-Key: {uuid4()}\r\n"
        self.asked = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        self.left, self.first = self.times, b""
        self._send()

    def _send(self) -> None:
        self.at = time.perf_counter()
        self.transport.write(self.asked)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, gap, body = self.buffer.partition(b"\r\n\r\n")
        if not gap:
            return
        lower = head.lower()
        size = int(lower[lower.index(b"content-length:") + 15 :].split(b"\r", 1)[0])
        if len(body) < size:
            return
        self.buffer = b""
        self._answered(int(head[9:12]), body[:size])

    def _answered(self, status: int, body: bytes) -> None:
        self.seen.statuses[status] += 1
        if self.seen.counting:
            self.seen.took.append(time.perf_counter() - self.at)
        self.seen.differing += self.left < self.times and body != self.first
        self.first, self.left = body, self.left - 1
        if self.left:
            self._send()
            return
        if status < 300:
            self.placement = None if self.placement else json.loads(body)["id"]
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self.seen.open -= 1
        if not self.seen.open:
            self.seen.left.set()
        self.seen.lost += not self.seen.over or self.placement is not None


class Seen:
    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.took: list[float] = []
        self.counting = self.over = False
        self.lost = self.differing = self.open = 0
        self.left = asyncio.Event()

    async def gone(self) -> None:
        """Waits until everybody has hung up."""
        async with asyncio.timeout(GONE_SECONDS):
            await self.left.wait()


async def call(spec: dict[str, Any]) -> dict[str, Any]:
    seen, loop = Seen(), asyncio.get_running_loop()
    for who in spec["callers"]:
        await loop.create_connection(lambda who=who: Caller(spec, who, seen), "127.0.0.1", spec["port"])
    await asyncio.sleep(spec["warm_seconds"])
    seen.counting, began = True, time.perf_counter()
    await asyncio.sleep(spec["seconds"])
    seconds = time.perf_counter() - began
    seen.counting = False
    took = sorted(seen.took)
    seen.over = True
    await seen.gone()
    return {
        "rate": len(took) / seconds,
        "p50_ms": 1000 * took[len(took) // 2] if took else 0,
        "p99_ms": 1000 * took[len(took) * 99 // 100] if took else 0,
        "statuses": {str(status): count for status, count in seen.statuses.items()},
        "lost": seen.lost,
        "differing": seen.differing,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(call(json.load(sys.stdin)))))
