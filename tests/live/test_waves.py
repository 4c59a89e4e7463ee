"""Screens are told in waves: the longest waiting first, each of the rows as they are at its turn, and the loop is free in between."""

import asyncio
import time
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

import city
from hotline import Hotline
from siao.core import views
from siao.core.views import AtShelter, Operator
from siao.live.feed import Feed
from siao.live.pace import AHEAD_SECONDS, SHARE, Pace
from siao.live.waves import WAVE_SCREENS, Waves
from siao.store import db as database

HERE, THERE = AtShelter(UUID(int=1)), AtShelter(UUID(int=2))


class Heard:
    """A screen that keeps what it was told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.sent_back = 0

    def show(self, frame: bytes) -> None:
        self.frames.append(frame)

    def resync(self) -> None:
        self.sent_back += 1


def test_a_wave_is_filled_before_another_begins_and_ends_with_its_last_screen() -> None:
    waves, screens = Waves(), [Heard() for _ in range(2 * WAVE_SCREENS + 1)]
    for screen in screens:
        waves.join(Operator(), screen, 7)
    assert [len(wave.screens) for wave in waves] == [WAVE_SCREENS, WAVE_SCREENS, 1]
    waves.leave(screens[0])
    waves.leave(screens[-1])
    waves.join(Operator(), screens[0], 8)
    assert [len(wave.screens) for wave in waves] == [WAVE_SCREENS, WAVE_SCREENS]
    for screen in screens:
        waves.leave(screen)
    assert not waves.views and not waves.seats
    waves.leave(screens[0])


def test_whom_news_concern_has_one_turn_the_longest_waiting_first() -> None:
    waves = Waves()
    for view in (Operator(), HERE, THERE):
        waves.join(view, Heard(), 3)
    waves.owe(3, {THERE.shelter})
    waves.owe(4, {THERE.shelter, HERE.shelter})
    turns = [waves.next() for _ in range(3)]
    assert [(wave.view, wave.owed) for wave in turns if wave] == [(Operator(), 3), (THERE, 3), (HERE, 4)]
    assert waves.next() is None and not waves.owing.is_set()


def test_who_has_left_has_no_turn() -> None:
    waves, gone, there = Waves(), Heard(), Heard()
    waves.join(HERE, gone, 3)
    waves.join(Operator(), there, 3)
    waves.owe(3, {HERE.shelter})
    waves.leave(gone)
    wave = waves.next()
    assert wave is not None and wave.screens == {there} and waves.next() is None


def fails(*given: object) -> None:
    raise ValueError("no row like that")


async def many(feed: Feed, hotline: Hotline, number: int) -> list[Heard]:
    """Screens of the whole territory, and one request that they have not heard of."""
    await feed._pull()
    screens = [Heard() for _ in range(number)]
    for screen in screens:
        assert feed.subscribe(Operator(), screen, feed.position)
    await hotline.ask()
    await feed._pull()
    return screens


async def test_a_later_wave_is_told_of_what_came_meanwhile(hotline: Hotline, pool: database.Pool) -> None:
    feed = Feed(pool, city.CODE)
    first, *_, last = await many(feed, hotline, 2 * WAVE_SCREENS)
    feed._tell()
    assert len(first.frames) + len(last.frames) == 1, "one wave"
    await hotline.ask()
    await feed._pull()
    while feed.waves.turns:
        feed._tell()
    early, late = sorted((first, last), key=lambda screen: -len(screen.frames))
    assert [len(early.frames), len(late.frames)] == [2, 1]
    asked = [b'"verb":"ask"' in frame for frame in early.frames]
    assert asked == [True, True] and late.frames[0].count(b'"verb":"ask"') == 2


async def test_who_is_hung_up_while_its_wave_is_told_costs_the_others_nothing(hotline: Hotline, pool: database.Pool) -> None:
    """A full buffer is said while it is written to: the wave grows smaller in the middle."""
    feed = Feed(pool, city.CODE)

    class Slow(Heard):
        def show(self, frame: bytes) -> None:
            super().show(frame)
            feed.leave(self)

    await feed._pull()
    screens = [Slow(), Heard(), Slow(), Heard()]
    for screen in screens:
        assert feed.subscribe(Operator(), screen, feed.position)
    await hotline.ask()
    await feed._pull()
    feed._tell()
    assert [(len(screen.frames), screen.sent_back) for screen in screens] == 4 * [(1, 0)]
    assert set(feed.waves.seats) == {screens[1], screens[3]}


async def test_a_screen_whose_turn_is_coming_is_told_no_number(hotline: Hotline, pool: database.Pool) -> None:
    """The number says that nothing concerned it since."""
    feed = Feed(pool, city.CODE)
    (screen,) = await many(feed, hotline, 1)
    assert feed.number(screen) == b""
    feed._tell()
    assert feed.number(screen) == b"" and len(screen.frames) == 1


async def test_between_two_waves_others_have_their_turn(hotline: Hotline, pool: database.Pool) -> None:
    feed = Feed(pool, city.CODE)
    screens = await many(feed, hotline, 4 * WAVE_SCREENS)
    telling = asyncio.create_task(feed.tell())
    seen = set[int]()
    while (told := sum(len(screen.frames) for screen in screens)) < len(screens):
        seen.add(told)
        await asyncio.sleep(0)
    telling.cancel()
    assert seen >= {WAVE_SCREENS, 2 * WAVE_SCREENS, 3 * WAVE_SCREENS}


async def test_a_wave_that_cannot_be_told_takes_a_new_board_and_the_others_are_told(
    hotline: Hotline, pool: database.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its next frame would join, and lack what this one had."""
    feed = Feed(pool, city.CODE)
    screens = await many(feed, hotline, WAVE_SCREENS + 1)
    with monkeypatch.context() as broken, pytest.raises(ValueError, match="no row"):
        broken.setattr(views, "encode", fails)
        feed._tell()
    feed._tell()
    assert [(screen.sent_back, len(screen.frames)) for screen in screens] == WAVE_SCREENS * [(1, 0)] + [(0, 1)]
    assert len(feed.waves.seats) == 1


@pytest.mark.parametrize("what", ["rows", "line"])
async def test_where_the_news_cannot_be_taken_nobody_is_told_that_there_were_none(
    hotline: Hotline, pool: database.Pool, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The board may be half folded: it is taken anew, by the screens as well."""
    feed, screen = Feed(pool, city.CODE), Heard()
    await feed._pull()
    feed.snapshot(Operator())
    assert feed.subscribe(Operator(), screen, feed.position)

    await hotline.ask()
    with monkeypatch.context() as broken, pytest.raises(ValueError, match="no row"):
        broken.setattr(views, what, fails)
        await feed._pull()
    assert (screen.sent_back, feed.number(screen)) == (1, b"")
    assert feed.position.startswith(":"), "no screen calls it fresh"
    await feed._pull()
    new = Feed(pool, city.CODE)
    await new._pull()
    (position, text), (there, whole) = feed.snapshot(Operator()), new.snapshot(Operator())
    assert position == there and msgspec.json.decode(text)["rows"]["requests"] == msgspec.json.decode(whole)["rows"]["requests"]


async def test_a_board_that_cannot_be_loaded_leaves_all_where_they_were(
    hotline: Hotline, pool: database.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else they would stay, and the feed be past what they missed."""
    feed, screen = Feed(pool, city.CODE), Heard()
    await hotline.ask()
    await feed._pull()
    assert feed.subscribe(Operator(), screen, feed.position)
    told = feed.position
    await hotline.ask()
    with monkeypatch.context() as broken, pytest.raises(ValueError, match="no row"):
        broken.setattr(views, "line", fails)
        await feed._load()
    assert (feed.position, screen.sent_back) == (told, 0)
    await feed._pull()
    feed._tell()
    assert len(screen.frames) == 1


async def test_who_cannot_be_told_what_it_missed_does_not_listen(
    hotline: Hotline, pool: database.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, screen = Feed(pool, city.CODE), Heard()
    await feed._pull()
    since = feed.position
    await hotline.ask()
    await feed._pull()
    monkeypatch.setattr(views, "encode", fails)
    with pytest.raises(ValueError, match="no row"):
        feed.subscribe(Operator(), screen, since)
    assert not feed.waves.seats


async def test_territories_share_what_telling_may_take_of_the_core(hotline: Hotline, pool: database.Pool) -> None:
    pace, cost = Pace(), 0.05
    feeds = [Feed(pool, city.CODE, pace) for _ in range(4)]
    screens = [(await many(feed, hotline, 1))[0] for feed in feeds]
    pace.told(began := time.monotonic(), cost)
    for feed in feeds:
        feed._show = partial(_slowly, feed._show, cost)  # type: ignore[method-assign]
    telling = [asyncio.create_task(feed.tell()) for feed in feeds]
    while not all(screen.frames for screen in screens):
        await asyncio.sleep(0.01)
    took = time.monotonic() - began
    for task in telling:
        task.cancel()
    assert took > 4 * cost * (1 + SHARE) - AHEAD_SECONDS, "each for itself, they would have taken but half of it"


def _slowly(show: Any, cost: float, screens: Any, frame: bytes) -> None:
    show(screens, frame)
    until = time.thread_time() + cost
    while time.thread_time() < until:
        pass
