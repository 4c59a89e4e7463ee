"""What the environment decides, read once."""

import os
from collections.abc import Mapping

from msgspec import Struct


class Settings(Struct, frozen=True):
    """`secret` keys the HMAC of command bodies; it is never in the database. `origins`: exact, for sockets and writes."""

    database_url: str
    redis_url: str
    secret: bytes
    origins: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8115
    secure_cookies: bool = True
    demo: bool = False

    @property
    def cookie(self) -> str:
        """`__Host-` wants https; a plain loopback demo cannot have it."""
        return self._named("siao")

    @property
    def browser_cookie(self) -> str:
        return self._named("siao-browser")

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.secure_cookies else name


class Missing(Exception):
    """A variable that must be set is not, or not to what it could be."""


SECRET_MIN = 32


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """SIAO_DATABASE_URL, SIAO_REDIS_URL, SIAO_SECRET, SIAO_ORIGINS (comma-separated), SIAO_HOST, SIAO_PORT, SIAO_SECURE_COOKIES."""
    for name in ("SIAO_DATABASE_URL", "SIAO_REDIS_URL", "SIAO_SECRET", "SIAO_ORIGINS"):
        if not env.get(name):
            raise Missing(f"{name} is not set; see .env.example")
    if len(env["SIAO_SECRET"]) < SECRET_MIN:
        raise Missing(f"SIAO_SECRET is shorter than {SECRET_MIN} characters")
    return Settings(
        database_url=env["SIAO_DATABASE_URL"],
        redis_url=env["SIAO_REDIS_URL"],
        secret=env["SIAO_SECRET"].encode(),
        origins=tuple(origin.strip().rstrip("/") for origin in env["SIAO_ORIGINS"].split(",")),
        host=env.get("SIAO_HOST", "127.0.0.1"),
        port=_port(env.get("SIAO_PORT", "8115")),
        secure_cookies=env.get("SIAO_SECURE_COOKIES", "1") != "0",
    )


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise Missing(f"SIAO_PORT is {text!r}, not a port: 1 to 65535")
    return int(text)
