"""Who holds a session is known without asking each time, and forgotten in time."""

import asyncio
import secrets
from uuid import UUID

import asyncpg

import city
from chairs import HASH
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


async def test_what_was_cleared_while_the_loop_read_stays_cleared(owner: asyncpg.Connection, pool: database.Pool) -> None:
    cookie, known = await signed_in(owner, pool), Known(pool)
    await known.find(cookie)
    known.kept[cookie].at -= KNOWN_SECONDS
    looking = asyncio.create_task(known._look())
    await asyncio.sleep(0)
    known.clear()
    await looking
    assert known.kept == {}
