"""What staff say of their beds; units and surge plans open and close."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from siao.actions.answers import Answer
from siao.api import seat
from siao.api.seat import Call
from siao.core import openings, reports
from siao.core.beds import OutReason
from siao.core.refused import Refusal, Refused
from siao.core.reports import BEDS_MAX, UNITS_MAX, Seen
from siao.core.units import Rule


class Report(Struct, frozen=True, forbid_unknown_fields=True):
    """Either beds by name, or for a dormitory how many are free now, with the unit's version on screen."""

    beds: Annotated[tuple[Seen, ...], Meta(max_length=BEDS_MAX)] = ()
    count: Annotated[int, Meta(ge=0, le=1000)] | None = None
    version: int | None = None
    rule: Rule | None = None


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    units: Annotated[dict[UUID, int], Meta(min_length=1, max_length=UNITS_MAX)]


class Closing(Struct, frozen=True, forbid_unknown_fields=True):
    reason: OutReason


@post("/api/units/{id:uuid}/report", status_code=200)
async def report(request: Call, id: FromPath[UUID], data: JSONBody[Report]) -> Answer:
    """Taken as truth; it never ends a promise."""
    if data.count is None:
        if not data.beds:
            raise Refused(Refusal.INVALID, "beds")
        return await seat.act(request, reports.Report(id, data.beds, data.rule))
    if data.version is None or data.beds:
        raise Refused(Refusal.INVALID, "version" if data.version is None else "beds")
    return await seat.act(request, reports.Count(id, data.count, data.version, data.rule))


@post("/api/shelters/{id:uuid}/confirmation", status_code=200)
async def confirm(request: Call, id: FromPath[UUID], data: JSONBody[Confirmation]) -> Answer:
    """Nothing has changed: each unit with the version seen."""
    return await seat.act(request, reports.Confirm(id, data.units))


@post("/api/units/{id:uuid}/opening", status_code=200)
async def open_unit(request: Call, id: FromPath[UUID]) -> Answer:
    """The unit takes households again."""
    return await seat.act(request, openings.OpenUnit(id))


@post("/api/units/{id:uuid}/closing", status_code=200)
async def close_unit(request: Call, id: FromPath[UUID], data: JSONBody[Closing]) -> Answer:
    """Refused with the list of the live placements there, if any."""
    return await seat.act(request, openings.CloseUnit(id, data.reason))


@post("/api/plans/{id:uuid}/opening", status_code=200)
async def open_plan(request: Call, id: FromPath[UUID]) -> Answer:
    """Every unit of the surge plan opens with it."""
    return await seat.act(request, openings.OpenPlan(id))


@post("/api/plans/{id:uuid}/closing", status_code=200)
async def close_plan(request: Call, id: FromPath[UUID]) -> Answer:
    """Every unit of the surge plan closes with it; refused with the live placements there, if any."""
    return await seat.act(request, openings.ClosePlan(id))


ROUTES = [report, confirm, open_unit, close_unit, open_plan, close_plan]
