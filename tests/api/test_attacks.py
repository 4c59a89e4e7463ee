"""A stolen account with few rights, a guesser, a page of somebody else's: what they get."""

import asyncio
import json
import logging
from collections import Counter
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

import chairs
import city
from chairs import House
from siao.actions import passwords
from siao.actions.people import FAILURES_MAX
from siao.api.requests import MISSES_MAX
from siao.core.people import Right, Role
from siao.store import db as database
from siao.store import people as store

JSON = {"Content-Type": "application/json"}


def counted(answers: list[httpx.Response]) -> Counter[str]:
    return Counter(answer.json()["code"] for answer in answers)


async def test_a_thousand_passwords_at_once_are_as_many_tries(house: House) -> None:
    async with chairs.Chair(base_url=house.base, timeout=30) as anybody:
        wrong = [anybody.post("/api/session", json={"login": "operator", "password": f"guess {i}"}) for i in range(40)]
        assert counted(await asyncio.gather(*wrong)) == {"wrong_password": FAILURES_MAX, "paused": 40 - FAILURES_MAX}
        right = await anybody.post("/api/session", json={"login": "operator", "password": chairs.PASSWORD})
        assert right.status_code == 429, "the right one must not be told from the others"


async def guess(anybody: httpx.AsyncClient, times: int, login: str = "operator", password: str = "a guess") -> Counter[str]:
    answers = [await anybody.post("/api/session", json={"login": login, "password": password}) for _ in range(times)]
    return Counter(answer.json().get("code", "in") for answer in answers)


async def test_who_guesses_elsewhere_keeps_nobody_out_of_a_post_that_was_used_before(house: House) -> None:
    async with chairs.Chair(base_url=house.base) as post, chairs.Chair(base_url=house.base) as anybody:
        for login in ("operator", "worker"):
            assert (await guess(post, 1, login, chairs.PASSWORD)) == {"in": 1}
        await post.delete("/api/session")
        post.cookies.delete(house.settings.cookie, domain="127.0.0.1")
        assert await guess(anybody, FAILURES_MAX + 1) == {"wrong_password": FAILURES_MAX, "paused": 1}
        assert await guess(anybody, 1, password=chairs.PASSWORD) == {"paused": 1}, "a stranger stays out"
        assert await guess(post, 2) == {"wrong_password": 2}
        for login in ("operator", "worker"):
            assert await guess(post, 1, login, chairs.PASSWORD) == {"in": 1}, "the post opens for each who used it"
        assert await guess(post, FAILURES_MAX) == {"wrong_password": FAILURES_MAX - 2, "paused": 2}, "and is no place to guess at"
        assert await guess(post, 1, "worker", chairs.PASSWORD) == {"in": 1}


async def test_a_browser_is_known_by_what_the_service_signed_alone(house: House) -> None:
    async with chairs.Chair(base_url=house.base) as post, chairs.Chair(base_url=house.base) as anybody:
        await guess(post, 1, "worker", chairs.PASSWORD)
        signed, name = post.cookies[house.settings.browser_cookie], house.settings.browser_cookie
        await guess(anybody, FAILURES_MAX)
        forged = (signed, signed[:-1] + ("0" if signed[-1] != "0" else "1"), f"{'0' * 32}.{'0' * 32}", "x", "." * 400, signed[:32])
        for cookie in forged:
            anybody.cookies.set(name, cookie)
            assert await guess(anybody, 1, password=chairs.PASSWORD) == {"paused": 1}, "signed for another login, or by nobody"


async def test_who_guesses_at_a_login_does_not_keep_its_open_screen_asleep(house: House, owner: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    async with chairs.Chair(base_url=house.base) as anybody:
        await guess(anybody, FAILURES_MAX + 1)
    assert (await operator.put("/api/session", json={"password": chairs.PASSWORD})).status_code == 204


async def test_who_knows_the_password_is_not_counted(house: House, owner: asyncpg.Connection) -> None:
    async with chairs.Chair(base_url=house.base) as anybody:
        for _ in range(FAILURES_MAX + 2):
            assert (await anybody.post("/api/session", json={"login": "worker", "password": chairs.PASSWORD})).status_code == 200
    assert await owner.fetchval("SELECT count(*) FROM login_failure") == 0


@pytest.mark.parametrize("change", [{"password": "another password"}, {"active": False}])
async def test_a_login_that_is_under_way_when_its_password_changes_opens_nothing(
    house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    """Whoever knows a password that is taken away tries it without end: no hash may outlive the change."""
    admin, verified = await house.chair("admin"), passwords.right
    await house.chair("worker")
    id = await owner.fetchval("SELECT id FROM account WHERE login = 'worker'")

    async def slowly(*given: Any) -> bool:
        found = await verified(*given)
        assert (await admin.do(f"/api/accounts/{id}", change, method="PUT")).status_code == 200
        return found

    monkeypatch.setattr(passwords, "right", slowly)
    async with chairs.Chair(base_url=house.base) as anybody:
        assert await guess(anybody, 1, "worker", chairs.PASSWORD) == {"wrong_password": 1}
    assert await owner.fetchval("SELECT count(*) FROM session WHERE account = $1", id) == 0


async def test_codes_guessed_at_once_are_counted_one_by_one(house: House) -> None:
    worker, codes = await house.chair("worker"), [city.code() for _ in range(40)]
    found = await asyncio.gather(*(worker.get("/api/requests", params={"code": code}) for code in codes))
    assert counted(list(found)) == {"code_unknown": MISSES_MAX, "paused": 40 - MISSES_MAX}
    renewal = await worker.do("/api/renewals", {"code": city.code(), "men": 1})
    assert renewal.status_code == 429, "nor by another door"


async def test_a_right_at_a_door_opens_no_other_desk_at_rest(house: House, owner: asyncpg.Connection) -> None:
    async with owner.transaction():
        await database.here(owner, [city.CODE])
        account = store.Account(uuid4(), "both", chairs.HASH, "fr", active=True)
        await store.add(owner, account)
        await store.grant(owner, account.id, [Right(Role.OPERATOR, city.CODE), Right(Role.SHELTER, city.CODE, city.shelter())])
    both = await house.chair("both")
    await owner.execute("UPDATE session SET human_at = clock_timestamp() - interval '31 minutes'")
    await both.put("/api/me/language", json={"language": "fr"})
    assert (await both.do("/api/requests", {"men": 1})).json()["code"] == "idle"


MALFORMED = {
    "no text": b'{"zone":"\xff\xfe","men":1}',
    "endless arrays": b"[" * 30_000,
    "endless objects": b'{"a":' * 9_000,
    "half a character": b'{"zone":"\\ud800","men":1}',
    "a null character": b'{"zone":"a\\u0000","men":1}',
    "an hour nowhere": b'{"men":1,"call_back":"2030-01-01T20:00:00"}',
    "nothing": b"",
    "not an object": b"7",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
async def test_what_is_malformed_is_the_sender_s_fault(house: House, look: asyncpg.Connection, body: bytes) -> None:
    operator = await house.chair("operator")
    answer = await operator.post("/api/requests", content=body, headers=JSON | {"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 400, answer.text
    assert await look.fetchval("SELECT count(*) FROM request") == 0


@pytest.mark.parametrize("field", ["login", "password"])
async def test_control_characters_open_nothing(house: House, field: str) -> None:
    async with chairs.Chair(base_url=house.base) as anybody:
        answer = await anybody.post("/api/session", json={"login": "operator", "password": "x", field: "a\0b"})
    assert answer.status_code in (400, 401)


async def test_a_query_that_is_no_id_is_told_so(house: House) -> None:
    shelter = await house.chair("shelter")
    answer = await shelter.do(f"/api/units/{city.unit('Chambre 4')}/report", {"count": 1, "version": 1}, shelter="not an id")
    assert (answer.status_code, answer.json()["field"]) == (400, "shelter")


async def test_refusals_are_guarded_as_answers_are(house: House) -> None:
    operator = await house.chair("operator")
    async with chairs.Chair(base_url=house.base) as anybody:
        answers = [await anybody.get("/api/me"), await anybody.get("/nothing/there"), await anybody.patch("/api/me")]
    answers += [
        await operator.get("/api/places", params={"men": 99}),
        await operator.do("/api/requests", {"men": 0}),
        await operator.get("/api/me"),
    ]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store", answer.url
        assert "default-src 'self'" in answer.headers["content-security-policy"], answer.url
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_fault_leaves_nothing_of_the_request_in_the_log(house: House, caplog: Any, monkeypatch: Any) -> None:
    row = f"Failing row contains ({3} women, step_free)"

    async def broken(*_: Any) -> None:
        raise asyncpg.CheckViolationError(row)

    monkeypatch.setattr(store, "record", broken)
    with caplog.at_level(logging.DEBUG, "siao"):
        answer = await (await house.chair("worker")).get("/api/requests", params={"code": city.code()})
    assert answer.status_code == 500
    assert "3 women" not in caplog.text + answer.text and "unforeseen CheckViolationError" in caplog.text


COOKIE = "HttpOnly; Max-Age=43200; Path=/; SameSite=strict"


async def test_a_session_is_new_at_each_login_and_the_one_before_is_over(house: House) -> None:
    async with chairs.Chair(base_url=house.base) as anybody:
        anybody.cookies.set(house.settings.cookie, "f" * 64)
        first = await anybody.post("/api/session", json={"login": "worker", "password": chairs.PASSWORD})
        cookie = first.headers.get_list("set-cookie")[0]
        assert cookie.endswith(COOKIE) and "f" * 64 not in cookie, "a session that was planted is not taken"
        before = cookie.split("=")[1].split(";")[0]
        anybody.cookies.clear()
        anybody.cookies.set(house.settings.cookie, before)
        await anybody.post("/api/session", json={"login": "worker", "password": chairs.PASSWORD})
        anybody.cookies.clear()
        old = await anybody.get("/api/me", headers={"Cookie": f"{house.settings.cookie}={before}"})
    assert old.status_code == 401
    assert before not in json.dumps(old.json())
