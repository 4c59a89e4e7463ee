"""A plan for all who wait: asked for by the coordinator, seen beside what first come, first served would give, taken or left."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import post
from litestar.params import FromQuery, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Meta, Struct

from siao.actions.answers import Answer, Unavailable
from siao.api import errors, explanations, seat
from siao.api.placements import Units
from siao.api.seat import Call
from siao.core import proposals
from siao.core.allocation import cost
from siao.core.allocation.compatible import HARD, excluded
from siao.core.allocation.cost import Cost
from siao.core.allocation.jobs import Change, Propose, Reply
from siao.core.allocation.model import Instance
from siao.core.allocation.standing import Engine
from siao.core.people import Role
from siao.core.placements import HoldPlanned
from siao.core.refused import Refusal, Refused
from siao.core.units import Rule

COORDINATOR = frozenset({Role.COORDINATOR})
LINES_MAX = 2_000
NODES_MAX = 400
SECONDS = 10
AT_ONCE = 64
"""Lines of a plan that are at the desk together: all 2,000 would fill its queue, and everybody else would be told 503."""


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """One household and its place. `key`: the idempotency key of this line, made in the browser."""

    request: UUID
    units: Units
    key: UUID


class Other(Struct, frozen=True, forbid_unknown_fields=True):
    """One household and another place than the plan's."""

    request: UUID
    units: Units


class Accepted(Struct, frozen=True, forbid_unknown_fields=True):
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=LINES_MAX)]


@post("/api/allocation", status_code=200, media_type="application/x-ndjson")
async def propose(
    request: Call, seconds: Annotated[int, QueryParameter(ge=1, le=60)] = SECONDS, territory: FromQuery[str | None] = None
) -> Stream:
    """One JSON object a line: each better plan as it is found, the last with `last` true. Nothing is held by it.

    Where `seconds` end first, the last line told is the best plan known, with its proven bound.
    """
    seat.same_origin(request)
    person = await seat.person(request)
    code = seat.territory(person, territory, COORDINATOR)
    asked, position = await _asked(request, code)
    replies = seat.house(request).solver.run(Propose(asked, NODES_MAX), float(seconds))
    first = await anext(replies)  # an error is still an answer with its own status here
    return Stream(_lines(position, first, replies), media_type="application/x-ndjson")


async def _asked(request: Call, code: str) -> tuple[Instance, str]:
    """All who wait and all that is free, and at which position of the journal."""
    feed, now = await seat.house(request).hub.feed(code), datetime.now(UTC)
    return proposals.instance(feed.board, feed.board.rules(now), now), feed.position


async def _lines(position: str, first: Reply, replies: AsyncGenerator[Reply]) -> AsyncIterator[bytes]:
    try:
        yield _line(position, first)
        async for reply in replies:
            yield _line(position, reply)
    finally:
        await replies.aclose()


def _line(position: str, reply: Reply) -> bytes:
    return msgspec.json.encode({"last": reply.last, "position": position, "plan": reply.result}) + b"\n"


@post("/api/allocation/cost", status_code=200)
async def change(request: Call, data: JSONBody[Other], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """What it costs all who wait, at least, to give this household this place against the plan; nothing is held by it."""
    seat.same_origin(request)
    person = await seat.person(request)
    code = seat.territory(person, territory, COORDINATOR)
    asked, position = await _asked(request, code)
    one = next((one for one in asked.waiting if one.request == data.request), None)
    place = next((place for place in asked.places if place.units == data.units), None)
    if one is None or place is None:
        raise Refused(Refusal.UNKNOWN, "request" if one is None else "units")
    if why := excluded(one.household, place, asked.now) & HARD:
        raise Refused(Refusal.DOES_NOT_FIT, "units", data.units, tuple(reason.name or "" for reason in why))
    told = None
    async for reply in seat.house(request).solver.run(Change(asked, data.request, data.units, NODES_MAX), float(SECONDS)):
        told = reply.result
    if not isinstance(told, Cost):
        raise Refused(Refusal.UNAVAILABLE)
    return {"position": position, "cost": told, "said": cost.said(told, asked.rules, errors.language(request))}


@post("/api/allocation/acceptance", status_code=200)
async def accept(request: Call, data: JSONBody[Accepted], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """Holds the lines that were chosen, each decided by itself: what changed meanwhile is refused, and the others stand."""
    person = await seat.person(request)
    code = seat.territory(person, territory, COORDINATOR)
    seat.awake(person)
    feed = await seat.caught_up(request, code)
    rules = proposals.rules_tonight(feed.board, ((line.request, line.units) for line in data.lines))
    few = asyncio.Semaphore(AT_ONCE)
    done = await asyncio.gather(*(_hold(request, code, line, rules.get(line.units[0]), few) for line in data.lines))
    language = errors.language(request)
    return {
        "held": [{"request": line.request, **_held(answer)} for line, answer in zip(data.lines, done) if isinstance(answer, Answer)],
        "refused": [
            {"request": line.request, "code": no.why, "field": no.field, "detail": no.why.words(language)}
            for line, no in zip(data.lines, done)
            if isinstance(no, Refused)
        ],
    }


def _held(answer: Answer) -> dict[str, Any]:
    return {"placement": answer.id, "until": answer.until, "seq": answer.seq}


async def _hold(request: Call, code: str, line: Line, rule: Rule | None, few: asyncio.Semaphore) -> Answer | Refused:
    try:
        async with few:
            standing = await explanations.standing(request, line.request, line.units, Engine.PLAN)
            what = HoldPlanned(line.key, line.units, request=line.request, standing=standing, rule=rule)
            return await seat.submit(request, line.key, what, code)
    except Refused as no:
        return no
    except Unavailable:
        return Refused(Refusal.UNAVAILABLE)


ROUTES = [propose, change, accept]
