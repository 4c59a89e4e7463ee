"""The service in earnest: settings from the environment, no accounts but those an administrator made."""

import asyncio
import os
import sys
from socket import socket
from types import FrameType

import uvicorn

from siao import app, settings
from siao.live.socket import INBOUND_MAX, FrameProtocol
from siao.settings import Settings
from siao.store import migrate as road


def serve(argv: list[str]) -> int:
    """Serves until told to stop; exits 2 where a variable is missing."""
    try:
        found = settings.from_environment()
    except settings.Missing as no:
        sys.stderr.write(f"siao: {no}\n")
        return 2
    uvicorn.Server(config(found)).run()
    return 0


def migrate(argv: list[str]) -> int:
    """As the owner: the newest schema, and the app's own password (SIAO_OWNER_URL, SIAO_APP_PASSWORD)."""
    url = os.environ.get("SIAO_OWNER_URL")
    if not url:
        sys.stderr.write("siao: SIAO_OWNER_URL is not set; see .env.example\n")
        return 2
    ran = asyncio.run(road.migrate(url))
    if password := os.environ.get("SIAO_APP_PASSWORD"):
        asyncio.run(road.app_password(url, password))
    sys.stdout.write("".join(f"siao: {name}\n" for name in ran) or "siao: the schema is current\n")
    return 0


def config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app.build(settings),
        host=settings.host,
        port=settings.port,
        ws=FrameProtocol,
        ws_max_size=INBOUND_MAX,
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
        server_header=False,
    )


class Opening(uvicorn.Server):
    """A server that says when it takes connections, and that a second Ctrl-C does not tear away from its closing."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.opened = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.opened.set()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Whoever runs this server goes on after it: the signal is not raised again."""
        self.should_exit = True
