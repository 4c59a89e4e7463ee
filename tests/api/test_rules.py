"""Over HTTP: the published rules are everybody's to read, the coordination's to change, from a night to come."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

import chairs
from chairs import House


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_anybody_with_a_session_reads_the_rules_in_plain_words(house: House, login: str) -> None:
    told = (await (await house.chair(login)).get("/api/rules")).json()
    [edition] = told["editions"]
    assert (told["in_force"], edition["version"], edition["coming"]) == (1, 1, False)
    assert len(edition["levels"]) == 8 and any("compte 3" in line for line in edition["sentences"])


async def test_without_a_session_nothing_is_read(house: House) -> None:
    async with chairs.Chair(base_url=house.base) as nobody:
        assert (await nobody.get("/api/rules")).status_code == 401


async def test_a_coordinator_publishes_the_next_version_and_the_board_follows(house: House, look: asyncpg.Connection) -> None:
    chair = await house.chair("coordinator")
    earliest = (await chair.get("/api/rules")).json()["earliest"]
    answer = await chair.do("/api/rules", {"effective": earliest, "promote_after_hours": 48, "counted": "households"})
    assert answer.status_code == 201, answer.text
    for _ in range(100):
        told = (await chair.get("/api/rules")).json()
        if len(told["editions"]) == 2:
            break
    new = told["editions"][0]
    assert (told["in_force"], new["version"], new["coming"], new["effective"]) == (1, 2, True, earliest)
    assert any("48 heures" in line for line in new["sentences"]) and "en ménages" in new["levels"][0]
    assert await look.fetchval("SELECT outcome FROM journal WHERE verb = 'set_rules'") == "2"


async def test_what_was_published_cannot_be_changed(house: House, pool: asyncpg.Pool) -> None:
    chair = await house.chair("admin")
    earliest = (await chair.get("/api/rules")).json()["earliest"]
    await chair.do("/api/rules", {"effective": earliest})
    for statement in ("UPDATE rules SET version = 3", "DELETE FROM rules"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"effective": "2020-01-01"}, "effective"),
        ({"effective": "soon"}, "effective"),
        ({}, "effective"),
        ({"effective": "TOMORROW", "order": ["l1"]}, "order"),
        ({"effective": "TOMORROW", "floors": [0, 0, 0]}, "floors"),
        ({"effective": "TOMORROW", "step_free_waste": 21}, "step_free_waste"),
        ({"effective": "TOMORROW", "promote_after_hours": 0}, "promote_after_hours"),
        ({"effective": "TOMORROW", "counted": "beds"}, "counted"),
        ({"effective": "TOMORROW", "why": "because"}, "why"),
    ],
)
async def test_bad_rules_name_the_field_and_change_nothing(
    house: House, look: asyncpg.Connection, body: dict[str, object], field: str
) -> None:
    if body.get("effective") == "TOMORROW":
        body = body | {"effective": (datetime.now(UTC).date() + timedelta(days=2)).isoformat()}
    answer = await (await house.chair("coordinator")).do("/api/rules", body)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (400, "invalid") and field in f"{said['field']} {said['facts']}", said
    assert await look.fetchval("SELECT count(*) FROM rules") == 0


@pytest.mark.parametrize("login", ["operator", "shelter", "worker", "observer"])
async def test_others_do_not_set_rules(house: House, login: str) -> None:
    answer = await (await house.chair(login)).do("/api/rules", {"effective": "2030-01-01"})
    assert answer.status_code == 403


async def test_before_it_is_saved_a_change_shows_its_effect_on_drawn_evenings(house: House, look: asyncpg.Connection) -> None:
    chair = await house.chair("coordinator")
    body = {"effective": (await chair.get("/api/rules")).json()["earliest"], "floors": [0, 0, 0, 3]}
    none = await chair.do("/api/rules/effect", body)
    assert (none.status_code, none.json()["evenings"]) == (200, 0), none.text
    cells = [("no_place", "men", "man", 4, 10, 10), ("met", "women", "woman_children", 1, 6, 18)]
    rows = [(n, *cell) for n in range(1, 15) for cell in cells] + [(1, "no_place", "mixed", "couple", 2, 10, 20)]
    await look.executemany("INSERT INTO tally VALUES ('38', current_date - $1::int, $2, $3, $4, $5, 'under_1_h', $6, $7)", rows)
    told = (await chair.do("/api/rules/effect", body)).json()
    assert told["evenings"] == 12 and {one["side"] for one in told["shares"]} == {"men", "women"}, "ten couples are not told"
    men = next(one for one in told["shares"] if one["side"] == "men")
    assert men["after"] >= men["before"] and men["asked"] >= 11
    assert (await chair.do("/api/rules/effect", body)).json() == told, "two looks show the same"
    assert await look.fetchval("SELECT count(*) FROM rules") == 0, "nothing is saved by looking"
    assert (await (await house.chair("operator")).do("/api/rules/effect", body)).status_code == 403
