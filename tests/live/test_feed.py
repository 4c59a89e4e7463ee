"""What a feed keeps in memory: a household's needs only while its request waits, whoever looks on."""

from uuid import UUID

import pytest

import city
from hotline import Hotline
from siao.core.requests import Withdraw
from siao.core.views import Operator
from siao.live.feed import Feed
from siao.store import db as database


class Heard:
    """A screen that keeps nothing but how often it was told."""

    frames = 0

    def show(self, frame: bytes) -> None:
        self.frames += 1

    def resync(self) -> None:
        raise AssertionError("nothing here asks for a new board")


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
    await feed._pull()
    assert screen.frames == 1 and kept(feed) == ({request} if whole else set())
    feed.leave(Operator(), screen)
    await hotline.do(Withdraw(request))
    await feed._pull()
    assert kept(feed) == set()
