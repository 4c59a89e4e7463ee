"""The administrator's screen: what it may write and not read back."""

from typing import Any

import asyncpg

import city
from chairs import House

HIDDEN = ("address", "telephone", "latitude", "longitude", "house_rules")


async def refuge(house: House) -> dict[str, Any]:
    admin = await house.chair("admin")
    return next(s for s in (await admin.get("/api/shelters")).json() if s["name"] == "Le Refuge")


async def test_a_confidential_address_is_no_administrator_s_to_read(house: House, look: asyncpg.Connection) -> None:
    """Neither in the list, nor by opening it to all: kept where left empty, gone where it is confidential no more."""
    admin, shown = await house.chair("admin"), await refuge(house)
    assert {shown[name] for name in HIDDEN} == {None}
    form = {name: shown[name] for name in shown if name not in ("id", "units", "to_ring_since")}
    path, where = f"/api/shelters/{shown['id']}", "SELECT address, latitude IS NULL FROM shelter WHERE name = 'Le Refuge'"
    assert (await admin.put(path, json=form)).status_code == 200
    assert tuple(await look.fetchrow(where)) == ("3 rue cachée", False)
    assert (await admin.put(path, json=form | {"confidential": False})).status_code == 200
    assert tuple(await look.fetchrow(where)) == (None, True)
    assert {(await refuge(house))[name] for name in HIDDEN} == {None}


async def test_an_administrator_reads_no_household_s_needs(house: House) -> None:
    admin = await house.chair("admin")
    for path in ("/api/board?view=operator", "/api/night", "/api/places?men=1", f"/api/requests?code={city.code()}"):
        assert (await admin.get(path)).status_code == 403, path
