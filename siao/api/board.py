"""The whole board of one view over HTTP: bytes that are made once a position and shared by all who ask.

A raw ASGI handler: at 2,000 shelters the answer is ready in memory, and Litestar's own way to a response would cost most of it.
"""

from typing import Any

from litestar import Request, asgi
from litestar.datastructures import MultiDict
from litestar.types import Receive, Scope, Send

from siao.api import seat
from siao.core.refused import Refusal, Refused
from siao.core.views import View
from siao.live.hub import Hub
from siao.live.snapshots import PLAIN, coding

SAME = [(b"cache-control", b"no-store"), (b"vary", b"Accept-Encoding")]
READS = ("GET", "HEAD")


@asgi("/api/board", copy_scope=False, opt={"exclude_from_compression": True})
async def board(scope: Scope, receive: Receive, send: Send) -> None:
    """ETag is the position. What polls every 5 s where sockets do not pass; 304 where nothing moved."""
    request: seat.Call = Request(scope, receive)  # pyright: ignore[reportArgumentType]
    if request.method not in READS:
        raise Refused(Refusal.NO_METHOD)
    chair, code = await _chair(request)
    hub = seat.house(request).hub
    feed = await hub.feed(code)
    headers = request.headers
    if headers.get("if-none-match") == f'"{feed.position}"':
        await _send(send, 304, b"", _told(hub, code, feed.position))
        return
    best = coding(headers.get("accept-encoding", "").encode("latin-1"))
    whole = await feed.shelf.take(chair, best)
    encoded = [(b"content-encoding", best.encode())] if best != PLAIN else []
    body = whole.body if request.method == "GET" else b""
    length = (b"content-length", str(len(whole.body)).encode())
    await _send(send, 200, body, [*_told(hub, code, whole.position), (b"content-type", b"application/json"), length, *encoded])


async def _chair(request: seat.Call) -> tuple[View, str]:
    person = await seat.person(request)
    query: MultiDict[Any] = request.query_params
    code = seat.territory(person, query.get("territory"))
    shelter, service = (seat.identity(query.get(name), name) for name in ("shelter", "service"))
    return seat.view(person, code, query.get("view", ""), shelter, service), code


def _told(hub: Hub, code: str, position: str) -> list[tuple[bytes, bytes]]:
    """Siao-Top: epoch and number that the database had within the last second; empty where it did not say."""
    top = hub.top(code)
    told = f"{top[0]}:{top[1]}" if top else ""
    return [*SAME, (b"etag", f'"{position}"'.encode()), (b"siao-top", told.encode())]


async def _send(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


ROUTES = [board]
