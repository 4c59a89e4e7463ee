"""Between `siao migrate` and the roll an old worker meets tables that gained a column: it reads on, and what it cannot write waits."""

from uuid import uuid4

import asyncpg
import pytest

import city
from chairs import House

TABLES = (
    "territory",
    "shelter",
    "unit",
    "bed",
    "request",
    "criteria",
    "placement",
    "placement_bed",
    "journal",
    "command",
    "session",
    "account",
)


@pytest.mark.parametrize("table", TABLES)
async def test_a_column_that_came_under_a_worker_costs_no_board_and_loses_no_click(
    house: House, owner: asyncpg.Connection, table: str
) -> None:
    operator, place = await house.chair("operator"), {"units": [str(city.unit("Chambre 4"))], "override": "other"}
    asked = (await operator.do("/api/requests", {"men": 1})).json()
    before, reads = asked["id"], (f"/api/requests/{asked['id']}/timeline", f"/api/requests?code={asked['code']}")
    assert [(await operator.get(path)).status_code for path in reads] == [200, 200]
    await owner.execute(f"ALTER TABLE {table} ADD COLUMN later integer")
    key = uuid4()
    held = await operator.do(f"/api/requests/{before}/placement", place, key)
    assert held.status_code in (201, 503), held.text
    assert held.status_code == 201 or int(held.headers["retry-after"]) > 0
    assert before in [row["id"] for row in (await operator.rows("operator"))["requests"]]
    for path in reads:  # a statement that was prepared before may be refused once
        assert (await operator.get(path)).status_code in (200, 503)
        assert (await operator.get(path)).status_code == 200
    assert (await operator.get("/readyz")).json()["loops"]
    await owner.execute(f"ALTER TABLE {table} DROP COLUMN later")
    for _ in range(2):  # a connection that learnt the column forgets it at the first try
        again = await operator.do(f"/api/requests/{before}/placement", place, key)
    assert again.status_code == 201, again.text
    assert held.status_code == 503 or again.json() == held.json()
