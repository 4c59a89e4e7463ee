"""Requests: asked, renewed, followed by their code."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from siao.actions.answers import Answer
from siao.api import sealed, seat
from siao.api.seat import Call
from siao.core import advice, codes, requests, views
from siao.core.people import OFFICE, Read, Role
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, Closing, HeldBack
from siao.store import db as database
from siao.store import people
from siao.store import requests as store

MISSES_MAX = 5
CODE_MAX = 30
WATCHERS = OFFICE | {Role.WORKER}


class Wish(Asked, frozen=True, forbid_unknown_fields=True):
    """What is asked, the half hour at which the household rings back, and the advice that it follows by waiting."""

    call_back: Annotated[datetime, Meta(tz=True)] | None = None
    advice: Annotated[str, Meta(max_length=sealed.TEXT_MAX)] | None = None

    def asked(self) -> Asked:
        return Asked(**{name: getattr(self, name) for name in Asked.__struct_fields__})


class NewRequest(Wish, frozen=True, forbid_unknown_fields=True):
    """`code`: what the household was told from a sheet of paper while no screen was there; the 115 alone may say it."""

    service: UUID | None = None
    party: UUID | None = None
    code: Annotated[str, Meta(max_length=CODE_MAX)] | None = None


class Renewal(NewRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: Annotated[str, Meta(max_length=CODE_MAX)]  # pyright: ignore[reportGeneralTypeIssues]


class Reason(Struct, frozen=True, forbid_unknown_fields=True):
    reason: Closing = Closing.WITHDRAWN


def draw() -> str:
    """A new reference code."""
    while True:
        if code := codes.code(secrets.randbits(codes.BITS)):
            return code


@post("/api/requests", status_code=201)
async def ask(request: Call, data: JSONBody[NewRequest]) -> Answer:
    """A new request; the answer carries its code. A social worker's is their service's."""
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), WATCHERS)
    said = _said(person, code, data.code)
    return await seat.act(
        request,
        requests.Ask(
            seat.key(request),
            code,
            said or draw(),
            data.asked(),
            data.call_back,
            _service(person, code, data.service),
            data.party,
            _held_back(request, code, data),
            said,
        ),
        code,
    )


def _said(person: seat.Person, territory: str, text: str | None) -> str | None:
    """The code from a sheet of paper, where one is said. Whether another request has it, the desk finds out in asking: a look
    beforehand would tell which codes there are to whoever asks for nobody."""
    if text is None:
        return None
    if not person.right(territory, OFFICE):
        raise Refused(Refusal.FORBIDDEN, "code")
    return codes.read(text)


def _held_back(request: Call, code: str, data: Wish) -> HeldBack | None:
    return advice.held_back(sealed.unseal(seat.house(request).settings.secret, code, data, data.advice, datetime.now(UTC)))


def _service(person: seat.Person, code: str, asked: UUID | None) -> UUID | None:
    if person.right(code, OFFICE):
        return asked
    right = person.right(code, frozenset({Role.WORKER}), None, asked)
    if right is None:
        raise Refused(Refusal.FORBIDDEN, "service")
    return right.service


@post("/api/renewals", status_code=201)
async def renew(request: Call, data: JSONBody[Renewal]) -> Answer:
    """The household gives its code another night."""
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), WATCHERS)
    row = await _find(request, person, code, data.code)
    service, held_back = _service(person, code, data.service), _held_back(request, code, data)
    return await seat.act(request, requests.Renew(row.id, data.asked(), data.call_back, service, data.party, held_back), code)


@post("/api/requests/{id:uuid}/revision", status_code=200)
async def revise(request: Call, id: FromPath[UUID], data: JSONBody[Wish]) -> Answer:
    """Another wish in the household's own word; the criteria before it are gone."""
    if data.advice is None:
        return await seat.act(request, requests.Revise(id, data.asked(), data.call_back))
    code = seat.territory(await seat.person(request), request.query_params.get("territory"), OFFICE)
    return await seat.act(request, requests.Revise(id, data.asked(), data.call_back, _held_back(request, code, data)), code)


@post("/api/requests/{id:uuid}/resumption", status_code=200)
async def resume(request: Call, id: FromPath[UUID]) -> Answer:
    """A paused household has called: its request waits again, with its seniority."""
    return await seat.act(request, requests.Resume(id))


@post("/api/requests/{id:uuid}/withdrawal", status_code=200)
async def withdraw(request: Call, id: FromPath[UUID], data: JSONBody[Reason]) -> Answer:
    """Withdrawn or another solution found; any other reason closes it unmet, said by a person."""
    leaves = data.reason in (Closing.WITHDRAWN, Closing.OTHER_SOLUTION)
    return await seat.act(request, requests.Withdraw(id, data.reason) if leaves else requests.CloseUnmet(id, data.reason))


@get("/api/requests")
async def look_up(request: Call, code: FromQuery[str], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """A request by its code, as its social worker follows it. Recorded; five misses in a quarter of an hour pause."""
    person = await seat.person(request)
    where = seat.territory(person, territory, WATCHERS)
    row = await _find(request, person, where, code)
    board = (await seat.house(request).hub.feed(where)).board
    return views.followed(board, board.requests.get(row.id, row))


async def _find(request: Call, person: seat.Person, territory: str, text: str) -> requests.Request:
    code = codes.read(text)
    async with database.acting(seat.house(request).pool, [territory]) as db:
        await database.alone(db, str(person.id))
        if await people.misses(db, person.id) >= MISSES_MAX:
            raise Refused(Refusal.PAUSED, "code")
        row = await store.by_code(db, territory, code)
        await people.record(db, territory, person.id, Read.CODE_FOUND if row else Read.CODE_MISSED, row.id if row else None)
    if row is None:
        raise Refused(Refusal.CODE_UNKNOWN, "code")
    return row


@get("/api/requests/{id:uuid}/timeline")
async def timeline(request: Call, id: FromPath[UUID], territory: FromQuery[str | None] = None) -> list[dict[str, Any]]:
    """What happened, step by step: verbs, hours and coded outcomes; never who, nor where."""
    person = await seat.person(request)
    code = seat.territory(person, territory, WATCHERS)
    async with database.reading(seat.house(request).pool, [code]) as db:
        row = await store.one(db, id)
        if row is None or not await _may_follow(db, person, code, row):
            raise Refused(Refusal.UNKNOWN, "request")
        entries = await store.timeline(db, id)
    return [{"at": entry.at, "verb": entry.verb, "outcome": entry.outcome or None, "source": entry.source} for entry in entries]


async def _may_follow(db: database.Connection, person: seat.Person, code: str, row: requests.Request) -> bool:
    mine = row.service is not None and person.right(code, frozenset({Role.WORKER}), None, row.service)
    return bool(person.right(code, OFFICE) or mine) or await people.looked_up(db, person.id, row.id)


ROUTES = [ask, renew, revise, resume, withdraw, look_up, timeline]
