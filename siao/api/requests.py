"""Requests: asked, renewed, followed by their code, and the places that would suit."""

import secrets
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from siao.actions.answers import Answer
from siao.api import errors, sealed, seat
from siao.api.composed import COMPOSED
from siao.api.seat import Call
from siao.core import advice, asking, codes, night, requests, views
from siao.core.allocation import nowhere, rank
from siao.core.allocation.model import TENTHS
from siao.core.board import Board
from siao.core.closing import CloseNight
from siao.core.people import OFFICE, Role
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, Closing, HeldBack
from siao.store import board as boards
from siao.store import db as database
from siao.store import people
from siao.store import requests as store

MISSES_MAX = 5
WATCHERS = OFFICE | {Role.WORKER}


class NewRequest(Asked, frozen=True, forbid_unknown_fields=True):
    """What is asked, the half hour at which the household rings back, and the advice that it follows by waiting."""

    call_back: Annotated[datetime, Meta(tz=True)] | None = None
    service: UUID | None = None
    party: UUID | None = None
    advice: Annotated[str, Meta(max_length=sealed.TEXT_MAX)] | None = None

    def asked(self) -> Asked:
        return Asked(**{name: getattr(self, name) for name in Asked.__struct_fields__})


class Renewal(NewRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: Annotated[str, Meta(max_length=30)]


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
    return await seat.act(
        request,
        requests.Ask(
            seat.key(request),
            code,
            draw(),
            data.asked(),
            data.call_back,
            _service(person, code, data.service),
            data.party,
            _held_back(request, code, data),
        ),
        code,
    )


def _held_back(request: Call, code: str, data: NewRequest) -> HeldBack | None:
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
async def revise(request: Call, id: FromPath[UUID], data: JSONBody[NewRequest]) -> Answer:
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
    feed = await seat.house(request).hub.feed(where)
    board = feed.board
    if board is None:
        raise Refused(Refusal.UNAVAILABLE)
    return views.followed(board, board.requests.get(row.id, row))


async def _find(request: Call, person: seat.Person, territory: str, text: str) -> requests.Request:
    code = codes.read(text)
    async with database.acting(seat.house(request).pool, [territory]) as db:
        await database.alone(db, str(person.id))
        if await people.misses(db, person.id) >= MISSES_MAX:
            raise Refused(Refusal.PAUSED, "code")
        row = await store.by_code(db, territory, code)
        await people.record(db, territory, person.id, "code_found" if row else "code_missed", row.id if row else None)
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


@get("/api/places", dependencies=COMPOSED)
async def places(request: Call, asked: NamedDependency[Asked], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """The places that would suit, best first, while the operator types; nothing is saved."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE)
    asking.possible(asked)
    return await suitable(request, code, asked)


@get("/api/requests/{id:uuid}/places")
async def places_for(request: Call, id: FromPath[UUID], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """The places for a request that waits, each with why it stands where it does; a read, no lock."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE)
    feed = await seat.house(request).hub.feed(code)
    if feed.board is None or id not in feed.board.criteria:
        feed = await seat.caught_up(request, code)  # asked a moment ago
    criteria = feed.board.criteria.get(id) if feed.board else None
    if criteria is None:
        raise Refused(Refusal.UNKNOWN, "request")
    return await suitable(request, code, criteria)


async def suitable(request: Call, code: str, asked: Asked | requests.Criteria) -> dict[str, Any]:
    """What is free now for a household, ranked, with what excluded the rest; from this process's board."""
    hub = seat.house(request).hub
    feed = await hub.feed(code)
    board = feed.board
    if board is None:
        raise Refused(Refusal.UNAVAILABLE)
    commune = await seat.commune(request, code, asked.zone)
    now = datetime.now(UTC)
    household, language = asking.seen(asked, commune, now), errors.language(request)
    found = rank.find(board.stocked(now), household, now, board.rules(now))
    return {
        "places": [_place(board, one) for one in found.places],
        "compatible": found.compatible,
        "excluded": found.excluded,
        "only": found.only,
        "wish": nowhere.wish(found.only, language),
        "nobody": [] if found.compatible else nowhere.nobody(found.excluded, found.only, language),
        "nearest": found.nearest,
        "seq": feed.seq,
    }


def _place(board: Board, one: rank.Ranked) -> dict[str, Any]:
    """A ranked place for the screen; a confidential shelter is at no distance."""
    km = one.weighed.tenths
    return {
        "rank": one.rank,
        "shelter": one.place.shelter,
        "units": one.place.units,
        "kind": one.place.kind,
        "beds": one.place.capacity,
        "waste": one.weighed.waste,
        "distance_km": None if km is None else km / TENTHS,
        "same_shelter": one.weighed.same_shelter,
        "arrive_before": one.place.arrive_before,
        "mode": board.units[one.place.units[0]].mode,
        "why": one.why,
    }


@get("/api/communes")
async def communes(request: Call, territory: FromQuery[str | None] = None) -> list[dict[str, Any]]:
    """The communes that can be named on the telephone, with their sectors."""
    person = await seat.person(request)
    code = seat.territory(person, territory)
    async with database.reading(seat.house(request).pool, [code]) as db:
        return [views.plain(commune, "territory") for commune in await boards.communes(db, code)]


@get("/api/night")
async def tonight(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """The running night as its coordinator sees it: the flow in households and persons, refusals by side, and the close."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE)
    feed = await seat.house(request).hub.feed(code)
    if feed.board is None:
        raise Refused(Refusal.UNAVAILABLE)
    zone, now = feed.board.territory.time_zone, datetime.now(UTC)
    date = night.night(now, zone)
    async with database.reading(seat.house(request).pool, [code]) as db:
        tallies = await store.tallies(db, code, date)
        refusals = await store.refusals(db, code, date)
    waits = [c for c in feed.board.criteria.values() if feed.board.requests[c.request].night == date]
    return {
        "date": date,
        "opened_at": night.opens(date, zone),
        "closes_at": night.closes(date, zone),
        "may_close": night.may_close(date, zone, now),
        "closed": [{"outcome": outcome, "households": households, "persons": persons} for outcome, households, persons in tallies],
        "waiting": {"households": len(waits), "persons": sum(c.persons for c in waits)},
        "refusals": [{"verb": verb, "reason": reason, "count": count} for verb, reason, count in refusals],
    }


@post("/api/nights/{day:str}/closing", status_code=200)
async def close_night(request: Call, day: FromPath[str]) -> Answer:
    """What is open or paused ends unmet, with a reason; from 03:30 on."""
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), frozenset({Role.COORDINATOR}))
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        raise Refused(Refusal.INVALID, "date") from None
    return await seat.act(request, CloseNight(code, asked), code)


ROUTES = [ask, renew, revise, resume, withdraw, look_up, timeline, places, places_for, communes, tonight, close_night]
