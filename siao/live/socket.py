"""From a prebuilt frame to many screens: encoded once, framed once, written to each transport.

A small subclass of uvicorn's WebSocket protocol puts itself into the connection's scope; where another server runs, screens
are fed through ASGI. It leans on uvicorn's internals: the version is pinned and a test holds it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "siao.frames"
BUFFER_MAX_BYTES = 1_000_000
"""What a slow screen may leave unread before it is hung up; it comes back by snapshot."""
INBOUND_MAX = 4_096
"""Bytes of one message from a browser; it only pings."""
RESYNC, TOO_SLOW, SESSION_OVER, NO_RIGHT, CROWDED = 4001, 4003, 4401, 4403, 1013
"""Why a screen is hung up (docs/live.md); 1012, the restart, is uvicorn's."""
GRACE_SECONDS = 2.0


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which also takes frames that are ready for the wire."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][EXTENSION] = self  # pyright: ignore[reportGeneralTypeIssues, reportOptionalSubscript, reportTypedDictNotRequiredAccess, reportArgumentType]

    def write_frame(self, frame: bytes) -> bool:
        """False where the screen reads too slowly or is gone."""
        if self.close_sent or self.transport.is_closing():
            return False
        if self.transport.get_write_buffer_size() > BUFFER_MAX_BYTES:
            return False
        self.transport.write(frame)
        return True

    def cut(self) -> None:
        """Ends a connection whose peer does not read: what is buffered is given up."""
        self.transport.abort()


class Wire:
    """One screen's connection. `closing` resolves to the code it is to be hung up with."""

    def __init__(self, scope: Any, send: Callable[[str], Awaitable[None]]) -> None:
        self.protocol: FrameProtocol | None = (scope.get("extensions") or {}).get(EXTENSION)
        self.send = send
        self.closing: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.slow: asyncio.Queue[bytes] = asyncio.Queue(200)

    def show(self, text: bytes, frame: bytes) -> None:
        if self.protocol is None:
            self._queue(text)
        elif not self.protocol.write_frame(frame):
            self.hang_up(TOO_SLOW)
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self.protocol.cut)

    def _queue(self, text: bytes) -> None:
        try:
            self.slow.put_nowait(text)
        except asyncio.QueueFull:
            self.hang_up(TOO_SLOW)

    async def feed(self) -> None:
        """Where the server is not ours: one by one, through ASGI."""
        while True:
            await self.send((await self.slow.get()).decode())

    def resync(self) -> None:
        self.hang_up(RESYNC)

    def hang_up(self, code: int) -> None:
        if not self.closing.done():
            self.closing.set_result(code)
