"""The board live over a socket, and what operations may know of it. Close codes are in docs/live.md."""

from typing import Any

from litestar import WebSocket, get, websocket
from litestar.params import FromQuery

from siao.api import seat
from siao.api.seat import Call
from siao.api.sittings import Sitting
from siao.core.people import Role
from siao.core.refused import Refused
from siao.core.views import View
from siao.live.feed import Feed
from siao.live.gate import Full
from siao.live.socket import CROWDED, NO_RIGHT, RESYNC, SESSION_OVER, beneath
from siao.store import db as database

OPERATIONS = frozenset({Role.ADMIN, Role.COORDINATOR})
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
    except (Full, *database.LATER):  # who it is, or what the board is, is not known now: as where too many come at once
        found = CROWDED
    if isinstance(found, int):
        here.hub.hung_up[found] += 1
        await socket.close(code=found)
        return
    _sit(socket, *found)


async def _seated(socket: Socket) -> tuple[Feed, View] | int:
    """The feed and the view asked for, or the code that says why not."""
    person = await seat.find(socket)
    if person is None:
        return SESSION_OVER
    query = socket.query_params
    try:
        code = seat.territory(person, query.get("territory"))
        shelter, service = (seat.identity(query.get(name), name) for name in ("shelter", "service"))
        view = seat.view(person, code, query.get("view", ""), shelter, service)
        return await seat.house(socket).hub.feed(code), view
    except Refused:
        return NO_RIGHT


def _sit(socket: Socket, feed: Feed, view: View) -> None:
    """Gives the connection to whoever sits at it from now on; the coroutine that seated it ends here."""
    here, protocol = seat.house(socket), beneath(socket.scope)
    sitting = Sitting(here, socket.cookies[here.settings.cookie], feed, view)
    line = protocol.give(sitting)
    if line is not None:
        if not sitting.sit(line, socket.query_params.get("since", "")):
            line.hang_up(RESYNC)
        protocol.open(line)


@get("/api/live/status")
async def status(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """What this process does for one territory, in numbers: screens by view, frames, delays, what was hung up; never who."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OPERATIONS)
    here = seat.house(request)
    return await here.hub.status(code) | {"desk": here.desk.status()}


ROUTES = [live, status]
