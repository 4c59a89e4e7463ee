"""Over HTTP: what is advised to the caller on the line, what is held back by waiting, and the reason that going against it wants."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import chairs
import city
import solvers
from chairs import Chair, House
from siao.actions import advice
from siao.api import sealed
from siao.core.allocation.decision import Decision, Ground, Say
from siao.core.people import OFFICE
from siao.core.requests import Asked

ROOM = city.unit("Chambre 6")


def advised(house: House, decision: Decision, **asked: Any) -> str:
    """As if this had been said a moment ago, to a couple where nobody else is named."""
    whom = Asked(**(asked or {"men": 1, "women": 1}))
    return sealed.seal(house.settings.secret, city.CODE, datetime.now(UTC), whom, decision)


def waiting(level: int = 1) -> Decision:
    now = datetime.now(UTC)
    return Decision(Say.HOLD_BACK, Ground.NEEDED_LATER, (ROOM,), 9, 12, level, now + timedelta(minutes=30), now + timedelta(minutes=40))


async def take(chair: Chair, request: str, unit: UUID = ROOM, **more: Any) -> Any:
    return await chair.do(f"/api/requests/{request}/placement", {"units": [str(unit)], **more})


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_only_the_office_is_advised(house: House, login: str) -> None:
    request = await (await house.chair("operator")).ask()
    chair = await house.chair(login)
    may = chairs.RIGHTS[login].role in OFFICE and login != "elsewhere"
    for path in (f"/api/requests/{request}/advice", "/api/advice?men=1"):
        answer = await chair.get(path, params={"territory": city.CODE, "men": 1}, timeout=30)
        assert answer.status_code == (200 if may else 403), (login, path, answer.text)


async def test_without_history_it_says_so_and_gives(house: House) -> None:
    operator = await house.chair("operator")
    alone = (await operator.get("/api/advice", params={"men": 1}, timeout=30)).json()
    assert (alone["say"], alone["of"]) == ("give", 0)
    if alone["ground"] != "last_minutes":  # whatever the hour at which the tests run
        assert alone["ground"] == "ranked" and alone["why"].startswith("pas d’autres soirées")
    request = await operator.ask(women=1, men=0, level=1)
    both = (await operator.get(f"/api/requests/{request}/advice", timeout=30)).json()
    assert both["say"] == "give" and both["units"] and both["shelter"]


async def test_what_is_wrong_names_its_field(house: House) -> None:
    operator = await house.chair("operator")
    assert (await operator.get("/api/advice", params={"men": 1, "zone": "Atlantis"})).json()["field"] == "zone"
    assert (await operator.get("/api/advice", params={"men": 0})).json()["field"] == "men"
    assert (await operator.get("/api/advice", params={"men": 1, "needs": "gold"})).json()["field"] == "needs"
    held = await operator.ask()
    await operator.hold(held)
    assert (await operator.get(f"/api/requests/{held}/advice")).json()["code"] == "not_now"
    for forged in ("x", "AAAA", advised(house, waiting())[:-8] + "AAAAAAAA"):
        answer = await operator.do("/api/requests", {"men": 1, "advice": forged})
        assert (answer.status_code, answer.json()["field"]) == (400, "advice"), forged


async def test_taking_what_should_be_kept_wants_a_reason_that_stays_with_the_advice(house: House) -> None:
    operator = await house.chair("operator")
    request, token = await operator.ask(men=1, women=1), advised(house, waiting())
    no = await take(operator, request, advice=token)
    assert (no.status_code, no.json()["code"], no.json()["field"]) == (409, "held_back", "override")
    yes = await take(operator, request, advice=token, override="local_knowledge")
    assert yes.status_code == 201, yes.text
    told = (await operator.get(f"/api/placements/{yes.json()['id']}/explanation")).json()
    assert told["override"] == "local_knowledge"
    assert any("dans 9 soirées semblables sur 12" in line and "niveau 1" in line for line in told["sentences"])


async def test_an_advice_given_when_nothing_fitted_asks_for_no_reason(house: House) -> None:
    operator = await house.chair("operator")
    first = (await operator.get("/api/places", params={"men": 1})).json()["places"][0]["units"][0]
    token = advised(house, Decision(Say.HOLD_BACK, Ground.NOTHING, (), 0, 0), men=1)
    yes = await take(operator, await operator.ask(), UUID(first), advice=token)
    assert yes.status_code == 201, yes.text


async def test_what_was_advised_is_taken_without_a_reason(house: House) -> None:
    operator = await house.chair("operator")
    request = await operator.ask(men=1, women=1)
    unit = city.unit("Chambre 4")
    assert (await take(operator, request, unit)).json()["code"] == "override_needed", "another comes first"
    token = advised(house, Decision(Say.GIVE, Ground.WORTH, (unit,), 12, 12))
    yes = await take(operator, request, unit, advice=token)
    assert yes.status_code == 201, yes.text
    told = (await operator.get(f"/api/placements/{yes.json()['id']}/explanation")).json()
    assert told["facts"]["engine"] == "prices"


async def test_an_advice_given_to_another_household_explains_nothing(house: House, look: asyncpg.Connection) -> None:
    """Not an error: a caller may have said something else since. Nor is the place held back for it, or anything of it kept."""
    operator, unit = await house.chair("operator"), city.unit("Chambre 4")
    worth = Decision(Say.GIVE, Ground.WORTH, (unit,), 12, 12)
    for other in ({"men": 1}, {"men": 1, "women": 1, "level": 2}, {"men": 1, "women": 1, "needs": ("animals",)}):
        request = await operator.ask(men=1, women=1)
        no = await take(operator, request, unit, advice=advised(house, worth, **other))
        assert (no.status_code, no.json()["code"]) == (409, "override_needed"), other
    yes = await take(operator, request, unit, advice=advised(house, worth, men=1), override="other")
    assert yes.status_code == 201, yes.text
    told = (await operator.get(f"/api/placements/{yes.json()['id']}/explanation")).json()
    assert told["facts"]["engine"] == "rank" and not any("soirées" in line for line in told["sentences"])
    back = (datetime.now(UTC) + timedelta(minutes=40)).isoformat()
    await operator.ask(men=1, call_back=back, advice=advised(house, waiting(level=2)))
    assert await look.fetchval("SELECT count(*) FROM unit WHERE kept_until IS NOT NULL") == 0


async def test_waiting_holds_the_place_back_for_all_to_see(house: House, look: asyncpg.Connection) -> None:
    operator, second, shelter = await house.chair("operator"), await house.chair("second"), await house.chair("shelter")
    back = (datetime.now(UTC) + timedelta(minutes=40)).isoformat()
    await operator.ask(men=1, women=1, call_back=back, advice=advised(house, waiting(level=2)))
    kept = await unit_of(second, "operator")
    if kept["kept_until"] is None:
        pytest.skip("the last 45 minutes of the evening: nothing is held back")
    assert kept["kept_level"] == 2
    assert datetime.fromisoformat(kept["kept_until"]) <= datetime.now(UTC) + timedelta(minutes=30)
    there = await unit_of(shelter, "shelter", shelter=str(city.shelter()))
    assert "kept_level" not in there and "kept_until" not in there
    entry = await look.fetchrow("SELECT units, outcome FROM journal WHERE verb = 'ask'")
    assert (entry["units"], entry["outcome"]) == ([ROOM], "")
    later = await second.ask(men=1, women=1, level=3)
    assert (await take(second, later)).json()["code"] == "held_back"
    first = await second.ask(men=1, women=1, level=2)
    assert (await take(second, first)).status_code == 201, "it is for them that it was kept"
    assert (await unit_of(second, "operator"))["kept_until"] is None


async def unit_of(chair: Chair, view: str, **query: str) -> dict[str, Any]:
    return next(row for row in (await chair.rows(view, **query))["units"] if row["id"] == str(ROOM))


async def test_a_plan_under_way_and_a_dead_child_disturb_no_caller(house: House, monkeypatch: Any) -> None:
    operator = await house.chair("operator")
    assert (await operator.get("/api/advice", params={"men": 1}, timeout=30)).status_code == 200
    children = solvers.asked(monkeypatch)
    monkeypatch.setattr(advice, "AGAIN_SECONDS", 0.5)
    assert (await operator.get("/api/advice", params={"men": 1})).status_code == 200
    [adviser] = children
    assert adviser.child is not None
    adviser.child.send_signal(19)  # it takes the job and says nothing
    asked = asyncio.create_task(operator.get("/api/advice", params={"men": 1}, timeout=30))
    await asyncio.sleep(0.2)
    assert (await operator.get("/api/places", params={"men": 1})).json()["compatible"] > 0, "the list never waits for it"
    request = await operator.ask()
    assert (await take(operator, request, city.unit("Dortoir hommes"), override="other")).status_code == 201
    late = await asked
    assert (late.status_code, late.json()["code"]) == (503, "unavailable")
    assert (await operator.get("/api/advice", params={"men": 1})).status_code == 503, "nobody tries again at once for nothing"
    await asyncio.sleep(0.5)
    assert (await operator.get("/api/advice", params={"men": 1}, timeout=30)).status_code == 200, "and there is another child"
