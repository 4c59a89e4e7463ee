"""From a prebuilt frame to many screens: encoded once, framed once, written to each transport.

uvicorn's protocol shakes hands and Litestar seats the screen; then the transport is given to a Line, as uvicorn's own HTTP protocol
gives its to the WebSocket's. Nothing waits on a Line: no coroutine, no request, no queue, so that ten thousand of them cost little.
It leans on uvicorn's internals: the version is pinned and a test holds it.
"""

import asyncio
import time
from collections.abc import MutableSet
from typing import Any, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

EXTENSION = "siao.frames"
BUFFER_MAX_BYTES = 1_000_000
"""What a slow screen may leave unread before it is hung up; it comes back by snapshot."""
INBOUND_MAX = 4_096
"""Bytes of one message from a browser; it only pings."""
RESYNC, TOO_SLOW, SESSION_OVER, NO_RIGHT, CROWDED = 4001, 4003, 4401, 4403, 1013
RESTART, NO_SENSE = 1012, 1007
"""Why a screen is hung up (docs/live.md)."""
GRACE_SECONDS = 2.0
FAREWELL_SECONDS = 10.0
"""How long a browser may take to answer a close frame."""
SILENT_SECONDS, GONE_SECONDS = 20.0, 40.0
"""Who was silent for so long is asked whether it is there, and is taken for gone."""
ARE_YOU_THERE = b"\x89\x00"
"""A ping of RFC 6455, 5.5.2: a browser answers by itself."""
MESSAGE = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class Sitter(Protocol):
    """Who sits at a line: hears what the browser says, is told once that it is over (by which code of ours), looked at each second."""

    def heard(self, text: bytes) -> None: ...

    def left(self, code: int | None) -> None: ...

    async def look(self, now: float) -> None: ...


class Line(asyncio.Protocol):
    """One screen's connection. `show` is the transport's own write: at 1,000 screens a function around it was a third of the cost."""

    __slots__ = ("asked", "connections", "heard_at", "parser", "parts", "show", "sitter", "transport")

    def __init__(self, transport: asyncio.Transport, parser: ServerProtocol, connections: MutableSet[Any], sitter: Sitter) -> None:
        self.transport, self.parser, self.connections = transport, parser, connections
        self.sitter: Sitter | None = sitter
        self.show = transport.write
        self.parts: list[bytes] = []
        self.heard_at, self.asked = time.monotonic(), False
        transport.set_write_buffer_limits(BUFFER_MAX_BYTES)
        transport.set_protocol(self)
        connections.add(self)

    def data_received(self, data: bytes) -> None:
        self.heard_at, self.asked = time.monotonic(), False
        self.parser.receive_data(data)
        for frame in self.parser.events_received():
            if isinstance(frame, Frame) and frame.opcode in MESSAGE:
                self.part(bytes(frame.data), frame.fin)
        self._flush()

    def part(self, text: bytes, fin: bool = True) -> None:
        """A message, or a piece of one."""
        self.parts.append(text)
        if fin:
            text, self.parts = b"".join(self.parts), []
            if self.sitter is not None:
                self.sitter.heard(text)

    def _flush(self) -> None:
        """What the parser answers by itself: pongs, a close that was received or that it found necessary."""
        if output := b"".join(self.parser.data_to_send()):
            self.transport.write(output)
        if self.parser.eof_sent:
            self._leave(None)
            self.transport.close()

    def hang_up(self, code: int) -> None:
        """From here on nothing is shown: a frame may not follow a close."""
        if self.sitter is not None:
            self._leave(code)
            if self.parser.state is State.OPEN:  # else the browser's own close came in the same piece
                self.parser.send_close(code)
            self._flush()
            asyncio.get_running_loop().call_later(FAREWELL_SECONDS, self.transport.close)

    def resync(self) -> None:
        self.hang_up(RESYNC)

    def shutdown(self) -> None:
        """uvicorn's word: the process ends."""
        self.hang_up(RESTART)
        self.transport.close()
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        """More than BUFFER_MAX_BYTES are unread. Who does not read does not read the close either: what is buffered is given up."""
        self.hang_up(TOO_SLOW)
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self.transport.abort)

    def tend(self, now: float) -> None:
        """To be called each second or so: a connection whose other end has vanished says nothing."""
        silent = now - self.heard_at
        if silent > GONE_SECONDS:
            self._leave(None)
            self.transport.abort()
        elif silent > SILENT_SECONDS and not self.asked:
            self.asked = True
            self.transport.write(ARE_YOU_THERE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave(None)
        self.connections.discard(self)

    def _leave(self, code: int | None) -> None:
        sitter, self.sitter = self.sitter, None
        if sitter is not None:
            sitter.left(code)


class Given(asyncio.Transport):
    """What uvicorn closes when the coroutine that seated a screen returns: the connection is no longer its own."""

    def close(self) -> None: ...

    def is_closing(self) -> bool:
        return True


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, whose connection can be taken over once it is open."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][EXTENSION] = self  # pyright: ignore[reportGeneralTypeIssues, reportOptionalSubscript, reportTypedDictNotRequiredAccess, reportArgumentType]

    def give(self, sitter: Sitter) -> Line | None:
        """The connection, silent until `open`; None where it is over already."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return None
        self.stop_keepalive()
        line = Line(self.transport, self.conn, self.connections, sitter)
        self.connections.discard(self)
        self.transport = Given()
        del self.scope["extensions"][EXTENSION]  # pyright: ignore[reportGeneralTypeIssues, reportOptionalSubscript, reportTypedDictNotRequiredAccess, reportArgumentType]
        return line

    def open(self, line: Line) -> None:
        """What the browser said while it was seated is heard now, then whatever comes."""
        while not self.queue.empty():
            event = self.queue.get_nowait()
            if event["type"] == "websocket.receive":
                line.part((event.get("text") or "").encode() or event.get("bytes") or b"")
        line.parts += self.frames
        if not line.transport.is_closing():
            line.transport.resume_reading()


def beneath(scope: Any) -> FrameProtocol:
    """The connection under an open socket. Screens are served by `siao serve`; under another server this is a KeyError."""
    return scope["extensions"][EXTENSION]
