"""Accounts and their rights, each change with its journal entries in the same transaction. No self-registration anywhere."""

from collections.abc import Sequence
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


class AddAccount(Struct, frozen=True):
    """An account as it is asked for, with its rights in the territory of the command."""

    login: str
    password: str
    language: str
    rights: tuple[Right, ...]


async def add(pool: database.Pool, secret: bytes, command: Command) -> Written:
    """A new account; a login that is taken is refused. The same key again has the same answer.

    Of the password only its hash goes into the MAC, and that is the same under the same key: from what is kept it is no easier guessed
    than from the account's own row, also by whoever has the secret.
    """
    asked: AddAccount = command.what
    hashed = await passwords.made(asked.password, keys.salt(secret, command.key))
    account = store.Account(uuid4(), asked.login, hashed, asked.language, active=True)
    mac = keys.mac(secret, replace(command, what=replace(asked, password=hashed)))
    async with database.acting(pool, [command.territory]) as db:
        head = await journal.lock(db, command.territory)
        if kept := await served.kept(db, command.key):
            return msgspec.json.decode(keys.again(kept, mac), type=Written)
        written = await _add(db, head, account, asked.rights, command.by)
        await _keep(db, command, mac, written)
        return written


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


async def change(
    pool: database.Pool, code: str, by: By, id: UUID, *, active: bool | None, password: str | None, rights: Sequence[Right] | None
) -> Written:
    """Whatever is given, and every session of the account ends: revocation is at once. Refused where it has a right elsewhere."""
    hashed = await passwords.made(password) if password is not None else None
    async with database.acting(pool, [code]) as db:
        head = await journal.lock(db, code)
        before = await store.held(db, id)
        if before is None:
            raise Refused(Refusal.UNKNOWN, "account")
        had = await store.rights(db, id)
        if any(right.territory != code for right in had):
            raise Refused(Refusal.FORBIDDEN, "account")
        after = replace(before, active=before.active if active is None else active, password=hashed or before.password)
        await store.keep(db, after)
        if rights is not None:
            await _grant(db, id, rights)
        await store.close_sessions(db, id)
        opened = None if after.active is before.active else after.active
        told = accounts.changed(id, opened=opened, password=hashed is not None, before=had, after=had if rights is None else rights)
        return Written(id, await journal.tell(db, head, told, by))


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
