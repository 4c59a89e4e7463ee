"""The demo's simulated people, at a served house: whoever comes second takes what is first now."""

from typing import Any

import asyncpg
import httpx

import chairs
import city
from chairs import Chair, House
from siao.core import night as nights
from siao.embedded.stack import Stack
from siao.simulator import earlier
from siao.simulator.evening import Chairs, Evening


class Overtaken(Evening):
    """Between their look and their hold somebody else is quicker."""

    other: Chair
    hers: str

    async def _get(self, path: str, login: str | None = None, **query: Any) -> httpx.Response:
        seen = await super()._get(path, login, **query)
        if path.endswith("/places") and self.hers not in path:
            taken = await self.other.do(f"/api/requests/{self.hers}/placement", {"units": seen.json()["places"][0]["units"]})
            assert taken.status_code == 201, taken.text
        return seen


async def evening(house: House, kind: type[Evening] = Evening) -> Any:
    here = kind(house.base, Chairs("operator", "shelter", "worker", chairs.PASSWORD, ""), "38", 1)
    for login, client in here.clients.items():
        await here._sign_in(login, client)
    return here


async def test_who_is_overtaken_takes_what_is_first_now(house: House, look: asyncpg.Connection) -> None:
    here, other = await evening(house, Overtaken), await house.chair("second")
    here.other, here.hers = other, await other.ask(men=1, women=1)
    mine = await other.ask(men=1, women=1)
    await here._place(mine)
    assert len(here.mine) == 1, "held at the second try"
    held = {str(row["request"]) for row in await look.fetch("SELECT request FROM placement WHERE state = 'held'")}
    assert held == {mine, here.hers}
    for client in here.clients.values():
        await client.aclose()


async def test_where_another_place_has_come_first_meanwhile_that_one_is_taken(house: House, look: asyncpg.Connection) -> None:
    """The list was read before a better place was free: the second of today's list stands for yesterday's first."""
    here, operator = await evening(house), await house.chair("operator")
    request = await operator.ask(men=1, women=1)
    found = (await operator.get(f"/api/requests/{request}/places")).json()["places"]
    refused = await here._hold(request, found[-1])
    assert (refused.status_code, refused.json()["code"]) == (409, "override_needed")
    await here._place_of(request, found[::-1])
    units = await look.fetchval("SELECT array_agg(DISTINCT unit::text) FROM placement_bed WHERE live")
    assert sorted(units) == sorted(found[0]["units"]) and len(here.mine) == 1
    for client in here.clients.values():
        await client.aclose()


async def test_a_demo_opens_in_the_middle_of_an_evening(servers: Stack, name: str, look: asyncpg.Connection) -> None:
    """Who waits has waited for minutes or hours, of this night; each was asked for at the desk, one entry each."""
    owner = await asyncpg.connect(servers.owner_url(name))
    await chairs.furnish(servers.owner_url(name))
    operator = await look.fetchval("SELECT id FROM account WHERE login = 'operator'")
    await earlier.wait(owner, servers.app_url(name), city.PARK, operator, 115)
    await owner.close()
    rows = await look.fetch("SELECT first_asked, asked_at, night, clock_timestamp() AS now FROM request ORDER BY first_asked")
    assert len(rows) == len(earlier.WAITING_MINUTES) == await look.fetchval("SELECT count(*) FROM journal WHERE verb = 'ask'")
    assert all(row["first_asked"] == row["asked_at"] and nights.night(row["asked_at"], city.ZONE) == row["night"] for row in rows)
    longest = min(max(earlier.WAITING_MINUTES) * 60, (rows[0]["now"] - nights.opens(rows[0]["night"], city.ZONE)).total_seconds())
    assert 0 <= (rows[0]["now"] - rows[0]["first_asked"]).total_seconds() - longest < 60
