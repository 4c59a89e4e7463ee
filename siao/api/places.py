"""The places that would suit a household, ranked, with what excluded the rest; the communes that it may name."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from siao.api import errors, seat
from siao.api.composed import COMPOSED
from siao.api.seat import Call
from siao.core import asking, households, requests, views
from siao.core.allocation import nowhere, rank
from siao.core.allocation.model import TENTHS
from siao.core.board import Board
from siao.core.people import OFFICE
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked


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
    if id not in feed.board.criteria:
        feed = await seat.caught_up(request, code)  # asked a moment ago
    criteria = feed.board.criteria.get(id)
    if criteria is None:
        raise Refused(Refusal.UNKNOWN, "request")
    return await suitable(request, code, criteria)


async def suitable(request: Call, code: str, asked: Asked | requests.Criteria) -> dict[str, Any]:
    """What is free now for a household, ranked, with what excluded the rest; from this process's board."""
    feed = await seat.house(request).hub.feed(code)
    board, now = feed.board, datetime.now(UTC)
    household, language = households.seen(asked, board.commune(asked.zone), now), errors.language(request)
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
    board = (await seat.house(request).hub.feed(code)).board
    return [views.plain(commune, "territory") for commune in board.communes.values()]


ROUTES = [places, places_for, communes]
