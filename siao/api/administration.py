"""Structures, units and services: the administrator's screen."""

from typing import Any
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from siao.actions.answers import Answer
from siao.api import seat
from siao.api.seat import Call
from siao.core import structures, views
from siao.core.people import OFFICE, Role
from siao.core.structures import Name, ShelterForm, UnitForm
from siao.store import board as boards
from siao.store import db as database

ADMIN = frozenset({Role.ADMIN})


class ShelterChange(ShelterForm, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`version`: the one that came with what the form was filled with."""

    version: str

    def form(self) -> ShelterForm:
        return ShelterForm(**{name: getattr(self, name) for name in ShelterForm.__struct_fields__})


class UnitChange(UnitForm, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int

    def form(self) -> UnitForm:
        return UnitForm(**{name: getattr(self, name) for name in UnitForm.__struct_fields__})


class ServiceForm(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name


class ServiceChange(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    version: str


async def admin(request: Call) -> tuple[seat.Person, str]:
    """Who administers, and where."""
    person = await seat.person(request)
    return person, seat.territory(person, request.query_params.get("territory"), ADMIN)


@get("/api/shelters")
async def shelters(request: Call, territory: FromQuery[str | None] = None) -> list[dict[str, Any]]:
    """Every structure with its units and how many beds each has, and the versions that a change of them carries."""
    _, code = await admin(request)
    board = (await seat.caught_up(request, code)).board
    units: dict[UUID, list[dict[str, Any]]] = {}
    for unit in board.units.values():
        units.setdefault(unit.shelter, []).append(views.plain(unit, "territory") | {"beds": len(board.beds.get(unit.id, ()))})
    rows = sorted(board.shelters.values(), key=lambda shelter: shelter.name)
    return [structures.told(row) | {"version": structures.version(row), "units": units.get(row.id, [])} for row in rows]


@post("/api/shelters", status_code=201)
async def add_shelter(request: Call, data: JSONBody[ShelterForm]) -> Answer:
    """A new structure, without units yet; its id is the key."""
    _, code = await admin(request)
    return await seat.act(request, structures.AddShelter(seat.key(request), code, data), code)


@put("/api/shelters/{id:uuid}")
async def change_shelter(request: Call, id: FromPath[UUID], data: JSONBody[ShelterChange]) -> Answer:
    """The structure as it is to be from now on."""
    return await seat.act(request, structures.ChangeShelter(id, data.version, data.form()))


@post("/api/shelters/{id:uuid}/units", status_code=201)
async def add_unit(request: Call, id: FromPath[UUID], data: JSONBody[UnitForm]) -> Answer:
    """A new unit with its beds, vacant and to be checked; its id is the key, and the answer's the structure's."""
    return await seat.act(request, structures.AddUnit(seat.key(request), id, data))


@put("/api/units/{id:uuid}")
async def change_unit(request: Call, id: FromPath[UUID], data: JSONBody[UnitChange]) -> Answer:
    """The unit as it is to be from now on; its kind stays, and it never loses beds here."""
    return await seat.act(request, structures.ChangeUnit(id, data.version, data.form()))


@get("/api/services")
async def services(request: Call, territory: FromQuery[str | None] = None) -> list[dict[str, Any]]:
    """The services where social workers sit."""
    person = await seat.person(request)
    code = seat.territory(person, territory, OFFICE | ADMIN)
    async with database.reading(seat.house(request).pool, [code]) as db:
        return [views.plain(row, "territory") | {"version": structures.version(row)} for row in await boards.services(db, code)]


@post("/api/services", status_code=201)
async def add_service(request: Call, data: JSONBody[ServiceForm]) -> Answer:
    """A new service for social workers; its id is the key."""
    _, code = await admin(request)
    return await seat.act(request, structures.AddService(seat.key(request), code, data.name), code)


@put("/api/services/{id:uuid}")
async def change_service(request: Call, id: FromPath[UUID], data: JSONBody[ServiceChange]) -> Answer:
    """The service as it is to be called from now on."""
    return await seat.act(request, structures.ChangeService(id, data.version, data.name))


ROUTES = [shelters, add_shelter, change_shelter, add_unit, change_unit, services, add_service, change_service]
