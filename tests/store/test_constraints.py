"""What the database keeps true whatever the code does. Each guard is also taken away, to see that it was the one that held."""

from uuid import UUID, uuid4

import asyncpg
import pytest

import city
from siao.store import db as database


@pytest.fixture
async def here(owner: asyncpg.Connection) -> asyncpg.Connection:
    await owner.execute(f"SET siao.territories = '{city.CODE}'")
    return owner


async def placement(db: asyncpg.Connection, state: str = "held", request: UUID | None = None) -> UUID:
    id = uuid4()
    await db.execute(
        """INSERT INTO placement (id, territory, request, shelter, state, persons, night, until, accepted, opened_seq, version)
        VALUES ($1, $2, $5, $3, $4, 1, '2026-01-20', clock_timestamp(), false, 1, 1)""",
        id, city.CODE, city.shelter(), state, request,
    )  # fmt: skip
    return id


async def claim(db: asyncpg.Connection, name: str, number: int, *, whole: bool, rule: str | None = None, of: UUID | None = None) -> UUID:
    id = of or await placement(db)
    await db.execute(
        "INSERT INTO placement_bed (placement, bed, unit, territory, live, whole, rule) VALUES ($1, $2, $3, $4, true, $5, $6)",
        id, city.bed(name, number), city.unit(name), city.CODE, whole, rule,
    )  # fmt: skip
    return id


async def test_a_bed_has_one_live_claim(here: asyncpg.Connection) -> None:
    await claim(here, "Dortoir hommes", 1, whole=False, rule="men")
    with pytest.raises(asyncpg.UniqueViolationError, match="placement_bed_one_live"):
        await claim(here, "Dortoir hommes", 1, whole=False, rule="men")
    await here.execute("DROP INDEX placement_bed_one_live")
    await claim(here, "Dortoir hommes", 1, whole=False, rule="men")


async def test_a_room_goes_whole_to_one_placement(here: asyncpg.Connection) -> None:
    first = await claim(here, "Chambre 4", 1, whole=True)
    await claim(here, "Chambre 4", 2, whole=True, of=first)
    with pytest.raises(asyncpg.ExclusionViolationError, match="placement_bed_room_whole"):
        await claim(here, "Chambre 4", 3, whole=True)
    await here.execute("ALTER TABLE placement_bed DROP CONSTRAINT placement_bed_room_whole")
    await claim(here, "Chambre 4", 3, whole=True)


async def test_a_dormitory_keeps_its_rule_while_somebody_relies_on_it(here: asyncpg.Connection) -> None:
    evening = city.unit("Dortoir du soir")
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="placement_bed_rule"):
        await claim(here, "Dortoir du soir", 1, whole=False, rule="women")
    await here.execute("UPDATE unit SET rule_tonight = 'women' WHERE id = $1", evening)
    await claim(here, "Dortoir du soir", 1, whole=False, rule="women")
    for other in ("men", None):
        with pytest.raises(asyncpg.ForeignKeyViolationError, match="placement_bed_rule"):
            await here.execute("UPDATE unit SET rule_tonight = $2 WHERE id = $1", evening, other)
    await here.execute("ALTER TABLE placement_bed DROP CONSTRAINT placement_bed_rule")
    await here.execute("UPDATE unit SET rule_tonight = 'men' WHERE id = $1", evening)


async def test_a_live_dormitory_claim_says_its_rule(here: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await claim(here, "Dortoir hommes", 1, whole=False, rule=None)


async def test_a_request_has_one_live_placement(here: asyncpg.Connection) -> None:
    request = uuid4()
    await here.execute(
        """INSERT INTO request (id, territory, code, state, night, first_asked, asked_at, nights_unmet, first_in_level, version)
        VALUES ($1, $2, '7K3M-9QXF-C', 'placed', '2026-01-20', clock_timestamp(), clock_timestamp(), 0, false, 1)""",
        request, city.CODE,
    )  # fmt: skip
    await placement(here, "held", request)
    with pytest.raises(asyncpg.UniqueViolationError, match="placement_request_one_live"):
        await placement(here, "offered", request)


async def test_the_application_reads_nothing_of_a_territory_it_does_not_name(pool: database.Pool) -> None:
    async with database.reading(pool, [city.CODE]) as db:
        assert await db.fetchval("SELECT count(*) FROM bed") > 10
    async with database.reading(pool, ["69"]) as db:
        for table in ("bed", "unit", "shelter", "request", "criteria", "placement", "placement_bed", "journal", "command", "tally"):
            assert await db.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await pool.fetchval("SELECT count(*) FROM bed") == 0, "no territory named, nothing seen"


async def test_the_application_writes_nothing_into_a_territory_it_does_not_name(pool: database.Pool) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.acting(pool, ["69"]) as db:
            await db.execute("INSERT INTO night (territory, date, closed_at) VALUES ($1, '2026-01-20', clock_timestamp())", city.CODE)


@pytest.mark.parametrize("statement", ["UPDATE journal SET outcome = 'x'", "DELETE FROM journal", "TRUNCATE journal", "DROP TABLE journal"])
async def test_the_application_cannot_change_what_the_journal_says(pool: database.Pool, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.acting(pool, [city.CODE]) as db:
            await db.execute(statement)


def test_a_territory_s_code_cannot_carry_sql() -> None:
    with pytest.raises(ValueError, match="not territory codes"):
        database.begin(["38'; DROP TABLE bed; --"])
