"""The board, whole over HTTP or live over a socket."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromQuery
from msgspec import Struct

from siao.api import seat
from siao.api.seat import Call
from siao.core.refused import Refused
from siao.core.views import View
from siao.live.feed import Feed
from siao.live.hub import Hub
from siao.live.socket import NO_RIGHT, RESYNC, SESSION_OVER, Wire


class Ping(Struct):
    ping: int


@get("/api/board")
async def board(
    request: Call,
    view: FromQuery[str],
    territory: FromQuery[str | None] = None,
    shelter: FromQuery[UUID | None] = None,
    service: FromQuery[UUID | None] = None,
) -> Response[bytes]:
    """The whole board of one view, and its position as ETag; what polls every 5 s where sockets do not pass."""
    person = await seat.person(request)
    code = seat.territory(person, territory)
    chair = seat.view(person, code, view, shelter, service)
    hub = seat.house(request).hub
    feed = await hub.feed(code)
    position, text = feed.snapshot(chair)
    headers = {"ETag": f'"{position}"', "Cache-Control": "no-store", "Siao-Top": _top(hub, code)}
    if request.headers.get("if-none-match") == f'"{position}"':
        return Response(b"", status_code=304, headers=headers)
    return Response(text, media_type="application/json", headers=headers)


def _top(hub: Hub, code: str) -> str:
    """Epoch and number that the database had within the last second; empty where it did not say."""
    top = hub.top(code)
    return f"{top[0]}:{top[1]}" if top else ""


@websocket("/api/live")
async def live(socket: WebSocket[Any, Any, Any]) -> None:
    """Frames of one view from a position on. Close codes: 4001 take the board again, 4003 too slow, 4401 session over, 4403 no right."""
    if socket.headers.get("origin") not in seat.house(socket).settings.origins:
        await socket.close(code=NO_RIGHT)
        return
    await socket.accept()
    person = await seat.find(socket)
    if person is None:
        await socket.close(code=SESSION_OVER)
        return
    query = socket.query_params
    try:
        code = seat.territory(person, query.get("territory"))
        view = seat.view(person, code, query.get("view", ""), _id(query.get("shelter")), _id(query.get("service")))
        feed = await seat.house(socket).hub.feed(code)
    except (Refused, TimeoutError, ValueError):
        await socket.close(code=NO_RIGHT)
        return
    await _serve(socket, feed, view, query.get("since", ""))


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


async def _serve(socket: WebSocket[Any, Any, Any], feed: Feed, view: View, since: str) -> None:
    wire = Wire(socket.scope, socket.send_text)
    if not feed.subscribe(view, wire, since):
        await socket.close(code=RESYNC)
        return
    tasks = [asyncio.create_task(_answer(socket, feed, view, wire)), asyncio.create_task(wire.feed())]
    try:
        await asyncio.wait([tasks[0], wire.closing], return_when=asyncio.FIRST_COMPLETED)
    finally:
        feed.leave(view, wire)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if wire.closing.done():
        with suppress(Exception):
            await socket.close(code=wire.closing.result())


async def _answer(socket: WebSocket[Any, Any, Any], feed: Feed, view: View, wire: Wire) -> None:
    """Each ping renews the lease of a screen that is up to date, and looks at its right again."""
    with suppress(WebSocketDisconnect):
        while True:
            text = await socket.receive_text()
            ping = msgspec.json.decode(text, type=Ping).ping
            if code := await _still(socket, feed.code, view):
                wire.hang_up(code)
                return
            top = seat.house(socket).hub.top(feed.code)
            await socket.send_text(
                msgspec.json.encode(
                    {
                        "t": "pong",
                        "n": ping,
                        "epoch": top[0] if top else None,
                        "top": top[1] if top else None,
                        "redis": seat.house(socket).hub.doorbell.up,
                    }
                ).decode()
            )


async def _still(socket: WebSocket[Any, Any, Any], code: str, view: View) -> int | None:
    person = await seat.find(socket)
    if person is None:
        return SESSION_OVER
    ids = {"shelter": getattr(view, "shelter", None), "service": getattr(view, "service", None)}
    try:
        return None if seat.view(person, code, view.name, **ids) == view else NO_RIGHT
    except Refused:
        return NO_RIGHT


ROUTES = [board, live]
