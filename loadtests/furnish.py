"""A service to load: parks, accounts with sessions, households that wait. Real rows, made by the code that serves."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from uuid import UUID, uuid4

import asyncpg
import msgspec

from loadtests import households, parks
from loadtests.cast import Person
from loadtests.profiles import Profile
from siao.actions import parks as settling
from siao.actions import passwords, people
from siao.actions.desk import Desk
from siao.actions.verbs import Command
from siao.api.requests import draw
from siao.core.parks import Park, identity
from siao.core.people import By, Right, Role
from siao.core.requests import Ask, Asked
from siao.core.units import Mode
from siao.embedded.stack import Stack
from siao.figures import progress
from siao.store import db as database
from siao.store import migrate
from siao.store import people as store

SEED = 115
PASSWORD = "load-siao-115"  # noqa: S105 - for accounts that exist while a load test runs, on loopback
AT_ONCE = 200
DATABASE = "postgres"


async def furnish(servers: Stack, profile: Profile, secret: bytes) -> list[Person]:
    """Everything in its place, analysed; gives who sits where."""
    owner_url, app_url = servers.owner_url(DATABASE), servers.app_url(DATABASE)
    await migrate.migrate(owner_url)
    await migrate.app_password(owner_url, servers.kept.app_password)
    made = list(parks.france(profile.territories, profile.shelters, profile.places, profile.services, SEED))
    for n, park in enumerate(made, 1):
        await settling.load(app_url, park)
        if n % 10 == 0 or n == len(made):
            progress(f"{n} of {len(made)} territories are settled")
    owner = await asyncpg.connect(owner_url)
    seated = await _accounts(owner, list(_people(profile, made)))
    pool = await database.pool(app_url)
    await _wait(pool, secret, made[0], profile.waiting)
    pool.terminate()
    await database.analyse(owner)
    await owner.close()
    return seated


def _people(profile: Profile, made: Sequence[Park]) -> Iterator[Person]:
    """Operators by turns in each territory, at its shelters those with most to answer, and the social workers of its services."""
    codes = [park.code for park in made]
    for n in range(profile.operators.screens):
        code = codes[n % len(codes)]
        yield Person(Role.OPERATOR, code, f"operator-{n}", acts=n < profile.operators.acting)
    yield Person(Role.COORDINATOR, codes[0], "coordinator")
    desks = _in_turn([_desks(park) for park in made])
    for n, (code, shelter) in enumerate(desks[: profile.staff.screens]):
        yield Person(Role.SHELTER, code, f"shelter-{n}", shelter=str(shelter), acts=n < profile.staff.acting)
    for n in range(profile.workers.screens):
        park = made[n % len(made)]
        service = identity(park.code, "service", park.services[n // len(made) % len(park.services)])
        yield Person(Role.WORKER, park.code, f"worker-{n}", service=str(service), acts=n < profile.workers.acting)


def _desks(park: Park) -> list[tuple[str, UUID]]:
    """A territory's shelters, first those that will be offered most."""

    def offered(i: int) -> int:
        return sum(unit.vacant for unit in park.shelters[i].units if unit.mode is Mode.ON_ACCEPTANCE) - 100 * park.shelters[i].by_phone

    order = sorted(range(len(park.shelters)), key=offered, reverse=True)
    return [(park.code, identity(park.code, park.shelters[i].name)) for i in order]


def _in_turn(lists: Sequence[Sequence[tuple[str, UUID]]]) -> list[tuple[str, UUID]]:
    longest = max(map(len, lists))
    return [one[i] for i in range(longest) for one in lists if i < len(one)]


async def _accounts(owner: asyncpg.Connection, seats: Sequence[Person]) -> list[Person]:
    """An account and an open session for each: one hash for all, since Argon2 takes 200 ms."""
    hash = await passwords.made(PASSWORD)
    seated: list[Person] = []
    for n in range(0, len(seats), AT_ONCE):
        async with owner.transaction():
            await database.here(owner, [seat.territory for seat in seats[n : n + AT_ONCE]])
            seated += [await _account(owner, seat, hash) for seat in seats[n : n + AT_ONCE]]
    return seated


async def _account(owner: asyncpg.Connection, seat: Person, hash: str) -> Person:
    account, token = store.Account(uuid4(), seat.login, hash, "fr", active=True), secrets.token_bytes(people.TOKEN_BYTES)
    shelter, service = (UUID(id) if id else None for id in (seat.shelter, seat.service))
    await store.add(owner, account)
    await store.grant(owner, account.id, [Right(seat.role, seat.territory, shelter, service)])
    await store.open_session(owner, people.hashed(token), account.id, account.password)  # pyright: ignore[reportArgumentType]
    return msgspec.structs.replace(seat, token=token.hex())


async def _wait(pool: database.Pool, secret: bytes, park: Park, households_waiting: int) -> None:
    """So many households ask before the evening begins, through the desk."""
    desk, dice = Desk(pool, secret, lambda code, seq: None), Random(SEED)
    by, communes = By(None, Role.OPERATOR), [commune.name for commune in park.communes]
    bodies = [msgspec.convert(households.household(dice, communes), Asked) for _ in range(households_waiting)]
    for some in _chunks(bodies, AT_ONCE):
        answers = [desk.submit(Command(uuid4(), park.code, by, Ask(uuid4(), park.code, draw(), asked))) for asked in some]
        for answer in answers:
            await answer
    await desk.drain()


def _chunks(all: Sequence[Asked], size: int) -> Iterable[Sequence[Asked]]:
    return (all[n : n + size] for n in range(0, len(all), size))
