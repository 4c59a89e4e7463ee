"""What the measurements of live stand on: real servers on loopback, territories that are seeded and analysed, people with sessions."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
from msgspec import Struct

from siao.actions import parks, people, verification
from siao.core.invariants import Invariant
from siao.core.parks import Park, ParkCommune, ParkShelter, ParkUnit, identity
from siao.core.people import Right, Role
from siao.core.units import Kind, Rule, Scheme
from siao.embedded.process import free_port
from siao.embedded.stack import Stack, passing, stack
from siao.mortal import mortal
from siao.store import db as database
from siao.store import invariants, migrate
from siao.store import people as store

TERRITORIES = ("01", "02", "03", "04", "05", "06", "07", "08")
SHELTERS, BEDS = 25, 20
HOT_BEDS = 500
PEOPLE = 256
POSTGRES = ["-c", "max_connections=400", "-c", "shared_buffers=256MB"]
SECRET = "a secret of the measurements, long enough"  # noqa: S105 - of a database that is gone after the run
READY_SECONDS = 30.0
MEN = Kind.DORMITORY, Rule.MEN
COMMUNE = ParkCommune("Ici", "Ici", 45.0, 5.0)


class Stage(Struct, frozen=True):
    """`sessions`: cookies of operators who may act in every territory."""

    servers: Stack
    database: str
    sessions: tuple[str, ...]

    @property
    def app_url(self) -> str:
        return self.servers.app_url(self.database)

    @property
    def owner_url(self) -> str:
        return self.servers.owner_url(self.database)


def units(code: str) -> list[UUID]:
    return [identity(code, f"Abri {n}", "Dortoir") for n in range(SHELTERS)]


HOT_UNIT = identity(TERRITORIES[0], "Grand abri", "Dortoir")


def park(code: str, shelters: int = SHELTERS, beds: int = BEDS, hot: bool = False) -> Park:
    """Dormitories for men, all free; `hot` adds one of HOT_BEDS."""
    rooms = [(f"Abri {n}", beds) for n in range(shelters)] + ([("Grand abri", HOT_BEDS)] if hot else [])
    made = tuple(ParkShelter(name, Scheme.CHU, "Ici", "Ici", (ParkUnit("Dortoir", *MEN, n, n, 0),)) for name, n in rooms)
    return Park(code, f"Territoire {code}", "Europe/Paris", "115", made, (COMMUNE,))


@contextmanager
def stage(parks: Sequence[Park] | None = None) -> Generator[Stage]:
    """Servers of its own with fsync on, gone after the block; territories as above where no other parks are given."""
    with passing("bench") as folder, stack(folder, durable=True) as servers:
        servers.postgres.stop()
        servers.postgres.command += POSTGRES
        servers.postgres.start()
        yield asyncio.run(_furnished(servers, parks or [park(code, hot=code == TERRITORIES[0]) for code in TERRITORIES]))


async def _furnished(servers: Stack, given: Sequence[Park]) -> Stage:
    url = servers.owner_url()
    await migrate.migrate(url)
    await migrate.app_password(url, servers.kept.app_password)
    for one in given:
        await parks.load(servers.app_url(), one)
    owner = await asyncpg.connect(url)
    tokens = [secrets.token_bytes(people.TOKEN_BYTES) for _ in range(PEOPLE)]
    async with owner.transaction():
        await database.here(owner, [one.code for one in given])
        for n, token in enumerate(tokens):
            account = store.Account(uuid4(), f"person{n}", "-", "fr", active=True)
            await store.add(owner, account)
            await store.grant(owner, account.id, [Right(Role.OPERATOR, one.code) for one in given])
            await store.open_session(owner, people.hashed(token), account.id, account.password)  # type: ignore[arg-type]
    await database.analyse(owner)
    await owner.close()
    return Stage(servers, "postgres", tuple(token.hex() for token in tokens))


@contextmanager
def served(stage: Stage, workers: int = 1, redis: bool = True) -> Generator[tuple[int, list[int]]]:
    """`siao serve` as in earnest: its port and the processes of its workers."""
    port = free_port()
    env = os.environ | {
        "SIAO_DATABASE_URL": stage.app_url, "SIAO_SECRET": SECRET, "SIAO_PORT": str(port), "SIAO_SECURE_COOKIES": "0",
        "SIAO_REDIS_URL": stage.servers.redis_url if redis else f"redis://127.0.0.1:{free_port()}/0",
        "SIAO_ORIGINS": f"http://127.0.0.1:{port}",
    }  # fmt: skip
    command = [sys.executable, "-m", "siao", "serve", "--workers", str(workers)]
    serving = subprocess.Popen(command, env=env, preexec_fn=mortal(signal.SIGTERM))  # noqa: S603 - ourselves
    try:
        _until_ready(port)
        yield port, workers_of(serving.pid)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(30)


def _until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("siao serve did not open")


def workers_of(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    return [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of these processes so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def faults(stage: Stage) -> dict[str, int]:
    """What must be nothing after any storm: all that `siao verify` looks at, by the invariant's words."""
    db = await invariants.connect(stage.owner_url)
    try:
        seen = await verification.look(db, None, {}, whole=True)
    finally:
        await db.close()
    return {one.en: sum(broken.count for broken in seen.broken if broken.invariant is one) for one in Invariant}
