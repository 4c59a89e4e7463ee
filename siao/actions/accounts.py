"""Accounts and their rights, each change with its journal entries in the same transaction. No self-registration anywhere."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from siao.actions import journal, keys, passwords
from siao.actions.answers import translated
from siao.actions.verbs import Command
from siao.core import accounts
from siao.core.people import By, Right, Role
from siao.core.refused import Refusal, Refused
from siao.core.territories import Territory
from siao.store import db as database
from siao.store import keys as served
from siao.store import people as store


class Written(Struct, frozen=True):
    """Which account, and the number of the last entry that tells of it."""

    id: UUID
    seq: int


Does = Callable[[database.Connection, Territory, Command], Awaitable[Written]]


class AddAccount(Struct, frozen=True):
    """An account as it is asked for, with its rights in the territory of the command."""

    login: str
    password: str
    language: str
    rights: tuple[Right, ...]


class ChangeAccount(Struct, frozen=True):
    """What is given changes; every session of the account ends."""

    account: UUID
    active: bool | None = None
    password: str | None = None
    rights: tuple[Right, ...] | None = None


async def add(pool: database.Pool, secret: bytes, command: Command) -> Written:
    """A new account; a login that is taken is refused."""
    return await _once(pool, secret, await _hashed(secret, command), _add_asked)


async def change(pool: database.Pool, secret: bytes, command: Command) -> Written:
    """Whatever is given, and every session of the account ends: revocation is at once. Refused where it has a right elsewhere."""
    return await _once(pool, secret, await _hashed(secret, command), _change)


async def _hashed(secret: bytes, command: Command) -> Command:
    """With the hash of the password instead of it.

    That alone goes into the MAC, and it is the same under the same key: from what is kept it is no easier guessed than from the
    account's own row, also by whoever has the secret.
    """
    asked = command.what
    if asked.password is None:
        return command
    return replace(command, what=replace(asked, password=await passwords.made(asked.password, keys.salt(secret, command.key))))


async def _once(pool: database.Pool, secret: bytes, command: Command, does: Does) -> Written:
    """One key has one effect; sent again, it has the same answer."""
    mac = keys.mac(secret, command)
    async with database.acting(pool, [command.territory]) as db:
        head = await journal.lock(db, command.territory)
        if kept := await served.kept(db, command.key):
            return msgspec.json.decode(keys.again(kept, mac), type=Written)
        written = await does(db, head, command)
        await _keep(db, command, mac, written)
        return written


async def _add_asked(db: database.Connection, head: Territory, command: Command) -> Written:
    asked: AddAccount = command.what
    account = store.Account(uuid4(), asked.login, asked.password, asked.language, active=True)
    return await _add(db, head, account, asked.rights, command.by)


async def _change(db: database.Connection, head: Territory, command: Command) -> Written:
    asked: ChangeAccount = command.what
    id, before = asked.account, await store.held(db, asked.account)
    if before is None:
        raise Refused(Refusal.UNKNOWN, "account")
    had = await store.rights(db, id)
    if any(right.territory != command.territory for right in had):
        raise Refused(Refusal.FORBIDDEN, "account")
    active = before.active if asked.active is None else asked.active
    await store.keep(db, replace(before, active=active, password=asked.password or before.password))
    if asked.rights is not None:
        await _grant(db, id, asked.rights)
    await store.close_sessions(db, id)
    opened = None if active is before.active else active
    after = had if asked.rights is None else asked.rights
    told = accounts.changed(id, opened=opened, password=asked.password is not None, before=had, after=after)
    return Written(id, await journal.tell(db, head, told, command.by))


CONSOLE = By(agent=None, role=Role.ADMIN)
"""Whoever sits at the server itself, where nobody has an account yet."""


async def first(pool: database.Pool, code: str, login: str, text: str, language: str) -> Written:
    """A territory's first administrator; refused where there is one whose account is open. Two at once: the second is refused."""
    account = store.Account(uuid4(), login, await passwords.made(text), language, active=True)
    rights = [Right(Role.ADMIN, code)]
    async with database.acting(pool, [code]) as db:
        head = await journal.lock(db, code)
        if await store.administered(db, code):
            raise Refused(Refusal.TAKEN, "territory")
        return await _add(db, head, account, rights, CONSOLE)


async def _add(db: database.Connection, head: Territory, account: store.Account, rights: Sequence[Right], by: By) -> Written:
    try:
        await store.add(db, account)
    except database.BROKEN as no:
        raise translated(no, account) from None
    await _grant(db, account.id, rights)
    return Written(account.id, await journal.tell(db, head, accounts.added(account.id, rights), by))


async def _keep(db: database.Connection, command: Command, mac: bytes, written: Written) -> None:
    try:
        await served.keep(db, command.key, command.territory, mac, msgspec.json.encode(written))
    except database.BROKEN as no:  # in another territory, which this one does not see
        raise translated(no, command.what) from None


async def _grant(db: database.Connection, account: UUID, rights: Sequence[Right]) -> None:
    try:
        await store.grant(db, account, rights)
    except database.BROKEN:
        raise Refused(Refusal.INVALID, "rights") from None
