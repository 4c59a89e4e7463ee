"""The service in earnest: settings from the environment, no accounts but those an administrator made."""

import asyncio
import os
import sys

import uvicorn

from siao import settings
from siao.demo import config
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
