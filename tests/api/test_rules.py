"""Over HTTP: the published rules are everybody's to read, the coordination's to change, from a night to come."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

import chairs
from chairs import House


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_anybody_with_a_session_reads_the_rules_in_plain_words(still: House, login: str) -> None:
    told = (await (await still.chair(login)).get("/api/rules")).json()
    [edition] = told["editions"]
    assert (told["in_force"], edition["version"], edition["coming"]) == (1, 1, False)
    assert len(edition["levels"]) == 8 and any("compte 3" in line for line in edition["sentences"])


async def test_without_a_session_nothing_is_read(still: House) -> None:
    async with chairs.Chair(base_url=still.base) as nobody:
        assert (await nobody.get("/api/rules")).status_code == 401


async def test_a_coordinator_publishes_the_next_version_and_the_board_follows(house: House, look: asyncpg.Connection) -> None:
    chair = await house.chair("coordinator")
    earliest = (await chair.get("/api/rules")).json()["earliest"]
    grid = ["bébé de moins de 3 mois", "moins de 3 ans", "plus de 65 ans", "autres"]
    answer = await chair.do("/api/rules", {"effective": earliest, "promote_after_hours": 48, "counted": "households", "grid": grid})
    assert answer.status_code == 201, answer.text
    for _ in range(100):
        told = (await chair.get("/api/rules")).json()
        if len(told["editions"]) == 2:
            break
    new = told["editions"][0]
    assert (told["in_force"], new["version"], new["coming"], new["effective"]) == (1, 2, True, earliest)
    assert [one["grid"] for one in told["editions"]] == [grid, ["", "", "", ""]]
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
        ({"effective": "TOMORROW", "grid": ["first", "second", "third"]}, "grid"),
        ({"effective": "TOMORROW", "grid": ["", "", "", "x" * 161]}, "grid"),
        ({"effective": "TOMORROW", "grid": ["", "", "", "a\x00b"]}, "grid"),
        ({"effective": "TOMORROW", "grid": ["", "two\nlines", "", ""]}, "grid"),
    ],
)
async def test_bad_rules_name_the_field_and_change_nothing(still: House, unchanged: None, body: dict[str, object], field: str) -> None:
    if body.get("effective") == "TOMORROW":
        body = body | {"effective": (datetime.now(UTC).date() + timedelta(days=2)).isoformat()}
    answer = await (await still.chair("coordinator")).do("/api/rules", body)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (400, "invalid") and field in f"{said['field']} {said['facts']}", said


@pytest.mark.parametrize("login", ["operator", "shelter", "worker", "observer"])
async def test_others_do_not_set_rules(still: House, login: str) -> None:
    answer = await (await still.chair(login)).do("/api/rules", {"effective": "2030-01-01"})
    assert answer.status_code == 403


async def test_before_it_is_saved_a_change_shows_its_effect_on_drawn_evenings(house: House, look: asyncpg.Connection) -> None:
    chair = await house.chair("coordinator")
    body = {"effective": (await chair.get("/api/rules")).json()["earliest"], "floors": [0, 0, 0, 3]}
    none = (await chair.do("/api/rules/effect", body)).json()
    assert none["drawn"] == "invented", "no night was counted: said, and not passed off as counted"
    await counted(look, [("men", "1", 4, 10), ("women", "3-4", 1, 6), ("mixed", "2", 2, 0.03)])
    told = (await chair.do("/api/rules/effect", body)).json()
    assert (told["drawn"], told["evenings"], told["unproven"], told["declared"]) == ("counted", 12, 0, False)
    assert {one["side"] for one in told["shares"]} == {"men", "women"}, "a couple or two are not told"
    men = next(one for one in told["shares"] if one["side"] == "men")
    assert men["after"] >= men["before"] and men["asked"] >= 11
    assert (await chair.do("/api/rules/effect", body)).json() == told, "two looks show the same"
    assert await look.fetchval("SELECT count(*) FROM rules") == 0, "nothing is saved by looking"
    assert (await (await house.chair("operator")).do("/api/rules/effect", body)).status_code == 403


async def test_a_territory_that_has_counted_little_borrows_the_shape_of_the_others(house: House, look: asyncpg.Connection) -> None:
    await counted(look, [("men", "1", 4, 3)])
    chair = await house.chair("coordinator")
    body = {"effective": (await chair.get("/api/rules")).json()["earliest"]}
    alone = (await chair.do("/api/rules/effect", body)).json()
    assert alone["drawn"] == "counted" and {one["side"] for one in alone["shares"]} == {"men"}
    await look.execute("SET siao.territories = '38,75'; INSERT INTO territory VALUES ('75', 'Paris', 'Europe/Paris', '115')")
    await counted(look, [("men", "1", 4, 300), ("women", "1", 2, 300)], "75")
    told = (await chair.do("/api/rules/effect", body)).json()
    assert told["drawn"] == "pooled" and {one["side"] for one in told["shares"]} == {"men", "women"}
    assert sum(one["asked"] for one in told["shares"]) < 80, "a small territory's evening keeps its own size"


async def counted(look: asyncpg.Connection, cells: list[tuple[str, str, int, float]], code: str = "38") -> None:
    """Twenty-seven closed nights with so many requests a night of each side, size and level."""
    async with look.transaction():
        await look.execute("SELECT FROM territory WHERE code = $1 FOR UPDATE", code)  # the clock closes last night meanwhile
        await look.execute(
            "INSERT INTO night SELECT $1, current_date - n, now() FROM generate_series(1, 27) n ON CONFLICT DO NOTHING", code
        )
    await look.executemany(
        "INSERT INTO demand VALUES ($1, date_trunc('week', current_date - 7)::date, $2, $3, $4, 18, NULL, $5)",
        [(code, side, size, level, max(1, round(27 * requests))) for side, size, level, requests in cells],
    )
