"""What one holds: told to whoever holds it, and to nobody else."""

import city
from chairs import House

ROOM = {"units": [str(city.unit("Chambre 4"))], "persons": 2, "side": "women"}


async def test_one_s_own_holds_are_told_to_oneself_the_last_one_first(house: House) -> None:
    operator, second = await house.chair("operator"), await house.chair("second")
    first = await operator.hold(await operator.ask())
    last = (await operator.do("/api/placements", ROOM)).json()["id"]
    other = await second.hold(await second.ask())
    assert (await operator.get("/api/holds")).json() == [last, first]
    assert (await second.get("/api/holds")).json() == [other]
    await operator.do(f"/api/placements/{last}/offer")
    await operator.do(f"/api/placements/{first}/release")
    assert (await operator.get("/api/holds")).json() == []


async def test_a_plan_s_holds_are_nobody_s_own(house: House) -> None:
    coordinator = await house.chair("coordinator")
    line = {
        "request": await coordinator.ask(women=1, men=0, children=1),
        "units": ROOM["units"],
        "key": "00000000-0000-0000-0000-000000000038",
    }
    held = (await coordinator.do("/api/allocation/acceptance", {"lines": [line]})).json()["held"]
    assert len(held) == 1
    assert (await coordinator.get("/api/holds")).json() == []
