"""./run demo: real servers from wheels, an invented city or an imported one, and an evening that unfolds in it."""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import time
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import uvloop

from siao.actions import parks as actions
from siao.actions import people
from siao.core.parks import Park, identity
from siao.core.people import Right, Role
from siao.core.territories import Service
from siao.embedded import screens
from siao.embedded.process import CannotStart, as_root, free_port, is_free
from siao.embedded.stack import Stack, home_of, stack, watch
from siao.exchange import invented, toronto
from siao.settings import Settings
from siao.simulator.evening import Chairs, Evening
from siao.store import board as boards
from siao.store import db as database
from siao.store import migrate
from siao.store import parks as places
from siao.store import people as store
from siao.workers import Opening, config

PASSWORD = "demo-siao-115"  # noqa: S105 - said on the screen; such accounts exist on loopback with the embedded database alone
PORT = 8115
DATABASE = "postgres"
SEED = 115


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(argv: list[str]) -> int:
    options = _options(argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script that starts us in the background leaves it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        return _run(options)
    except (CannotStart, toronto.Refusal, actions.InUse) as no:
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
    parser.add_argument("--night", type=date.fromisoformat, help="which night of the park's file")
    parser.add_argument("--speed", type=float, default=1.0, help="of the simulated people, 0.1 to 50")
    parser.add_argument("--quiet-evening", action="store_true", help="nobody simulated")
    parser.add_argument("--data", type=Path, default=_data_folder(), help="where the state is kept")
    options = parser.parse_args(argv)
    if not 0.1 <= options.speed <= 50:
        parser.error("--speed: 0.1 to 50")
    return options


def _data_folder() -> Path:
    """In a checkout beside the code, else in the user's own folder."""
    checkout = Path(__file__).parent.parent
    return checkout / "var" / "demo" if (checkout / "run").exists() else Path.home() / ".local" / "share" / "siao"


def _run(options: argparse.Namespace) -> int:
    started = time.monotonic()
    park = _park(options)
    if options.fresh:
        _forget(options.data)
    say("siao: building the screens" if screens.stale() else "siao: the screens are built")
    screens.build()
    say("siao: starting PostgreSQL 18 and Valkey")
    with stack(options.data, durable=True) as servers:
        port = options.port or (PORT if is_free(PORT) else free_port())
        if not is_free(port):
            raise CannotStart(f"port {port} is taken; give --port another one")
        uvloop.run(_evening(servers, options, park, port, started))
    say("siao: stopped")
    return 0


def _forget(directory: Path) -> None:
    home = home_of(directory)
    shutil.rmtree(directory, ignore_errors=True)
    if as_root():
        shutil.rmtree(home, ignore_errors=True)


def _park(options: argparse.Namespace) -> Park:
    if options.park is None:
        return invented.park(SEED)
    if not options.park.exists():
        raise CannotStart(f"--park: {options.park} is not there")
    read = toronto.read(options.park, options.night)
    for line in read.assumed:
        say(f"siao: assumed {line}")
    if read.warnings:
        say(f"siao: {len(read.warnings)} odd lines taken, the first: {read.warnings[0]}")
    return read.park


async def _evening(servers: Stack, options: argparse.Namespace, park: Park, port: int, started: float) -> None:
    left_alone = await _furnish(servers, park)
    base = f"http://127.0.0.1:{port}"
    settings = Settings(
        database_url=servers.app_url(DATABASE),
        redis_url=servers.redis_url,
        secret=servers.kept.secret.encode(),
        origins=(base, f"http://localhost:{port}"),
        port=port,
        secure_cookies=False,
        demo=True,
    )
    server = Opening(config(settings))
    tasks = [asyncio.create_task(watch(servers))]
    stop = asyncio.Event()
    if not options.quiet_evening:
        chairs = Chairs("simulation-115", "simulation-structures", "simulation-service", PASSWORD, str(left_alone))
        tasks.append(asyncio.create_task(_people(server, Evening(base, chairs, park.code, SEED), options.speed, stop)))
    tasks.append(asyncio.create_task(_announce(server, base, park, started)))
    try:
        await server.serve()
    finally:
        stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _people(server: Opening, evening: Evening, speed: float, stop: asyncio.Event) -> None:
    await server.opened.wait()
    await evening.run(speed, stop)


async def _announce(server: Opening, base: str, park: Park, started: float) -> None:
    await server.opened.wait()
    say(f"\n  siao is open: {base}   ({park.name}, {time.monotonic() - started:.1f} s)\n")
    say("  écoutant 115      ecoutant        (a second one: ecoutant2)")
    say("  régulation        regulation")
    say("  structure         structure")
    say("  prescripteur      prescripteur")
    say("  observateur       observateur")
    say("  administration    admin")
    say(f"  password          {PASSWORD}\n")
    say("  Ctrl-C stops everything; what happened is kept for the next start.")


async def _furnish(servers: Stack, park: Park) -> UUID:
    """Migrations, the app's password, the park where it is not there yet, and the demo's accounts. Gives the lent shelter."""
    say("siao: migrating")
    await migrate.migrate(servers.owner_url(DATABASE))
    await migrate.app_password(servers.owner_url(DATABASE), servers.kept.app_password)
    owner = await asyncpg.connect(servers.owner_url(DATABASE))
    known = await places.known(owner, park.code)
    shelter = identity(park.code, _lent(park))
    if not known:
        say(f"siao: settling {park.name}: {len(park.shelters)} structures")
        await actions.load(servers.app_url(DATABASE), park)
        await database.analyse(owner)
    await _accounts(owner, park, shelter)
    await owner.close()
    return shelter


def _lent(park: Park) -> str:
    """The structure of the demo's own account: the one with most to show on one screen."""
    fit = [s for s in park.shelters if not s.confidential and not s.by_phone and 3 <= len(s.units) <= 12]
    return max(fit or park.shelters, key=lambda s: (sum(u.vacant > 0 for u in s.units), -len(s.units))).name


async def _accounts(owner: asyncpg.Connection, park: Park, shelter: UUID) -> None:
    async with owner.transaction():
        await database.here(owner, [park.code])
        if await store.account(owner, "ecoutant") and await _has_right(owner, "ecoutant", park.code):
            return
        services = await boards.services(owner, park.code)
        service = services[0].id if services else await _service(owner, park.code)
        every = [Right(Role.SHELTER, park.code, shelter=identity(park.code, s.name)) for s in park.shelters]
        secret = await people.password(PASSWORD)
        for login, rights in {
            "ecoutant": [Right(Role.OPERATOR, park.code)],
            "ecoutant2": [Right(Role.OPERATOR, park.code)],
            "regulation": [Right(Role.COORDINATOR, park.code)],
            "structure": [Right(Role.SHELTER, park.code, shelter=shelter)],
            "prescripteur": [Right(Role.WORKER, park.code, service=service)],
            "observateur": [Right(Role.OBSERVER, park.code)],
            "admin": [Right(Role.ADMIN, park.code)],
            "simulation-115": [Right(Role.OPERATOR, park.code)],
            "simulation-structures": every,
            "simulation-service": [Right(Role.WORKER, park.code, service=service)],
        }.items():
            await _account(owner, login, secret, rights)


async def _account(owner: asyncpg.Connection, login: str, secret: str, rights: list[Right]) -> None:
    known = await store.account(owner, login)
    if known is None:
        known = store.Account(uuid4(), login, secret, "fr", active=True)
        await store.add(owner, known)
    before = await store.rights(owner, known.id)
    await store.grant(owner, known.id, [*(right for right in before if right.territory != rights[0].territory), *rights])


async def _has_right(owner: asyncpg.Connection, login: str, territory: str) -> bool:
    account = await store.account(owner, login)
    return account is not None and any(right.territory == territory for right in await store.rights(owner, account.id))


async def _service(owner: asyncpg.Connection, territory: str) -> UUID:
    id = identity(territory, "service", "Day centre")
    await places.place(owner, [Service(id, territory, "Day centre")])
    return id
