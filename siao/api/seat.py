"""Who asks, where, with which right: what each route needs before it does anything."""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from msgspec import Struct

from siao.actions import people
from siao.actions.advice import Adviser
from siao.actions.answers import Answer
from siao.actions.desk import Desk
from siao.actions.people import Person
from siao.actions.solver import Solver
from siao.actions.verbs import Command
from siao.api.known import Known
from siao.core import rights, views
from siao.core.beds import Source
from siao.core.people import OFFICE, By, Role
from siao.core.refused import Refusal, Refused
from siao.live.feed import Feed
from siao.live.hub import Hub
from siao.live.socket import Sitter
from siao.settings import Settings
from siao.store import db as database
from siao.store.db import Pool

Connection = ASGIConnection[Any, Any, Any, Any]


class House(Struct, frozen=True):
    """What the routes stand on; built once, in app."""

    settings: Settings
    pool: Pool
    desk: Desk
    hub: Hub
    solver: Solver
    weigher: Solver
    """A child of its own for what other rules would have changed: twenty seconds of it delay no plan and no override."""
    adviser: Adviser
    known: Known
    sittings: set[Sitter]
    """Who sits at an open socket."""


Call = Request[Any, Any, Any]


def house(connection: Connection) -> House:
    return connection.app.state.house


async def find(connection: Connection) -> Person | None:
    """Who holds the cookie, as the database said a moment ago."""
    here = house(connection)
    cookie = connection.cookies.get(here.settings.cookie)
    person = await here.known.find(cookie) if cookie else None
    if person is not None:
        connection.scope["state"]["language"] = person.language
    return person


async def person(request: Call) -> Person:
    found = await find(request)
    if found is None:
        raise Refused(Refusal.NO_SESSION)
    return found


def territory(person: Person, asked: str | None, roles: frozenset[Role] | None = None) -> str:
    """The territory asked for, or the only one where this person has a right."""
    mine = {right.territory for right in person.rights if roles is None or right.role in roles}
    if asked is not None:
        if asked not in mine:
            raise Refused(Refusal.FORBIDDEN, "territory")
        return asked
    if len(mine) != 1:
        raise Refused(Refusal.FORBIDDEN if not mine else Refusal.INVALID, "territory")
    return mine.pop()


async def caught_up(request: Call, code: str) -> Feed:
    """The feed of a territory, its board at least where the database is now: whoever just wrote finds it there."""
    here = house(request)
    feed = await here.hub.feed(code)
    await feed.reach((await database.top(here.pool, code))[1])
    return feed


def same_origin(request: Call) -> None:
    """A write must come from a page of ours; a browser always says which page."""
    origin = request.headers.get("origin")
    if origin is not None and origin not in house(request).settings.origins:
        raise Refused(Refusal.FOREIGN_ORIGIN)


def awake(person: Person) -> None:
    """Decisions want a human who was there in the last half hour; a shelter's device is exempt."""
    if person.idle and not person.at_a_door:
        raise Refused(Refusal.IDLE)


async def act(request: Call, what: Any, where: str | None = None) -> Answer:
    """One command under the key that the request carries."""
    return await submit(request, None, what, where)


async def submit(request: Call, own: UUID | None, what: Any, where: str | None = None) -> Answer:
    """Hands one command to the desk, with the right it is done under; `own`: its key where a request carries several.

    Acting for a shelter, the 115 speaks on the telephone.
    """
    same_origin(request)
    who = await person(request)
    here = house(request)
    awake(who)
    await people.touched(here.pool, who)
    roles = rights.MAY[type(what)]
    code = territory(who, where or request.query_params.get("territory"), roles)
    right = who.right(code, roles & OFFICE) or who.right(code, roles, identity(request.query_params.get("shelter"), "shelter"))
    if right is None:
        raise Refused(Refusal.FORBIDDEN)
    source = Source.PHONE if right.role in OFFICE and type(what) in rights.FOR_A_SHELTER else Source.SCREEN
    by = By(who.id, right.role, source, right.shelter, right.service)
    return await here.desk.submit(Command(own or key(request), code, by, what))


def identity(text: str | None, field: str) -> UUID | None:
    """An id of the query, where one is given."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused(Refusal.INVALID, field) from None


def key(request: Call) -> UUID:
    """The Idempotency-Key that the browser made and saved before sending."""
    try:
        return UUID(request.headers["idempotency-key"])
    except (KeyError, ValueError):
        raise Refused(Refusal.INVALID, "Idempotency-Key") from None


def view(person: Person, code: str, name: str, shelter: UUID | None, service: UUID | None) -> views.View:
    """The view asked for, if a right goes with it."""
    if name == "operator" and person.right(code, OFFICE):
        return views.Operator()
    if name == "shelter" and (right := person.right(code, frozenset({Role.SHELTER}), shelter)) and right.shelter:
        return views.AtShelter(right.shelter)
    if name == "shelter" and shelter and person.right(code, OFFICE):
        return views.AtShelter(shelter, by_phone=True)
    if name == "worker" and (right := person.right(code, frozenset({Role.WORKER}), None, service)) and right.service:
        return views.AtService(right.service)
    raise Refused(Refusal.FORBIDDEN, "view")
