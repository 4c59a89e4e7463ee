"""Every command of an evening sent twice, as a browser does that lost the answer: one effect, one answer, and no other's."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

import city
from chairs import Chair, House


async def twice(look: asyncpg.Connection, chair: Chair, path: str, body: Any = None, **query: str) -> dict[str, Any]:
    key, head = uuid4(), "SELECT seq FROM territory WHERE code = '38'"
    first = await chair.do(path, body, key=key, **query)
    assert first.is_success, (path, first.text)
    seq = await look.fetchval(head)
    again = await chair.do(path, body, key=key, **query)
    assert (again.status_code, again.json()) == (first.status_code, first.json()), path
    assert await look.fetchval(head) == seq, f"{path} had a second effect"
    return first.json()


async def test_an_evening_of_clicks_sent_twice(house: House, look: asyncpg.Connection) -> None:
    operator, shelter, worker, coordinator = [await house.chair(login) for login in ("operator", "shelter", "worker", "coordinator")]
    dormitory, room = city.unit("Dortoir hommes"), city.unit("Chambre 4")
    asked = await twice(look, worker, "/api/requests", {"men": 1, "zone": "Grenoble"})
    place, override = f"/api/requests/{asked['id']}/placement", {"override": "local_knowledge"}
    await twice(look, operator, f"/api/requests/{asked['id']}/revision", {"men": 1, "nights": 2})
    held = await twice(look, operator, place, {"units": [str(dormitory)], **override})
    await twice(look, operator, f"/api/placements/{held['id']}/release")
    held = await twice(look, operator, place, {"units": [str(dormitory)], **override})
    await twice(look, operator, f"/api/placements/{held['id']}/household-refusal", {"reason": "other"})
    held = await twice(look, operator, place, {"units": [str(dormitory)], **override})
    await twice(look, operator, f"/api/placements/{held['id']}/offer")
    await twice(look, shelter, f"/api/placements/{held['id']}/acceptance")
    await twice(look, shelter, f"/api/placements/{held['id']}/no-show")
    await twice(look, operator, f"/api/requests/{asked['id']}/resumption")
    held = await twice(look, operator, place, {"units": [str(dormitory)], **override})
    await twice(look, operator, f"/api/placements/{held['id']}/acceptance")
    await twice(look, shelter, f"/api/placements/{held['id']}/arrival", {})
    await twice(look, shelter, f"/api/placements/{held['id']}/extension", {"until": str(datetime.now(UTC).date() + timedelta(days=3))})
    await twice(look, shelter, f"/api/placements/{held['id']}/departure", {"reason": "other"})
    unrecorded = await twice(look, operator, "/api/placements", {"units": [str(room)], "persons": 2, "side": "women"})
    await twice(look, operator, f"/api/placements/{unrecorded['id']}/offer")
    await twice(look, shelter, f"/api/placements/{unrecorded['id']}/refusal", {"reason": "no_staff"})
    await twice(look, shelter, f"/api/units/{room}/closing", {"reason": "works"})
    await twice(look, shelter, f"/api/units/{room}/opening")
    await twice(look, coordinator, f"/api/plans/{city.PLAN}/opening")
    await twice(look, coordinator, f"/api/plans/{city.PLAN}/closing")
    gone = await twice(look, operator, "/api/requests", {"women": 1})
    await twice(look, operator, f"/api/requests/{gone['id']}/withdrawal", {"reason": "no_place"})
    await twice(look, operator, "/api/renewals", {"code": gone["code"], "women": 1})
    await twice(look, operator, f"/api/requests/{gone['id']}/withdrawal", {"reason": "withdrawn"})
    board = await shelter.rows("shelter")
    version = next(unit["version"] for unit in board["units"] if unit["id"] == str(room))
    await twice(look, shelter, f"/api/shelters/{city.shelter()}/confirmation", {"units": {str(room): version}})


async def test_what_an_administrator_adds_is_added_once(house: House, look: asyncpg.Connection) -> None:
    admin = await house.chair("admin")
    account = {"login": "night-desk", "password": "long enough", "rights": [{"role": "worker", "service": str(city.DAY_CENTRE)}]}
    await twice(look, admin, "/api/accounts", account)
    await twice(look, admin, "/api/services", {"name": "Accueil du soir"})
