"""Placements: held, offered, answered, arrived, moved, ended."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace

from siao.actions.answers import Answer
from siao.api import explanations, sealed, seat
from siao.api.places import suitable
from siao.api.seat import Call
from siao.core import placements, stays
from siao.core.allocation.decision import Decision
from siao.core.people import OFFICE, Read
from siao.core.placements import HouseholdRefusal, Override, Persons, ShelterRefusal, State
from siao.core.refused import Refusal, Refused
from siao.core.requests import Side
from siao.core.units import Rule
from siao.store import db as database
from siao.store import people
from siao.store import placements as store

Units = Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=2)]
Beds = Annotated[tuple[UUID, ...], Meta(max_length=2)]
LOST_RACE = (Refusal.TAKEN, Refusal.NOT_FREE, Refusal.NOT_ENOUGH_BEDS, Refusal.ANOTHER_RULE, Refusal.OVERRIDE_NEEDED, Refusal.HELD_BACK)


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """`beds`: which ones of a dormitory, where staff said so. `override`: why not the first ranked, despite a wish, or against
    the advice that was given (`advice`: its token)."""

    units: Units
    beds: Beds = ()
    override: Override | None = None
    advice: Annotated[str, Meta(max_length=sealed.TEXT_MAX)] | None = None


class Unrecorded(Struct, frozen=True, forbid_unknown_fields=True):
    """A number of persons and a side: nobody is refused a place for refusing to be recorded."""

    units: Units
    persons: Persons
    side: Side
    beds: Beds = ()


class ShelterSays(Struct, frozen=True, forbid_unknown_fields=True):
    reason: ShelterRefusal


class HouseholdSays(Struct, frozen=True, forbid_unknown_fields=True):
    reason: HouseholdRefusal


class Arrived(Struct, frozen=True, forbid_unknown_fields=True):
    persons: Persons | None = None
    rule: Rule | None = None


class Until(Struct, frozen=True, forbid_unknown_fields=True):
    until: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]


class Elsewhere(Struct, frozen=True, forbid_unknown_fields=True):
    """`persons`: how many sleep in the room they leave, where they are present; else as many as its beds."""

    units: Units
    beds: Beds = ()
    persons: Persons | None = None


class GivenBack(Struct, frozen=True, forbid_unknown_fields=True):
    beds: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=40)]


class Departs(Struct, frozen=True, forbid_unknown_fields=True):
    reason: stays.Departure


@post("/api/requests/{id:uuid}/placement", status_code=201)
async def hold(request: Call, id: FromPath[UUID], data: JSONBody[Wanted]) -> Answer:
    """Takes the place for the whole household or not at all; where another comes first, with the reason why not that one.

    A lost race answers 409 with what is free now.
    """
    try:
        return await _hold(request, id, data)
    except Refused as no:
        raise await _with_what_is_free(request, no, id) from None


async def _hold(request: Call, id: UUID, data: Wanted) -> Answer:
    """With where the place stands among all, from this process's board; looked at anew where that was behind."""
    code = await explanations.where(request)
    advice = await _advised(request, code, id, data.advice)
    wanted = placements.Hold(seat.key(request), data.units, request=id, beds=data.beds, override=data.override, advice=advice)
    engine = explanations.proposed_by(advice, data.units)
    standing = await explanations.standing(request, id, data.units, engine)
    if standing is not None:
        try:
            return await seat.act(request, replace(wanted, standing=standing))
        except Refused as no:
            if no.field != "standing":
                raise
    await seat.caught_up(request, code)
    return await seat.act(request, replace(wanted, standing=await explanations.standing(request, id, data.units, engine)))


async def _advised(request: Call, code: str, id: UUID, token: str | None) -> Decision | None:
    """What was advised for what the request asks, looked at anew where it was asked a moment ago."""
    feed = await seat.house(request).hub.feed(code)
    if token is not None and id not in feed.board.criteria:
        feed = await seat.caught_up(request, code)
    asked = feed.board.criteria.get(id)
    return sealed.unseal(seat.house(request).settings.secret, code, asked, token, datetime.now(UTC))


async def _with_what_is_free(request: Call, no: Refused, id: UUID) -> Refused:
    if no.why not in LOST_RACE:
        return no
    person = await seat.person(request)
    code = seat.territory(person, request.query_params.get("territory"), OFFICE)
    feed = await seat.caught_up(request, code)  # who was first is on the board by then
    criteria = feed.board.criteria.get(id)
    if criteria is not None:
        no.more = {"places": await suitable(request, code, criteria)}
    return no


@post("/api/placements", status_code=201)
async def hold_unrecorded(request: Call, data: JSONBody[Unrecorded]) -> Answer:
    """Takes a place for a number of persons who are not recorded."""
    return await seat.act(request, placements.Hold(seat.key(request), data.units, beds=data.beds, persons=data.persons, side=data.side))


@get("/api/holds")
async def holds(request: Call, territory: FromQuery[str | None] = None) -> list[UUID]:
    """What the asker holds, the last one first: a screen that is loaded again finds its own. Nobody learns who holds the others."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE)
    async with database.reading(seat.house(request).pool, [code]) as db:
        return await store.held_by(db, code, person.id)


@post("/api/placements/{id:uuid}/offer", status_code=200)
async def offer(request: Call, id: FromPath[UUID]) -> Answer:
    """To the shelter; where the 115 disposes of the place, the household is expected at once."""
    return await seat.act(request, placements.Offer(id))


@post("/api/placements/{id:uuid}/acceptance", status_code=200)
async def accept(request: Call, id: FromPath[UUID]) -> Answer:
    """The shelter says yes, or an operator on the telephone for it: the household is expected."""
    return await seat.act(request, placements.Accept(id))


@post("/api/placements/{id:uuid}/release", status_code=200)
async def release(request: Call, id: FromPath[UUID]) -> Answer:
    """Gives the place back to the board; the request is open again."""
    return await seat.act(request, placements.Release(id))


@post("/api/placements/{id:uuid}/refusal", status_code=200)
async def refuse(request: Call, id: FromPath[UUID], data: JSONBody[ShelterSays]) -> Answer:
    """The shelter says no; a reason about the bed reports the bed as well."""
    return await seat.act(request, placements.RefuseShelter(id, data.reason))


@post("/api/placements/{id:uuid}/household-refusal", status_code=200)
async def household_refuses(request: Call, id: FromPath[UUID], data: JSONBody[HouseholdSays]) -> Answer:
    """The household says no, with its coded reason; its request keeps its seniority."""
    return await seat.act(request, placements.RefuseHousehold(id, data.reason))


@post("/api/placements/{id:uuid}/arrival", status_code=200)
async def arrive(request: Call, id: FromPath[UUID], data: JSONBody[Arrived]) -> Answer:
    """The request closes met. After a no-show: a late arrival, if the beds are still free."""
    return await seat.act(request, stays.Arrive(id, data.persons, data.rule))


@post("/api/placements/{id:uuid}/no-show", status_code=200)
async def no_show(request: Call, id: FromPath[UUID]) -> Answer:
    """The household did not come: its beds are vacant, to be checked, and its request is paused."""
    return await seat.act(request, stays.NoShow(id))


@post("/api/placements/{id:uuid}/extension", status_code=200)
async def extend(request: Call, id: FromPath[UUID], data: JSONBody[Until]) -> Answer:
    """The stay goes on until another date; an extension always wins."""
    try:
        until = date.fromisoformat(data.until)
    except ValueError:
        raise Refused(Refusal.INVALID, "until") from None
    return await seat.act(request, stays.Extend(id, until))


@post("/api/placements/{id:uuid}/move", status_code=200)
async def move(request: Call, id: FromPath[UUID], data: JSONBody[Elsewhere]) -> Answer:
    """Other beds of the same shelter for the same household, in one command."""
    return await seat.act(request, stays.Move(id, data.units, data.beds, data.persons))


@post("/api/placements/{id:uuid}/reduction", status_code=200)
async def shrink(request: Call, id: FromPath[UUID], data: JSONBody[GivenBack]) -> Answer:
    """Some leave, some stay: beds given back one by one, rooms whole."""
    return await seat.act(request, stays.Shrink(id, data.beds))


@post("/api/placements/{id:uuid}/departure", status_code=200)
async def depart(request: Call, id: FromPath[UUID], data: JSONBody[Departs]) -> Answer:
    """The stay ends, with its coded reason; the beds are vacant."""
    return await seat.act(request, stays.Depart(id, data.reason))


@get("/api/placements/{id:uuid}/address")
async def address(request: Call, id: FromPath[UUID], territory: FromQuery[str | None] = None) -> dict[str, Any]:
    """Where a household is to go: recorded, for whoever acted on this placement, from acceptance to arrival."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE)
    feed = await seat.caught_up(request, code)
    placement = feed.board.placements.get(id)
    if placement is None:
        raise Refused(Refusal.UNKNOWN, "placement")
    async with database.acting(seat.house(request).pool, [code]) as db:
        if placement.state is not State.EXPECTED or not await people.acted_on(db, person.id, id):
            raise Refused(Refusal.FORBIDDEN, "placement")
        await people.record(db, code, person.id, Read.ADDRESS, id)
    shelter = feed.board.shelters[placement.shelter]
    return {"address": shelter.address, "commune": shelter.commune, "telephone": shelter.telephone, "house_rules": shelter.house_rules}


ROUTES = [
    hold, hold_unrecorded, holds, offer, accept, release, refuse, household_refuses, arrive, no_show, extend, move, shrink, depart, address,
]  # fmt: skip
