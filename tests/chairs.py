"""A served house for the tests, and people with sessions in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

import city
from siao.actions import passwords
from siao.core.people import Right, Role
from siao.embedded.process import free_port
from siao.settings import Settings
from siao.store import db as database
from siao.store import people as store
from siao.workers import Opening, config

PASSWORD = "a password of the tests"
HASH = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
RIGHTS = {
    "operator": Right(Role.OPERATOR, city.CODE),
    "second": Right(Role.OPERATOR, city.CODE),
    "coordinator": Right(Role.COORDINATOR, city.CODE),
    "shelter": Right(Role.SHELTER, city.CODE, shelter=city.shelter()),
    "refuge": Right(Role.SHELTER, city.CODE, shelter=city.shelter("Le Refuge")),
    "worker": Right(Role.WORKER, city.CODE, service=city.DAY_CENTRE),
    "observer": Right(Role.OBSERVER, city.CODE),
    "admin": Right(Role.ADMIN, city.CODE),
    "auditor": Right(Role.AUDITOR, city.CODE),
    "elsewhere": Right(Role.COORDINATOR, "69"),
}


async def furnish(url: str) -> None:
    """An account for each role, and one of another territory."""
    owner = await asyncpg.connect(url)
    await owner.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    async with owner.transaction():
        await database.here(owner, [city.CODE, "69"])
        for login, right in RIGHTS.items():
            account = store.Account(uuid4(), login, HASH, "fr", active=True)
            await store.add(owner, account)
            await store.grant(owner, account.id, [right])
    await owner.close()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Opening]:
    """The server in this loop, open; closed with the block."""
    server = Opening(config(settings))
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    await asyncio.wait_for(server.opened.wait(), 10)
    try:
        yield server
    finally:
        server.should_exit = True
        await task


def _no_signals() -> Any:
    from contextlib import nullcontext

    return nullcontext()


class Chair(httpx.AsyncClient):
    """Somebody with a session. `do` sends a command with a key of its own."""

    async def do(self, path: str, body: Any = None, key: UUID | None = None, method: str = "POST", **query: Any) -> httpx.Response:
        headers = {"Idempotency-Key": str(key or uuid4())}
        return await self.request(method, path, json=body, headers=headers, params=query)

    async def ask(self, **asked: Any) -> str:
        answer = await self.do("/api/requests", {"men": 1, **asked})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def hold(self, request: str, *units: str) -> str:
        answer = await self.do(
            f"/api/requests/{request}/placement",
            {"units": [str(city.unit(name)) for name in units or ("Dortoir hommes",)], "override": "other"},
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def rows(self, view: str, **query: Any) -> dict[str, list[dict[str, Any]]]:
        answer = await self.get("/api/board", params={"view": view, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["rows"]


class House:
    """A served city. `chair(login)` is somebody who is signed in."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.base = settings, settings.origins[0]
        self.chairs: dict[str, Chair] = {}

    async def chair(self, login: str) -> Chair:
        if login not in self.chairs:
            chair = Chair(base_url=self.base, timeout=10, verify=False)  # plain http: certificates would be read for nothing, 60 ms
            answer = await chair.post("/api/session", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            self.chairs[login] = chair
        return self.chairs[login]

    def cookie(self, login: str) -> str:
        return self.chairs[login].cookies[self.settings.cookie]


@asynccontextmanager
async def house(owner_url: str, app_url: str, redis_url: str) -> AsyncIterator[House]:
    await furnish(owner_url)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = Settings(app_url, redis_url, b"a secret of the tests", (base,), port=port, secure_cookies=False)
    here = House(settings)
    async with serving(settings):
        try:
            yield here
        finally:
            for chair in here.chairs.values():
                await chair.aclose()
