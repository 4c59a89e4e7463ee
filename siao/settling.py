"""What a demo's house is furnished with before its doors open: schema, a park, and one account for each chair."""

import itertools
from uuid import UUID, uuid4

from siao.actions import journal, passwords
from siao.actions import parks as actions
from siao.core import accounts
from siao.core.parks import Park, ParkShelter, identity
from siao.core.people import Right, Role
from siao.core.territories import Service
from siao.core.world import Change
from siao.simulator import earlier
from siao.store import board as boards
from siao.store import db as database
from siao.store import migrate
from siao.store import parks as places
from siao.store import people as store

CHAIRS = ("simulation-115", "simulation-structures", "simulation-service")
"""Logins of the simulated people: operator, every shelter, social worker."""


async def settle(owner_url: str, app_url: str, app_password: str, park: Park, password: str, waiting: int | None = None) -> UUID:
    """Migrations, the app's password, the park where it is not there yet, and the accounts. Gives the shelter of `structure`.

    `waiting`: a seed; into a park that is new come those who have been waiting since earlier in the evening.
    """
    await migrate.migrate(owner_url)
    await migrate.app_password(owner_url, app_password)
    owner = await database.connect(owner_url)
    try:
        new = not await places.known(owner, park.code)
        if new:
            await actions.load(app_url, park)
            await database.analyse(owner)
        shelter = identity(park.code, _lent(park).name)
        await _accounts(owner, park, shelter, password)
        if new and waiting is not None and (chair := await store.account(owner, CHAIRS[0])):
            await earlier.wait(owner, app_url, park, chair.id, waiting)
    finally:
        await owner.close()
    return shelter


def _lent(park: Park) -> ParkShelter:
    """The structure of the demo's own account: the one with most to show on one screen."""
    fit = [s for s in park.shelters if not s.confidential and not s.by_phone and 3 <= len(s.units) <= 12]
    return max(fit or park.shelters, key=lambda s: (sum(u.vacant > 0 for u in s.units), -len(s.units)))


async def _accounts(owner: database.Connection, park: Park, shelter: UUID, password: str) -> None:
    async with owner.transaction():
        await database.here(owner, [park.code])
        head = await journal.lock(owner, park.code)
        if await _has_right(owner, "ecoutant", park.code) and await store.account(owner, "auditeur"):
            return
        services = await boards.services(owner, park.code)
        service = services[0].id if services else await _service(owner, park.code)
        secret = await passwords.made(password)
        told = [await _account(owner, login, secret, rights) for login, rights in _rights(park, shelter, service).items()]
        await journal.tell(owner, head, itertools.chain.from_iterable(told), actions.IMPORT)


def _rights(park: Park, shelter: UUID, service: UUID) -> dict[str, list[Right]]:
    operator, worker = [Right(Role.OPERATOR, park.code)], [Right(Role.WORKER, park.code, service=service)]
    return {
        "ecoutant": operator,
        "ecoutant2": operator,
        "regulation": [Right(Role.COORDINATOR, park.code)],
        "structure": [Right(Role.SHELTER, park.code, shelter=shelter)],
        "prescripteur": worker,
        "observateur": [Right(Role.OBSERVER, park.code)],
        "admin": [Right(Role.ADMIN, park.code)],
        "auditeur": [Right(Role.AUDITOR, park.code)],
        CHAIRS[0]: operator,
        CHAIRS[1]: [Right(Role.SHELTER, park.code, shelter=identity(park.code, s.name)) for s in park.shelters],
        CHAIRS[2]: worker,
    }


async def _account(owner: database.Connection, login: str, secret: str, rights: list[Right]) -> list[Change]:
    """The account with these rights in their territory, and what the journal is to tell of it there."""
    code, known = rights[0].territory, await store.account(owner, login)
    if known is None:
        new = store.Account(uuid4(), login, secret, "fr", active=True)
        await store.add(owner, new)
        await store.grant(owner, new.id, rights)
        return list(accounts.added(new.id, rights))
    before = await store.rights(owner, known.id)
    here = [right for right in before if right.territory == code]
    if set(here) == set(rights):
        return []
    await store.grant(owner, known.id, [*(right for right in before if right.territory != code), *rights])
    return list(accounts.changed(known.id, opened=None, password=False, before=here, after=rights))


async def _has_right(owner: database.Connection, login: str, territory: str) -> bool:
    account = await store.account(owner, login)
    return account is not None and any(right.territory == territory for right in await store.rights(owner, account.id))


async def _service(owner: database.Connection, territory: str) -> UUID:
    id = identity(territory, "service", "Day centre")
    await places.place(owner, [Service(id, territory, "Day centre")])
    return id
