"""Loops that die: they are run again, given up where they die too often within an hour, and /readyz says which it is."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

import city
from chairs import Chair, House
from hotline import Hotline
from siao.core.views import Operator
from siao.live import feed as feeds
from siao.live import hub as hubs
from siao.live.feed import Feed
from siao.live.hub import DEATHS_MAX, DEATHS_SECONDS, Hub
from siao.store import db as database

PATIENCE_SECONDS = 10
WHY = "3 women"


class Mortal:
    """A loop that dies `times` times and then goes on."""

    def __init__(self, times: int) -> None:
        self.times, self.begun, self.lives = times, 0, asyncio.Event()

    async def run(self) -> None:
        self.begun += 1
        if self.begun <= self.times:
            raise ValueError(WHY)
        self.lives.set()
        await asyncio.Event().wait()


@pytest.fixture
async def hub(pool: database.Pool, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(hubs, "AGAIN_MAX_SECONDS", 0.001)
    monkeypatch.setattr(hubs, "GIVEN_UP_SECONDS", 0.05)
    hub = Hub(pool, "redis://127.0.0.1:1/0")
    yield hub
    await hub.stop()


async def test_a_loop_that_dies_is_run_again_and_nothing_of_why_is_told(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    loop = Mortal(DEATHS_MAX - 1)
    hub.supervise("sweep", loop.run)
    await asyncio.wait_for(loop.lives.wait(), PATIENCE_SECONDS)
    assert hub.given_up() == set() and hub.ready()["loops"]
    assert caplog.text.count("loop sweep died: ValueError") == DEATHS_MAX - 1 and WHY not in caplog.text


async def test_one_that_dies_too_often_is_given_up_shows_and_is_tried_seldom(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Mortal(DEATHS_MAX + 2)
    hub.supervise("sweep", loop.run)
    while loop.begun < DEATHS_MAX:
        await asyncio.sleep(0.001)
    assert hub.given_up() == {"sweep"} and not hub.ready()["loops"]
    began = time.monotonic()
    await asyncio.wait_for(loop.lives.wait(), PATIENCE_SECONDS)
    assert time.monotonic() - began > 0.1, "three tries, one a minute"
    assert not hub.ready()["loops"], "for an hour yet"
    monkeypatch.setattr(hubs, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + DEATHS_SECONDS))
    assert hub.given_up() == set() and hub.ready()["loops"]


async def test_deaths_far_apart_end_nothing(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as give a loop up within an hour, one a week."""
    weeks = 0

    async def dies() -> None:
        nonlocal weeks
        weeks += 1
        raise ValueError

    monkeypatch.setattr(hubs, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + weeks * 7 * DEATHS_SECONDS * 24))
    hub.supervise("sweep", dies)
    while weeks < 2 * DEATHS_MAX:
        assert hub.given_up() == set()
        await asyncio.sleep(0.001)


async def ready(chair: Chair) -> None:
    """The database's tops and the boards are read a moment after the start."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (await chair.get("/readyz")).status_code != 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_readyz_is_503_where_a_loop_of_the_house_is_given_up_and_healthz_lives_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await house.chair("operator")
    await ready(operator)
    monkeypatch.setattr(Hub, "given_up", lambda self: {"sweep"})
    said = await operator.get("/readyz")
    assert (said.status_code, said.json()["loops"]) == (503, False)
    assert (await operator.get("/healthz")).status_code == 200
    monkeypatch.setattr(Hub, "given_up", lambda self: {f"feed {city.CODE}"})
    said = await operator.get("/readyz")
    assert (said.status_code, said.json()["loops"]) == (200, True), "a territory's own"


async def test_one_territory_whose_board_fails_is_told_and_leaves_the_others_ready(
    house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, pull = await house.chair("operator"), Feed._pull
    await ready(operator)

    async def fails(self: Feed) -> None:
        if self.code == "69":
            raise ValueError(WHY)
        await pull(self)

    monkeypatch.setattr(Feed, "_pull", fails)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (said := await operator.get("/readyz")).json()["territories"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert said.status_code == 200 and said.json()["board"] and said.json()["feed"] and said.json()["loops"], said.text
    assert (await operator.ask()) and (await operator.get("/api/board", params={"view": "operator"})).status_code == 200


async def test_a_feed_that_looks_and_tells_nobody_is_not_live(hub: Hub, hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its board is read and its screens are not told: /readyz says so before they grey, and no longer once they are told."""
    monkeypatch.setattr(hubs, "FEED_AGE_MAX_SECONDS", 0.5)
    monkeypatch.setattr(feeds, "POLL_SECONDS", 0.1)
    feed, tells = await hub.feed(city.CODE), asyncio.Event()

    async def still() -> None:
        await tells.wait()
        await feed.tell()

    hub.tasks[f"tell {city.CODE}"].cancel()
    hub.supervise(f"tell {city.CODE}", still)
    assert feed.subscribe(Operator(), Deaf(), feed.position) and (await ready_of(hub, True))["territories"]
    await hotline.ask()
    said = await ready_of(hub, False)
    assert not said["territories"] and said["loops"] and said["board"]
    tells.set()
    assert (await ready_of(hub, True))["territories"]


async def ready_of(hub: Hub, feed: bool) -> dict[str, bool]:
    """What it says once its feeds are live, or are not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (said := hub.ready())["feed"] is not feed:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    return said


class Deaf:
    """A screen that is there."""

    def show(self, frame: bytes) -> None: ...

    def resync(self) -> None: ...
