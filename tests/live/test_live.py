"""A screen over a real socket: told within a moment, resumed where it was, hung up with a reason, and back after every fault."""

import asyncio
import time
from typing import Any
from urllib.parse import urlencode

import asyncpg
import msgspec
import pytest
import redis.asyncio
import websockets
from hypothesis import given
from hypothesis import strategies as st

import chairs
import city
from chairs import House
from siao.api.known import Known
from siao.embedded.stack import Stack
from siao.live.doorbell import CHANNEL
from siao.live.feed import POLL_SECONDS
from siao.live.socket import CROWDED, NO_RIGHT, RESYNC, SESSION_OVER
from siao.live.wire import framed
from siao.store import db as database


class Screen:
    """One open board. `told()` gives frames until one satisfies."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def told(self, kind: str = "requests", seconds: float = 3.0) -> dict[str, Any]:
        """The next frame with rows of this kind; the clock may tell of its own in between."""
        while True:
            frame = msgspec.json.decode(await asyncio.wait_for(self.socket.recv(), seconds))
            if frame["t"] == "frame" and kind in frame["rows"]:
                return frame


async def opened(house: House, login: str, since: str | None = None, origin: str | None = None, **query: str) -> Screen:
    chair = await house.chair(login)
    params = {"view": "operator", "territory": city.CODE, **query}
    if since is None:
        since = (await chair.get("/api/board", params=params)).headers["etag"].strip('"')
    text = urlencode({**params, "since": since})
    socket = await websockets.connect(
        house.base.replace("http", "ws") + f"/api/live?{text}",
        origin=origin or house.base,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{house.settings.cookie}={house.cookie(login)}"},
    )
    return Screen(socket)


async def code_of(screen: Screen) -> int:
    with pytest.raises(websockets.ConnectionClosed) as closed:
        for _ in range(20):
            await asyncio.wait_for(screen.socket.recv(), 5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


async def test_every_screen_is_told_what_was_committed(house: House) -> None:
    operator = await house.chair("operator")
    screens = [await opened(house, "second") for _ in range(5)]
    request = await operator.ask()
    for screen in screens:
        frame = await screen.told()
        assert [row["id"] for row in frame["rows"]["requests"]] == [request]
        assert frame["to"] > frame["from"]
    await operator.hold(request)
    for screen in screens:
        frame = await screen.told("placements")
        assert frame["rows"]["placements"][0]["state"] == "held"
        await screen.socket.close()


async def test_a_screen_resumes_where_it_was_and_starts_anew_where_it_cannot(house: House) -> None:
    operator = await house.chair("operator")
    screen = await opened(house, "second")
    first = await operator.ask()
    frame = await screen.told()
    at = f"{frame['epoch']}:{frame['to']}"
    await screen.socket.close()
    second = await operator.ask()
    assert (await operator.rows("operator"))["requests"]
    back = await opened(house, "second", since=at)
    missed = await back.told()
    assert missed["from"] <= frame["to"] and {row["id"] for row in missed["rows"]["requests"]} >= {second} - {first}
    await back.socket.close()
    assert await code_of(await opened(house, "second", since="another.epoch:1")) == RESYNC
    for number in ("999999", "²", "-1", "", "1e3", "٣", "9" * 5_000):
        assert await code_of(await opened(house, "second", since=f"{frame['epoch']}:{number}")) == RESYNC, number[:10]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1"])
async def test_a_foreign_page_gets_no_socket(house: House, origin: str) -> None:
    await house.chair("operator")
    with pytest.raises(websockets.InvalidStatus) as no:
        await opened(house, "operator", origin=origin)
    assert no.value.response.status_code == 403


async def test_no_right_and_no_session_are_said(house: House) -> None:
    assert await code_of(await opened(house, "worker", since="x:1")) == NO_RIGHT
    operator = await house.chair("operator")
    screen = await opened(house, "operator")
    await operator.delete("/api/session")
    await screen.socket.send('{"ping": 1}')
    assert await code_of(screen) == SESSION_OVER


async def test_a_pong_says_what_the_database_has(house: House) -> None:
    operator = await house.chair("operator")
    screen = await opened(house, "operator")
    await operator.ask()
    seq = (await screen.told())["to"]
    for _ in range(30):
        await screen.socket.send('{"ping": 7}')
        pong = msgspec.json.decode(await asyncio.wait_for(screen.socket.recv(), 2))
        if (pong.get("top") or 0) >= seq:  # the clock may have written since
            break
        await asyncio.sleep(0.1)
    assert (pong["t"], pong["n"]) == ("pong", 7) and pong["top"] >= seq
    await screen.socket.close()


async def test_a_screen_whom_nothing_concerns_learns_the_number_as_it_asks(house: House) -> None:
    """And is told at once of what does, in a frame that joins."""
    operator, here = await house.chair("operator"), str(city.shelter())
    screen = await opened(house, "operator", view="shelter", shelter=here)
    await operator.ask()
    for _ in range(50):
        await screen.socket.send('{"ping": 1}')
        said = msgspec.json.decode(await asyncio.wait_for(screen.socket.recv(), 2))
        if said["t"] == "frame":
            break
        await asyncio.sleep(0.1)
    assert (said["t"], said["rows"], said["gone"], said["news"]) == ("frame", {}, {}, []), "nothing was said before it asked"
    pong = msgspec.json.decode(await asyncio.wait_for(screen.socket.recv(), 2))
    assert pong["top"] is None or pong["top"] <= said["to"]
    unit = str(city.unit("Chambre 4"))
    version = next(row["version"] for row in (await operator.rows("operator"))["units"] if row["id"] == unit)
    await operator.do(f"/api/shelters/{here}/confirmation", {"units": {unit: version}})
    frame = await screen.told("units")
    assert frame["from"] <= said["to"] < frame["to"]
    await screen.socket.close()


async def test_redis_dead_costs_at_most_a_moment_and_comes_back_by_itself(house: House, servers: Stack) -> None:
    operator, screen = await house.chair("operator"), await opened(house, "second")
    servers.valkey.kill()
    try:
        for _ in range(3):
            began = time.monotonic()
            await operator.ask()
            await screen.told()
            assert time.monotonic() - began < 1.5
    finally:
        servers.valkey.start()
    for _ in range(60):
        if (await operator.get("/readyz")).json()["redis"]:
            break
        await asyncio.sleep(0.1)
    assert set((await operator.get("/readyz")).json().values()) == {True}
    await screen.socket.close()


async def test_postgresql_killed_loses_nothing_that_was_confirmed(house: House, servers: Stack) -> None:
    operator, screen = await house.chair("operator"), await opened(house, "second")
    confirmed = [await operator.ask() for _ in range(5)]
    servers.postgres.kill()
    key = chairs.uuid4()
    answer = await operator.do("/api/requests", {"men": 1}, key)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json") and "Retry-After" in answer.headers
    servers.postgres.start()
    for _ in range(100):
        answer = await operator.do("/api/requests", {"men": 1}, key)
        if answer.status_code == 201:
            break
        await asyncio.sleep(0.1)
    assert answer.status_code == 201
    confirmed.append(answer.json()["id"])
    for _ in range(50):
        rows = (await operator.rows("operator")).get("requests", [])
        if len(rows) == len(confirmed):
            break
        await asyncio.sleep(0.1)
    assert {row["id"] for row in rows} == set(confirmed)
    seen: set[str] = set()
    while confirmed[-1] not in seen:
        seen |= {row["id"] for row in (await screen.told(seconds=10))["rows"].get("requests", ())}
    await screen.socket.close()


@given(st.integers(0, 70_000))
def test_a_frame_is_one_whole_text_frame(size: int) -> None:
    from websockets.frames import Frame, Opcode

    assert framed(b"x" * size) == Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)


@pytest.mark.parametrize(("taken", "code"), [("DELETE FROM account_right", NO_RIGHT), ("DELETE FROM session", SESSION_OVER)])
async def test_a_screen_that_never_asks_is_hung_up_when_its_right_goes(
    house: House, owner: asyncpg.Connection, taken: str, code: int
) -> None:
    await house.chair("operator")
    screen = await opened(house, "operator")
    await owner.execute(taken)
    began = time.monotonic()
    assert await code_of(screen) == code
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("no", [ConnectionRefusedError, asyncpg.CannotConnectNowError, asyncpg.LockNotAvailableError, TimeoutError])
async def test_a_screen_that_comes_while_the_database_is_away_is_told_to_come_back(
    house: House, monkeypatch: pytest.MonkeyPatch, no: type[Exception]
) -> None:
    await house.chair("operator")

    async def away(*_: object) -> None:
        raise no

    monkeypatch.setattr(Known, "find", away)
    assert await code_of(await opened(house, "operator", since="x:0")) == CROWDED


async def test_a_bell_rung_for_what_is_not_there_makes_one_read_wait_and_no_more(house: House, servers: Stack, pool: database.Pool) -> None:
    operator = await house.chair("operator")
    await operator.rows("operator")
    async with redis.asyncio.from_url(servers.redis_url) as bell:
        assert await bell.publish(f"{CHANNEL}:{await database.name(pool)}", f"{city.CODE}:999999") == 1
    await asyncio.sleep(0.1)
    await operator.rows("operator")
    began = time.monotonic()
    for _ in range(3):
        await operator.rows("operator")
    assert time.monotonic() - began < POLL_SECONDS
