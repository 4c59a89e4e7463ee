"""The running night: its flow, how the evening goes on, and its close."""

from datetime import UTC, date, datetime
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery

from siao.actions.answers import Answer
from siao.api import seat
from siao.api.seat import Call
from siao.core import evening, night
from siao.core.board import Board
from siao.core.closing import CloseNight
from siao.core.people import OFFICE, Role
from siao.core.refused import Refusal, Refused
from siao.store import db as database
from siao.store import nights as store
from siao.store import rates

COORDINATORS = frozenset({Role.COORDINATOR})


@get("/api/night")
async def tonight(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """The running night as its coordinator sees it: the flow in households and persons, refusals by side, and the close.

    `journal`: number and hash of the last entry; they stand on the paper board, where no computer can change them.
    """
    code, board, now, date = await _running(request, territory, OFFICE)
    zone = board.territory.time_zone
    async with database.reading(seat.house(request).pool, [code]) as db:
        tallies = await store.tallies(db, code, date)
        refusals = await store.refusals(db, code, date)
        seq, head = await store.head(db, code)
    waits = [c for c in board.criteria.values() if board.requests[c.request].night == date]
    return {
        "date": date,
        "opened_at": night.opens(date, zone),
        "closes_at": night.closes(date, zone),
        "may_close": night.may_close(date, zone, now),
        "closed": [{"outcome": outcome, "households": households, "persons": persons} for outcome, households, persons in tallies],
        "waiting": {"households": len(waits), "persons": sum(c.persons for c in waits)},
        "refusals": [{"verb": verb, "reason": reason, "count": count} for verb, reason, count in refusals],
        "journal": {"seq": seq, "head": head.hex()},
    }


async def _running(request: Call, territory: str | None, roles: frozenset[Role]) -> tuple[str, Board, datetime, date]:
    """Which territory, its board, the instant, and the night that runs there now."""
    code = seat.territory(await seat.person(request), territory, roles)
    board, now = (await seat.house(request).hub.feed(code)).board, datetime.now(UTC)
    return code, board, now, night.night(now, board.territory.time_zone)


@get("/api/night/curve")
async def curve(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """How the evening goes: households that asked, that arrived, that ended in any way, added up by half hours; and what the
    evenings of the last four weeks would still add, where any is known."""
    code, board, now, date = await _running(request, territory, COORDINATORS)
    zone = board.territory.time_zone
    async with database.reading(seat.house(request).pool, [code]) as db:
        marks = await store.marks(db, code, date, night.opens(date, zone))
        known = await rates.known(db, code)
    ahead = evening.ahead(known, len(marks), now, zone)
    return {
        "opened_at": night.opens(date, zone),
        "closes_at": night.closes(date, zone),
        "steps": evening.steps(marks, night.opens(date, zone), now),
        "nights": known.nights if ahead else 0,
        "ahead": ahead,
    }


@post("/api/nights/{day:str}/closing", status_code=200)
async def close_night(request: Call, day: FromPath[str]) -> Answer:
    """What is open or paused ends unmet, with a reason; from 03:30 on."""
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), COORDINATORS)
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        raise Refused(Refusal.INVALID, "date") from None
    return await seat.act(request, CloseNight(code, asked), code)


ROUTES = [tonight, curve, close_night]
