"""Why this place: read off the board before a hold, told in full while the request is open, reduced afterwards."""

from datetime import UTC, datetime
from html import escape
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from siao.api import errors, seat
from siao.api.seat import Call
from siao.core import households, keeping
from siao.core.allocation import explain
from siao.core.allocation import standing as standings
from siao.core.allocation.decision import Decision, Ground
from siao.core.allocation.explain import Explanation, Reduced
from siao.core.allocation.standing import Engine, Position, Standing
from siao.core.people import OFFICE
from siao.core.placements import Override, Placement
from siao.core.refused import Refusal, Refused
from siao.store import db as database
from siao.store import placements as store

ENGINES = {Ground.WORTH: Engine.PRICES, Ground.VOTED: Engine.VOTE}
OVERRIDES = {str(override): override for override in Override}
SLIP = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<h1>{title}</h1><p><b>{code}</b></p>{lines}<p>{notice}</p></html>"""
TITLE = ("Pourquoi cette place", "Why this place")
NOTICE = (
    "Vous pouvez demander cette feuille tant que votre demande est ouverte. Ne pas répondre à une question ne vous coûte rien.",
    "You may ask for this sheet as long as your request is open. Not answering a question costs you nothing.",
)


async def standing(request: Call, id: UUID, units: tuple[UUID, ...], engine: Engine = Engine.RANK) -> Standing | None:
    """Where the place stands for this request among all, on this process's board; None where the board cannot say."""
    code = await where(request)
    feed = await seat.house(request).hub.feed(code)
    board, criteria = feed.board, feed.board.criteria.get(id)
    if criteria is None:
        return None
    row, now = board.requests[id], datetime.now(UTC)
    h = households.seen(criteria, board.commune(criteria.zone), row.first_asked)
    return standings.of(board.stocked(now), h, units, Position(feed.epoch, feed.seq, now), board.rules(now), row.version, engine)


def proposed_by(advice: Decision | None, units: tuple[UUID, ...]) -> Engine:
    """Similar evenings, where they were asked and said to give this place; else the ranking."""
    return ENGINES.get(advice.ground, Engine.RANK) if advice is not None and keeping.given(advice, units) else Engine.RANK


async def where(request: Call) -> str:
    """The territory in which somebody of the 115 decides."""
    return seat.territory(await seat.person(request), request.query_params.get("territory"), OFFICE)


@get("/api/placements/{id:uuid}/explanation")
async def explanation(request: Call, id: FromPath[UUID], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """Why this place. `whole` while the request is open, with the facts it is said from; afterwards what remains."""
    placement, whole, _ = await _found(request, id, territory)
    sentences = _said(placement, whole, errors.language(request))
    return {"whole": whole is not None, "sentences": sentences, "facts": whole.standing if whole else None, "override": placement.override}


@get("/api/placements/{id:uuid}/explanation/slip")
async def slip(request: Call, id: FromPath[UUID], territory: FromQuery[str | None] = None) -> Response[str]:
    """The same on a sheet to print, for the household: its code and the sentences, nothing else."""
    placement, whole, code = await _found(request, id, territory)
    language = errors.language(request)
    lines = "".join(f"<p>{escape(line)}</p>" for line in _said(placement, whole, language))
    title, notice = (both[language == "en"] for both in (TITLE, NOTICE))
    return Response(SLIP.format(language=language, title=title, code=code or "", lines=lines, notice=notice), media_type="text/html")


async def _found(request: Call, id: UUID, territory: str | None) -> tuple[Placement, Explanation | None, str | None]:
    person = await seat.person(request)
    where = seat.territory(person, territory, OFFICE)
    async with database.reading(seat.house(request).pool, [where]) as db:
        found = await store.explained(db, id)
    if found is None:
        raise Refused(Refusal.UNKNOWN, "placement")
    placement, text, code = found
    return placement, explain.of(id, text), code


def _said(p: Placement, whole: Explanation | None, language: str) -> list[str]:
    if whole is not None:
        return explain.said(whole, OVERRIDES, language)
    if p.rules_version is None or p.engine is None or p.compatible is None:
        raise Refused(Refusal.UNKNOWN, "explanation")
    return explain.said_after(Reduced(p.rules_version, p.engine, p.decided, p.compatible, p.override), OVERRIDES, language)


ROUTES = [explanation, slip]
