"""What an observer is told over HTTP: weeks that are over, free places, and nothing else."""

from datetime import date, timedelta
from typing import Any

import asyncpg

import city
from chairs import House


async def _week(look: asyncpg.Connection, monday: date, households: dict[int, int]) -> None:
    for day, count in households.items():
        await look.execute(
            "INSERT INTO tally VALUES ($1, $2, 'no_place', 'men', 'man', 4, 'over_6_h', $3, $3)",
            city.CODE, monday + timedelta(days=day), count,
        )  # fmt: skip


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in _keys(inner)}
    return {key for inner in value for key in _keys(inner)} if isinstance(value, list) else set()


def _numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [n for inner in value.values() for n in _numbers(inner)]
    return [n for inner in value for n in _numbers(inner)] if isinstance(value, list) else [value] if isinstance(value, int) else []


async def test_an_observer_reads_no_row_and_no_small_number(house: House, look: asyncpg.Connection) -> None:
    monday = date.fromisoformat((await (await house.chair("observer")).get("/api/statistics")).json()["last_week"])
    await _week(look, monday, {0: 31, 1: 7, 2: 25})
    await _week(look, monday - timedelta(days=7), {0: 4, 3: 5})
    await _week(look, monday + timedelta(days=7), {0: 90})
    operator = await house.chair("operator")
    await operator.ask(women=1)
    said = (await (await house.chair("observer")).get("/api/statistics")).json()
    assert [week["first"] for week in said["weeks"]] == [str(monday), str(monday - timedelta(days=7))], "this week may still grow"
    assert [night["households"] for night in said["weeks"][0]["nights"]] == [None, None, 25, 0, 0, 0, 0]
    assert said["weeks"][1]["households"] is None
    assert all(n == 0 or n >= said["cell_min"] for n in _numbers(said["weeks"]))
    assert not _keys(said) & {"id", "code", "request", "placement", "shelter", "address", "telephone", "latitude"}
    assert "Refuge" not in str(said)
    assert "Voironnais" not in str(said), "the only shelter there is confidential"


async def test_a_week_is_told_once_nobody_waits_of_its_nights(house: House, look: asyncpg.Connection) -> None:
    """The clock closes what is left over one after the other: between two of them, two looks would tell one household."""
    observer, operator = await house.chair("observer"), await house.chair("operator")
    monday = date.fromisoformat((await observer.get("/api/statistics")).json()["last_week"])
    await _week(look, monday, {0: 31})
    request = await operator.ask()
    await operator.hold(request)
    await look.execute("UPDATE request SET night = $1", monday + timedelta(days=6))
    said = (await observer.get("/api/statistics")).json()
    assert (said["last_week"], said["weeks"]) == (str(monday - timedelta(days=7)), [])
    answer = await operator.do(f"/api/requests/{request}/withdrawal", {})
    assert answer.is_success, answer.text
    said = (await observer.get("/api/statistics")).json()
    assert (said["last_week"], said["weeks"][0]["households"]) == (str(monday), 32)


async def test_the_desks_and_the_doors_have_other_screens(house: House) -> None:
    for login, status in {"observer": 200, "coordinator": 200, "operator": 403, "shelter": 403, "worker": 403, "elsewhere": 403}.items():
        answer = await (await house.chair(login)).get("/api/statistics", params={"territory": city.CODE})
        assert answer.status_code == status, login
    for path in ("/api/board?view=operator", "/api/night", "/api/accounts", "/api/communes", "/api/requests?code=7K3M-9QXF-C"):
        answer = await (await house.chair("observer")).get(path)
        assert answer.status_code == (200 if path == "/api/communes" else 403), path
