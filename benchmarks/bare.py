"""The least a uvloop process can do: frame once, write to every connection. No rights, no views, no pings, no limit of what a slow
reader leaves unread."""

import asyncio
import sys
from typing import Any

import uvloop
from redis.asyncio import Redis

from siao.live.doorbell import CHANNEL
from siao.live.wire import framed

ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


class Reader(asyncio.Protocol):
    def __init__(self, here: set[Any]) -> None:
        self.here = here

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self.transport.write(ACCEPTED)
            self.here.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.here.discard(self.transport)


async def serve(port: int, url: str) -> None:
    here: set[Any] = set()
    await asyncio.get_running_loop().create_server(lambda: Reader(here), "127.0.0.1", port, backlog=4096)
    async with Redis.from_url(url).pubsub() as heard:
        await heard.subscribe(CHANNEL)
        async for message in heard.listen():
            if message["type"] == "message":
                frame = framed(message["data"].split(b" ", 2)[2])
                for transport in here:
                    transport.write(frame)


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
