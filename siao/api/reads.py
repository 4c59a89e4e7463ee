"""The reads that were recorded, and who made them: the auditor's screen."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import FromQuery, QueryParameter

from siao.api import seat
from siao.api.seat import Call
from siao.core.people import Role
from siao.core.refused import Refusal, Refused
from siao.core.requests import PLAIN
from siao.store import db as database
from siao.store import people as store

AUDITOR = frozenset({Role.AUDITOR})
READS_MAX, PAGES_MAX = 100, 1_000
"""On one page, and of one day; the log keeps 6 months."""


@get("/api/reads")
async def reads(
    request: Call,
    day: FromQuery[str],
    login: Annotated[str | None, QueryParameter(max_length=60, pattern=PLAIN)] = None,
    page: Annotated[int, QueryParameter(ge=0, lt=PAGES_MAX)] = 0,
    territory: FromQuery[str | None] = None,
) -> list[store.Recorded]:
    """Who looked up which code and read which address, and when: one day of the access log, newest first, READS_MAX a page."""
    code = seat.territory(await seat.person(request), territory, AUDITOR)
    asked, skip = _day(day), page * READS_MAX
    async with database.reading(seat.house(request).pool, [code]) as db:
        if login:
            return await store.recorded_by(db, code, asked, login, READS_MAX, skip)
        return await store.recorded(db, code, asked, READS_MAX, skip)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(Refusal.INVALID, "day") from None


ROUTES = [reads]
