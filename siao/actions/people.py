"""Who is there: sessions, and what they are opened with. A token is 256 random bits, hashed at rest."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from siao.actions import passwords
from siao.actions.browsers import STRANGER
from siao.core.people import Right, Role
from siao.core.refused import Refusal, Refused
from siao.store import db as database
from siao.store import people as store

TOKEN_BYTES = 32
HEX = frozenset("0123456789abcdef")
FAILURES_MAX = 8
NOWHERE = ["0"]
"""A transaction that sees no territory."""
IDLE = timedelta(minutes=30)
TOUCH_EVERY = timedelta(minutes=1)


class Person(Struct, frozen=True):
    """Who holds a session. `idle`: no human input for half an hour; decisions then want the password.

    `to_touch`: its last human input is worth writing down again.
    """

    id: UUID
    login: str
    language: str
    rights: tuple[Right, ...]
    token: bytes
    idle: bool
    to_touch: bool

    @property
    def at_a_door(self) -> bool:
        """Staff of a shelter and nothing else: whoever is up at three reports, answers and lets in without a password."""
        return bool(self.rights) and all(right.role is Role.SHELTER for right in self.rights)

    def right(self, territory: str, roles: frozenset[Role], shelter: UUID | None = None, service: UUID | None = None) -> Right | None:
        """The first right of one of these roles there."""
        for right in self.rights:
            here = right.territory == territory and right.role in roles
            if here and shelter in (None, right.shelter) and service in (None, right.service):
                return right
        return None


async def log_in(pool: database.Pool, login: str, password: str, browser: bytes = STRANGER) -> str | None:
    """A new session's token, or None. After FAILURES_MAX in a quarter of an hour the name rests: `Refused(PAUSED)`; in this browser
    alone where the name has signed in there before, else in all that are strangers to it, and in no other (browsers.py)."""
    with passwords.line.place():
        tried = await _tried(pool, login, browser, "login")
        account = await store.account(pool, login)
        if not await passwords.right(account.password if account else None, password) or account is None or not account.active:
            return None
    await store.succeed(pool, login, browser, tried)
    token = secrets.token_bytes(TOKEN_BYTES)
    return token.hex() if await store.open_session(pool, hashed(token), account.id, account.password) else None


async def _tried(pool: database.Pool, login: str, browser: bytes, field: str) -> datetime:
    """Counts a try as failed before it is looked at, one at a time under a name: a thousand sent at once are a thousand tries."""
    async with database.acting(pool, NOWHERE) as db:
        await database.alone(db, f"{login}/{browser.hex()}")
        if await store.failures(db, login, browser) >= FAILURES_MAX:
            raise Refused(Refusal.PAUSED, field)
        return await store.fail(db, login, browser)


def hashed(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def is_token(cookie: str) -> bool:
    """Whether a cookie has the form of a token; all else was never one of ours."""
    return len(cookie) == 2 * TOKEN_BYTES and set(cookie) <= HEX


async def who(pool: database.Pool, cookie: str | None) -> Person | None:
    """Who holds this cookie, with the rights as they are now."""
    return (await who_all(pool, [cookie])).get(cookie) if cookie else None


async def who_all(pool: database.Pool, cookies: Iterable[str]) -> dict[str, Person]:
    """Who holds each of these cookies, in one query; those that nobody holds are not in it."""
    tokens = {hashed(bytes.fromhex(cookie)): cookie for cookie in cookies if is_token(cookie)}
    sessions = await store.sessions(pool, list(tokens)) if tokens else []
    return {tokens[session.token]: _person(session) for session in sessions}


def _person(s: store.Session) -> Person:
    quiet = s.now - s.human_at
    return Person(s.account, s.login, s.language, s.rights, s.token, quiet > IDLE, quiet > TOUCH_EVERY)


async def touched(pool: database.Pool, person: Person) -> None:
    """A human did something."""
    if person.to_touch:
        await store.touch(pool, person.token)


async def wake(pool: database.Pool, person: Person, password: str) -> bool:
    """The password given again where nobody had touched anything for half an hour; the session goes on. Limited as a login is,
    by what this session tries alone: who has none wakes nothing and stops nobody."""
    with passwords.line.place():
        tried = await _tried(pool, person.login, person.token, "password")
        account = await store.account(pool, person.login)
        if account is None or not await passwords.right(account.password, password):
            return False
    await store.succeed(pool, person.login, person.token, tried)
    await store.touch(pool, person.token)
    return True


async def log_out(pool: database.Pool, person: Person) -> None:
    await store.close_session(pool, person.token)
