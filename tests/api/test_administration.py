"""The administrator's screen: what it may write and not read back, and the versions and keys that its forms carry."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import city
from chairs import Chair, House

HIDDEN = ("commune", "zone", "address", "telephone", "latitude", "longitude", "house_rules")
UNIT = ("name", "kind", "rule", "features", "mode", "suite", "nights_max", "plan", "version")


async def listed(admin: Chair, name: str) -> dict[str, Any]:
    return next(shelter for shelter in (await admin.get("/api/shelters")).json() if shelter["name"] == name)


async def shelter_form(admin: Chair, name: str) -> tuple[str, dict[str, Any]]:
    """Where it is sent, and as the screen fills it."""
    shown = await listed(admin, name)
    return f"/api/shelters/{shown['id']}", {key: shown[key] for key in shown if key not in ("id", "units")}


async def unit_form(admin: Chair, name: str) -> tuple[str, dict[str, Any]]:
    shown = next(unit for unit in (await listed(admin, "Les Tilleuls"))["units"] if unit["name"] == name)
    return f"/api/units/{shown['id']}", {key: shown[key] for key in UNIT} | {"nominal": shown["beds"]}


async def test_where_a_confidential_shelter_lies_is_no_administrator_s_to_read(house: House, look: asyncpg.Connection) -> None:
    """Neither in the list, nor by opening it to all: kept where left empty, told anew where it is confidential no more."""
    admin = await house.chair("admin")
    path, form = await shelter_form(admin, "Le Refuge")
    assert {form[name] for name in HIDDEN} == {None}
    where = "SELECT commune, zone, address, latitude IS NULL FROM shelter WHERE name = 'Le Refuge'"
    assert (await admin.do(path, form, method="PUT")).status_code == 200
    assert tuple(await look.fetchrow(where)) == ("Voiron", "Voironnais", "3 rue cachée", False)
    opened = form | {"confidential": False}
    refused = await admin.do(path, opened, method="PUT")
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (400, "invalid", "commune")
    assert (await admin.do(path, opened | {"commune": "Grenoble", "zone": "Grenoble"}, method="PUT")).status_code == 200
    assert tuple(await look.fetchrow(where)) == ("Grenoble", "Grenoble", None, True)
    shown = await listed(admin, "Le Refuge")
    assert {shown[name] for name in HIDDEN} == {"Grenoble", None}


async def test_an_administrator_reads_no_household_s_needs(house: House) -> None:
    admin = await house.chair("admin")
    for path in ("/api/board?view=operator", "/api/night", "/api/places?men=1", f"/api/requests?code={city.code()}"):
        assert (await admin.get(path)).status_code == 403, path


async def test_a_form_that_is_old_is_refused_and_one_saved_twice_is_not(house: House, look: asyncpg.Connection) -> None:
    """Each form read, changed by another in between, then read anew: at once, whatever this process's board knew."""
    admin, staff = await house.chair("admin"), await house.chair("shelter")
    path, form = await unit_form(admin, "Dortoir du soir")
    assert (await staff.do(f"{path}/report", {"count": 2, "version": form["version"], "rule": "men"})).status_code == 200
    stale = await admin.do(path, form, method="PUT")
    assert (stale.status_code, stale.json()["code"], stale.json()["field"]) == (409, "stale_version", "version")
    path, form = await unit_form(admin, "Dortoir du soir")
    key = uuid4()
    first, again = [await admin.do(path, form, key, method="PUT") for _ in range(2)]
    assert (again.status_code, again.json()) == (200, first.json())
    assert await look.fetchval("SELECT rule_tonight FROM unit WHERE name = 'Dortoir du soir'") == "men"
    path, form = await shelter_form(admin, "Les Tilleuls")
    assert (await admin.do(path, form | {"name": "Les Tilleuls bleus"}, method="PUT")).status_code == 200
    assert (await admin.do(path, form | {"by_phone": True}, method="PUT")).json()["code"] == "stale_version"
    path, form = await shelter_form(admin, "Les Tilleuls bleus")
    assert (await admin.do(path, form | {"by_phone": True}, method="PUT")).status_code == 200
    service = (await admin.get("/api/services")).json()[0]
    rename = {"name": "Accueil du soir", "version": service["version"]}
    assert [(await admin.do(f"/api/services/{service['id']}", rename, method="PUT")).status_code for _ in range(2)] == [200, 409]


@pytest.mark.parametrize(
    ("path", "body", "table"),
    [
        ("/api/shelters", {"name": "Les Ormes", "scheme": "chu", "commune": "Voiron", "zone": "Voironnais"}, "shelter"),
        (f"/api/shelters/{city.shelter()}/units", {"name": "Les Ormes", "kind": "room", "nominal": 2, "rule": "mixed"}, "unit"),
        ("/api/services", {"name": "Les Ormes"}, "service"),
    ],
)
async def test_what_is_added_twice_under_one_key_is_there_once(
    house: House, look: asyncpg.Connection, path: str, body: Any, table: str
) -> None:
    """As a browser does that lost the answer. No write without a key."""
    admin, key = await house.chair("admin"), uuid4()
    answers = await asyncio.gather(*(admin.do(path, body, key) for _ in range(2)))
    assert [(one.status_code, one.json()) for one in answers] == [(201, answers[0].json())] * 2
    assert [row["id"] for row in await look.fetch(f"SELECT id FROM {table} WHERE name = 'Les Ormes'")] == [key]
    assert (await admin.do(path, body | {"name": "B"}, key)).status_code == 422
    assert (await admin.post(path, json=body)).json()["field"] == "Idempotency-Key"
