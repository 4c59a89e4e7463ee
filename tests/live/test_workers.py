"""Two workers at one door, replaced and killed under clicks: every key is answered, and has one effect."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
import websockets

import chairs
import city
from chairs import House
from siao import workers
from siao.embedded.process import free_port
from siao.embedded.stack import Stack
from siao.settings import Settings

WORKERS, CALLERS, SECONDS = 2, 8, 60.0


@pytest.fixture
async def crew(servers: Stack, name: str, tmp_path: Path) -> AsyncIterator[tuple[House, subprocess.Popen[bytes]]]:
    """`siao serve --workers 2`, as in earnest, with both open: one that is killed before it opened ends them all."""
    owner_url, app_url = servers.owner_url(name), servers.app_url(name)
    await chairs.furnish(owner_url)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    env = {
        **os.environ,
        "SIAO_DATABASE_URL": app_url, "SIAO_REDIS_URL": servers.redis_url, "SIAO_SECRET": "a secret of the tests, long enough",
        "SIAO_ORIGINS": base, "SIAO_PORT": str(port), "SIAO_SECURE_COOKIES": "0",
    }  # fmt: skip
    said = tmp_path / "said"
    with said.open("wb") as err:
        serving = subprocess.Popen([sys.executable, "-m", "siao", "serve", "--workers", str(WORKERS)], env=env, stderr=err)
    house = House(Settings(app_url, servers.redis_url, b"a secret of the tests", (base,), port=port, secure_cookies=False))
    try:
        await _until_ready(base)
        await _until_said(said, f"siao: {WORKERS} at the door")
        yield house, serving
    finally:
        for chair in house.chairs.values():
            await chair.aclose()
        serving.terminate()
        assert await asyncio.to_thread(serving.wait, 30) == 0


async def _until_ready(base: str) -> None:
    async with httpx.AsyncClient(base_url=base) as client:
        for _ in range(300):
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the workers did not open")


async def _until_said(said: Path, words: str) -> None:
    for _ in range(300):
        if words in said.read_text("utf-8"):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(said.read_text("utf-8"))


def children(parent: int) -> set[int]:
    """The workers; the resource tracker of multiprocessing is none."""
    found = [int(word) for word in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()]
    return {pid for pid in found if b"spawn_main" in _command(pid)}


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Clicks:
    """People who click on and on, each with a saved key that is sent again until it is answered."""

    def __init__(self, house: House, cookie: str) -> None:
        self.house, self.cookie, self.stop = house, cookie, asyncio.Event()
        self.answers: dict[UUID, set[tuple[str, int]]] = {}
        self.statuses: Counter[int] = Counter()
        self.again = 0

    async def click(self) -> None:
        async with chairs.Chair(base_url=self.house.base, timeout=10, cookies={self.house.settings.cookie: self.cookie}) as chair:
            while not self.stop.is_set():
                await self._answered(chair, uuid4())

    async def _answered(self, chair: chairs.Chair, key: UUID) -> None:
        for _ in range(100):
            try:
                answer = await chair.do("/api/requests", {"men": 1}, key)
            except httpx.TransportError:
                self.again += 1
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code == 201:
                self.answers.setdefault(key, set()).add((answer.json()["id"], answer.json()["seq"]))
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{key} was never answered")

    async def verified(self, look: asyncpg.Connection) -> None:
        """One answer a key, one effect a key, and nothing that nobody asked for."""
        assert all(len(answers) == 1 for answers in self.answers.values())
        kept = {row["key"] for row in await look.fetch("SELECT key FROM command WHERE request IS NOT NULL")}  # the clock has keys too
        assert set(self.answers) == kept
        assert await look.fetchval("SELECT count(*) FROM request") == len(self.answers)
        assert await look.fetchval("SELECT count(*) FROM journal WHERE verb = 'ask'") == len(self.answers)


async def changed(parent: int, before: set[int]) -> set[int]:
    """Waits until none of the workers before is left and all are there."""
    for _ in range(int(SECONDS * 10)):
        now = children(parent)
        if not now & before and len(now) == WORKERS:
            return now
        await asyncio.sleep(0.1)
    raise AssertionError("the workers were not replaced")


async def test_a_rolling_restart_loses_no_click_and_sends_screens_back_with_1012(
    crew: tuple[House, subprocess.Popen[bytes]], look: asyncpg.Connection
) -> None:
    house, serving = crew
    await house.chair("operator")
    clicks = Clicks(house, house.cookie("operator"))
    screens = [asyncio.create_task(_code(await _screen(house))) for _ in range(6)]
    people = [asyncio.create_task(clicks.click()) for _ in range(CALLERS)]
    before = children(serving.pid)
    assert len(before) == WORKERS
    serving.send_signal(signal.SIGHUP)
    await changed(serving.pid, before)
    await asyncio.sleep(0.5)
    clicks.stop.set()
    await asyncio.gather(*people)
    assert set(clicks.statuses) == {201} and len(clicks.answers) > 100, clicks.statuses
    assert clicks.again == 0, "not even one had to be sent again"
    assert set(await asyncio.gather(*screens)) == {1012}
    await clicks.verified(look)


async def test_a_worker_killed_under_clicks_is_replaced_and_every_key_has_one_effect(
    crew: tuple[House, subprocess.Popen[bytes]], look: asyncpg.Connection
) -> None:
    house, serving = crew
    await house.chair("operator")
    clicks = Clicks(house, house.cookie("operator"))
    people = [asyncio.create_task(clicks.click()) for _ in range(CALLERS)]
    for _ in range(2):
        victims = children(serving.pid)
        await asyncio.sleep(0.5)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        await changed(serving.pid, victims)
    await _until_ready(house.base)
    await asyncio.sleep(0.5)
    clicks.stop.set()
    await asyncio.gather(*people)
    assert clicks.again > 0 and clicks.statuses[201] == len(clicks.answers)
    await clicks.verified(look)


class Slow(workers.Worker):
    """One that never opens."""

    def __init__(self, *_: object) -> None:
        self.hears, self.says = workers.SPAWN.Pipe(duplex=False)
        self.process = workers.SPAWN.Process(target=time.sleep, args=(600,))  # type: ignore[assignment]
        self.process.start()


def test_whoever_waits_for_a_new_worker_hears_that_it_is_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Worker", Slow)
    told = time.monotonic() + 0.5
    crew = workers.Crew(Settings("", "", b"", (), port=free_port()), 1, lambda: time.monotonic() > told)
    try:
        assert not crew.start()
        (old,) = crew.workers
        told = time.monotonic() + 0.5
        assert not crew.roll() and crew.workers == [old] and old.process.is_alive()
        assert time.monotonic() < told + workers.OPEN_SECONDS / 4
    finally:
        crew.stop()
    assert not old.process.is_alive()


async def _screen(house: House) -> websockets.ClientConnection:
    board = await (await house.chair("operator")).get("/api/board", params={"view": "operator"})
    return await websockets.connect(
        f"{house.base.replace('http', 'ws')}/api/live?view=operator&territory={city.CODE}&since={board.headers['etag'].strip(chr(34))}",
        origin=house.base,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{house.settings.cookie}={house.cookie('operator')}"},
    )


async def _code(socket: websockets.ClientConnection) -> int | None:
    """Reads on, as a screen does, and says why it was closed."""
    try:
        while True:
            await asyncio.wait_for(socket.recv(), 60)
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
