"""./run bench evening: how soon the demo is open, how soon a screen of another process is told, and whether a city's night adds up."""

import asyncio
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import websockets

from siao import figures
from siao.carried import HERE, samples_folder
from siao.demo import PASSWORD
from siao.embedded.process import free_port
from siao.embedded.stack import Kept, passing
from siao.figures import Figure, exact, measured, progress
from siao.mortal import mortal

ROOT = HERE.parent
NIGHT = "2024-01-15"
COLD_MUST, WARM_MUST, TOLD_MUST, TOLD_AIM = 30, 3, 1500, 100
SCREENS, ASKED = 5, 40
PAUSE_SECONDS = 0.05


def main(argv: list[str]) -> int:
    parser = figures.parser("./run bench evening", __doc__ or "")
    parser.add_argument("--no-cold", action="store_true", help="leave out the first start, which fetches every package anew")
    options = parser.parse_args(argv)
    rounds = 2 if options.quick else figures.ROUNDS_MIN
    found: list[Figure] = []
    with passing("bench") as here:
        if not options.no_cold:
            firsts = list(cold(here, 1 if options.quick else rounds))
            found.append(measured("first start to /readyz, nothing cached", firsts, "s", at_most=COLD_MUST))
        found.append(measured("warm start to /readyz", list(warm(here, rounds)), "s", at_most=WARM_MUST))
        found += asyncio.run(told(here, rounds))
        found += totals(here)
    return figures.tell(found, options.json)


@contextmanager
def opened(command: Sequence[str], log: Path, port: int, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own, ready; stopped with the block."""
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603
            command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=mortal(signal.SIGINT)
        )
    try:
        while not _ready(port):
            if process.poll() is not None:
                raise SystemExit(f"it did not open:\n{log.read_text()}")
            time.sleep(0.01)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _ready(port: int) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    return False


def demo(data: Path, port: int, *options: str) -> list[str]:
    return [sys.executable, "-m", "siao", "demo", "--data", str(data), "--port", str(port), *options]


def cold(here: Path, rounds: int) -> Iterator[float]:
    """As after a clone: no environment, no package cached, no screens built, no database."""
    for i in range(rounds):
        checkout, port = here / f"clone{i}", free_port()
        names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
        for name in names.stdout.splitlines():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
        caches = {"UV_CACHE_DIR": str(checkout / "uv"), "npm_config_cache": str(checkout / "npm"), "PIP_NO_CACHE_DIR": "1"}
        began = time.monotonic()
        with opened([str(checkout / "run"), "demo", "--port", str(port)], here / "cold.log", port, **caches):
            took = time.monotonic() - began
        progress(f"first start {i + 1} of {rounds}: {took:.1f} s")
        yield took


def warm(here: Path, rounds: int) -> Iterator[float]:
    port = free_port()
    with opened(demo(here / "data", port), here / "demo.log", port):
        pass
    for i in range(rounds):
        began = time.monotonic()
        with opened([str(ROOT / "run"), *demo(here / "data", port)[3:]], here / "demo.log", port):
            took = time.monotonic() - began
        progress(f"warm start {i + 1} of {rounds}: {took:.2f} s")
        yield took


async def told(here: Path, rounds: int) -> list[Figure]:
    """From the database's decision to the screens of a second process, which only Redis or its own look each second can tell."""
    data, port, second = here / "data", free_port(), free_port()
    found: list[Figure] = []
    with (
        opened(demo(data, port, "--quiet-evening", "--fresh"), here / "demo.log", port) as launcher,
        opened([sys.executable, "-m", "siao", "serve"], here / "second.log", second, **_environment(data, second)),
    ):
        found += _figures("with Redis", [await _round(port, second) for _ in range(rounds)], TOLD_AIM)
        os.kill(_valkey(launcher.pid), signal.SIGSTOP)
        await asyncio.sleep(3)
        found += _figures("Redis away", [await _round(port, second) for _ in range(rounds)], None)
        os.kill(_valkey(launcher.pid), signal.SIGCONT)
    return found


def _figures(what: str, waits: Sequence[Sequence[float]], aim: float | None) -> list[Figure]:
    p50, p99 = [median(one) for one in waits], [quantiles(one, n=100)[98] for one in waits]
    progress(f"told, {what}: p50 {[round(one) for one in p50]}, p99 {[round(one) for one in p99]} ms")
    name = f"decided → another process's screens, {what}"
    return [
        measured(f"{name}, p50", p50, "ms", at_most=TOLD_MUST),
        measured(f"{name}, p99", p99, "ms", at_most=TOLD_MUST, aim=aim),
    ]


def _environment(data: Path, port: int) -> dict[str, str]:
    kept = msgspec.json.decode((data / "kept.json").read_bytes(), type=Kept)
    return {
        "SIAO_DATABASE_URL": f"postgresql://siao_app:{kept.app_password}@127.0.0.1:{kept.postgres_port}/postgres",
        "SIAO_REDIS_URL": f"redis://127.0.0.1:{kept.valkey_port}/0",
        "SIAO_SECRET": kept.secret,
        "SIAO_ORIGINS": f"http://127.0.0.1:{port}",
        "SIAO_PORT": str(port),
        "SIAO_SECURE_COOKIES": "0",
    }


def _valkey(launcher: int) -> int:
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    return next(int(pid) for pid in children if "valkey" in Path(f"/proc/{pid}/exe").readlink().name)


async def _round(port: int, second: int) -> list[float]:
    """Milliseconds until each request was on each screen."""
    waits: list[float] = []
    async with _seated(port) as operator, _seated(second) as watcher:
        since = (await watcher.get("/api/board", params={"view": "operator"})).headers["etag"].strip('"')
        async with asyncio.TaskGroup() as group:
            screens = [group.create_task(_screen(second, watcher, since, waits)) for _ in range(SCREENS)]
            await asyncio.sleep(0.3)
            for _ in range(ASKED):
                answer = await operator.post("/api/requests", json={"men": 1}, headers={"Idempotency-Key": str(uuid4())})
                answer.raise_for_status()
                await asyncio.sleep(PAUSE_SECONDS)
            await asyncio.sleep(TOLD_MUST / 1000)
            for screen in screens:
                screen.cancel()
    return waits


def _seated(port: int) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10)
    answer = httpx.post(f"http://127.0.0.1:{port}/api/session", json={"login": "ecoutant", "password": PASSWORD})
    client.cookies = answer.cookies
    return client


async def _screen(port: int, watcher: httpx.AsyncClient, since: str, waits: list[float]) -> None:
    base = f"127.0.0.1:{port}"
    url = f"ws://{base}/api/live?view=operator&since={since}"
    headers = {"Cookie": f"siao={watcher.cookies['siao']}"}
    async with websockets.connect(url, origin=f"http://{base}", additional_headers=headers) as socket:  # pyright: ignore[reportArgumentType]
        while True:
            frame = json.loads(await socket.recv())
            now = time.time()
            waits += [(now - datetime.fromisoformat(line["at"]).timestamp()) * 1000 for line in frame["news"] if line["verb"] == "ask"]


def totals(here: Path) -> list[Figure]:
    """Beds and rooms on the board of a city's night that are not in the file, or in the file and not on the board."""
    port, file = free_port(), samples_folder() / "toronto-2024-01.csv"
    options = ("--park", str(file), "--night", NIGHT, "--quiet-evening")
    with opened(demo(here / "toronto", port, *options), here / "toronto.log", port):
        answer = httpx.get(f"http://127.0.0.1:{port}/api/board", params={"view": "operator"}, cookies=_seated(port).cookies)
    units = answer.json()["rows"]["units"]
    beds = "".join(unit["beds"] for unit in units if unit["kind"] == "dormitory")
    rooms = "".join(unit["beds"][0] for unit in units if unit["kind"] == "room")
    off = [abs(a - b) for letters, one in ((beds, "BED"), (rooms, "ROOM")) for a, b in zip(_counted(letters), _published(file, one))]
    return [exact("beds and rooms that differ from the file", sum(off), "places", at_most=0)]


def _counted(letters: str) -> tuple[int, int, int]:
    return len(letters) - letters.count("x"), letters.count("o"), letters.count("l")


def _published(file: Path, one: str) -> tuple[int, ...]:
    with file.open(encoding="utf-8-sig") as text:
        lines: list[dict[str, Any]] = [line for line in csv.DictReader(text) if line["OCCUPANCY_DATE"].startswith(NIGHT)]
    return tuple(sum(int(line[c] or 0) for line in lines) for c in (f"CAPACITY_ACTUAL_{one}", f"OCCUPIED_{one}S", f"UNOCCUPIED_{one}S"))
