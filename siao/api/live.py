"""The board live over a socket, and what operations may know of it. Close codes are in docs/live.md."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
from litestar import WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromQuery
from msgspec import Struct

from siao.api import seat
from siao.api.seat import Call
from siao.api.sittings import still
from siao.core.people import Role
from siao.core.refused import Refused
from siao.core.views import View
from siao.live.feed import Feed
from siao.live.gate import Full
from siao.live.socket import CROWDED, NO_RIGHT, RESYNC, SESSION_OVER, Wire

OPERATIONS = frozenset({Role.ADMIN, Role.COORDINATOR})


class Ping(Struct):
    ping: int


Socket = WebSocket[Any, Any, Any]


@websocket("/api/live")
async def live(socket: Socket) -> None:
    """Frames of one view from a position on."""
    here = seat.house(socket)
    if socket.headers.get("origin") not in here.settings.origins:
        await socket.close(code=NO_RIGHT)
        return
    await socket.accept()
    try:
        async with here.hub.gate.through():
            found = await _seated(socket)
    except Full:
        found = CROWDED
    if isinstance(found, int):
        here.hub.hung_up[found] += 1
        await socket.close(code=found)
        return
    await _serve(socket, *found)


async def _seated(socket: Socket) -> tuple[Feed, View] | int:
    """The feed and the view asked for, or the code that says why not."""
    person = await seat.find(socket)
    if person is None:
        return SESSION_OVER
    query = socket.query_params
    try:
        code = seat.territory(person, query.get("territory"))
        view = seat.view(person, code, query.get("view", ""), _id(query.get("shelter")), _id(query.get("service")))
        return await seat.house(socket).hub.feed(code), view
    except TimeoutError:
        return CROWDED
    except (Refused, ValueError):
        return NO_RIGHT


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


async def _serve(socket: Socket, feed: Feed, view: View) -> None:
    here = seat.house(socket)
    wire, hub = Wire(socket.scope, socket.send_text), here.hub
    if not feed.subscribe(view, wire, socket.query_params.get("since", "")):
        hub.hung_up[RESYNC] += 1
        await socket.close(code=RESYNC)
        return
    here.sittings[wire] = socket, feed.code, view
    tasks = [asyncio.create_task(_answer(socket, feed, view, wire)), asyncio.create_task(wire.feed())]
    try:
        await asyncio.wait([tasks[0], wire.closing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        feed.leave(view, wire)
        here.sittings.pop(wire, None)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if wire.closing.done():
        hub.hung_up[wire.closing.result()] += 1
        with suppress(Exception):
            await socket.close(code=wire.closing.result())


async def _answer(socket: Socket, feed: Feed, view: View, wire: Wire) -> None:
    """Each ping renews the lease of a screen that is up to date, and looks at its right again."""
    hub = seat.house(socket).hub
    with suppress(WebSocketDisconnect):
        while True:
            ping = msgspec.json.decode(await socket.receive_text(), type=Ping).ping
            if code := await still(socket, feed.code, view):
                wire.hang_up(code)
                return
            top = hub.top(feed.code)
            pong = {"t": "pong", "n": ping, "epoch": top[0] if top else None, "top": top[1] if top else None, "redis": hub.doorbell.up}
            await socket.send_text(msgspec.json.encode(pong).decode())


@get("/api/live/status")
async def status(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """What this process does for one territory, in numbers: screens by view, frames, delays, what was hung up; never who."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OPERATIONS)
    here = seat.house(request)
    return await here.hub.status(code) | {"desk": here.desk.status()}


ROUTES = [live, status]
