"""What the database said is as old as the question: however late the answer comes, it is not told as new."""

import asyncio
import time
from typing import Any

import pytest

import city
from siao.embedded.stack import Stack
from siao.live.feed import Feed
from siao.live.hub import TOP_AGE_MAX_SECONDS, Hub
from siao.store import board as boards
from siao.store import db as database

LATE_SECONDS = TOP_AGE_MAX_SECONDS + 0.2


def late(ask: Any) -> Any:
    """The same answer, over a line that stood still."""

    async def asked(*about: Any) -> Any:
        answer = await ask(*about)
        await asyncio.sleep(LATE_SECONDS)
        return answer

    return asked


async def test_a_top_that_was_long_on_its_way_renews_no_lease(pool: database.Pool, servers: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(pool, servers.redis_url)
    monkeypatch.setattr(database, "tops", late(database.tops))
    hub.supervise("tops", hub._watch_tops)
    try:
        async with asyncio.timeout(LATE_SECONDS + 5):
            while not hub.tops:
                await asyncio.sleep(0.005)
        assert hub.tops[city.CODE][1] > 0 and hub.top(city.CODE) is None
    finally:
        await hub.stop()


async def test_a_feed_has_looked_when_it_asked(pool: database.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed(pool, city.CODE)
    await feed._load()
    monkeypatch.setattr(boards, "news", late(boards.news))
    await feed._pull()
    assert time.monotonic() - feed.pulled_at > LATE_SECONDS
