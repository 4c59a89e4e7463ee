"""One per process and territory: tails the journal, folds the board, encodes once for all who stand at the same place, fans out.

A frame covers (from, to]. Snapshot and subscription are one function without an `await` between, so nothing slips in between.
"""

import asyncio
import re
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from siao.core import board as boards
from siao.core import views
from siao.core.board import Board
from siao.core.views import View
from siao.live.pace import Pace, gather
from siao.live.past import NEWS_MINUTES, NEWS_SHOWN, Kept, Past, together
from siao.live.snapshots import Rows, Shelf
from siao.live.waves import Screen, Wave, Waves
from siao.live.wire import framed
from siao.store import board as store
from siao.store import db as database

POLL_SECONDS = 1.0
AGAIN_SECONDS = 0.2
REACH_SECONDS = 0.005
NUMBER = re.compile(r"[0-9]{1,18}").fullmatch  # `²` is a digit too, and of five thousand of them Python makes no number


class Feed:
    """`seq` is this process's position, `board` the rows there. `pace` is that of all who tell in this process."""

    def __init__(self, pool: database.Pool, territory: str, pace: Pace | None = None) -> None:
        self.pool, self.code = pool, territory
        self.epoch, self.seq = "", -1
        self.folded: Board | None = None
        self.bell = asyncio.Event()
        self.hurry = asyncio.Event()
        self.ready = asyncio.Event()
        self.heard = -1
        self.waves = Waves()
        self.past = Past()
        self.at: datetime | None = None
        self.texts: dict[View, bytes] = {}
        self.frames: dict[tuple[View, int, int], bytes] = {}
        self.shelf = Shelf(self.snapshot)
        self.rows = Rows()
        self.whole = False
        self.pace = pace or Pace()
        self.told = self.delivered = 0
        self.pulled_at = self.taken_at = 0.0

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
            if wait := gather(self.taken_at, time.monotonic(), bool(self.waves.seats)):
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
                return
            if not news.entries:
                return
            try:
                self._take(news)
            except Exception:
                self._torn()
                raise
            more = news.seq > self.seq  # else whatever came since has rung; looking at once would leave nothing to gather

    async def _load(self) -> None:
        """The board anew, also for who listens: nobody stays who would miss what is skipped."""
        async with database.reading(self.pool, [self.code]) as db:
            snapshot = await store.snapshot(db, self.code)
            recent = await store.recent(db, self.code, NEWS_MINUTES, NEWS_SHOWN)
        board = Board(snapshot.territory, snapshot.rules, snapshot.communes)
        board.fold(snapshot.facts, boards.touched_by(snapshot.facts))
        board.stocked(snapshot.at)
        lines = [views.line(board, entry) for entry in reversed(recent)]
        self._resync(self.waves.seats)
        self.heard = -1
        self.folded, self.epoch, self.seq, self.at = board, snapshot.epoch, snapshot.territory.seq, snapshot.at
        self.rows, self.whole = Rows(), False
        self._moved()
        self.past.begin(lines)
        self.ready.set()

    def _take(self, news: store.News) -> None:
        """Folds, and says whom it concerns; no await, so that every screen sees the same order."""
        board = self.board
        changed, concerned = board.take(news.facts, news.touched)
        if self.whole:
            self.rows.take(*views.rows(views.Operator(), board, changed))
        before, self.seq, self.at = self.seq, news.entries[-1].seq, news.entries[-1].at
        lines = tuple(views.line(board, entry) for entry in news.entries if entry.account is None)
        self.past.add(Kept(before, self.seq, changed, lines, self.at))
        self._moved()
        self.waves.owe(before, concerned)
        self.taken_at = time.monotonic()

    def _torn(self) -> None:
        """Half folded, the board is of no epoch: no screen calls it fresh, and the next look loads it anew."""
        self.epoch = ""
        self._moved()
        self._resync(self.waves.seats)

    def _moved(self) -> None:
        self.texts.clear()
        self.frames.clear()
        self.shelf.forget()

    async def tell(self) -> None:
        """A supervised loop: wave after wave, at the pace."""
        while True:
            await self.waves.owing.wait()
            await asyncio.sleep(self.pace.wait(time.monotonic()))
            if not self.pace.wait(time.monotonic()):  # else another territory was told meanwhile
                self._tell()

    def _tell(self) -> None:
        """The wave that has waited longest, from where it was last told. One that cannot be told on takes a new board."""
        wave = self.waves.next()
        if wave is None:
            return
        began, cost = time.monotonic(), time.thread_time()
        try:
            self._show(wave.screens, self._owed(wave))
        except Exception:
            self._resync(wave.screens)
            raise
        wave.upto, wave.owed = self.seq, None
        self.pace.told(began, time.thread_time() - cost)

    def _show(self, screens: Collection[Screen], frame: bytes) -> None:
        self.delivered += len(screens)
        for show in [screen.show for screen in screens]:
            show(frame)

    def _owed(self, wave: Wave) -> bytes:
        assert wave.owed is not None
        key = wave.view, wave.upto, wave.owed
        if key not in self.frames:
            self.frames[key] = self._since(*key)
            self.told += 1
        return self.frames[key]

    def _since(self, view: View, before: int, owed: int) -> bytes:
        """A frame from `before`, of what came after `owed`."""
        missed = self.past.since(owed)
        if missed is None:
            raise LookupError("a wave is further behind than what is kept")
        return self._frame(view, before, missed)

    def _frame(self, view: View, before: int, missed: Sequence[Kept]) -> bytes:
        """What `missed` touched, as it is now, as a frame from `before`."""
        touched, lines = together(missed)
        if not isinstance(view, views.Operator):
            return framed(self._wrap(before, *views.rows(view, self.board, touched), ()))
        rows = self.rows.of(touched) if self.whole else views.rows(view, self.board, touched)
        return framed(self._wrap(before, *rows, lines))

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

    def number(self, screen: Screen) -> bytes:
        """For a screen that asks whether it is fresh: the frame that says that nothing since concerned it; empty where it was told all,
        or its turn to be told is coming."""
        wave = self.waves.seats.get(screen)
        if wave is None or wave.owed is not None or wave.upto == self.seq:
            return b""
        return framed(self._wrap(wave.upto, {}, {}, ()))

    def snapshot(self, view: View) -> tuple[str, bytes]:
        """Position and whole board of a view, encoded once a position."""
        if view not in self.texts:
            news = self.past.recent if isinstance(view, views.Operator) else ()
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
        epoch, _, number = since.rpartition(":")
        if epoch != self.epoch or not NUMBER(number) or int(number) > self.seq:
            return False
        missed = [] if int(number) == self.seq else self.past.since(int(number))
        if missed is None:
            return False
        frame = self._frame(view, missed[0].before, missed) if missed else b""
        self.waves.join(view, screen, self.seq)
        if frame:
            screen.show(frame)
        return True

    def status(self) -> dict[str, Any]:
        """Aggregates: how many screens of each kind of view, what they were told, and what it cost."""
        screens: dict[str, int] = {}
        for wave in self.waves:
            screens[wave.view.name] = screens.get(wave.view.name, 0) + len(wave.screens)
        return {
            "territory": self.code,
            "position": self.position,
            "screens": screens,
            "views": len(self.waves.views),
            "frames": self.told,
            "deliveries": self.delivered,
            "waits_ms": round(1000 * self.waves.waits(time.monotonic())),
            "last_cost_ms": round(1000 * self.pace.cost, 3),
            "boards_made": self.shelf.made,
            "resumable": len(self.past.kept),
        }

    def leave(self, screen: Screen) -> None:
        self.waves.leave(screen)

    def _resync(self, screens: Iterable[Screen]) -> None:
        for screen in tuple(screens):
            self.waves.leave(screen)
            screen.resync()
