"""The coordinator's curve of the evening: what was asked, what arrived, what ended; and what is still to come, where it is known."""

from datetime import UTC, datetime, timedelta

import asyncpg

import city
from chairs import House
from siao.core import night
from siao.core.allocation import rates


async def test_the_curve_ends_where_the_night_is_now(house: House) -> None:
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    waits, leaves, arrives = [await operator.ask(men=1) for _ in range(3)]
    await operator.do(f"/api/requests/{leaves}/withdrawal", {"reason": "withdrawn"})
    placement = await operator.hold(arrives)
    await operator.do(f"/api/placements/{placement}/offer")
    await operator.do(f"/api/placements/{placement}/acceptance")
    assert (await operator.do(f"/api/placements/{placement}/arrival", {})).status_code == 200
    told = (await coordinator.get("/api/night/curve")).json()
    last = told["steps"][-1]
    assert (last["asked"], last["met"], last["closed"]) == (3, 1, 2), waits
    assert told["steps"][0]["asked"] == 0, "the night before is not counted"
    assert (told["nights"], told["ahead"]) == (0, []), "no evening is known, so none is foretold"


async def test_the_rest_of_the_evening_is_told_from_the_nights_known(house: House, look: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    monday = rates.week(now, city.ZONE) - timedelta(days=7)
    for day in range(7):
        await look.execute("INSERT INTO night VALUES ($1, $2, now())", city.CODE, monday + timedelta(days=day))
    for hours in range(0, 24, 2):
        await look.execute("INSERT INTO demand VALUES ($1, $2, 'men', '1', 4, $3, NULL, 14)", city.CODE, monday, hours)
    told = (await (await house.chair("coordinator")).get("/api/night/curve")).json()
    left = (night.closes(night.night(now, city.ZONE), city.ZONE) - now).total_seconds() / 7200
    assert told["nights"] == 7
    assert abs(told["ahead"][-1]["asked"] - 2 * left) < 0.1
