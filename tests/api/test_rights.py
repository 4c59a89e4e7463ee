"""Every route × every role × own and other territory, shelter and service. A route that is not in the table fails."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from msgspec import Struct

import chairs
import city
from chairs import Chair, House
from siao import app
from siao.core.people import Right, Role
from siao.settings import Settings
from siao.store import db as database
from siao.store import people as store

ROLES = ("operator", "coordinator", "shelter", "worker", "observer", "admin", "auditor")
OFFICE = {"operator", "coordinator"}
ASKS, THERE = OFFICE | {"worker"}, OFFICE | {"shelter"}
ANYBODY, NOBODY = set(ROLES), set[str]()
OTHER_SERVICE = uuid4()


class Route(Struct, frozen=True):
    """Who may, in the own territory. `at`: of these the right is held for one shelter or service alone, which the row must be of."""

    who: set[str]
    body: Any = None
    query: dict[str, Any] = {}
    at: set[str] = set()


SHELTER = {"name": "A", "scheme": "chu", "commune": "Grenoble", "zone": "Grenoble"}
UNIT = {"name": "Dortoir hommes", "kind": "dormitory", "nominal": 4, "rule": "men"}
ROOM = {"units": [str(city.unit("Chambre 4"))]}
A, W, S = {"admin"}, {"worker"}, {"shelter"}
ROUTES: dict[str, Route] = {
    "GET /api/accounts": Route(A),
    "POST /api/accounts": Route(A, {"login": "somebody", "password": "long enough", "rights": []}),
    "PUT /api/accounts/{account}": Route(A, {"active": True}),
    "GET /api/advice": Route(OFFICE, query={"men": 1}),
    "POST /api/allocation": Route({"coordinator"}, query={"seconds": 1}),
    "POST /api/allocation/acceptance": Route({"coordinator"}, {"lines": [{"request": str(uuid4()), "key": str(uuid4()), **ROOM}]}),
    "POST /api/allocation/cost": Route({"coordinator"}, {"request": str(uuid4()), **ROOM}),
    "GET /api/changes": Route(A | {"auditor"}),
    "GET /api/communes": Route(ANYBODY),
    "GET /api/holds": Route(OFFICE),
    "GET /api/live/status": Route({"coordinator", "admin"}),
    "GET /api/night": Route(OFFICE),
    "GET /api/night/curve": Route({"coordinator"}),
    "POST /api/nights/{day}/closing": Route({"coordinator"}),
    "POST /api/placements": Route(OFFICE, {**ROOM, "persons": 1, "side": "men"}),
    "POST /api/placements/{placement}/acceptance": Route(THERE, at=S),
    "GET /api/placements/{placement}/address": Route(NOBODY),  # nor the office: none of them acted on it
    "POST /api/placements/{placement}/arrival": Route(THERE, {}, at=S),
    "POST /api/placements/{placement}/departure": Route(THERE, {"reason": "other"}, at=S),
    "GET /api/placements/{placement}/explanation": Route(OFFICE),
    "GET /api/placements/{placement}/explanation/slip": Route(OFFICE),
    "POST /api/placements/{placement}/extension": Route(THERE, {"until": "2030-01-01"}, at=S),
    "POST /api/placements/{placement}/household-refusal": Route(OFFICE, {"reason": "other"}),
    "POST /api/placements/{placement}/move": Route(THERE, ROOM, at=S),
    "POST /api/placements/{placement}/no-show": Route(THERE, at=S),
    "POST /api/placements/{placement}/offer": Route(OFFICE),
    "POST /api/placements/{placement}/reduction": Route(THERE, {"beds": [str(uuid4())]}, at=S),
    "POST /api/placements/{placement}/refusal": Route(THERE, {"reason": "other"}, at=S),
    "POST /api/placements/{placement}/release": Route(OFFICE),
    "GET /api/places": Route(OFFICE, query={"men": 1}),
    "POST /api/plans/{plan}/closing": Route({"coordinator"}),
    "POST /api/plans/{plan}/opening": Route({"coordinator"}),
    "POST /api/renewals": Route(ASKS, {"code": "{code}", "men": 1}),
    "GET /api/reads": Route({"auditor"}, query={"day": "2026-01-20"}),
    "GET /api/requests": Route(ASKS, query={"code": "{code}"}),
    "POST /api/requests": Route(ASKS, {"men": 1}),
    "POST /api/requests/{request}/placement": Route(OFFICE, ROOM),
    "GET /api/requests/{request}/advice": Route(OFFICE),
    "GET /api/requests/{request}/places": Route(OFFICE),
    "POST /api/requests/{request}/resumption": Route(OFFICE),
    "POST /api/requests/{request}/revision": Route(ASKS, {"men": 1}, at=W),
    "GET /api/requests/{request}/timeline": Route(ASKS, at=W),
    "POST /api/requests/{request}/withdrawal": Route(ASKS, {"reason": "withdrawn"}, at=W),
    "GET /api/rules": Route(ANYBODY),
    "POST /api/rules": Route({"coordinator"} | A, {"effective": "2020-01-01"}),
    "POST /api/rules/effect": Route({"coordinator"} | A, {"effective": "2020-01-01"}),
    "GET /api/services": Route(OFFICE | A),
    "POST /api/services": Route(A, {"name": "A"}),
    "PUT /api/services/{service}": Route(A, {"name": "A", "version": "0"}),
    "GET /api/shelters": Route(A),
    "POST /api/shelters": Route(A, SHELTER),
    "PUT /api/shelters/{shelter}": Route(A, {**SHELTER, "version": "0"}),
    "POST /api/shelters/{shelter}/confirmation": Route(THERE, {"units": {str(city.unit("Chambre 4")): 99}}, at=S),
    "POST /api/shelters/{shelter}/units": Route(A, UNIT),
    "GET /api/statistics": Route({"observer", "coordinator"}),
    "PUT /api/units/{unit}": Route(A, {**UNIT, "version": 99}),
    "POST /api/units/{unit}/closing": Route(THERE | A, {"reason": "works"}, at=S),
    "POST /api/units/{unit}/opening": Route(THERE | A, at=S),
    "POST /api/units/{unit}/report": Route(THERE, {"count": 1, "version": 99}, at=S),
}
ONE_S_OWN = {
    "GET /api/me",
    "PUT /api/me/language",
    "POST /api/session",
    "PUT /api/session",
    "DELETE /api/session",
    "POST /api/session/presence",
}
"""About nobody but oneself."""


def test_every_route_is_declared() -> None:
    made = app.build(Settings("postgresql://", "redis://", bytes(32), ("http://a",)))
    ids = {part: "{id}" for part in ("{account}", "{placement}", "{plan}", "{request}", "{service}", "{shelter}", "{unit}")}
    declared = {_with(route, ids) for route in ROUTES} | ONE_S_OWN
    served = {
        f"{method.upper()} {path}"
        for path, item in (made.openapi_schema.paths or {}).items()
        for method in ("get", "post", "put", "patch", "delete")
        if getattr(item, method) is not None
    }
    assert served == declared


def _with(text: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        text = text.replace(name, value)
    return text


@pytest.fixture
async def ids(house: House, owner: asyncpg.Connection) -> dict[str, str]:
    """A row of every kind: a request of the day centre with a place at Les Tilleuls; and who holds the same rights elsewhere."""
    async with owner.transaction():
        await database.here(owner, [city.CODE, "69"])
        await owner.execute("INSERT INTO service VALUES ($1, $2, 'Autre service')", OTHER_SERVICE, city.CODE)
        other = {"worker2": [Right(Role.WORKER, city.CODE, service=OTHER_SERVICE)]}
        for login, rights in {**other, "blank": []}.items():
            account = store.Account(uuid4(), login, chairs.HASH, "fr", active=True)
            await store.add(owner, account)
            await store.grant(owner, account.id, rights)
    worker, operator = await house.chair("worker"), await house.chair("operator")
    request = (await worker.do("/api/requests", {"men": 1})).json()
    placement = await operator.hold(request["id"])
    await operator.do(f"/api/placements/{placement}/offer")
    return {
        "{account}": str(account.id), "{placement}": placement, "{plan}": str(city.PLAN), "{request}": request["id"],
        "{code}": request["code"], "{service}": str(city.DAY_CENTRE), "{shelter}": str(city.shelter()),
        "{unit}": str(city.unit("Dortoir hommes")), "{day}": "2026-01-20",
    }  # fmt: skip


async def _ask(chair: httpx.AsyncClient, name: str, ids: dict[str, str], **query: str) -> int:
    method, path = _with(name, ids).split(" ")
    route = ROUTES[name]
    body = {k: _with(v, ids) if isinstance(v, str) else v for k, v in route.body.items()} if route.body is not None else None
    asked = {k: _with(v, ids) if isinstance(v, str) else v for k, v in route.query.items()} | query
    answer = await chair.request(method, path, json=body, params=asked, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code < 500, (name, answer.text)
    return answer.status_code


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_at_each_route(house: House, ids: dict[str, str], role: str) -> None:
    who = await house.chair(role)
    reads_first = sorted(ROUTES, key=lambda name: (not name.startswith("GET"), "accounts/" in name))
    for name in reads_first:
        status = await _ask(who, name, ids)
        may = role in ROUTES[name].who
        assert (status in (401, 403)) is not may, (name, status)
        assert await _ask(who, name, ids, territory="69") == 403, f"{name} elsewhere"


@pytest.mark.parametrize(("login", "role"), [("refuge", "shelter"), ("worker2", "worker")])
async def test_a_right_for_one_shelter_or_service_reaches_no_other(house: House, ids: dict[str, str], login: str, role: str) -> None:
    who = await house.chair(login)
    for name, route in ROUTES.items():
        if role in route.at:
            assert await _ask(who, name, ids) in (403, 404), name
            assert await _ask(who, name, ids, shelter=str(city.shelter()), service=str(city.DAY_CENTRE)) in (403, 404), (
                f"{name}, said to be there"
            )


async def test_the_coordinator_of_another_territory_finds_nothing_here(house: House, ids: dict[str, str], look: asyncpg.Connection) -> None:
    """Neither by asking for this territory, nor by the ids of its rows in the own one; and nothing moved."""
    before, elsewhere = await look.fetchval("SELECT seq FROM territory WHERE code = $1", city.CODE), await house.chair("elsewhere")
    for name in ROUTES:
        assert await _ask(elsewhere, name, ids, territory=city.CODE) == 403, name
        if any(f"{{{part}}}" in name for part in ("placement", "plan", "request", "shelter", "unit", "service")):
            assert await _ask(elsewhere, name, ids) in (403, 404), name
    assert await look.fetchval("SELECT seq FROM territory WHERE code = $1", city.CODE) == before


async def test_nobody_and_whoever_has_no_right_are_let_in_nowhere(house: House, ids: dict[str, str]) -> None:
    blank = await house.chair("blank")
    async with Chair(base_url=house.base) as nobody:
        for name in ROUTES:
            assert await _ask(nobody, name, ids) == 401, name
            assert await _ask(blank, name, ids) == 403, name
        for name in ONE_S_OWN - {"POST /api/session"}:
            method, path = name.split(" ")
            body = {"password": "x", "language": "fr"} if method == "PUT" else None
            assert (await nobody.request(method, path, json=body)).status_code == 401, name
