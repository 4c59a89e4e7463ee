"""The rules of allocation, published: anybody with a session reads them in plain words; a coordinator proposes the next."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from litestar import get, post
from litestar.params import FromQuery, JSONBody
from msgspec.structs import asdict

from siao.actions.answers import Answer
from siao.api import errors, seat
from siao.api.seat import Call
from siao.core import night, places, proposals
from siao.core.allocation import past, wording
from siao.core.allocation.effect import Effect
from siao.core.allocation.jobs import Weigh
from siao.core.allocation.model import Rules
from siao.core.allocation.past import Past
from siao.core.allocation.rates import NIGHTS, Rates
from siao.core.board import Board
from siao.core.people import Role
from siao.core.refused import Refusal, Refused
from siao.core.rules import AHEAD_DAYS_MAX, Edition, Proposed, SetRules, possible
from siao.store import db as database
from siao.store import rates
from siao.store import requests as store

NODES_MAX = 200
SECONDS = 8.0
"""A screen waits 12 s for an answer; what the time is not enough for is said."""
SEED = 115
"""Two looks at the same rules show the same evenings."""
WEIGHED_AT = time(19)
"""Evenings are weighed as one batch at this hour, so that a look at noon and one at midnight say the same."""
PROPOSE = frozenset({Role.COORDINATOR, Role.ADMIN})


class NewRules(Proposed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`effective`: the first night that is decided by them, tomorrow's at the earliest."""

    effective: date

    def proposed(self) -> Proposed:
        return Proposed(**{name: getattr(self, name) for name in Proposed.__struct_fields__})


@get("/api/rules")
async def rules(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """Every version, the newest first, each in plain words with its parameters and weights (CRPA L311-3-1)."""
    person = await seat.person(request)
    board = (await seat.house(request).hub.feed(seat.territory(person, territory))).board
    now, language = datetime.now(UTC), errors.language(request)
    tonight, force = places.night(board.territory, now), board.rules(now)
    editions = sorted((Edition(), *board.editions), key=lambda one: -one.version)
    return {
        "in_force": force.version,
        "earliest": tonight + timedelta(days=1),
        "latest": tonight + timedelta(days=AHEAD_DAYS_MAX),
        "editions": [_told(one, one.effective > tonight, language) for one in editions],
    }


def _told(one: Edition, coming: bool, language: str) -> dict[str, Any]:
    parameters = {name: getattr(one, name) for name in Proposed.__struct_fields__}
    return {
        "version": one.version,
        "effective": None if one.version == Rules().version else one.effective,
        "coming": coming,
        "levels": wording.levels(one, language),
        "sentences": wording.plainly(one, language),
        **parameters,
    }


@post("/api/rules", status_code=201)
async def propose(request: Call, data: JSONBody[NewRules]) -> Answer:
    """A new version, journalled, effective from a night to come; never changed afterwards, only followed by another."""
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), PROPOSE)
    return await seat.act(request, SetRules(code, data.effective, data.proposed()), code)


@post("/api/rules/effect", status_code=200)
async def effect(request: Call, data: JSONBody[NewRules]) -> Effect:
    """What these rules would have changed, before anything is saved: evenings drawn from what was counted, solved under the
    rules in force and under these. Nobody's evening is replayed; `drawn` says what they are drawn from, `evenings` how many the
    time was enough for."""
    seat.same_origin(request)
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), PROPOSE)
    seat.awake(person)
    possible(data.proposed())
    board, now = (await seat.house(request).hub.feed(code)).board, datetime.now(UTC)
    after = Edition(version=0, **asdict(data.proposed()))
    job, told = Weigh(board.rules(now), after, await _past(request, board, now), SEED, NODES_MAX), None
    async for reply in seat.house(request).weigher.run(job, SECONDS):
        told = reply.result
    if not isinstance(told, Effect):
        raise Refused(Refusal.UNAVAILABLE)
    return told


async def _past(request: Call, board: Board, now: datetime) -> Past:
    """What the evenings are drawn from; where this territory has counted little, all of them are looked at together."""
    pool, code = seat.house(request).pool, board.territory.code
    async with database.reading(pool, [code]) as db:
        own, waits = await rates.known(db, code), await store.waits(db, code, NIGHTS)
    others: list[Rates] = []
    if own.nights and own.few:
        async with database.reading(pool, await database.tops(pool)) as db:
            others = await rates.elsewhere(db, code)
    free = tuple(place for place in board.places(now) if place.free)
    drawn, known = past.known(own, others, sum(place.capacity for place in free if len(place.units) == 1))
    weighed_at = night.at(places.night(board.territory, now), WEIGHED_AT, board.territory.time_zone)
    return Past(drawn, known, tuple(waits), tuple(proposals.park(board, now)), free, weighed_at)


ROUTES = [rules, propose, effect]
