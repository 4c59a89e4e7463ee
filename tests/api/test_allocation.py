"""A plan over HTTP: who may ask, what is held of it, and that a line that changed meanwhile falls alone."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import chairs
import city
import solvers
from chairs import Chair, House
from siao.actions import solving
from siao.api import rules
from siao.core.people import Role


async def proposed(chair: Chair) -> dict[str, Any]:
    answer = await chair.post("/api/allocation", params={"seconds": 20}, timeout=40)
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["last"] for line in lines] == [False] * (len(lines) - 1) + [True]
    return lines[-1]["plan"]


async def accepted(chair: Chair, given: list[dict[str, Any]]) -> dict[str, Any]:
    answer = await chair.post("/api/allocation/acceptance", json={"lines": [{**one, "key": str(uuid4())} for one in given]})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_only_a_coordinator_asks_for_a_plan(house: House, login: str) -> None:
    chair = await house.chair(login)
    may = chairs.RIGHTS[login].role is Role.COORDINATOR and login != "elsewhere"
    line = {"request": str(uuid4()), "units": [str(city.unit("Chambre 4"))], "key": str(uuid4())}
    asked = {"request": line["request"], "units": line["units"]}
    for path, body, code in (
        ("/api/allocation", None, 200),
        ("/api/allocation/acceptance", {"lines": [line]}, 200),
        ("/api/allocation/cost", asked, 404),
    ):
        answer = await chair.post(path, json=body, params={"territory": city.CODE}, timeout=40)
        assert answer.status_code == (code if may else 403), (login, path, answer.text)


async def test_a_plan_shelters_all_who_fit_and_is_held_in_one_go(house: House) -> None:
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    for _ in range(6):
        await operator.ask()
    family = await operator.ask(men=0, women=2, children=3, level=1)
    plan = await proposed(coordinator)
    assert plan["proven"] and plan["checked"]
    assert family in {one["request"] for one in plan["given"]}
    assert len(next(one["units"] for one in plan["given"] if one["request"] == family)) == 2, "five persons take the adjoining rooms"
    done = await accepted(coordinator, plan["given"])
    assert len(done["held"]) == len(plan["given"]) > 5, "a plan's holds do not count among the coordinator's own"
    assert done["refused"] == []
    extra = await operator.ask(women=1, men=0)
    assert (await coordinator.do(f"/api/requests/{extra}/placement", {"units": [str(city.unit("Renfort"))]})).json()["code"] == "closed"


async def test_what_changed_meanwhile_falls_alone(house: House) -> None:
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    await operator.ask(level=1)
    await operator.ask(men=0, women=1, infants=1)
    plan = await proposed(coordinator)
    rival = await operator.ask(men=2, women=2)
    await operator.hold(rival, "Chambre 4")
    stale = [{"request": plan["given"][0]["request"], "units": [str(city.unit("Chambre 4"))]}, *plan["given"][1:]]
    done = await accepted(coordinator, stale)
    assert [no["request"] for no in done["refused"]] == [stale[0]["request"]]
    assert [no["code"] for no in done["refused"]] == ["taken"]
    assert len(done["held"]) == len(stale) - 1


async def test_one_key_has_one_effect(house: House) -> None:
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    request = await operator.ask()
    line = {"request": request, "units": [str(city.unit("Dortoir hommes"))], "key": str(uuid4())}
    first = (await coordinator.post("/api/allocation/acceptance", json={"lines": [line]})).json()
    again = (await coordinator.post("/api/allocation/acceptance", json={"lines": [line]})).json()
    assert first == again and len(first["held"]) == 1


async def test_a_switchable_dormitory_takes_the_rule_of_the_whole_plan(house: House) -> None:
    """Taken line by line, the first claimant's side would shut out the others."""
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    unit = [str(city.unit("Dortoir du soir"))]
    asked = [await operator.ask(), await operator.ask(men=0, women=1), await operator.ask()]
    done = await accepted(coordinator, [{"request": request, "units": unit} for request in asked])
    assert [one["request"] for one in done["held"]] == asked and done["refused"] == []
    board = await coordinator.rows("operator")
    assert next(u["rule_tonight"] for u in board["units"] if u["id"] == unit[0]) == "mixed"


async def test_a_plan_s_rule_never_brings_in_who_asked_for_women_only(house: House) -> None:
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    unit = [str(city.unit("Dortoir du soir"))]
    alone = await operator.ask(men=0, women=1, needs=["women_only"])
    done = await accepted(coordinator, [{"request": request, "units": unit} for request in (await operator.ask(), alone)])
    assert [one["request"] for one in done["refused"]] == [alone]
    assert done["refused"][0]["code"] == "does_not_fit"


async def test_an_effect_under_way_delays_no_plan_and_no_cost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    coordinator = await house.chair("coordinator")
    request = await (await house.chair("operator")).ask()
    body = {"effective": (await coordinator.get("/api/rules")).json()["earliest"], "floors": [0, 0, 0, 3]}
    children = solvers.asked(monkeypatch)
    monkeypatch.setattr(rules, "SECONDS", 120.0)
    assert (await coordinator.post("/api/rules/effect", json=body, timeout=60)).status_code == 200
    child = children[0].child
    assert child is not None
    os.kill(child.pid, signal.SIGSTOP)  # it takes the job, and all its time
    effect = asyncio.create_task(coordinator.post("/api/rules/effect", json=body, timeout=150))
    try:
        while not children[0].turn.locked():
            await asyncio.sleep(0.01)
        plan = await proposed(coordinator)
        asked = {"request": request, "units": plan["given"][0]["units"]}
        assert (await coordinator.post("/api/allocation/cost", json=asked, timeout=40)).status_code == 200
        assert not effect.done()
    finally:
        os.kill(child.pid, signal.SIGCONT)
    assert (await effect).status_code == 200
    assert os.getpriority(os.PRIO_PROCESS, child.pid) > os.getpriority(os.PRIO_PROCESS, 0), "kind to whoever clicks"
    group = Path(f"/proc/{child.pid}/autogroup")
    assert not group.exists() or group.read_text().rstrip().endswith(f"nice {solving.NICE}"), "its session, too"


async def test_another_place_than_the_plan_s_says_what_it_costs_at_least(house: House) -> None:
    operator, coordinator = await house.chair("operator"), await house.chair("coordinator")
    alone = await operator.ask(men=0, women=1, level=4)
    family = await operator.ask(men=1, women=1, children=2, level=1)

    async def cost(request: str, *names: str) -> Any:
        body = {"request": request, "units": [str(city.unit(name)) for name in names]}
        return await coordinator.post("/api/allocation/cost", json=body, timeout=40)

    plan = await proposed(coordinator)
    mine = next(one for one in plan["given"] if one["request"] == family)
    own = (await coordinator.post("/api/allocation/cost", json=mine, timeout=40)).json()
    assert own["said"].startswith("Rien ne prouve") and own["cost"]["plan"] == plan["summary"]["vector"]
    dear = (await cost(alone, "Chambre 4")).json()
    assert dear["said"].startswith("Pour l’ensemble, ce choix coûte au moins ") and dear["cost"]["least"] > dear["cost"]["plan"]
    no = await cost(alone, "Dortoir hommes")
    assert (no.status_code, no.json()["code"], no.json()["facts"]) == (409, "does_not_fit", ["SEX"])
    assert (await cost(str(uuid4()), "Chambre 4")).json()["field"] == "request"
    assert (await cost(alone, "Renfort")).json()["field"] == "units", "a closed unit is no place"
    assert not (await operator.rows("operator")).get("placements"), "nothing is held by asking"
