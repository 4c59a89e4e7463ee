"""Figures for whoever looks from outside: aggregates alone, never a row about a household."""

from datetime import timedelta
from typing import Any

from litestar import get
from litestar.params import FromQuery

from siao.api import seat
from siao.api.seat import Call
from siao.core import published
from siao.core.people import Role
from siao.store import db as database
from siao.store import statistics as store

READERS = frozenset({Role.OBSERVER, Role.COORDINATOR})


@get("/api/statistics")
async def statistics(request: Call, territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """Free places now by area and scheme, and the weeks that are over, without a cell under 11 nor one that follows from others."""
    person = await seat.person(request)
    code = seat.territory(person, territory, READERS)
    feed = await seat.house(request).hub.feed(code)
    async with database.reading(seat.house(request).pool, [code]) as db:
        now = await database.clock(db)
        last = published.last_monday(now, feed.board.territory.time_zone, await store.waiting(db, code))
        counts = await store.counts(db, code, last - timedelta(weeks=published.WEEKS_SHOWN), last + timedelta(weeks=1))
    return {
        "at": feed.at,
        "last_week": last,
        "cell_min": published.CELL_MIN,
        "places": published.places(feed.board, now),
        "weeks": published.weeks(counts, last),
    }


ROUTES = [statistics]
