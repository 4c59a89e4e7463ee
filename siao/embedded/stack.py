"""Both servers together, on free loopback ports, in one folder; they stop with the block, or with this process."""

import asyncio
import fcntl
import logging
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from siao.embedded import postgres, valkey
from siao.embedded.process import CannotStart, Server, as_root, free_port, is_free

log = logging.getLogger("siao.embedded")
LOCK, POINTER, KEPT = "lock", "cluster", "kept.json"
OURS = (KEPT, POINTER, "postgres", "postgres.log", "password.tmp", "valkey.log")
"""All that is written in a folder that has KEPT, but for its lock; what else is in it is somebody else's."""
MEMORY, MEMORY_BYTES_MIN = Path("/dev/shm"), 4 << 30  # noqa: S108 - a folder of its own name below
HOMES = (postgres.STATE, MEMORY / "siao")
"""Where root keeps data that nobody may enter by itself: on disk, and in memory for folders that are there."""
WATCH_SECONDS = 0.2
RESTARTS_MAX = 50
"""How often one server may be started again in a minute before the watch gives up."""


class Kept(Struct):
    """What a folder remembers between starts."""

    password: str
    app_password: str
    secret: str
    postgres_port: int
    valkey_port: int


class Stack(Struct, frozen=True):
    """Two running servers. `owner_url` migrates, `app_url` serves; `home` is where their data is."""

    home: Path
    kept: Kept
    postgres: Server
    valkey: Server

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.kept.postgres_port}/{database}"

    def owner_url(self, database: str = "postgres") -> str:
        return self.url("postgres", self.kept.password, database)

    def app_url(self, database: str = "postgres") -> str:
        return self.url("siao_app", self.kept.app_password, database)

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.kept.valkey_port}/0"


def home_of(directory: Path) -> Path:
    """Where the servers keep their data for `directory`: in it, or as root where nobody may enter, with a pointer in it."""
    directory.mkdir(parents=True, exist_ok=True)
    if not as_root():
        return directory
    state = HOMES[directory.is_relative_to(MEMORY)]
    home = state / sha256(str(directory.resolve()).encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    state.chmod(0o755)
    (directory / POINTER).write_text(f"{home}\n")
    return home


@contextmanager
def passing(purpose: str, where: Path | None = None) -> Generator[Path]:
    """A folder for servers, theirs to enter; gone after the block, with all that root keeps elsewhere for any folder in it."""
    made = Path(tempfile.mkdtemp(prefix=f"siao-{purpose}-", dir=where))
    made.chmod(0o755)
    try:
        yield made
    finally:
        for pointer in made.rglob(POINTER):
            home = Path(pointer.read_text().strip()) if pointer.is_file() else made
            if home.parent in HOMES:
                shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(made, ignore_errors=True)


def memory() -> Path | None:
    """Where files are in memory, if it has room for servers: a database is copied in 0.03 s there, in 0.3 s and more on a disk."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN else None


@contextmanager
def stack(directory: Path, *, durable: bool) -> Generator[Stack]:
    """Starts both servers. `durable`: fsync on (the demo) or off (tests). Refuses a folder that another process uses."""
    home = home_of(directory)
    with _alone(directory, home):
        if not (directory / KEPT).exists():
            _begin(directory, home)
        kept = _kept(directory)
        home.chmod(0o755)
        servers = Stack(
            home,
            kept,
            postgres.server(home, kept.postgres_port, kept.password, durable=durable),
            valkey.server(home, kept.valkey_port),
        )
        try:
            servers.postgres.start()
            servers.valkey.start()
            yield servers
        finally:
            servers.valkey.stop()
            servers.postgres.stop()


def forget(directory: Path) -> None:
    """Deletes what a folder remembers, where it remembers anything. Refused while another process uses it."""
    home = home_of(directory)
    with _alone(directory, home):
        if (directory / KEPT).exists():
            _clear(home)
            _clear(directory)


def _begin(directory: Path, home: Path) -> None:
    """As root, what lies at home is a folder's of the same name that is gone, and with it the password. Else it is not ours."""
    if home != directory:
        _clear(home)
    elif (home / "postgres").exists():
        raise CannotStart(f"{home / 'postgres'} is not the demo's; give --data another folder")


def _clear(place: Path) -> None:
    for path in (place / name for name in OURS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _alone(directory: Path, home: Path) -> Generator[None]:
    """Both are held: a folder that was deleted under a demo and made again has another lock, its home has not."""
    with ExitStack() as locks:
        for place in dict.fromkeys((directory, home)):
            lock = locks.enter_context((place / LOCK).open("w"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotStart(f"{directory} is in use by another siao; give --data another folder") from None
        yield


def _kept(directory: Path) -> Kept:
    """Passwords and ports of this folder; a port that somebody else took meanwhile is replaced."""
    file = directory / KEPT
    if file.exists():
        kept = msgspec.json.decode(file.read_bytes(), type=Kept)
    else:
        kept = Kept(*(secrets.token_urlsafe(24) for _ in range(3)), postgres_port=0, valkey_port=0)
    kept.postgres_port = _port(kept.postgres_port)
    kept.valkey_port = _port(kept.valkey_port)
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(kept))
    return kept


def _port(before: int) -> int:
    return before if before and is_free(before) else free_port()


async def watch(servers: Stack) -> None:
    """Starts a server again when it died, on the same port and data; gives up when it dies too often."""
    deaths: list[float] = []
    while len([at for at in deaths if at > time.monotonic() - 60]) < RESTARTS_MAX:
        await asyncio.sleep(WATCH_SECONDS)
        for server in (servers.postgres, servers.valkey):
            if not server.running():
                log.warning("a server died and is started again")
                deaths.append(time.monotonic())
                server.spawn()
    raise CannotStart("a server keeps dying:\n" + servers.postgres.tail() + servers.valkey.tail())
