"""A territory's first administrator, from the console: told in the chain, once, its password seen by nobody."""

import asyncio
import os
import pty
import subprocess
import sys

import asyncpg
import pytest

import city
from chained import chain
from siao.actions import accounts, passwords
from siao.core.journal import Verb
from siao.core.people import Right, Role
from siao.core.refused import Refused
from siao.embedded.stack import Stack
from siao.store import db as database
from siao.store import people as store

PASSWORD = "a good long password"


async def run(servers: Stack, name: str, *arguments: str, typed: str = PASSWORD) -> tuple[int, str]:
    env = os.environ | {"SIAO_DATABASE_URL": servers.app_url(name)}
    command = [sys.executable, "-m", "siao", "admin", *arguments]
    ran = await asyncio.to_thread(subprocess.run, command, env=env, input=typed + "\n", capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


async def test_the_first_administrator_is_made_once_and_told(
    servers: Stack, name: str, pool: database.Pool, look: asyncpg.Connection
) -> None:
    assert (await run(servers, name, "chef", "--territory", city.CODE))[0] == 0
    account = await store.account(pool, "chef")
    assert account and await passwords.right(account.password, PASSWORD)
    assert await store.rights(pool, account.id) == [Right(Role.ADMIN, city.CODE)]
    told = [(e.verb, e.outcome, e.role, e.agent) for e in await chain(look) if e.account == account.id]
    assert told == [(Verb.ADD_ACCOUNT, "", Role.ADMIN, None), (Verb.GRANT, "admin", Role.ADMIN, None)]
    code, said = await run(servers, name, "second", "--territory", city.CODE)
    assert code == 2 and "has an administrator already" in said
    assert await store.account(pool, "second") is None
    await look.execute("UPDATE account SET active = false WHERE login = 'chef'")
    assert (await run(servers, name, "second", "--territory", city.CODE))[0] == 0, "the only one is closed: nobody could make another"


@pytest.mark.parametrize(
    ("arguments", "typed", "says"),
    [
        (("chef", "--territory", "99"), PASSWORD, "--territory: 99 is not in this database"),
        (("chef", "--territory", "38'; DROP"), PASSWORD, "--territory: 38'; DROP is not in this database"),
        (("ab", "--territory", city.CODE), PASSWORD, "LOGIN: 3 to 60 characters"),
        (("a\nbc", "--territory", city.CODE), PASSWORD, "LOGIN: 3 to 60 characters"),
        (("chef", "--territory", city.CODE), "short", "the password: at least 10 characters"),
    ],
)
async def test_what_is_wrong_is_named(
    servers: Stack, name: str, pool: database.Pool, arguments: tuple[str, ...], typed: str, says: str
) -> None:
    code, said = await run(servers, name, *arguments, typed=typed)
    assert (code, says in said, "Traceback" in said) == (2, True, False), said
    assert await pool.fetchval("SELECT count(*) FROM account") == 0


async def test_a_login_that_is_taken_is_refused(servers: Stack, name: str, pool: database.Pool) -> None:
    await pool.execute("INSERT INTO account (id, login, password) VALUES (gen_random_uuid(), 'chef', '-')")
    code, said = await run(servers, name, "chef", "--territory", city.CODE)
    assert (code, "LOGIN: chef is an account already" in said) == (2, True)


async def test_of_two_at_once_one_is_the_first(pool: database.Pool) -> None:
    both = (accounts.first(pool, city.CODE, login, PASSWORD, "fr") for login in ("one", "two"))
    found = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one) is Refused for one in found) == [False, True]


async def test_on_a_terminal_nothing_is_echoed_and_it_is_asked_twice(servers: Stack, name: str, pool: database.Pool) -> None:
    assert await asyncio.to_thread(typed, servers.app_url(name), PASSWORD, "something else") == (2, False)
    assert await store.account(pool, "chef") is None
    assert await asyncio.to_thread(typed, servers.app_url(name), PASSWORD, PASSWORD) == (0, False)
    assert await store.account(pool, "chef") is not None


def typed(url: str, *passwords: str) -> tuple[int, bool]:
    """The command on a terminal of its own: how it ended, and whether what was typed could be seen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["SIAO_DATABASE_URL"] = url
        os.execv(sys.executable, [sys.executable, "-m", "siao", "admin", "chef", "--territory", city.CODE])
    said = b""
    for prompt, text in zip((b"Password: ", b"Again: "), passwords, strict=True):
        while not said.endswith(prompt):
            said += os.read(terminal, 1_000)
        os.write(terminal, text.encode() + b"\n")
    try:
        while more := os.read(terminal, 1_000):
            said += more
    except OSError:  # Linux's way of saying that nobody is at the other end
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), any(text.encode() in said for text in passwords)
