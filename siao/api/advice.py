"""Advice for the caller on the line: take a place now, or wait and ring back; beside the ranked list, which never waits for it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec.structs import replace

from siao.api import errors, sealed, seat
from siao.api.composed import COMPOSED
from siao.api.seat import Call
from siao.core import asking, households, proposals
from siao.core.allocation.decision import Decision
from siao.core.allocation.model import Waiting
from siao.core.board import Board
from siao.core.people import OFFICE
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, State
from siao.live.feed import Feed

NOT_RECORDED = UUID(int=0)
"""The caller whose request is not made yet."""


@get("/api/requests/{id:uuid}/advice")
async def advice(request: Call, id: FromPath[UUID], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """Give or hold back, for a request that waits, with why in words. One with a half hour to ring back may wait."""
    code = seat.territory(await seat.person(request), territory, OFFICE)
    feed = await seat.house(request).hub.feed(code)
    if id not in feed.board.criteria:
        feed = await seat.caught_up(request, code)  # asked a moment ago
    if id not in feed.board.criteria:
        raise Refused(Refusal.UNKNOWN, "request")
    if feed.board.requests[id].state is not State.OPEN:
        raise Refused(Refusal.NOT_NOW, "state", (id,))
    return await _advised(request, feed, id, None)


@get("/api/advice", dependencies=COMPOSED)
async def advice_now(
    request: Call, asked: NamedDependency[Asked], revises: FromQuery[UUID | None] = None, territory: FromQuery[str | None] = None
) -> dict[str, Any]:
    """Give or hold back, while the operator types; nothing is saved. `revises`: the request that is being said anew."""
    code = seat.territory(await seat.person(request), territory, OFFICE)
    asking.possible(asked)
    return await _advised(request, await seat.house(request).hub.feed(code), revises or NOT_RECORDED, asked)


async def _advised(request: Call, feed: Feed, caller: UUID, asked: Asked | None) -> dict[str, Any]:
    here = seat.house(request)
    board, seq, now = feed.board, feed.seq, datetime.now(UTC)
    all = proposals.instance(board, board.rules(now), now)
    if asked is not None:
        me = Waiting(caller, households.seen(asked, board.commune(asked.zone), now))
        all = replace(all, waiting=(me, *(one for one in all.waiting if one.request != caller)))
    elif caller not in {one.request for one in all.waiting}:
        raise Refused(Refusal.NOT_NOW, "state", (caller,))
    may_wait = asked is None and board.requests[caller].call_back is not None
    whom = asked or board.criteria[caller]
    decision = await here.adviser.decide(board, all, caller, may_wait=may_wait)
    token = sealed.seal(here.settings.secret, feed.code, now, whom, decision)
    return {**_told(board, decision, errors.language(request)), "seq": seq, "token": token}


def _told(board: Board, d: Decision, language: str) -> dict[str, Any]:
    unit = board.units.get(d.units[0]) if d.units else None
    return {
        "say": d.say,
        "ground": d.ground,
        "why": d.why(language),
        "units": d.units,
        "shelter": unit.shelter if unit else None,
        "evenings": d.evenings,
        "of": d.of,
        "level": d.level,
        "until": d.until,
        "call_back": d.call_back,
    }


ROUTES = [advice, advice_now]
