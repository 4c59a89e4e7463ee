"""The access log, looked back at: one day by the territory's own clock, by account, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

import city
from chairs import House
from siao.api.reads import READS_MAX
from siao.store import db as database

WINTER = datetime(2026, 1, 20, 23, 30, tzinfo=UTC)
"""Half past midnight of the 21st in Grenoble."""


async def reads(house: House, **query: Any) -> list[dict[str, Any]]:
    answer = await (await house.chair("auditor")).get("/api/reads", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def wrote(owner: asyncpg.Connection, login: str, *at: datetime) -> None:
    async with owner.transaction():
        await database.here(owner, [city.CODE])
        await owner.executemany(
            "INSERT INTO access_log SELECT $1, $2, id, 'code_missed', NULL FROM account WHERE login = $3",
            [(city.CODE, one, login) for one in at],
        )


async def test_who_looked_up_which_code_is_told_to_the_auditor(house: House, look: asyncpg.Connection) -> None:
    operator, worker = await house.chair("operator"), await house.chair("worker")
    request = await operator.ask()
    code = await look.fetchval("SELECT code FROM request")
    await worker.get("/api/requests", params={"code": code})
    await operator.get("/api/requests", params={"code": "7K3M-9QXF-C"})
    today = datetime.now(ZoneInfo(city.ZONE)).date().isoformat()
    seen = await reads(house, day=today)
    assert [(one["by"], one["what"], one["subject"]) for one in seen] == [
        ("operator", "code_missed", None),
        ("worker", "code_found", request),
    ]
    assert [one["by"] for one in await reads(house, day=today, login="worker")] == ["worker"]
    assert await reads(house, day=today, login="nobody") == []


async def test_a_day_is_the_territory_s_own(house: House, owner: asyncpg.Connection) -> None:
    await wrote(owner, "worker", WINTER, WINTER - timedelta(hours=1))
    assert [one["at"] for one in await reads(house, day="2026-01-21")] == ["2026-01-20T23:30:00Z"]
    assert [one["at"] for one in await reads(house, day="2026-01-20", login="worker")] == ["2026-01-20T22:30:00Z"]


async def test_a_long_day_comes_page_by_page_and_none_is_left_out(house: House, owner: asyncpg.Connection) -> None:
    await wrote(owner, "worker", *(WINTER + timedelta(seconds=n) for n in range(READS_MAX + 7)))
    first, second = [await reads(house, day="2026-01-21", page=page) for page in (0, 1)]
    assert (len(first), len(second)) == (READS_MAX, 7)
    assert len({one["at"] for one in first + second}) == READS_MAX + 7
    assert first[0]["at"] > first[-1]["at"] > second[0]["at"]


@pytest.mark.parametrize("query", [{}, {"day": "yesterday"}, {"day": "2026-01-21", "page": -1}, {"day": "2026-01-21", "page": 10**9}])
async def test_what_is_no_day_and_no_page_is_refused(house: House, query: dict[str, Any]) -> None:
    assert (await (await house.chair("auditor")).get("/api/reads", params=query)).status_code == 400
