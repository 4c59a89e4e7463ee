"""One per process and territory: tails the journal, folds the board, encodes once a view, fans out.

A frame covers (from, to]. Snapshot and subscription are one function without an `await` between, so nothing slips in
between. The resume buffer keeps ids, never rows: what a household needs must not outlive its request in memory.
"""

import asyncio
import logging
import re
import time
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from siao.core import board as boards
from siao.core import views
from siao.core.board import Board, Touched
from siao.core.views import View
from siao.live.pace import Pace
from siao.live.snapshots import Rows, Shelf
from siao.live.wire import framed
from siao.store import board as store
from siao.store import db as database

log = logging.getLogger("siao.feed")
POLL_SECONDS = 1.0
AGAIN_SECONDS = 0.2
REACH_SECONDS = 0.005
KEPT_ENTRIES = 5_000
KEPT_FOR = timedelta(hours=12)
"""How far back a screen may resume; beyond, it takes a new snapshot. No session lasts longer, and the lines of the news have codes."""
NEWS_MINUTES = 10
NEWS_SHOWN = 60
NUMBER = re.compile(r"[0-9]{1,18}").fullmatch  # `²` is a digit too, and of five thousand of them Python makes no number


class Screen(Protocol):
    """What listens to a view: takes what is framed for the wire already, or is sent back for a new snapshot."""

    def show(self, frame: bytes, /) -> object: ...

    def resync(self) -> None: ...


class Kept(Struct, frozen=True):
    """One gathered delta in the resume buffer: its reach, and ids alone."""

    before: int
    upto: int
    touched: Touched
    news: tuple[dict[str, Any], ...]
    at: datetime


class Feed:
    """`seq` is this process's position, `board` the rows there."""

    def __init__(self, pool: database.Pool, territory: str) -> None:
        self.pool, self.code = pool, territory
        self.epoch, self.seq = "", -1
        self.folded: Board | None = None
        self.bell = asyncio.Event()
        self.hurry = asyncio.Event()
        self.ready = asyncio.Event()
        self.heard = -1
        self.screens: dict[View, set[Screen]] = {}
        self.upto: dict[View, int] = {}
        self.kept: deque[Kept] = deque(maxlen=KEPT_ENTRIES)
        self.recent: deque[dict[str, Any]] = deque(maxlen=NEWS_SHOWN)
        self.at: datetime | None = None
        self.texts: dict[View, bytes] = {}
        self.shelf = Shelf(self.snapshot)
        self.rows = Rows()
        self.whole = False
        self.pace = Pace()
        self.told = self.delivered = 0
        self.pulled_at = 0.0

    @property
    def board(self) -> Board:
        """The rows as they are at `seq`; there once the feed is `ready`, for good."""
        if self.folded is None:
            raise RuntimeError("the feed has no board yet")
        return self.folded

    @property
    def position(self) -> str:
        return f"{self.epoch}:{self.seq}"

    def ring(self, seq: int = -1) -> None:
        self.heard = max(self.heard, seq)
        self.bell.set()

    async def reach(self, seq: int) -> None:
        """Waits, a second at most, until this process's board is at least at `seq`. Looked for and not there, it is not awaited again."""
        began = time.monotonic()
        while self.seq < seq and time.monotonic() < began + POLL_SECONDS:
            self.ring()
            self.hurry.set()
            await asyncio.sleep(REACH_SECONDS)
        if self.seq < seq == self.heard and self.pulled_at > began:
            self.heard = self.seq  # rung for another database: every read would wait

    async def run(self) -> None:
        """A supervised loop: on the bell or after a second, all the news; away with the database, it tries again."""
        while True:
            try:
                await self._pull()
            except database.AWAY:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self.bell.wait()
            except TimeoutError:
                continue
            if wait := self.pace.wait(time.monotonic(), bool(self.screens)):
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self.hurry.wait()

    async def _pull(self) -> None:
        self.bell.clear()
        self.hurry.clear()
        if self.folded is None:
            await self._load()
        more = True
        while more:
            asked_at = time.monotonic()
            async with database.reading(self.pool, [self.code]) as db:
                news = await store.news(db, self.code, self.seq)
            self.pulled_at = asked_at  # the answer is as old as the question
            if news.epoch != self.epoch or news.seq < self.seq or store.whole(news.entries):
                await self._load()
                self._resync()
                return
            if not news.entries:
                return
            began = time.thread_time()
            self._take(news)
            self.pace.told(time.thread_time() - began)
            more = news.seq > self.seq  # else whatever came since has rung; looking at once would leave nothing to gather

    async def _load(self) -> None:
        async with database.reading(self.pool, [self.code]) as db:
            snapshot = await store.snapshot(db, self.code)
            recent = await store.recent(db, self.code, NEWS_MINUTES, NEWS_SHOWN)
        board = Board(snapshot.territory, snapshot.rules, snapshot.communes)
        board.fold(snapshot.facts, boards.touched_by(snapshot.facts))
        board.stocked(snapshot.at)
        self.heard = -1
        self.folded, self.epoch, self.seq, self.at = board, snapshot.epoch, snapshot.territory.seq, snapshot.at
        self.kept.clear()
        self.rows, self.whole = Rows(), False
        self._moved()
        self.recent = deque((views.line(board, entry) for entry in reversed(recent)), maxlen=NEWS_SHOWN)
        self.ready.set()

    def _take(self, news: store.News) -> None:
        """Folds, encodes once a view, sends: no await, so that every screen sees the same order."""
        board = self.board
        changed, concerned = board.take(news.facts, news.touched)
        before, self.seq, self.at = self.seq, news.entries[-1].seq, news.entries[-1].at
        lines = tuple(views.line(board, entry) for entry in news.entries if entry.account is None)
        self.recent.extend(lines)
        self.kept.append(Kept(before, self.seq, changed, lines, self.at))
        self._forget(self.at)
        self._moved()
        self._tell(changed, lines, concerned)

    def _forget(self, now: datetime) -> None:
        """What is too long ago to be told."""
        while self.kept[0].at < now - KEPT_FOR:
            self.kept.popleft()
        while self.recent and self.recent[0]["at"] < now - timedelta(minutes=NEWS_MINUTES):
            self.recent.popleft()

    def _moved(self) -> None:
        self.texts.clear()
        self.shelf.forget()

    def _tell(self, changed: Touched, lines: tuple[dict[str, Any], ...], concerned: set[UUID]) -> None:
        """One frame a view that is concerned, from where that view was last told. The others learn the number when they ask (`number`):
        of 1,050 screens of a city's evening 900 look at one shelter each, and to write to them all was most of what a click waited for."""
        if self.whole and views.Operator() not in self.screens:
            self.rows.take(*views.rows(views.Operator(), self.board, changed))
        for view, screens in self.screens.items():
            if view.concerned(concerned):
                self._show(screens, self._frame(view, self.upto[view], changed, lines))
                self.upto[view] = self.seq

    def _show(self, screens: set[Screen], text: bytes) -> None:
        frame = framed(text)
        self.told += 1
        self.delivered += len(screens)
        for show in [screen.show for screen in screens]:
            show(frame)

    def _frame(self, view: View, before: int, touched: Touched, lines: tuple[dict[str, Any], ...]) -> bytes:
        seen, gone = views.rows(view, self.board, touched)
        if not isinstance(view, views.Operator):
            return self._wrap(before, seen, gone, ())
        return self._wrap(before, self.rows.take(seen, gone) if self.whole else seen, gone, lines)

    def _wrap(self, before: int, rows: Any, gone: Any, lines: Any, whole: bool = False) -> bytes:
        return views.encode(
            {
                "t": "frame",
                "territory": self.code,
                "epoch": self.epoch,
                "whole": whole,
                "from": before,
                "to": self.seq,
                "at": self.at,
                "rows": rows,
                "gone": gone,
                "news": lines,
            }
        )

    def number(self, view: View) -> bytes:
        """For a screen that asks whether it is fresh: the frame that says that nothing since concerned it; empty where it was told all."""
        told = self.upto.get(view, self.seq)
        return framed(self._wrap(told, {}, {}, ())) if told < self.seq else b""

    def snapshot(self, view: View) -> tuple[str, bytes]:
        """Position and whole board of a view, encoded once a position."""
        if view not in self.texts:
            news = self.recent if isinstance(view, views.Operator) else ()
            self.texts[view] = self._wrap(-1, self._all(view), {}, tuple(news), whole=True)
        return self.position, self.texts[view]

    def _all(self, view: View) -> Any:
        board = self.board
        if not isinstance(view, views.Operator):
            return views.rows(view, board, view.ids(board))[0]
        if not self.whole:
            self.rows = Rows()
            self.rows.take(*views.rows(view, board, view.ids(board)))
            self.whole = True
        return self.rows.all()

    def subscribe(self, view: View, screen: Screen, since: str) -> bool:
        """From now on the screen gets every frame; first what it missed since its position. False: take a new snapshot."""
        missed = self._missed(since)
        if missed is None:
            return False
        self.screens.setdefault(view, set()).add(screen)
        self.upto.setdefault(view, self.seq)
        if missed:
            touched = Touched()
            for kept in missed:
                touched.add(kept.touched)
            lines = tuple(line for kept in missed for line in kept.news)
            text = self._frame(view, missed[0].before, touched, lines)
            screen.show(framed(text))
        return True

    def _missed(self, since: str) -> list[Kept] | None:
        """The deltas after a position, if they join exactly; None where they do not."""
        epoch, _, number = since.rpartition(":")
        after = int(number) if NUMBER(number) else -1
        if epoch != self.epoch or not 0 <= after <= self.seq:
            return None
        missed = [kept for kept in self.kept if kept.upto > after]
        return missed if after == self.seq or (missed and missed[0].before <= after) else None

    def status(self) -> dict[str, Any]:
        """Aggregates: how many screens of each kind of view, what they were told, and what it cost."""
        screens: dict[str, int] = {}
        for view, here in self.screens.items():
            screens[view.name] = screens.get(view.name, 0) + len(here)
        return {
            "territory": self.code,
            "position": self.position,
            "screens": screens,
            "views": len(self.screens),
            "frames": self.told,
            "deliveries": self.delivered,
            "last_cost_ms": round(1000 * self.pace.cost, 3),
            "boards_made": self.shelf.made,
            "resumable": len(self.kept),
        }

    def leave(self, view: View, screen: Screen) -> None:
        screens = self.screens.get(view, set())
        screens.discard(screen)
        if not screens:
            self.screens.pop(view, None)
            self.upto.pop(view, None)

    def _resync(self) -> None:
        for screens in tuple(self.screens.values()):
            for screen in tuple(screens):
                screen.resync()
