"""Real servers for the whole run, a database of one's own for each test."""

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

import chairs
import city
from hotline import Hotline
from siao.actions import parks
from siao.embedded.stack import Stack, memory, passing, stack
from siao.store import db as database
from siao.store import migrate

settings.register_profile("siao", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.load_profile("siao")
TEMPLATE = "template_siao"
numbers = itertools.count()


@pytest.fixture(scope="session")
def servers() -> Iterator[Stack]:
    """PostgreSQL 18 and Valkey on free loopback ports; gone after the run."""
    with passing("test", memory()) as folder, stack(folder, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
async def template(servers: Stack) -> str:
    """A migrated database with the small city in it, to be copied."""
    await _sql(servers, f"CREATE DATABASE {TEMPLATE}")
    await migrate.migrate(servers.owner_url(TEMPLATE))
    await migrate.app_password(servers.owner_url(TEMPLATE), servers.kept.app_password)
    await parks.load(servers.app_url(TEMPLATE), city.PARK)
    return TEMPLATE


async def _sql(servers: Stack, statement: str) -> None:
    db = await asyncpg.connect(servers.owner_url())
    try:
        await db.execute(statement)
    finally:
        await db.close()


@asynccontextmanager
async def _copy(servers: Stack, template: str) -> AsyncIterator[str]:
    name = f"test_{next(numbers)}"
    await _sql(servers, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield name
    await _sql(servers, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def name(servers: Stack, template: str) -> AsyncIterator[str]:
    """The name of a database that nobody else has, with the small city in it."""
    async with _copy(servers, template) as name:
        yield name


@pytest.fixture
async def pool(servers: Stack, name: str) -> AsyncIterator[database.Pool]:
    """As the application connects."""
    pool = await database.pool(servers.app_url(name))
    yield pool
    pool.terminate()


@pytest.fixture
async def owner(servers: Stack, name: str) -> AsyncIterator[asyncpg.Connection]:
    db = await asyncpg.connect(servers.owner_url(name))
    yield db
    await db.close()


@pytest.fixture
async def hotline(pool: database.Pool) -> Hotline:
    return Hotline(pool)


@pytest.fixture
async def another(servers: Stack, name: str) -> AsyncIterator[Hotline]:
    """A second process's desk: its own connections."""
    pool = await database.pool(servers.app_url(name))
    yield Hotline(pool)
    pool.terminate()


@pytest.fixture
async def look(owner: asyncpg.Connection) -> asyncpg.Connection:
    """Looks at the city's rows past row-level security."""
    await owner.execute(f"SET siao.territories = '{city.CODE}'")
    return owner


@pytest.fixture
async def house(servers: Stack, name: str) -> AsyncIterator[chairs.House]:
    """The whole service on a free port, with an account for every role."""
    async with chairs.house(servers.owner_url(name), servers.app_url(name), servers.redis_url) as here:
        yield here


@pytest.fixture(scope="module")
async def _still(servers: Stack, template: str) -> AsyncIterator[tuple[chairs.House, asyncpg.Connection]]:
    async with _copy(servers, template) as name, chairs.house(servers.owner_url(name), servers.app_url(name), servers.redis_url) as here:
        owner = await asyncpg.connect(servers.owner_url(name))
        await owner.execute(f"SET siao.territories = '{city.CODE}'")
        yield here, owner
        await owner.close()


@pytest.fixture
async def still(_still: tuple[chairs.House, asyncpg.Connection]) -> chairs.House:
    """One house for all the questions of a file that change nothing: opening one for each is most of what they cost."""
    return _still[0]


@pytest.fixture
async def unchanged(_still: tuple[chairs.House, asyncpg.Connection]) -> AsyncIterator[None]:
    """After the test the still house's journal is as it was, and so are its requests and rules."""
    counts = "SELECT (SELECT count(*) FROM journal WHERE verb NOT IN ('administer', 'close_night')), (SELECT count(*) FROM request), (SELECT count(*) FROM rules)"
    yield
    assert tuple(await _still[1].fetchrow(counts)) == (0, 0, 0)
