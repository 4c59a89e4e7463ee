"""The feed's protocol under loss, doubling, reordering, delay and restore: a screen that calls itself fresh shows a state of the
last 13 seconds. Real feed, board and views over a toy journal; screens by the browser's rules, of the whole territory or of one
shelter, which is told of the others by number alone and only as it asks; one alone, or three in two waves that are told apart. Five
broken screens are caught, and three broken ways to keep the waves.

The short form plays 300 histories of 80 steps; SIAO_HISTORIES=5000 plays them all.
"""

import asyncio
import os
from contextlib import asynccontextmanager
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

import city
from siao.core.board import Facts, Touched
from siao.core.journal import Entry, Verb
from siao.core.people import Role
from siao.core.units import Shelter
from siao.core.views import AtShelter, Operator, View
from siao.live import feed as feeds
from siao.live import waves
from siao.live.feed import Feed
from siao.live.waves import Wave, Waves
from siao.live.wire import framed
from siao.store.board import News, Snapshot

HISTORIES, STEPS = int(os.environ.get("SIAO_HISTORIES", "300")), 80
LEASE, OLDEST, TOP_AGE_MAX = 12.0, 13.0, 1.0
IDS = [UUID(int=n) for n in range(1, 4)]
BROKEN = (
    "a message came lately",
    "a top of its own memory",
    "gaps are applied",
    "epochs are not compared",
    "the lease counts from the pong",
)
State = tuple[int, ...]
SHELTER: Shelter = city.city().all(Shelter)[0]
VIEWS: tuple[View, ...] = Operator(), AtShelter(IDS[0])
WAVE, SCREENS = 2, 3
"""Screens of a wave, and of one view in the histories of several: a full wave, and one that who leaves and comes changes."""


class Truth:
    """The database: a numbered history that may be restored to an earlier number, in a new epoch."""

    def __init__(self) -> None:
        self.epoch, self.states, self.changed = 1, [(0, 0, 0)], [IDS[0]]
        self.was: list[tuple[float, State]] = [(0.0, (0, 0, 0))]
        self.version = 0

    @property
    def seq(self) -> int:
        return len(self.states) - 1

    def commit(self, now: float, which: int) -> None:
        self.version += 1
        state = list(self.states[-1])
        state[which] = self.version
        self.states.append(tuple(state))
        self.changed.append(IDS[which])
        self.was.append((now, self.states[-1]))

    def restore(self, now: float, back: int) -> None:
        keep = max(1, len(self.states) - back)
        self.states, self.changed, self.epoch = self.states[:keep], self.changed[:keep], self.epoch + 1
        self.was.append((now, self.states[-1]))

    def lately(self, now: float) -> set[State]:
        """What was true at some instant of the last OLDEST seconds."""
        before = [state for at, state in self.was if at <= now - OLDEST]
        return {state for at, state in self.was if at > now - OLDEST} | set(before[-1:])

    def shelters(self, ids: Any) -> list[Shelter]:
        return [replace(SHELTER, id=id, name=str(self.states[-1][IDS.index(id)])) for id in ids]

    async def snapshot(self, db: Any, code: str) -> Snapshot:
        territory = replace(city.city().territory(code), seq=self.seq)
        return Snapshot(str(self.epoch), territory, city.EVENING, (), (), Facts(shelters=self.shelters(IDS)))

    async def news(self, db: Any, code: str, since: int) -> News:
        ids = self.changed[since + 1 :]
        entries = tuple(_entry(since + 1 + n, id) for n, id in enumerate(ids))
        return News(str(self.epoch), self.seq, entries, Touched(shelters=set(ids)), Facts(shelters=self.shelters(set(ids))))

    async def recent(self, db: Any, *ignored: Any) -> list[Entry]:
        return []


def _entry(seq: int, shelter: UUID) -> Entry:
    return Entry(
        territory=city.CODE, seq=seq, at=city.EVENING, agent=None, role=Role.COORDINATOR, source=city.OPERATOR.source, verb=Verb.CONFIRM,
        outcome="", shelter=shelter, units=(), placement=None, request=None, plan=None, salt=b"", hash=b"",
    )  # fmt: skip


class Line:
    """One connection: what is under way to the screen. A line that was cut or hung up carries nothing more."""

    def __init__(self) -> None:
        self.under_way: list[bytes] = []
        self.open = True

    def show(self, frame: bytes) -> None:
        if frame:
            self.under_way.append(frame[frame.index(b'{"t"') :])

    def resync(self) -> None:
        self.open = False


class Screen:
    """What the browser does. `broken`: which of its rules it breaks."""

    def __init__(self, broken: str | None) -> None:
        self.broken, self.line = broken, None
        self.epoch, self.mine, self.rows = "", -1, dict.fromkeys(IDS, 0)
        self.lease, self.pings, self.n = -1.0, dict[int, float](), 0

    def state(self) -> State:
        return tuple(self.rows[id] for id in IDS)

    def take(self, text: bytes, now: float) -> None:
        """A message from the line."""
        message = msgspec.json.decode(text)
        if self.broken == BROKEN[0]:
            self.lease = now + LEASE
        if message["t"] == "frame":
            self._frame(message)
        else:
            self._pong(message, now)

    def _frame(self, frame: dict[str, Any]) -> None:
        strange = frame["epoch"] != self.epoch and self.broken != BROKEN[3]
        gap = frame["from"] > self.mine and self.broken != BROKEN[2]
        if not frame["whole"] and (strange or gap):
            self.line = None  # anew
        elif frame["whole"] or frame["to"] > self.mine:
            self.rows |= {UUID(row["id"]): int(row["name"]) for row in frame["rows"].get("shelters", ())}
            self.epoch, self.mine = frame["epoch"], frame["to"]

    def _pong(self, pong: dict[str, Any], now: float) -> None:
        sent = self.pings.pop(pong["n"], None)
        same = pong["epoch"] == self.epoch or self.broken == BROKEN[3]
        if sent is not None and pong["top"] is not None and same and self.mine >= pong["top"]:
            self.lease = max(self.lease, (now if self.broken == BROKEN[4] else sent) + LEASE)
        elif not same and pong["epoch"] is not None:
            self.line = None


class History:
    """One random evening. Gives whether a screen ever called itself fresh with something older than OLDEST seconds."""

    def __init__(self, seed: int, broken: str | None, view: View, screens: int) -> None:
        self.dice, self.truth, self.now, self.view = Random(seed), Truth(), 0.0, view
        self.seen = len(IDS) if view == Operator() else 1
        self.screens, self.feed = [Screen(broken) for _ in range(screens)], Feed(None, city.CODE)  # type: ignore[arg-type]
        self.asked: list[tuple[float, int, Line]] = []
        self.top: tuple[float, str, int] = (-9.0, "", -1)
        self.fresh = 0

    async def stale(self) -> bool:
        for step in range(STEPS * len(self.screens)):
            self.now += self.dice.choice((0.05, 0.2, 0.7, 2.0, 6.0)) / len(self.screens)
            await self._step(step)
            fresh = [screen for screen in self.screens if self.now < screen.lease]
            self.fresh += len(fresh)
            lately = {state[: self.seen] for state in self.truth.lately(self.now)} if fresh else set[State]()
            if any(screen.state()[: self.seen] not in lately for screen in fresh):
                return True
        return False

    async def _step(self, step: int) -> None:
        what = self.dice.choices(
            ("commit", "pull", "tell", "ask", "ping", "answer", "carry", "cut", "restore"), (20, 22, 24, 10, 22, 24, 34, 2, 1.5)
        )[0]
        if what in ("pull", "restore") and step:
            await self._database(what)
        elif what == "tell":
            self.feed._tell()
        elif what == "commit":
            self.truth.commit(self.now, self.dice.randrange(3))
        else:
            await self._network(what, self.dice.choice(self.screens))

    async def _database(self, what: str) -> None:
        if what == "restore":
            self.truth.restore(self.now, self.dice.randint(1, 4))
            for _ in range(self.dice.randint(0, 3)):
                self.truth.commit(self.now, self.dice.randrange(3))
        if what == "pull":
            await self.feed._pull()

    async def _network(self, what: str, screen: Screen) -> None:
        if self.dice.random() < 0.7:  # the server reads the database's top twice a second, while it can
            self.top = self.now, str(self.truth.epoch), self.truth.seq
        if what == "cut":
            self._cut(screen)
        elif screen.line is None and what != "answer":
            self._open(screen)
        elif screen.line is not None and what == "ping":
            screen.n += 1
            screen.pings[screen.n] = self.now
            self.asked.append((self.now, screen.n, screen.line))
        elif what == "answer" and self.asked:
            self._answer(self.asked.pop(self.dice.randrange(len(self.asked))))
        elif screen.line is not None and screen.line.under_way:
            self._carry(screen, screen.line)

    def _cut(self, screen: Screen) -> None:
        """The server may hear of it or not yet."""
        if screen.line is not None and self.dice.random() < 0.5:
            self.feed.leave(screen.line)
        screen.line = None

    def _open(self, screen: Screen) -> None:
        """The board over HTTP or what is there still, then the line from its position on, if the feed can tell from there."""
        if self.feed.folded is None:
            return
        if screen.mine < 0 or self.dice.random() < 0.5:
            _, text = self.feed.snapshot(self.view)
            screen.take(text, self.now)
        line = Line()
        if self.feed.subscribe(self.view, line, f"{screen.epoch}:{screen.mine}"):
            screen.line = line
        else:
            screen.mine = -1

    def _answer(self, ping: tuple[float, int, Line]) -> None:
        at, epoch, seq = self.top
        if self.screens[0].broken == BROKEN[1]:
            at, epoch, seq = self.now, self.feed.epoch, self.feed.seq
        known = self.now - at < TOP_AGE_MAX
        pong = {"t": "pong", "n": ping[1], "epoch": epoch if known else None, "top": seq if known else None}
        ping[2].show(self.feed.number(ping[2]))
        ping[2].show(msgspec.json.encode(pong))

    def _carry(self, screen: Screen, line: Line) -> None:
        """Some of what is under way comes: in order or not, twice, or never."""
        for _ in range(self.dice.randint(1, 4)):
            if not line.under_way or screen.line is not line:
                return
            text = line.under_way.pop(0 if self.dice.random() < 0.8 else self.dice.randrange(len(line.under_way)))
            for _ in range(self.dice.choices((1, 0, 2), (85, 8, 7))[0]):
                if screen.line is line:
                    screen.take(text, self.now)
        if not line.open:
            screen.line = None


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The feed reads the toy journal of whichever history is played."""
    playing: dict[str, Truth] = {}

    @asynccontextmanager
    async def reading(pool: Any, territories: Any) -> Any:
        yield None

    def asked(name: str) -> Any:
        return lambda *given: getattr(playing["truth"], name)(*given)

    store = SimpleNamespace(news=asked("news"), snapshot=asked("snapshot"), recent=asked("recent"), whole=lambda entries: False)
    monkeypatch.setattr(feeds, "store", store)
    monkeypatch.setattr(feeds, "database", SimpleNamespace(reading=reading))
    return playing


async def caught(toy: dict[str, Truth], broken: str | None, histories: int, view: View, screens: int = 1) -> tuple[int, int]:
    """In how many histories a stale board was called fresh, at most one where it was looked for, and in how many steps one was fresh."""
    stale = fresh = 0
    for seed in range(histories):
        history = History(seed, broken, view, screens)
        toy["truth"] = history.truth
        stale += await history.stale()
        fresh += history.fresh
        if broken is not None and stale:
            break
        await asyncio.sleep(0)
    return stale, fresh


@pytest.mark.parametrize("screens", [1, SCREENS], ids=["one", "waves"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_a_fresh_screen_shows_a_state_of_the_last_13_seconds(
    toy: dict[str, Truth], view: View, screens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "WAVE_SCREENS", WAVE)
    stale, fresh = await caught(toy, None, HISTORIES, view, screens)
    assert stale == 0
    assert fresh > HISTORIES, "a screen that is never fresh would prove nothing"


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_rule_is_caught(toy: dict[str, Truth], broken: str) -> None:
    stale, _ = await caught(toy, broken, max(HISTORIES, 2_000), Operator())
    assert stale == 1


def _owe_the_last(self: Waves, before: int, concerned: set[UUID], owe: Any = Waves.owe) -> None:
    """What was owed already is forgotten."""
    owe(self, before, concerned)
    for wave in self.turns:
        wave.owed = before


def _number_for_all(self: Feed, screen: Any) -> bytes:
    """Also where a turn is coming."""
    wave = self.waves.seats.get(screen)
    return framed(self._wrap(wave.upto, {}, {}, ())) if wave else b""


def _join_as_told(self: Waves, view: View, screen: Any, seq: int, join: Any = Waves.join) -> None:
    """Who comes has heard all, and is taken for the others."""
    join(self, view, screen, seq)
    wave: Wave = self.seats[screen]
    if wave in self.turns:
        self.turns.remove(wave)
        wave.owed = None


@pytest.mark.parametrize(
    "of, rule, broken",
    [(Waves, "owe", _owe_the_last), (Feed, "number", _number_for_all), (Waves, "join", _join_as_told)],
    ids=lambda given: getattr(given, "__name__", given),
)
async def test_a_broken_wave_is_caught(toy: dict[str, Truth], of: type, rule: str, broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waves, "WAVE_SCREENS", WAVE)
    monkeypatch.setattr(of, rule, broken)
    stale, _ = await caught(toy, "nothing of the screen's", max(HISTORIES, 2_000), Operator(), SCREENS)
    assert stale == 1
