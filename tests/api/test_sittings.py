"""Who sits at a line: the right is looked at again at each question, and 1,000 who have vanished are let go."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from websockets.protocol import State
from websockets.server import ServerProtocol

from siao.actions.people import Person
from siao.api import sittings
from siao.api.known import KNOWN_SECONDS, Kept, Known
from siao.api.sittings import LOOK_SECONDS, Sitting
from siao.core.people import Right, Role
from siao.core.views import Operator
from siao.live.feed import Feed
from siao.live.socket import ARE_YOU_THERE, GONE_SECONDS, NO_RIGHT, SESSION_OVER, SILENT_SECONDS, Line

CODE, COOKIE = "01", "a cookie"


class Wire(asyncio.Transport):
    """A connection into nowhere: what is written is kept, nothing comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.wrote, self.aborted = list[bytes](), False

    def write(self, data: Any) -> None:
        self.wrote.append(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def set_protocol(self, protocol: Any) -> None: ...

    def close(self) -> None: ...

    def abort(self) -> None:
        self.aborted = True


def operator(*rights: Right) -> Person:
    return Person(uuid4(), "ici", "fr", rights or (Right(Role.OPERATOR, CODE),), b"", False, False)


class Asked(Known):
    """The database answers what the test says, or does not."""

    def __init__(self, person: Person | Exception | None) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.answer, self.asked = person, 0

    async def find(self, cookie: str) -> Person | None:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        self.kept[cookie] = Kept(self.answer, time.monotonic(), time.monotonic())
        return self.answer

    def learn(self, person: Person | None) -> None:
        self.kept[COOKIE] = Kept(person, time.monotonic(), 0.0)


class Late(Asked):
    """The answer took so long that it is not kept for the next question."""

    async def find(self, cookie: str) -> Person | None:
        found = await super().find(cookie)
        self.kept[cookie].at -= KNOWN_SECONDS + 2
        return found


def seated(known: Known) -> tuple[Sitting, Wire, Any]:
    hub = SimpleNamespace(top=lambda code: ("e", 7), doorbell=SimpleNamespace(up=True), hung_up=dict.fromkeys((NO_RIGHT, SESSION_OVER), 0))
    here: Any = SimpleNamespace(known=known, hub=hub, sittings=set())
    return *one(here), here


def one(here: Any) -> tuple[Sitting, Wire]:
    feed = Feed(None, CODE)  # type: ignore[arg-type]
    feed.epoch, feed.seq = "e", 7
    sitting, wire = Sitting(here, COOKIE, feed, Operator()), Wire()
    assert sitting.sit(Line(wire, ServerProtocol(state=State.OPEN), set(), sitting), "e:7")
    return sitting, wire


async def test_each_question_looks_at_the_right_again() -> None:
    known = Asked(operator())
    known.learn(operator())
    sitting, wire, here = seated(known)
    sitting.heard(b'{"ping":3}')
    assert msgspec.json.decode(wire.wrote[-1][2:]) == {"t": "pong", "n": 3, "epoch": "e", "top": 7, "redis": True}
    known.learn(operator(Right(Role.OPERATOR, "02")))
    sitting.heard(b'{"ping":4}')
    assert here.hub.hung_up[NO_RIGHT] == 1 and not here.sittings and not sitting.feed.waves.seats
    assert b"pong" not in wire.wrote[-1]
    assert known.asked == 0


async def test_a_session_that_is_over_is_said() -> None:
    known = Asked(None)
    known.learn(operator())
    sitting, wire, here = seated(known)
    known.forget(COOKIE)
    sitting.heard(b'{"ping":1}')
    sitting.heard(b'{"ping":2}')
    await asyncio.sleep(0.01)
    assert (known.asked, here.hub.hung_up[SESSION_OVER]) == (1, 1)
    assert not any(b"pong" in text for text in wire.wrote)


async def test_where_the_database_is_away_nobody_is_answered_or_hung_up() -> None:
    known = Asked(ConnectionRefusedError())
    sitting, wire, here = seated(known)
    sitting.heard(b'{"ping":1}')
    await asyncio.sleep(0.01)
    assert wire.wrote == [] and here.sittings == {sitting}
    known.answer = operator()
    sitting.heard(b'{"ping":2}')
    await asyncio.sleep(0.01)
    assert b'"n":2' in wire.wrote[-1]


async def test_a_database_that_stood_still_signs_nobody_out() -> None:
    """Nobody is known for 5.5 s, which is not that the session is over: whoever was thrown to the login lost what was typed."""
    known = Late(operator())
    sitting, wire, here = seated(known)
    sitting.heard(b'{"ping":1}')
    await asyncio.sleep(0.01)
    await sittings.look(here.sittings)
    assert here.sittings == {sitting} and b'"n":1' in wire.wrote[-1]
    known.answer = None
    await sittings.look(here.sittings)
    assert (here.hub.hung_up[SESSION_OVER], here.sittings) == (1, set())


def test_a_revocation_is_felt_within_5_s_also_where_nothing_is_read_ahead() -> None:
    assert KNOWN_SECONDS + LOOK_SECONDS < 5


async def test_a_thousand_who_have_vanished_are_asked_then_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Asked(operator())
    _, _, here = seated(known)
    wires = [one(here)[1] for _ in range(999)]
    began = time.monotonic()
    shift = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(sittings, "time", SimpleNamespace(monotonic=lambda: began + shift.seconds))
    for shift.seconds, left, asked in ((SILENT_SECONDS - 5, 1000, 0), (SILENT_SECONDS + 5, 1000, 999), (GONE_SECONDS + 5, 0, 999)):
        await sittings.look(here.sittings)
        assert len(here.sittings) == left
        assert sum(wire.wrote.count(ARE_YOU_THERE) for wire in wires) == asked
    assert all(wire.aborted for wire in wires)
