"""The schema says what the service does: random callers with every right find no 5xx and no answer that it does not declare."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

import chairs
import city
from chairs import House
from siao import app
from siao.api import described
from siao.core.people import Right, Role
from siao.settings import Settings
from siao.store import db as database
from siao.store import people as store

EXAMPLES = 15
EVERY = [
    Right(Role.OPERATOR, city.CODE),
    Right(Role.COORDINATOR, city.CODE),
    Right(Role.ADMIN, city.CODE),
    Right(Role.SHELTER, city.CODE, shelter=city.shelter()),
    Right(Role.WORKER, city.CODE, service=city.DAY_CENTRE),
]
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
LEFT_OUT = {("DELETE", "/api/session"), ("PUT", "/api/accounts/{id}")}
"""What would sign the caller out."""


@pytest.fixture
async def schema(house: House) -> Any:
    async with chairs.Chair(base_url=house.base) as anybody:
        return (await anybody.get("/schema/openapi.json")).json()


async def test_a_caller_with_every_right_meets_nothing_undeclared(house: House, owner: asyncpg.Connection, schema: Any) -> None:
    async with owner.transaction():
        await database.here(owner, [city.CODE])
        account = store.Account(uuid4(), "everybody", chairs.HASH, "fr", active=True)
        await store.add(owner, account)
        await store.grant(owner, account.id, EVERY)
    chair = await house.chair("everybody")
    cookie = f"{house.settings.cookie}={house.cookie('everybody')}"
    statuses = await asyncio.to_thread(_fuzz, schemathesis.openapi.from_dict(schema), house.base, cookie)
    assert len(statuses) >= 50 * 3 and {200, 400, 404} <= set(statuses), "callers get past the door"
    assert (await chair.get("/api/me")).status_code == 200


def _fuzz(schema: Any, base: str, cookie: str) -> list[int]:
    statuses: list[int] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def try_it(case: Any) -> None:
            headers = {"Cookie": cookie, "Idempotency-Key": str(uuid4())}
            answer = case.call(base_url=base, headers=headers)
            case.validate_response(answer, checks=CHECKS, headers=headers)
            statuses.append(answer.status_code)

        try_it()
    return statuses


async def test_every_operation_is_told_in_words_with_its_refusals(schema: Any) -> None:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert len(operation["summary"].split()) > 1 and operation["description"], (method, path)
            for status in ("400", "401", "403", "409", "422", "503"):
                assert "application/problem+json" in operation["responses"][status]["content"], (method, path, status)


def test_the_schema_is_built_without_servers_and_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[described.Config] = []
    make = described.Config.to_openapi_schema
    monkeypatch.setattr(described.Config, "to_openapi_schema", lambda self: asked.append(self) or make(self))
    made = app.build(Settings("x", "x", b"x" * 32, ("http://x",)))
    assert asked == []
    assert made.openapi_schema.to_schema()["info"]["title"] == "siao" and len(asked) == 1
