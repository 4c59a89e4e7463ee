"""The demo's evening on servers of their own, as docker-compose.yml starts them, with secrets made on the first start."""

import asyncio
import os
import secrets as chance
import signal
import sys
import time
from pathlib import Path
from urllib.parse import quote

import uvloop

from siao import logs
from siao.demo import SEED, Play, play, say
from siao.exchange import invented
from siao.settings import Settings
from siao.store import db as database
from siao.store import migrate

SECRETS = ("owner_password", "app_password", "verifier_password", "secret", "demo_password")
SECRET_BYTES = 24
WAIT_SECONDS = 60
DATABASE = "siao"


def secrets(argv: list[str]) -> int:
    """siao secrets DIR: makes what is not there yet; what is there stays."""
    if len(argv) != 1:
        sys.stderr.write("siao: secrets DIR\n")
        return 2
    for name in SECRETS:
        file = Path(argv[0]) / name
        if not file.exists():
            half = file.with_suffix(".half")
            half.touch(mode=0o440)
            half.chmod(0o640)
            half.write_text(chance.token_urlsafe(SECRET_BYTES))
            half.rename(file)
    return 0


def composed(argv: list[str]) -> int:
    """siao composed DIR: the demo, on SIAO_POSTGRES (host:port) and SIAO_REDIS_URL, seen at SIAO_ORIGINS; secrets from DIR."""
    missing = [name for name in ("SIAO_POSTGRES", "SIAO_REDIS_URL", "SIAO_ORIGINS") if not os.environ.get(name)]
    if missing or len(argv) != 1:
        sys.stderr.write(f"siao: {missing[0]} is not set; see docker-compose.yml\n" if missing else "siao: composed DIR\n")
        return 2
    logs.begin()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    kept = {name: (Path(argv[0]) / name).read_text() for name in SECRETS}
    uvloop.run(_evening(kept))
    return 0


async def _evening(kept: dict[str, str]) -> None:
    url = f"@{os.environ['SIAO_POSTGRES']}/{DATABASE}"
    owner_url = f"postgresql://postgres:{quote(kept['owner_password'])}{url}"
    await _there(owner_url)
    await migrate.migrate(owner_url)
    await migrate.verifier_password(owner_url, kept["verifier_password"])
    settings = Settings(
        database_url=f"postgresql://siao_app:{quote(kept['app_password'])}{url}",
        redis_url=os.environ["SIAO_REDIS_URL"],
        secret=kept["secret"].encode(),
        origins=tuple(os.environ["SIAO_ORIGINS"].split(",")),
        host=os.environ.get("SIAO_HOST", "127.0.0.1"),
        port=int(os.environ.get("SIAO_PORT", "8115")),
        demo=True,
    )
    inside = f"http://127.0.0.1:{settings.port}"
    speed = float(os.environ.get("SIAO_SPEED", "1"))
    park = invented.park(SEED)
    await play(Play(park, speed or None, kept["demo_password"], owner_url, kept["app_password"], inside, time.monotonic()), settings)


async def _there(url: str) -> None:
    """Waits until PostgreSQL answers."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return await (await database.connect(url)).close()
        except database.LOST:
            if time.monotonic() > deadline:
                raise
            say("siao: waiting for PostgreSQL")
            await asyncio.sleep(1)
