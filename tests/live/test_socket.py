"""A screen's own line: what it hears while it is seated, how it ends, and that it ends where nobody reads or answers any more."""

import asyncio
import logging
import socket
import time
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

import city
from chairs import House, serving
from siao.embedded.process import free_port
from siao.live import feed as feeds
from siao.live.socket import (
    ARE_YOU_THERE,
    BUFFER_MAX_BYTES,
    GONE_SECONDS,
    NO_SENSE,
    RESTART,
    RESYNC,
    SILENT_SECONDS,
    TOO_SLOW,
    Line,
)
from siao.live.wire import framed

OPENING = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: {origin}\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
)


def said(text: bytes, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    return Frame(opcode, text, fin).serialize(mask=True)


async def raw(house: House, login: str, then: bytes = b"", since: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket by hand. `then` is said at once, while the screen is being seated."""
    chair = await house.chair(login)
    since = since or (await chair.get("/api/board", params={"view": "operator"})).headers["etag"].strip('"')
    reader, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
    path = f"/api/live?view=operator&territory={city.CODE}&since={since}"
    cookie = f"{house.settings.cookie}={house.cookie(login)}"
    writer.write(OPENING.format(path=path, host=house.base[7:], origin=house.base, cookie=cookie).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.write(then)
    return reader, writer


async def frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head, size = await reader.readexactly(2)
    if size >= 126:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
    return head & 0x0F, await reader.readexactly(size)


async def answer(reader: asyncio.StreamReader, opcode: Opcode) -> bytes:
    """The next frame of a kind; the board's own frames may come in between."""
    async with asyncio.timeout(10):
        while True:
            got, text = await frame(reader)
            if got == opcode and (opcode is not Opcode.TEXT or b'"pong"' in text):
                return text
            assert got != Opcode.CLOSE, text


async def test_what_is_asked_before_a_seat_is_found_is_answered_in_order(house: House) -> None:
    reader, writer = await raw(house, "operator", said(b'{"ping":1}') + said(b'{"pi', fin=False) + said(b'ng":2}', Opcode.CONT))
    assert [msgspec.json.decode(await answer(reader, Opcode.TEXT))["n"] for _ in range(2)] == [1, 2]
    writer.write(said(b"", Opcode.PING))
    assert await answer(reader, Opcode.PONG) == b""
    writer.close()


async def test_half_a_message_before_the_seat_is_not_lost(house: House) -> None:
    reader, writer = await raw(house, "operator", said(b'{"pi', fin=False))
    await asyncio.sleep(0.3)
    writer.write(said(b'ng":7}', Opcode.CONT))
    assert msgspec.json.decode(await answer(reader, Opcode.TEXT))["n"] == 7
    writer.close()


@pytest.mark.parametrize("text", [b"hello", b"{}", b'{"ping":"1"}', b"\xff"])
async def test_what_makes_no_sense_is_said(house: House, text: bytes) -> None:
    reader, writer = await raw(house, "operator", said(text))
    assert int.from_bytes((await answer(reader, Opcode.CLOSE))[:2]) == NO_SENSE
    writer.close()


async def test_a_message_that_is_too_long_ends_the_line(house: House) -> None:
    reader, writer = await raw(house, "operator")
    writer.write(said(b"x" * 5_000))
    assert int.from_bytes((await answer(reader, Opcode.CLOSE))[:2]) == 1009
    assert await reader.read() == b""
    writer.close()


async def test_a_close_is_answered_and_nothing_follows(house: House) -> None:
    operator = await house.chair("operator")
    reader, writer = await raw(house, "operator")
    writer.write(said((1000).to_bytes(2), Opcode.CLOSE))
    await operator.ask()
    assert await answer(reader, Opcode.CLOSE) == (1000).to_bytes(2)
    assert await reader.read() == b""
    writer.close()


async def test_nonsense_and_a_close_in_one_piece_end_in_the_close(house: House, caplog: pytest.LogCaptureFixture) -> None:
    reader, writer = await raw(house, "operator", said(b'{"ping":1}'))
    await answer(reader, Opcode.TEXT)
    writer.write(said(b"hello") + said((1000).to_bytes(2), Opcode.CLOSE))
    assert await answer(reader, Opcode.CLOSE) == (1000).to_bytes(2)
    assert await reader.read() == b""
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    writer.close()


async def test_a_refused_position_is_hung_up_and_the_browser_may_take_its_leave(house: House) -> None:
    reader, writer = await raw(house, "operator", said(b'{"ping":1}'), since="x:1")
    assert await answer(reader, Opcode.CLOSE) == RESYNC.to_bytes(2)
    began = time.monotonic()
    writer.write(said(RESYNC.to_bytes(2), Opcode.CLOSE))
    assert await reader.read() == b""
    assert time.monotonic() - began < 5, "its answer ends the connection, not a timer"
    writer.close()


async def test_a_restart_says_1012(house: House) -> None:
    port = free_port()
    other = House(replace(house.settings, port=port, origins=(f"http://127.0.0.1:{port}",)))
    async with serving(other.settings):
        try:
            reader, writer = await raw(other, "operator", said(b'{"ping":1}'))
            await answer(reader, Opcode.TEXT)
            closing = asyncio.create_task(answer(reader, Opcode.CLOSE))
        finally:
            for chair in other.chairs.values():
                await chair.aclose()
    assert await closing == RESTART.to_bytes(2)
    writer.close()


class Listener:
    """Who sits at a line, and nothing behind."""

    def __init__(self) -> None:
        self.said, self.ended = list[bytes](), list[int | None]()

    def heard(self, text: bytes) -> None:
        self.said.append(text)

    def left(self, code: int | None) -> None:
        self.ended.append(code)

    async def look(self, now: float) -> None: ...


async def lined() -> tuple[Listener, Line, socket.socket, set[Any]]:
    """A line over a real connection whose other end is ours to read, or not."""
    made: asyncio.Queue[asyncio.Transport] = asyncio.Queue()

    class Door(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.put_nowait(transport)  # type: ignore[arg-type]

    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", 0)
    other = socket.create_connection(server.sockets[0].getsockname())
    transport = await made.get()
    server.close()
    listener, connections = Listener(), set[Any]()
    return listener, Line(transport, ServerProtocol(state=State.OPEN), connections, listener), other, connections


async def test_a_screen_that_does_not_read_is_hung_up_once_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siao.live.socket.GRACE_SECONDS", 0.1)
    listener, line, other, connections = await lined()
    feed = feeds.Feed(None, "01")  # type: ignore[arg-type]
    wrote = 0
    while not listener.ended and wrote < 100 * BUFFER_MAX_BYTES:  # the kernel takes some first
        feed._show({line}, b"x" * 100_000)
        wrote += 100_000
        await asyncio.sleep(0)
    assert listener.ended == [TOO_SLOW]
    assert line.transport.get_write_buffer_size() < 2 * BUFFER_MAX_BYTES, "bounded"
    for _ in range(100):
        if not connections:
            break
        await asyncio.sleep(0.05)
    assert not connections, "given up, though nobody read"
    other.close()


async def test_frames_keep_their_order_through_a_full_buffer() -> None:
    listener, line, other, _ = await lined()
    texts = list[bytes]()
    while line.transport.get_write_buffer_size() < 100_000:  # the kernel takes some first
        texts.append(b"%d," % len(texts) * 5_000)
        line.show(framed(texts[-1]))
    line.hang_up(RESYNC)
    other.setblocking(False)
    want, got = b"".join(framed(text) for text in texts), b""
    while len(got) < len(want) + 4:
        got += await asyncio.get_running_loop().sock_recv(other, 1 << 20)
    assert got == want + Frame(Opcode.CLOSE, RESYNC.to_bytes(2)).serialize(mask=False)
    assert listener.ended == [RESYNC]
    other.close()


async def test_a_silent_line_is_asked_then_cut() -> None:
    listener, line, other, connections = await lined()
    began = line.heard_at
    other.settimeout(5)
    line.tend(began + SILENT_SECONDS - 1)
    line.tend(began + SILENT_SECONDS + 1)
    line.tend(began + SILENT_SECONDS + 2)
    await asyncio.sleep(0.05)
    assert other.recv(100) == ARE_YOU_THERE, "once, and not too early"
    other.sendall(said(b"", Opcode.PONG))
    for _ in range(100):
        if not line.asked:
            break
        await asyncio.sleep(0.02)
    assert not line.asked and line.heard_at > began, "whoever answers is there"
    line.tend(line.heard_at + GONE_SECONDS - 1)
    assert listener.ended == []
    line.tend(line.heard_at + GONE_SECONDS + 1)
    assert listener.ended == [None]
    await asyncio.sleep(0.05)
    assert not connections
    other.close()
