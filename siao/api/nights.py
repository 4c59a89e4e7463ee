"""The running night, and its close."""

from datetime import UTC, date, datetime
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery

from siao.actions.answers import Answer
from siao.api import seat
from siao.api.seat import Call
from siao.core import night
from siao.core.closing import CloseNight
from siao.core.people import OFFICE, Role
from siao.core.refused import Refusal, Refused
from siao.store import db as database
from siao.store import requests as store


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


ROUTES = [tonight, close_night]
