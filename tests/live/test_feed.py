"""What a feed keeps in memory: a household's needs only while its request waits, whoever looks on."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

import city
from hotline import Hotline
from siao.core.requests import Withdraw
from siao.core.views import Operator
from siao.live.feed import Feed
from siao.live.past import KEPT_FOR, NEWS_MINUTES
from siao.store import db as database


class Heard:
    """A screen that keeps nothing but how often it was told."""

    frames = 0

    def show(self, frame: bytes) -> None:
        self.frames += 1

    def resync(self) -> None:
        raise AssertionError("nothing here asks for a new board")


async def news(feed: Feed) -> None:
    """What came is read and told."""
    await feed._pull()
    while feed.waves.turns:
        feed._tell()


def kept(feed: Feed) -> set[UUID]:
    return set(feed.rows.kinds["requests"])


@pytest.mark.parametrize("whole", [False, True], ids=["resumed on a new feed", "on a board that was asked for"])
async def test_needs_do_not_outlive_their_request_in_memory(hotline: Hotline, pool: database.Pool, whole: bool) -> None:
    """After a restart every screen resumes where it was, and nobody asks for a whole board."""
    feed, screen = Feed(pool, city.CODE), Heard()
    await feed._pull()
    if whole:
        feed.snapshot(Operator())
    assert feed.subscribe(Operator(), screen, feed.position)
    request = await hotline.ask(needs=("animals",))
    await news(feed)
    assert screen.frames == 1 and kept(feed) == ({request} if whole else set())
    feed.leave(screen)
    await hotline.do(Withdraw(request))
    await feed._pull()
    assert kept(feed) == set()


async def test_codes_are_told_for_as_long_as_a_screen_may_ask(hotline: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    """The lines of the last ten minutes, and those that a screen missed since it last listened."""
    feed = Feed(pool, city.CODE)
    await look.execute("UPDATE journal SET at = at - interval '1 day'")
    await feed._pull()
    ages = (KEPT_FOR + timedelta(minutes=1), timedelta(minutes=NEWS_MINUTES + 1), timedelta())
    positions = []
    for age in ages:
        await hotline.ask()
        await look.execute("UPDATE journal SET at = at - $1::interval WHERE seq = (SELECT max(seq) FROM journal)", age)
        positions.append(feed.position)
        await feed._pull()
    assert [line["seq"] for line in feed.past.recent] == [feed.seq]
    assert [one.upto for one in feed.past.kept] == [feed.seq - 1, feed.seq]
    assert [feed.subscribe(Operator(), Heard(), since) for since in positions] == [False, True, True]
