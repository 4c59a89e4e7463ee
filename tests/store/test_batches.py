"""A batch's two statements, put together from what it touches: every form of them is one that the database understands."""

from itertools import combinations
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import city
from siao.core.territories import Territory
from siao.store import changes
from siao.store import db as database
from siao.store import world as store
from siao.store.world import Wanted

IDS: dict[str, Any] = {
    name: (city.CODE,) if name in ("night", "rules") else ("Ici",) if name == "communes" else (uuid4(),)
    for name in Wanted.__struct_fields__
}


@pytest.mark.parametrize("size", [0, 1, 2, len(IDS)])
async def test_whatever_is_wanted_is_one_statement(pool: database.Pool, size: int) -> None:
    for names in combinations(IDS, size):
        async with pool.acquire() as db, database.locked(db, [city.CODE]):
            found = await store.load(db, [city.CODE], Wanted(**{name: IDS[name] for name in names}), [uuid4()])
        assert [row.code for row in found.rows if isinstance(row, Territory)] == [city.CODE]
        assert found.known == {}


@pytest.mark.parametrize("size", [1, 2, len(changes.WRITES)])
async def test_whatever_changed_is_one_statement(owner: asyncpg.Connection, size: int) -> None:
    for writes in combinations(changes.WRITES, size):
        statement = await owner.prepare(changes._together(tuple(write.sql for write in writes)))
        assert len(statement.get_parameters()) == size


async def test_the_epoch_is_the_connection_s(pool: database.Pool) -> None:
    async with database.reading(pool, [city.CODE]) as db:
        assert database.epoch(db) == (await database.top(db, city.CODE))[0] != ""
