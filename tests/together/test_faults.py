"""Servers killed and frozen under the running demo, with real callers at it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import websockets

from launched import PASSWORD, Demo, family, folder, running
from siao.embedded.stack import Kept

KEEPS_UP_SECONDS = 1.5
RECOVERS_SECONDS = 30
CALLERS, BETWEEN_KILLS = 12, 20


@pytest.fixture
def demo() -> Iterator[Demo]:
    with folder() as here, running(here / "data", "--quiet-evening") as demo:
        demo.ready()
        yield demo
        whole(demo)


def whole(demo: Demo) -> None:
    """After whatever fault, every invariant is looked at in the demo's own database."""
    kept = msgspec.json.decode((demo.data / "kept.json").read_bytes(), type=Kept)
    url = f"postgresql://siao_app:{kept.app_password}@127.0.0.1:{kept.postgres_port}/postgres"
    env = {**os.environ, "SIAO_DATABASE_URL": url, "SIAO_SECRET": kept.secret}
    deadline = time.monotonic() + RECOVERS_SECONDS
    while True:
        ran = subprocess.run([sys.executable, "-m", "siao", "verify"], env=env, capture_output=True, text=True, check=False)
        if ran.returncode != 2 or time.monotonic() > deadline:
            break
    assert ran.returncode == 0, ran.stdout + ran.stderr


def server(demo: Demo, program: str) -> int:
    """The pid of a server of the demo: the child of the launcher that runs this program."""
    return min(pid for pid, _ in family(demo.process.pid) if _program(pid) == program)


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.partition("-1")[0]
    except OSError:
        return ""


@asynccontextmanager
async def seated(demo: Demo) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=demo.base, timeout=20, headers={"Accept-Language": "fr"}) as chair:
        answer = await chair.post("/api/session", json={"login": "ecoutant", "password": PASSWORD})
        assert answer.status_code == 200
        yield chair


async def ask(chair: httpx.AsyncClient, key: UUID) -> httpx.Response:
    return await chair.post("/api/requests", json={"men": 1}, headers={"Idempotency-Key": str(key)})


async def waiting(chair: httpx.AsyncClient) -> set[str]:
    answer = await chair.get("/api/board", params={"view": "operator"})
    return {row["id"] for row in answer.json()["rows"].get("requests", ())}


@asynccontextmanager
async def screen(demo: Demo, chair: httpx.AsyncClient) -> AsyncIterator[Any]:
    since = (await chair.get("/api/board", params={"view": "operator"})).headers["etag"].strip('"')
    url = f"{demo.base.replace('http', 'ws')}/api/live?view=operator&since={since}"
    headers = {"Cookie": f"siao={chair.cookies['siao']}"}
    async with websockets.connect(url, origin=demo.base, additional_headers=headers) as socket:  # type: ignore[arg-type]
        yield socket


async def told(socket: Any, request: str, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while True:
            frame = json.loads(await socket.recv())
            if request in {row["id"] for row in frame.get("rows", {}).get("requests", ())}:
                return


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
async def test_without_redis_the_board_keeps_up_and_recovers_by_itself(demo: Demo, how: signal.Signals) -> None:
    async with seated(demo) as chair, screen(demo, chair) as socket:
        valkey = server(demo, "valkey-server")
        os.kill(valkey, how)
        for _ in range(3):
            began = time.monotonic()
            answer = await ask(chair, uuid4())
            assert answer.status_code == 201 and time.monotonic() - began < KEEPS_UP_SECONDS, "ringing holds no answer up"
            await told(socket, answer.json()["id"], KEEPS_UP_SECONDS)
            assert (await chair.get("/readyz")).status_code == 200
            await asyncio.sleep(0.7)
        if how is signal.SIGSTOP:
            assert (await chair.get("/readyz")).json()["redis"] is False, "a frozen Redis is not called live"
            os.kill(valkey, signal.SIGCONT)
        for _ in range(150):
            if (await chair.get("/readyz")).json()["redis"]:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"Redis is back and not heard: {demo.said()}")


async def test_postgresql_killed_twice_under_callers_loses_no_confirmation(demo: Demo) -> None:
    confirmed: dict[UUID, str] = {}
    refusals: list[httpx.Response] = []
    enough = asyncio.Event()

    async def caller() -> None:
        while not enough.is_set():
            key = uuid4()
            while (answer := await ask(chair, key)).status_code != 201:
                refusals.append(answer)
                await asyncio.sleep(0.1)
            confirmed[key] = answer.json()["id"]

    async with seated(demo) as chair:
        callers = [asyncio.create_task(caller()) for _ in range(CALLERS)]
        for _ in range(2):
            before = len(confirmed)
            async with asyncio.timeout(30):
                while len(confirmed) < before + BETWEEN_KILLS:
                    await asyncio.sleep(0.01)
            os.kill(server(demo, "postgres"), signal.SIGKILL)
            await asyncio.sleep(1)
        enough.set()
        await asyncio.wait_for(asyncio.gather(*callers), 60)
        for answer in refusals:
            said = answer.json()
            assert (answer.status_code, said["code"]) == (503, "unavailable"), answer.text
            assert answer.headers["content-type"].startswith("application/problem+json") and answer.headers["retry-after"]
            assert said["detail"] == "Le serveur ne répond pas : le même geste peut être renvoyé."
        async with asyncio.timeout(20):
            while (await chair.get("/readyz")).status_code != 200 or await waiting(chair) != set(confirmed.values()):
                await asyncio.sleep(0.1)
        assert len(set(confirmed.values())) == len(confirmed) >= 2 * BETWEEN_KILLS, "each key once, whatever was sent again"


async def test_a_screen_comes_back_by_itself_after_postgresql(demo: Demo) -> None:
    async with seated(demo) as chair, screen(demo, chair) as socket:
        os.kill(server(demo, "postgres"), signal.SIGKILL)
        async with asyncio.timeout(30):
            while (answer := await ask(chair, uuid4())).status_code != 201:
                assert answer.status_code == 503
                await asyncio.sleep(0.05)
        await told(socket, answer.json()["id"], 10)
        top = None
        async with asyncio.timeout(5):
            while top is None or top < answer.json()["seq"]:
                await socket.send('{"ping": 1}')
                top = json.loads(await socket.recv()).get("top", top)
