"""Reads that find their rows by an index: how many rows are read is counted, on a territory with a past."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

import city
from siao.core.journal import ADMINISTERED, Verb
from siao.store import board, journal, nights
from siao.store import db as database

PAST, NIGHTS = 20_000, 100
SEEDED = f"""
    INSERT INTO placement (id, territory, shelter, state, night, accepted, opened_seq, version)
        SELECT md5(n::text)::uuid, '{city.CODE}', (SELECT id FROM shelter LIMIT 1), 'ended', current_date - n % {NIGHTS}, true, n, 1
        FROM generate_series(2, {PAST}) n;
    INSERT INTO journal (territory, seq, at, role, source, verb, outcome, units, placement, salt, hash)
        SELECT '{city.CODE}', n, clock_timestamp() - make_interval(mins => 30 + {PAST} - n), 'operator', 'screen',
            CASE n % 5 WHEN 0 THEN 'refuse_household' ELSE 'hold' END, '', '{{}}', md5(n::text)::uuid, '', ''
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


def _read(plan: dict[str, Any]) -> int:
    """Rows that the scans gave, and those they looked at in vain."""
    below = plan.get("Plans", ())
    here = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if "Relation Name" in plan else 0
    return int(here * plan["Actual Loops"]) + sum(map(_read, below))


@pytest.fixture
async def past(owner: asyncpg.Connection, pool: database.Pool) -> database.Pool:
    await owner.execute(f"SET siao.territories = '{city.CODE}'")
    await owner.execute(SEEDED)
    await owner.execute("VACUUM ANALYZE journal, placement")
    return pool


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
