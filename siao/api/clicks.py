"""The short way of a click. A command is one POST with an id in its path and a body of known shape, answered by an `Answer`: for such
a route, Litestar's way from bytes to the handler and back costs as much as all that the handler does.

The same handlers, declared once; errors by the same table. Whatever is not plain (another form of an id, a body that does not fit) goes
the long way, which says what is wrong with it. Either way a body that somebody reads is read here, bounded in bytes and in time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp
from msgspec import Struct

from siao.actions.answers import Answer
from siao.api import errors

PLAIN = {"request", "id", "data", "return"}
"""What a handler may be declared with, here."""
ID, ID_AT = "{id}", 3
"""How a route says it, and which part of the path it is: /api/placements/{id}/offer."""
ID_LENGTH = 36
BARE = frozenset({"GET", "HEAD", "OPTIONS"})
"""What goes on as it is: nobody reads a body of it."""
BODY_SECONDS = 10.0
"""By then a body has come, or is not waited for: its bytes are bounded, and a sender that never ends holds no more than a connection."""
HEADERS = [(b"cache-control", b"no-store"), (b"content-type", b"application/json")]


class Click(Struct, frozen=True):
    """How a command is called: its handler, the status of its answer, and what reads its body, where it has one."""

    handler: Callable[..., Awaitable[Answer]]
    status: int
    path: str
    body: msgspec.json.Decoder[Any] | None


class Clicks:
    """An ASGI application around Litestar's: answers the clicks, hands on the rest."""

    def __init__(self, app: Litestar, body_bytes_max: int) -> None:
        self.app, self.body_bytes_max = app, body_bytes_max
        routes = [route for route in app.routes if isinstance(route, HTTPRoute)]
        self.known = {route.path_format: _click(route, handler) for route in routes for handler in route.route_handlers if _plain(handler)}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] in BARE:
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body, more = await _read(receive, self.body_bytes_max)
        except TimeoutError:
            request = Request[Any, Any, Any](scope, receive, send)
            await self._refuse(errors.late(request), request)
            return
        click, given = self._find(scope)
        if click is not None:
            whole = not more and len(body) <= self.body_bytes_max
            arguments = _arguments(click, given, body) if whole else None
            if arguments is not None:
                await self._serve(click, arguments, Request(scope, receive, send))
                return
        await self.app(scope, _again(body, more, receive), send)

    def _find(self, scope: Any) -> tuple[Click | None, dict[str, Any]]:
        if scope["method"] != "POST":
            return None, {}
        parts = scope["path"].split("/")
        if len(parts) <= ID_AT:
            return self.known.get(scope["path"]), {}
        id, parts[ID_AT] = parts[ID_AT], ID
        click = self.known.get("/".join(parts))
        if click is None or len(id) != ID_LENGTH:
            return None, {}
        try:
            return click, {"id": UUID(id)}
        except ValueError:
            return None, {}

    async def _serve(self, click: Click, arguments: dict[str, Any], request: Request[Any, Any, Any]) -> None:
        scope, send = request.scope, request.send
        scope["litestar_app"], scope["path_template"] = self.app, click.path  # type: ignore[typeddict-unknown-key]
        try:
            body = msgspec.json.encode(await click.handler(request, **arguments))
        except Exception as no:
            await self._refuse(errors.answered(request, no), request)
            return
        headers = [*HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": click.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _refuse(self, refusal: Response[bytes], request: Request[Any, Any, Any]) -> None:
        """A lost race tells what is free now, which may be long: compressed as by the long way."""
        answer: ASGIApp = refusal.to_asgi_response(None, request)
        if config := self.app.compression_config:
            answer = config.middleware_class(answer, config)
        await answer(request.scope, request.receive, request.send)


def _plain(handler: HTTPRouteHandler) -> bool:
    """A POST answered by an `Answer`, that needs nothing but an id and a body, and around which nobody has put anything."""
    if "POST" not in handler.http_methods or _guarded(handler):
        return False
    hints = get_type_hints(handler.fn)
    return set(hints) <= PLAIN and hints["return"] is Answer and hints.get("id", UUID) is UUID


def _guarded(handler: HTTPRouteHandler) -> bool:
    """Whether Litestar does anything before or after it that is not done here."""
    around = handler.resolve_guards, handler.resolve_middleware, handler.resolve_before_request, handler.resolve_after_response
    return any(resolve() for resolve in around)


def _click(route: HTTPRoute, handler: HTTPRouteHandler) -> Click:
    hints = get_type_hints(handler.fn)
    body = msgspec.json.Decoder(hints["data"]) if "data" in hints else None
    return Click(handler.fn, handler.status_code, route.path_format, body)


def _arguments(click: Click, given: dict[str, Any], body: bytes) -> dict[str, Any] | None:
    """What the handler is called with; None where the body does not fit, and the long way is to say what is wrong with it."""
    if click.body is None:
        return given
    try:
        return {**given, "data": click.body.decode(body)}
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


async def _read(receive: Any, bytes_max: int) -> tuple[bytes, bool]:
    """The body, and whether it goes on: longer than this, or its sender left before the end."""
    body, more = b"", True
    while more and len(body) <= bytes_max:
        message = await receive()
        if message["type"] != "http.request":
            return body, True
        body, more = body + message.get("body", b""), message.get("more_body", False)
    return body, more


def _again(body: bytes, more: bool, receive: Any) -> Any:
    """What was read is heard once more, by who takes over."""
    told = False

    async def again() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": more}

    return again
