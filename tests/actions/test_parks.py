"""A park that comes in while people work there."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

import city
from hotline import Hotline
from siao.actions import parks
from siao.core.placements import Hold
from siao.core.requests import Side
from siao.embedded.stack import Stack


async def test_an_import_beside_a_hold_sees_it(hotline: Hotline, servers: Stack, name: str, look: asyncpg.Connection) -> None:
    """Both wait for the territory, the hold before the import: what was held meanwhile is not reported over."""
    async with look.transaction():
        await look.execute("SELECT FROM territory WHERE code = '38' FOR UPDATE")
        hold = asyncio.create_task(hotline.do(Hold(uuid4(), (city.unit("Dortoir hommes"),), persons=2, side=Side.MEN)))
        await waiting(look, 1)
        load = asyncio.create_task(parks.load(servers.app_url(name), city.PARK))
        await waiting(look, 2)
    assert (await hold).id
    with pytest.raises(parks.InUse):
        await load
    assert await look.fetchval("SELECT count(*) FROM journal WHERE outcome = 'import'") == 1, "the one of the beginning"


async def waiting(look: asyncpg.Connection, sessions: int) -> None:
    here = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(2):
        while await look.fetchval(here) < sessions:
            await look.execute("SELECT pg_stat_clear_snapshot()")
            await asyncio.sleep(0.01)
