"""Who holds a session is known without asking each time, and forgotten in time."""

import asyncio
import secrets
from uuid import UUID

import asyncpg
import pytest

import city
from chairs import HASH, PASSWORD, House
from siao.actions import people
from siao.api.known import KNOWN_SECONDS, LOOK_SECONDS, Known
from siao.core.people import Right, Role
from siao.store import db as database
from siao.store import people as store

ACCOUNT = UUID(int=901)


async def signed_in(owner: asyncpg.Connection, pool: database.Pool) -> str:
    async with owner.transaction():
        await database.here(owner, [city.CODE])
        await store.add(owner, store.Account(ACCOUNT, "known", HASH, "fr", active=True))
        await store.grant(owner, ACCOUNT, [Right(Role.OPERATOR, city.CODE), Right(Role.SHELTER, city.CODE, shelter=city.shelter())])
    token = secrets.token_bytes(people.TOKEN_BYTES)
    assert await store.open_session(pool, people.hashed(token), ACCOUNT, HASH)
    return token.hex()


async def test_a_person_is_the_same_however_many_are_asked_for(owner: asyncpg.Connection, pool: database.Pool) -> None:
    cookie = await signed_in(owner, pool)
    alone = await people.who(pool, cookie)
    among = await people.who_all(pool, ["00" * people.TOKEN_BYTES, cookie, "not a token"])
    assert alone is not None and among == {cookie: alone}
    assert alone.rights == tuple(await store.rights(pool, ACCOUNT))


async def test_a_session_that_ended_is_felt_in_time_though_nobody_said_so(owner: asyncpg.Connection, pool: database.Pool) -> None:
    cookie, known = await signed_in(owner, pool), Known(pool)
    loop = asyncio.create_task(known.keep())
    try:
        assert await known.find(cookie) is not None
        await owner.execute("DELETE FROM session WHERE account = $1", ACCOUNT)
        await asyncio.sleep(KNOWN_SECONDS)
        assert known.kept[cookie].person is None, "the loop saw it, no request had to"
        assert await known.find(cookie) is None
    finally:
        loop.cancel()


async def test_without_the_loop_an_old_answer_is_not_used(owner: asyncpg.Connection, pool: database.Pool) -> None:
    cookie, known = await signed_in(owner, pool), Known(pool)
    assert await known.find(cookie) is not None
    known.kept[cookie].at -= KNOWN_SECONDS + LOOK_SECONDS
    await owner.execute("UPDATE account SET active = false WHERE id = $1", ACCOUNT)
    assert await known.find(cookie) is None


async def test_whoever_has_no_token_fills_nothing(pool: database.Pool) -> None:
    known = Known(pool)
    for cookie in ("x", "é" * 2 * people.TOKEN_BYTES, "A" * 2 * people.TOKEN_BYTES, "0" * 10_000):
        assert await known.find(cookie) is None
    assert known.kept == {}


async def test_a_crowd_of_strangers_has_nobody_looked_up_again(
    owner: asyncpg.Connection, pool: database.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siao.api.known.KNOWN_MAX", 3)
    cookie, known = await signed_in(owner, pool), Known(pool)
    await known.find(cookie)
    entry = known.kept[cookie]
    for number in range(10):
        await known.find(f"{number:064x}")
        assert known.seen(cookie) is entry, "whoever is there stays"
    assert list(known.kept) == [f"{8:064x}", f"{9:064x}", cookie]


async def test_one_session_s_change_has_nobody_else_looked_up_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    chair = await house.chair("operator")
    cookie, kept = house.cookie("operator"), list[Known]()
    forget = Known.forget
    monkeypatch.setattr(Known, "clear", lambda known: kept.clear())
    monkeypatch.setattr(Known, "forget", lambda known, cookie: (kept.append(known), forget(known, cookie)))
    colleague = await house.chair("second")
    for number, (method, path, body) in enumerate(
        (
            ("PUT", "/api/session", {"password": PASSWORD}),
            ("PUT", "/api/me/language", {"language": "en"}),
            ("DELETE", "/api/session", None),
        ),
        1,
    ):
        assert (await colleague.get("/api/me")).is_success and (await chair.get("/api/me")).is_success
        assert (await chair.request(method, path, json=body)).is_success
        assert len(kept) == number and cookie not in kept[-1].kept
        assert house.cookie("second") in kept[-1].kept


async def test_what_was_cleared_while_the_loop_read_stays_cleared(owner: asyncpg.Connection, pool: database.Pool) -> None:
    cookie, known = await signed_in(owner, pool), Known(pool)
    await known.find(cookie)
    known.kept[cookie].at -= KNOWN_SECONDS
    looking = asyncio.create_task(known._look())
    await asyncio.sleep(0)
    known.clear()
    await looking
    assert known.kept == {}
