"""told(): on every verb, what a screen had + what it is told = what it would have fetched; also where several are told as one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

import city
from city import COORDINATOR, DAY_CENTRE, PLAN, WORKER, bed, shelter, unit
from hotline import Hotline
from siao.actions import accounts
from siao.actions.verbs import Command
from siao.core import board as boards
from siao.core import night, views
from siao.core.allocation.compatible import Place
from siao.core.beds import OutReason, Physical, Source
from siao.core.board import Board, Touched
from siao.core.closing import CloseNight
from siao.core.journal import Verb
from siao.core.openings import ClosePlan, CloseUnit, OpenPlan, OpenUnit
from siao.core.people import CLOCK, By, Right, Role
from siao.core.placements import Accept, Hold, HouseholdRefusal, Lapse, Offer, RefuseHousehold, RefuseShelter, Release, ShelterRefusal
from siao.core.reports import Confirm, Count, Report, Seen
from siao.core.requests import CloseUnmet, Closing, Renew, Resume, Revise, Withdraw
from siao.core.stays import Arrive, Depart, Departure, Extend, Move, NoShow, Shrink
from siao.core.structures import AddService
from siao.core.units import Rule
from siao.live.feed import Feed
from siao.store import board as store
from siao.store import db as database

VIEWS: tuple[views.View, ...] = (
    views.Operator(),
    views.AtShelter(shelter()),
    views.AtShelter(shelter("Le Refuge")),
    views.AtShelter(shelter("Le Refuge"), by_phone=True),
    views.AtService(DAY_CENTRE),
)
Rows = dict[str, dict[UUID, Any]]


LATE = 3
"""Of how many verbs a late screen is told at once."""


class Late:
    """A screen of the real feed whose turn comes seldom; it asks for its number as often."""

    def __init__(self, feed: Feed, view: views.View) -> None:
        self.feed, self.view = feed, view
        self.resync()

    def resync(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {kind: {} for kind in boards.KINDS}
        self.seq = -1

    def show(self, frame: bytes) -> None:
        self.take(frame[frame.index(b'{"t"') :])

    def take(self, text: bytes) -> None:
        frame = msgspec.json.decode(text)
        assert frame["whole"] or frame["from"] <= self.seq
        for kind, rows in frame["rows"].items():
            self.rows[kind].update((row["id"], row) for row in rows)
        for kind, ids in frame["gone"].items():
            for id in ids:
                self.rows[kind].pop(id, None)
        self.seq = frame["to"]

    def look(self) -> None:
        """What it shows is what it would have fetched."""
        if self.seq < 0:
            position, text = self.feed.snapshot(self.view)
            self.take(text)
            assert self.feed.subscribe(self.view, self, position)
        if number := self.feed.number(self):
            self.show(number)
        there = Late(self.feed, self.view)
        there.take(self.feed.snapshot(self.view)[1])
        assert (self.seq, self.rows) == (there.seq, there.rows), self.view.name


class Screens:
    """One screen of each view, fed by the news alone, and a late one."""

    def __init__(self, pool: database.Pool) -> None:
        self.pool, self.seq = pool, 0
        self.verbs: set[Verb] = set()

    async def open(self) -> None:
        fresh = await self.fetch()
        fresh.stocked(datetime.now(UTC))
        self.board, self.seq = fresh, fresh.territory.seq
        self.rows: list[Rows] = [whole(view, fresh) for view in VIEWS]
        feed = self.feed = Feed(self.pool, city.CODE)
        await feed._pull()
        self.late, self.turns = [Late(feed, view) for view in VIEWS], 0
        for screen in self.late:
            screen.look()

    async def fetch(self) -> Board:
        async with database.reading(self.pool, [city.CODE]) as db:
            snapshot = await store.snapshot(db, city.CODE)
        board = Board(snapshot.territory, snapshot.rules, snapshot.communes)
        board.fold(snapshot.facts, boards.touched_by(snapshot.facts))
        return board

    async def told(self) -> None:
        """Takes the news and compares every screen with what it would have fetched now."""
        async with database.reading(self.pool, [city.CODE]) as db:
            news = await store.news(db, city.CODE, self.seq)
        self.seq = news.seq
        self.verbs |= {entry.verb for entry in news.entries}
        changed, concerned = self.board.take(news.facts, news.touched)
        for view, rows in zip(VIEWS, self.rows, strict=True):
            if not view.concerned(concerned):
                continue
            seen, gone = views.rows(view, self.board, changed)
            for kind, new in seen.items():
                rows[kind].update((row["id"], row) for row in new)
            for kind, ids in gone.items():
                for id in ids:
                    rows[kind].pop(id, None)
        fresh = await self.fetch()
        for view, rows in zip(VIEWS, self.rows, strict=True):
            assert rows == whole(view, fresh), (view.name, news.entries[-1].verb)
        assert stock(self.board) == stock(fresh), news.entries[-1].verb
        assert known(self.board) == known(fresh), "what nobody is shown is kept by neither"
        await self._told_late()

    async def _told_late(self) -> None:
        await self.feed._pull()
        self.turns += 1
        if self.turns % LATE == 0:
            while self.feed.waves.turns:
                self.feed._tell()
            for screen in self.late:
                screen.look()


def known(board: Board) -> tuple[Any, ...]:
    return board.requests, board.criteria, board.placements, board.placed, board.band, board.closed


def stock(board: Board) -> list[Place]:
    """What the arrays say is there."""
    return sorted(board.places(datetime.now(UTC)), key=lambda place: place.units)


def whole(view: views.View, board: Board) -> Rows:
    every = Touched(**{kind: set(getattr(board, kind)) for kind in boards.KINDS})
    seen, _ = views.rows(view, board, every)
    assert seen.keys() == (mine := views.rows(view, board, view.ids(board))[0]).keys()
    assert all(sorted(seen[k], key=_id) == sorted(mine[k], key=_id) for k in seen)
    return {kind: {row["id"]: row for row in seen.get(kind, ())} for kind in boards.KINDS}


def _id(row: views.Row) -> UUID:
    return row["id"]


class Watched(Hotline):
    """Every command is followed by the comparison."""

    def __init__(self, pool: database.Pool, screens: Screens, look: asyncpg.Connection) -> None:
        super().__init__(pool)
        self.screens, self.look = screens, look

    async def do(self, what: Any, by: By = city.OPERATOR, key: UUID | None = None) -> Any:
        answer = await super().do(what, by, key)
        await self.screens.told()
        return answer

    async def asked(self, men: int = 1, **more: Any) -> UUID:
        return await self.ask(men, service=DAY_CENTRE, **more)

    async def version(self, table: str, id: UUID) -> int:
        return await self.look.fetchval(f"SELECT version FROM {table} WHERE id = $1", id)

    async def run_out(self) -> None:
        await self.look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second' WHERE until IS NOT NULL")
        await self.screens.open()


@pytest.fixture
async def watched(pool: database.Pool, look: asyncpg.Connection) -> AsyncIterator[Watched]:
    screens = Screens(pool)
    await screens.open()
    yield Watched(pool, screens, look)


async def reports(w: Watched) -> None:
    seen = Seen(bed("Dortoir hommes", 1), Physical.OUT, await w.version("bed", bed("Dortoir hommes", 1)), OutReason.WORKS)
    await w.do(Report(unit("Dortoir hommes"), (seen,)), city.STAFF)
    await w.do(Count(unit("Dortoir hommes"), 0, await w.version("unit", unit("Dortoir hommes"))), city.STAFF)
    await w.do(Count(unit("Dortoir du soir"), 1, await w.version("unit", unit("Dortoir du soir")), Rule.WOMEN), city.STAFF)
    await w.do(Count(unit("Dortoir du soir"), 3, await w.version("unit", unit("Dortoir du soir"))), city.STAFF)
    units = {unit("Chambre 4"): await w.version("unit", unit("Chambre 4"))}
    await w.do(Confirm(shelter(), units), By(uuid4(), Role.OPERATOR, Source.PHONE))


async def openings(w: Watched) -> None:
    await w.do(CloseUnit(unit("Chambre 4"), OutReason.PEST_CONTROL), city.STAFF)
    await w.do(OpenUnit(unit("Chambre 4")), city.STAFF)
    await w.do(OpenPlan(PLAN), COORDINATOR)
    await w.do(ClosePlan(PLAN), COORDINATOR)


async def requests_alone(w: Watched) -> None:
    first = await w.asked()
    for level in (1, 2, 3):
        await w.asked(level=level)
    await w.do(Revise(first, city.asks(men=2, level=1).asked), WORKER)
    await w.do(CloseUnmet(first, Closing.NO_SUITABLE_PLACE))
    await w.do(Renew(first, city.asks().asked, service=DAY_CENTRE), WORKER)
    await w.do(Withdraw(first, Closing.OTHER_SOLUTION), WORKER)


async def refused_and_released(w: Watched) -> None:
    request = await w.asked()
    await w.do(Release(await w.hold(request)))
    held = await w.hold(request)
    await w.do(Offer(held))
    await w.do(RefuseShelter(held, ShelterRefusal.BED_NOT_FREE), city.STAFF)
    await w.do(RefuseHousehold(await w.hold(request), HouseholdRefusal.ANIMAL))
    await w.do(Withdraw(await w.asked(needs=("cots",), infants=1)))
    await w.hold(request, "Dortoir du soir")
    await w.do(Withdraw(request))


async def a_stay(w: Watched) -> None:
    held = await w.hold(await w.asked(women=1, children=3), "Chambre 5", "Chambre 6")
    await w.do(Offer(held))
    await w.do(Accept(held), city.STAFF)
    await w.do(Arrive(held), city.STAFF)
    today = await w.look.fetchval("SELECT current_date")
    await w.do(Extend(held, today + timedelta(days=3)), city.STAFF)
    await w.do(Shrink(held, (bed("Chambre 6", 1), bed("Chambre 6", 2))), city.STAFF)
    await w.do(Move(held, (unit("Chambre 4"),)), city.STAFF)
    seen = Seen(bed("Chambre 4", 1), Physical.OUT, await w.version("bed", bed("Chambre 4", 1)), OutReason.WORKS)
    await w.do(Report(unit("Chambre 4"), (seen,)), city.STAFF)
    await w.do(Depart(held, Departure.HOUSING), city.STAFF)


async def without_a_request_at_the_115_s_disposal(w: Watched) -> None:
    held = (await w.do(Hold(uuid4(), (unit("Chambre 1", "Le Refuge"),), persons=2, side="women"))).id
    await w.do(Offer(held))
    await w.do(Arrive(held, 1))


async def the_clock(w: Watched) -> None:
    first, second, third = (
        await w.asked(),
        await w.asked(),
        await w.asked(call_back=await w.look.fetchval("SELECT now() + interval '20 minutes'")),
    )
    held, offered, called = await w.hold(first, "Dortoir du soir"), await w.hold(second), await w.hold(third, "Chambre 4")
    await w.do(Offer(offered))
    await w.run_out()
    for id in (held, offered, called):
        await w.do(Lapse(id), CLOCK)
    await w.do(Resume(third))
    expected = await w.hold(third)
    await w.do(Accept(expected))
    await w.do(NoShow(expected), city.STAFF)
    await w.do(Arrive(expected), city.STAFF)
    late = await w.hold(first, "Chambre 4")
    await w.do(Accept(late))
    await w.run_out()
    await w.do(Arrive(late), city.STAFF)


async def the_night(w: Watched) -> None:
    await w.asked()
    await w.hold(await w.asked())
    last = night.night(await w.look.fetchval("SELECT clock_timestamp()"), city.ZONE) - timedelta(days=1)
    await w.look.execute("UPDATE request SET night = night - 1")
    await w.screens.open()
    await w.do(CloseNight(city.CODE, last), CLOCK)


async def nights_pass(w: Watched) -> None:
    """Met, unmet, withdrawn and not come, followed by a service or by nobody: each leaves the board as nights close."""
    for ask in (w.asked, w.ask):
        await w.do(Withdraw(await ask()))
        await w.do(CloseUnmet(await ask(), Closing.NO_PLACE))
        for end in (Arrive, NoShow):
            held = await w.hold(await ask(), "Dortoir du soir")
            await w.do(Offer(held))
            await w.do(Accept(held), city.STAFF)
            await w.do(end(held), city.STAFF)
    last = night.night(await w.look.fetchval("SELECT clock_timestamp()"), city.ZONE) - timedelta(days=1)
    first = last - timedelta(days=3)
    await w.look.execute("UPDATE request SET night = $1", first)
    await w.look.execute("UPDATE placement SET night = $1", first)
    await w.screens.open()
    left = []
    for day in range(4):
        await w.do(CloseNight(city.CODE, first + timedelta(days=day)), CLOCK)
        board = w.screens.board
        left.append((len(board.requests), len(board.placements), len(w.screens.rows[-1]["requests"])))
    assert left == [(8, 4, 4), (4, 2, 4), (4, 2, 4), (0, 2, 0)], "a closed one's code goes, a stay that goes on keeps its bed"


async def posts(w: Watched) -> None:
    """Of accounts and rights a screen learns the number, also where the right is one of its own shelter."""
    here, admin = w.screens.pool, By(uuid4(), Role.ADMIN)
    right, other = Right(Role.SHELTER, city.CODE, shelter()), Right(Role.WORKER, city.CODE, service=DAY_CENTRE)
    asked = accounts.AddAccount(str(uuid4()), "long enough", "fr", (right,))
    made = await accounts.add(here, b"a secret of the tests", Command(uuid4(), city.CODE, admin, asked))
    for change in ({"active": False, "password": "longer than before"}, {"active": True, "rights": (other,)}, {}):
        changed = Command(uuid4(), city.CODE, admin, accounts.ChangeAccount(made.id, **change))
        done = await accounts.change(here, b"a secret of the tests", changed)
        await w.screens.told()
        assert done.seq == w.screens.seq


EVENINGS = (
    reports,
    openings,
    requests_alone,
    refused_and_released,
    a_stay,
    without_a_request_at_the_115_s_disposal,
    the_clock,
    the_night,
    nights_pass,
    posts,
)


@pytest.mark.parametrize("evening", EVENINGS, ids=lambda evening: evening.__name__)
async def test_what_screens_are_told_is_what_they_would_fetch(watched: Watched, evening: Any) -> None:
    await evening(watched)


WHOLE = {Verb.ADMINISTER, Verb.SET_RULES}


async def test_every_verb_was_told(watched: Watched, pool: database.Pool) -> None:
    for evening in EVENINGS:
        await evening(watched)
        await watched.look.execute(
            """DELETE FROM placement_bed; DELETE FROM placement; DELETE FROM criteria; DELETE FROM request;
            UPDATE bed SET physical = 'vacant', out_reason = NULL, to_check = false;
            UPDATE unit SET rule_tonight = NULL WHERE rule = 'switchable'; DELETE FROM night"""
        )
        await watched.screens.open()
    assert watched.screens.verbs == set(Verb) - WHOLE


async def test_the_administration_s_entry_asks_for_a_whole_board(hotline: Hotline, pool: database.Pool) -> None:
    admin = By(uuid4(), Role.ADMIN)
    async with database.reading(pool, [city.CODE]) as db:
        before = (await store.news(db, city.CODE, 0)).seq
    await hotline.do(AddService(uuid4(), city.CODE, "Accueil du soir"), admin)
    async with database.reading(pool, [city.CODE]) as db:
        assert store.whole((await store.news(db, city.CODE, before)).entries)
