"""Reads that find their rows by an index: how many rows are read is counted, on a territory with a past."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

import city
from siao.core.journal import ADMINISTERED, Verb
from siao.core.placements import Placement
from siao.store import board, invariants, journal, nights, world
from siao.store import db as database
from siao.store.world import Wanted

PAST, NIGHTS = 20_000, 100
SEEDED = f"""
    INSERT INTO placement (id, territory, shelter, state, night, accepted, opened_seq, version)
        SELECT md5(n::text)::uuid, '{city.CODE}', (SELECT id FROM shelter LIMIT 1), 'ended', current_date - n % {NIGHTS}, true, n, 1
        FROM generate_series(2, {PAST}) n;
    INSERT INTO journal (territory, seq, at, role, source, verb, outcome, units, placement, salt, hash)
        SELECT '{city.CODE}', n, clock_timestamp() - make_interval(mins => 30 + {PAST} - n), 'operator', 'screen',
            CASE n % 5 WHEN 0 THEN 'refuse_household' ELSE 'hold' END, '', '{{}}', md5(n::text)::uuid, '', ''
        FROM generate_series(2, {PAST}) n;
    INSERT INTO request (id, territory, code, state, closing, night, first_asked, asked_at, nights_unmet, first_in_level, closed_at, version)
        SELECT md5('r' || n)::uuid, '{city.CODE}', '0000-' || upper(lpad(to_hex(n), 4, '0')) || '-0', 'met', 'met', current_date - n % {NIGHTS},
            clock_timestamp(), clock_timestamp(), 0, false, clock_timestamp(), 1
        FROM generate_series(2, {PAST}) n;
    UPDATE territory SET seq = {PAST} WHERE code = '{city.CODE}';
"""


class Counted:
    """A connection of the pool that counts the rows its plans went through."""

    def __init__(self, db: Any) -> None:
        self.db, self.rows = db, 0

    async def fetch(self, statement: str, *values: Any) -> Any:
        told = await self.db.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", *values)
        self.rows += _read(json.loads(told)[0]["Plan"])
        return await self.db.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        return (await self.fetch(statement, *values))[0]


def _read(plan: dict[str, Any]) -> int:
    """Rows that the scans of tables and of indexes gave, and those they looked at in vain."""
    below = plan.get("Plans", ())
    here = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if plan.keys() & {"Relation Name", "Index Name"} else 0
    return int(here * plan["Actual Loops"]) + sum(map(_read, below))


@pytest.fixture
async def seeded(owner: asyncpg.Connection, pool: database.Pool) -> database.Pool:
    await owner.execute(f"SET siao.territories = '{city.CODE}'")
    await owner.execute(SEEDED)
    return pool


@pytest.fixture
async def past(owner: asyncpg.Connection, seeded: database.Pool) -> database.Pool:
    await owner.execute("VACUUM ANALYZE journal, placement, request")
    return seeded


@pytest.fixture(params=["not looked at yet", "analysed"])
async def grown(owner: asyncpg.Connection, seeded: database.Pool, request: pytest.FixtureRequest) -> database.Pool:
    """The same past; plans are made before the server has looked at it, and after."""
    if request.param == "analysed":
        await owner.execute("ANALYZE")
    return seeded


async def read(pool: database.Pool, question: Callable[[Any], Awaitable[Any]]) -> tuple[Any, int]:
    async with database.reading(pool, [city.CODE]) as db:
        counted = Counted(db)
        return await question(counted), counted.rows


async def test_a_quiet_night_s_last_entries_are_not_looked_for_in_the_whole_journal(past: database.Pool) -> None:
    found, rows = await read(past, lambda db: board.recent(db, city.CODE, 10, 60))
    assert found == [] and 0 < rows <= board.RECENT_MAX + 2


async def test_what_the_administration_changed_is_found_by_itself(past: database.Pool) -> None:
    found, rows = await read(past, lambda db: journal.changes(db, city.CODE, 100))
    assert [one.verb for one in found] == [Verb.ADMINISTER] and rows <= 5


async def test_the_refusals_of_a_night_are_found_by_the_night_s_placements(past: database.Pool, owner: asyncpg.Connection) -> None:
    night = await owner.fetchval("SELECT current_date - 5")
    found, rows = await read(past, lambda db: nights.refusals(db, city.CODE, night))
    assert found == [("refuse_household", "", PAST // NIGHTS)] and rows <= 4 * PAST // NIGHTS


async def test_what_is_looked_back_at_is_what_the_index_holds(owner: asyncpg.Connection, pool: database.Pool) -> None:
    (index,) = await owner.fetchrow("SELECT indexdef FROM pg_indexes WHERE indexname = 'journal_administered'")
    assert {verb for verb in Verb if f"'{verb}'" in index} == ADMINISTERED
    await owner.execute(f"SET siao.territories = '{city.CODE}'")
    await owner.execute(
        """INSERT INTO journal (territory, seq, at, role, source, verb, outcome, units, salt, hash)
        SELECT $1, 1000 + n, clock_timestamp(), 'admin', 'screen', verb, '', '{}', '', '' FROM unnest($2::text[]) WITH ORDINALITY v(verb, n)""",
        city.CODE,
        list(Verb),
    )
    found, _ = await read(pool, lambda db: journal.changes(db, city.CODE, 100))
    assert {one.verb for one in found} == ADMINISTERED


async def test_a_batch_reads_what_its_commands_name(grown: database.Pool, owner: asyncpg.Connection) -> None:
    wanted = Wanted(
        placements=await some(owner, "SELECT id FROM placement WHERE state = 'ended' LIMIT 4"),
        requests=await some(owner, "SELECT id FROM request WHERE state = 'met' LIMIT 4"),
        places=await some(owner, "SELECT id FROM unit WHERE kind = 'dormitory' LIMIT 2"),
    )
    found, rows = await read(grown, lambda db: world.load(db, [city.CODE], wanted, [uuid4()]))
    assert len([row for row in found.rows if isinstance(row, Placement)]) == 4 and rows <= 200


async def test_news_are_read_with_what_they_touched_alone(grown: database.Pool) -> None:
    found, rows = await read(grown, lambda db: board.news(db, city.CODE, PAST - 4))
    assert len(found.entries) == 4 and rows <= 60


async def test_a_history_is_found_by_whose_it_is(grown: database.Pool, owner: asyncpg.Connection) -> None:
    ids = await some(owner, "SELECT id FROM placement WHERE state = 'ended' LIMIT 4")
    found, rows = await read(grown, lambda db: invariants.histories(db, ids, []))
    assert len(found) == 4 and rows <= 20


async def some(owner: asyncpg.Connection, statement: str) -> list[UUID]:
    return [row[0] for row in await owner.fetch(statement)]
