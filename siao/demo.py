"""./run demo: real servers from wheels, an invented city or an imported one, and an evening that unfolds in it."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Coroutine
from datetime import date
from pathlib import Path
from typing import Any

import uvloop
from msgspec import Struct

from siao import logs, settling
from siao.actions import parks
from siao.core.parks import Park
from siao.embedded import screens
from siao.embedded.process import CannotStart, free_port, is_free
from siao.embedded.stack import Stack, forget, stack, watch
from siao.exchange import invented, toronto
from siao.settings import Settings
from siao.simulator.evening import Chairs, Evening
from siao.workers import Opening, config

PASSWORD = "demo-siao-115"  # noqa: S105 - said on the screen; such accounts exist on loopback with the embedded database alone
PORT = 8115
SPEED_MIN, SPEED_MAX = 0.1, 50
SEED = 115


class Play(Struct, frozen=True):
    """What is played, and where. `speed` None: nobody simulated. `inside`: where the simulated people find the service."""

    park: Park
    speed: float | None
    password: str
    owner_url: str
    app_password: str
    inside: str
    started: float


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(argv: list[str]) -> int:
    options = _options(argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script that starts us in the background leaves it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logs.begin()
    try:
        return _run(options)
    except (CannotStart, toronto.Refusal, parks.InUse, OSError) as no:
        say(f"siao: {no}")
        return 1
    except KeyboardInterrupt:
        say("siao: stopped")
        return 0


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run demo", description="A city's evening on a living board, on this machine alone.")
    parser.add_argument("--port", type=int, help=f"default {PORT}, or a free one")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument("--park", type=Path, help="a CSV of the City of Toronto, instead of the invented département")
    parser.add_argument("--night", type=day, help="which night of the park's file, as 2024-01-15; its first by default")
    parser.add_argument("--speed", type=float, default=1.0, help="of the simulated people, 0.1 to 50")
    parser.add_argument("--quiet-evening", action="store_true", help="nobody simulated")
    parser.add_argument("--data", type=Path, default=_data_folder(), help="where the state is kept")
    options = parser.parse_args(argv)
    if not SPEED_MIN <= options.speed <= SPEED_MAX:
        parser.error("--speed: 0.1 to 50")
    if options.port is not None and not 1 <= options.port <= 65_535:
        parser.error("--port: 1 to 65535")
    if options.night and not options.park:
        parser.error("--night: goes with --park FILE")
    return options


def day(text: str) -> date:
    """A date of the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it as 2024-01-15") from None


def _data_folder() -> Path:
    """In a checkout beside the code, else in the user's own folder."""
    checkout = Path(__file__).parent.parent
    return checkout / "var" / "demo" if (checkout / "run").exists() else Path.home() / ".local" / "share" / "siao"


def _run(options: argparse.Namespace) -> int:
    """Whatever can be refused is refused before anything is begun or forgotten."""
    started = time.monotonic()
    park = _park(options)
    port = options.port or (PORT if is_free(PORT) else free_port())
    if not is_free(port):
        raise CannotStart(f"port {port} is taken; give --port another one")
    if options.fresh:
        forget(options.data)
    say("siao: building the screens" if screens.stale() else "siao: the screens are built")
    screens.build()
    say("siao: starting PostgreSQL 18 and Valkey")
    with stack(options.data, durable=True) as servers:
        uvloop.run(_evening(servers, options, park, port, started))
        for late in (signal.SIGINT, signal.SIGTERM):
            signal.signal(late, signal.SIG_IGN)  # the servers are being stopped already, within bounds
    say("siao: stopped")
    return 0


def _park(options: argparse.Namespace) -> Park:
    if options.park is None:
        return invented.park(SEED)
    if not options.park.is_file():
        raise CannotStart(f"--park: {options.park} is not a file that can be read")
    read = toronto.read(options.park, options.night)
    for line in read.assumed:
        say(f"siao: assumed {line}")
    if read.warnings:
        say(f"siao: {len(read.warnings)} odd lines taken, the first: {read.warnings[0]}")
    return read.park


async def _evening(servers: Stack, options: argparse.Namespace, park: Park, port: int, started: float) -> None:
    base = f"http://127.0.0.1:{port}"
    settings = Settings(
        database_url=servers.app_url(),
        redis_url=servers.redis_url,
        secret=servers.kept.secret.encode(),
        origins=(base, f"http://localhost:{port}"),
        port=port,
        secure_cookies=False,
        demo=True,
    )
    speed = None if options.quiet_evening else options.speed
    await play(Play(park, speed, PASSWORD, servers.owner_url(), servers.kept.app_password, base, started), settings, watch(servers))


async def play(p: Play, settings: Settings, *beside: Coroutine[Any, Any, None]) -> None:
    """Furnishes the house and keeps it open until a signal. `beside`: what must go on with it; its end ends the evening."""
    say(f"siao: settling {p.park.name}: {len(p.park.shelters)} structures")
    waiting = None if p.speed is None else SEED
    left_alone = await settling.settle(p.owner_url, settings.database_url, p.app_password, p.park, p.password, waiting)
    server, stop = Opening(config(settings)), asyncio.Event()
    needed = [asyncio.create_task(one) for one in beside]
    for one in needed:
        one.add_done_callback(lambda _: setattr(server, "should_exit", True))
    evening = Evening(p.inside, Chairs(*settling.CHAIRS, p.password, str(left_alone)), p.park.code, SEED)
    tasks = [asyncio.create_task(_people(server, evening, p.speed, stop)), asyncio.create_task(_announce(server, settings, p))]
    try:
        await server.serve()
        for one in needed:
            if one.done():
                one.result()
    finally:
        stop.set()
        for task in (*tasks, *needed):
            task.cancel()
        await asyncio.gather(*tasks, *needed, return_exceptions=True)


async def _people(server: Opening, evening: Evening, speed: float | None, stop: asyncio.Event) -> None:
    await server.opened.wait()
    if speed is not None:
        await evening.run(speed, stop)


async def _announce(server: Opening, settings: Settings, p: Play) -> None:
    await server.opened.wait()
    say(f"\n  siao is open: {settings.origins[0]}   ({p.park.name}, {time.monotonic() - p.started:.1f} s)\n")
    say("  écoutant 115      ecoutant        (a second one: ecoutant2)")
    say("  régulation        regulation")
    say("  structure         structure")
    say("  prescripteur      prescripteur")
    say("  observateur       observateur")
    say("  administration    admin")
    say("  audit             auditeur")
    say(f"  password          {p.password}\n")
    say("  Ctrl-C stops everything; what happened is kept for the next start.")
