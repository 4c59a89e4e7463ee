"""Structures, units and services: the administrator's screen."""

from datetime import time
from typing import Annotated, Any
from uuid import UUID, uuid4

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace

from siao.actions import people, structures
from siao.api import seat
from siao.api.seat import Call
from siao.core import parks, views
from siao.core.beds import Bed, Physical
from siao.core.board import Board
from siao.core.people import OFFICE, By, Role
from siao.core.refused import Refusal, Refused
from siao.core.requests import PLAIN
from siao.core.territories import Service
from siao.core.units import Feature, Kind, Mode, Rule, Scheme, Shelter, Unit
from siao.store import board as boards
from siao.store import db as database

ADMIN = frozenset({Role.ADMIN})
HIDDEN = ("address", "telephone", "latitude", "longitude", "house_rules")
"""Of a confidential shelter. Left empty they stay as they are; a shelter that is confidential no more is told anew where it lies."""
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=PLAIN)]
Text = Annotated[str, Meta(max_length=300, pattern=PLAIN)]


class ShelterForm(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    scheme: Scheme
    commune: Name
    zone: Name
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    address: Text | None = None
    telephone: Annotated[str, Meta(max_length=30, pattern=PLAIN)] | None = None
    house_rules: Text | None = None
    arrive_before: time | None = None
    confidential: bool = False
    by_phone: bool = False


class UnitForm(Struct, frozen=True, forbid_unknown_fields=True):
    """`nominal`: places installed; a larger number adds beds, a smaller one is refused here: take them out of service."""

    name: Name
    kind: Kind
    nominal: Annotated[int, Meta(ge=1, le=500)]
    rule: Rule
    features: tuple[Feature, ...] = ()
    mode: Mode = Mode.ON_ACCEPTANCE
    suite: UUID | None = None
    nights_max: Annotated[int, Meta(ge=1, le=400)] | None = None
    plan: UUID | None = None


class ServiceForm(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name


async def admin(request: Call) -> tuple[seat.Person, str]:
    """Who administers, and where."""
    person = await seat.person(request)
    return person, seat.territory(person, request.query_params.get("territory"), ADMIN)


async def writing(request: Call) -> tuple[By, str]:
    """Who changes something, and where; a human who was there in the last half hour."""
    seat.same_origin(request)
    person, code = await admin(request)
    if person.idle:
        raise Refused(Refusal.IDLE)
    await people.touched(seat.house(request).pool, person)
    return By(person.id, Role.ADMIN), code


async def _board(request: Call, code: str) -> Board:
    return (await seat.house(request).hub.feed(code)).board


async def _write(request: Call, code: str, rows: list[Struct], by: By, shelter: UUID) -> dict[str, Any]:
    here = seat.house(request)
    seq = await structures.write(here.pool, code, rows, by, shelter)
    here.hub.doorbell.ring(code, seq)
    return {"id": shelter, "seq": seq}


@get("/api/shelters")
async def shelters(request: Call, territory: FromQuery[str | None] = None) -> list[dict[str, Any]]:
    """Every structure with its units and how many beds each has."""
    _, code = await admin(request)
    board = await _board(request, code)
    units: dict[UUID, list[dict[str, Any]]] = {}
    for unit in board.units.values():
        units.setdefault(unit.shelter, []).append(views.plain(unit, "territory") | {"beds": len(board.beds.get(unit.id, ()))})
    return [_told(row) | {"units": units.get(row.id, [])} for row in sorted(board.shelters.values(), key=lambda s: s.name)]


def _told(row: Shelter) -> dict[str, Any]:
    """Where a confidential shelter lies is written here and not read back: no role sees it as such (STATES, Rights)."""
    return views.plain(row, "territory") | (dict.fromkeys(HIDDEN, None) if row.confidential else {})


@post("/api/shelters", status_code=201)
async def add_shelter(request: Call, data: JSONBody[ShelterForm]) -> dict[str, Any]:
    """A new structure, without units yet."""
    by, code = await writing(request)
    row = _shelter(uuid4(), code, data, None)
    return await _write(request, code, [row], by, row.id)


@put("/api/shelters/{id:uuid}")
async def change_shelter(request: Call, id: FromPath[UUID], data: JSONBody[ShelterForm]) -> dict[str, Any]:
    """The structure as it is to be from now on."""
    by, code = await writing(request)
    before = (await _board(request, code)).shelters.get(id)
    if before is None:
        raise Refused(Refusal.UNKNOWN, "shelter")
    return await _write(request, code, [_shelter(id, code, data, before)], by, id)


def _shelter(id: UUID, code: str, form: ShelterForm, before: Shelter | None) -> Shelter:
    fields = {name: getattr(form, name) for name in form.__struct_fields__}
    if before and before.confidential and form.confidential:
        fields |= {name: getattr(before, name) for name in HIDDEN if fields[name] is None}
    return Shelter(id=id, territory=code, to_ring_since=before.to_ring_since if before else None, **fields)


@post("/api/shelters/{id:uuid}/units", status_code=201)
async def add_unit(request: Call, id: FromPath[UUID], data: JSONBody[UnitForm]) -> dict[str, Any]:
    """A new unit with its beds, vacant and to be checked."""
    by, code = await writing(request)
    if id not in (await _board(request, code)).shelters:
        raise Refused(Refusal.UNKNOWN, "shelter")
    _possible(data)
    unit = _unit(uuid4(), id, code, data)
    beds = [_bed(unit, number) for number in range(1, data.nominal + 1)]
    return await _write(request, code, [unit, *beds], by, id)


@put("/api/units/{id:uuid}")
async def change_unit(request: Call, id: FromPath[UUID], data: JSONBody[UnitForm]) -> dict[str, Any]:
    """The unit as it is to be from now on; its kind stays, and it never loses beds here."""
    by, code = await writing(request)
    board = await _board(request, code)
    before = board.units.get(id)
    if before is None:
        raise Refused(Refusal.UNKNOWN, "unit")
    beds = len(board.beds.get(id, ()))
    _possible(data)
    if data.kind is not before.kind or data.nominal < beds:
        raise Refused(Refusal.INVALID, "kind" if data.kind is not before.kind else "nominal")
    if data.rule is not before.rule and board.claims.get(id):
        raise Refused(Refusal.LIVE_PLACEMENTS, "rule", tuple({claim.placement for claim in board.claims[id].values()}))
    after = replace(_unit(id, before.shelter, code, data), open=before.open, closed_reason=before.closed_reason, version=before.version)
    after = replace(after, rule_tonight=before.rule_tonight if data.rule is before.rule else after.rule_tonight)
    after = replace(after, confirmed_at=before.confirmed_at, confirmed_source=before.confirmed_source)
    return await _write(request, code, [after, *(_bed(after, number) for number in range(beds + 1, data.nominal + 1))], by, before.shelter)


def _possible(form: UnitForm) -> None:
    if form.kind is Kind.ROOM and form.rule is Rule.SWITCHABLE:
        raise Refused(Refusal.NOT_A_DORMITORY, "rule")


def _unit(id: UUID, shelter: UUID, code: str, form: UnitForm) -> Unit:
    return Unit(
        id=id,
        territory=code,
        shelter=shelter,
        name=form.name,
        kind=form.kind,
        nominal=form.nominal,
        rule=form.rule,
        rule_tonight=None if form.rule is Rule.SWITCHABLE else form.rule,
        features=tuple(sorted(set(form.features))),
        mode=form.mode,
        open=True,
        closed_reason=None,
        plan=form.plan,
        suite=form.suite,
        nights_max=form.nights_max,
        version=1,
        confirmed_at=None,
        confirmed_source=None,
    )


def _bed(unit: Unit, number: int) -> Bed:
    return Bed(parks.identity(unit.id, number), unit.territory, unit.id, number, Physical.VACANT, None, True, 1)


@get("/api/services")
async def services(request: Call, territory: FromQuery[str | None] = None) -> list[dict[str, Any]]:
    """The services where social workers sit."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE | ADMIN)
    async with database.reading(seat.house(request).pool, [code]) as db:
        return [views.plain(service, "territory") for service in await boards.services(db, code)]


@post("/api/services", status_code=201)
async def add_service(request: Call, data: JSONBody[ServiceForm]) -> dict[str, Any]:
    """A new service for social workers."""
    by, code = await writing(request)
    id = uuid4()
    await structures.write(seat.house(request).pool, code, [Service(id, code, data.name)], by, service=id)
    return {"id": id}


@put("/api/services/{id:uuid}")
async def change_service(request: Call, id: FromPath[UUID], data: JSONBody[ServiceForm]) -> dict[str, Any]:
    """The service as it is to be called from now on."""
    by, code = await writing(request)
    async with database.reading(seat.house(request).pool, [code]) as db:
        if id not in {service.id for service in await boards.services(db, code)}:
            raise Refused(Refusal.UNKNOWN, "service")
    await structures.write(seat.house(request).pool, code, [Service(id, code, data.name)], by, service=id)
    return {"id": id}


ROUTES = [shelters, add_shelter, change_shelter, add_unit, change_unit, services, add_service, change_service]
