"""Over HTTP: why this place, in full while the request is open, reduced when it closes; a reason where another comes first."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg

import city
from chairs import Chair, House
from siao.core import households
from siao.core.allocation import explain, standing
from siao.core.board import Board, touched_by
from siao.core.placements import Override
from siao.store import board as boards
from siao.store import db as database

OVERRIDES = {str(override): override for override in Override}


async def take(chair: Chair, request: str, name: str, of: str = "Les Tilleuls", **more: Any) -> Any:
    return await chair.do(f"/api/requests/{request}/placement", {"units": [str(city.unit(name, of))], **more})


async def test_a_hold_is_explained_at_the_position_it_was_chosen_at(house: House, pool: database.Pool) -> None:
    operator = await house.chair("operator")
    request = await operator.ask(men=1, women=1, zone="Grenoble")
    async with database.reading(pool, [city.CODE]) as db:
        before = await boards.snapshot(db, city.CODE)
    first = (await operator.get(f"/api/requests/{request}/places")).json()["places"][0]
    held = await operator.do(f"/api/requests/{request}/placement", {"units": first["units"]})
    assert held.status_code == 201, held.text
    told = (await operator.get(f"/api/placements/{held.json()['id']}/explanation")).json()
    assert told["whole"] and told["facts"]["rank"] == 1 and told["facts"]["position"]["seq"] == before.territory.seq
    board = Board(before.territory, before.rules, before.communes)
    board.fold(before.facts, touched_by(before.facts))
    criteria = next(iter(board.criteria.values()))
    at = standing.Position(before.epoch, before.territory.seq, datetime.fromisoformat(told["facts"]["position"]["at"]))
    row = board.requests[criteria.request]
    again = standing.of(
        board.stocked(at.at),
        households.seen(criteria, board.commune(criteria.zone), row.first_asked),
        tuple(map(type(row.id), first["units"])),
        at,
        board.rules(at.at),
        row.version,
    )
    assert again is not None
    assert told["sentences"] == explain.said(explain.Explanation(row.id, again, None), OVERRIDES, "fr"), "the same board says the same"


async def test_another_place_than_the_first_wants_a_reason_and_says_what_it_costs(house: House, look: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    request = await operator.ask(men=1, women=1)
    no = await take(operator, request, "Chambre 4")
    assert (no.status_code, no.json()["code"], no.json()["field"]) == (409, "override_needed", "override")
    assert no.json()["facts"][0] != "1" and no.json()["places"]["places"][0]["rank"] == 1
    assert await look.fetchval("SELECT count(*) FROM placement") == 0
    yes = await take(operator, request, "Chambre 4", override="local_knowledge")
    told = (await operator.get(f"/api/placements/{yes.json()['id']}/explanation")).json()
    assert told["override"] == "local_knowledge"
    assert any(line.startswith("Pour ce ménage, au lieu de la première : ") for line in told["sentences"])


async def test_closing_leaves_five_facts_and_no_need(house: House, look: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    request = await operator.ask(women=1, infants=1, needs=["cots"], level=1)
    held = (await take(operator, request, "Chambre 4", override="other")).json()["id"]
    assert await look.fetchval("SELECT explanation IS NOT NULL FROM criteria")
    await operator.do(f"/api/placements/{held}/acceptance")
    await operator.do(f"/api/placements/{held}/arrival", {})
    assert await look.fetchval("SELECT count(*) FROM criteria") == 0
    row = await look.fetchrow("SELECT rules_version, engine, decided, compatible, override FROM placement")
    assert tuple(row)[:2] == (1, "rank") and row["compatible"] > 0
    told = (await operator.get(f"/api/placements/{held}/explanation")).json()
    assert (told["whole"], told["facts"]) == (False, None)
    page = " ".join(told["sentences"]).lower()
    assert "effacé" in page and "bébé" not in page and "écartées" not in page


async def test_a_slip_for_the_household_holds_its_code_and_no_script(house: House) -> None:
    operator = await house.chair("operator")
    held = await operator.hold(await operator.ask())
    page = await operator.get(f"/api/placements/{held}/explanation/slip")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert "Pourquoi cette place" in page.text and "<script" not in page.text and "Les Tilleuls" not in page.text


async def test_the_same_hold_sent_again_has_the_same_answer(house: House) -> None:
    operator = await house.chair("operator")
    request = await operator.ask()
    places = (await operator.get(f"/api/requests/{request}/places")).json()["places"]
    path, body = f"/api/requests/{request}/placement", {"units": places[0]["units"]}
    first = await operator.do(path, body, key=(key := uuid4()))
    again = await operator.do(path, body, key=key)
    assert (first.status_code, again.status_code) == (201, 201) and first.json() == again.json()


async def test_nobody_else_reads_why(house: House) -> None:
    operator = await house.chair("operator")
    held = await operator.hold(await operator.ask())
    for login in ("shelter", "worker", "observer", "admin", "elsewhere"):
        answer = await (await house.chair(login)).get(f"/api/placements/{held}/explanation")
        assert answer.status_code == (404 if login == "elsewhere" else 403), login


async def test_a_confidential_shelter_is_near_no_commune(house: House) -> None:
    """Asked around every commune, at every distance, it answers the same: nobody can tell where it lies."""
    operator = await house.chair("operator")
    told = set[str]()
    for zone in ("Grenoble", "Voiron"):
        for km in (1, 5, 30):
            found = (await operator.get("/api/places", params={"women": 1, "needs": "protected", "zone": zone, "max_km": km})).json()
            [place] = [one for one in found["places"] if one["shelter"] == str(city.shelter("Le Refuge"))]
            told.add(f"{place['distance_km']} {found['nearest'].get(str(city.shelter('Le Refuge')))}")
    assert told == {"None None"}


async def test_where_nothing_fits_it_says_why_and_whose_word_gives_up_a_wish(house: House) -> None:
    operator = await house.chair("operator")
    many = (await operator.get("/api/places", params={"men": 9})).json()
    assert (many["compatible"], many["wish"]) == (0, None)
    assert many["nobody"][0] == "Aucune place ne convient à cet instant." and many["nobody"][-1].startswith("Aucun souhait")
    picky = (await operator.get("/api/places", params={"men": 1, "women": 1, "needs": "animals,cots"})).json()
    assert picky["compatible"] == 0 and picky["wish"] == {
        "reason": "ANIMALS",
        "places": 1,
        "words": "Sans l’animal, 1 place de plus conviendrait. À demander au ménage, jamais à décider pour lui.",
    }
    assert picky["nobody"][-1] == picky["wish"]["words"] and any("animaux non acceptés 1" in line for line in picky["nobody"])
    request = await operator.ask(men=1, women=1)
    found = (await operator.get(f"/api/requests/{request}/places")).json()
    assert found["compatible"] and found["nobody"] == [], "where something fits, nothing is said to fit nowhere"
