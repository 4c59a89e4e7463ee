"""The database is what the page says: schema = migrations, rows = Structs, every column known, every table with its policy."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import city
from hotline import Hotline
from siao.carried import database_folder
from siao.core import closing, journal, placements, requests, rules, stays, territories, units
from siao.core.allocation.rates import Demand, Supply
from siao.core.beds import Bed
from siao.core.claims import Claim
from siao.core.people import Right, Role
from siao.core.statistics import Tally
from siao.embedded.stack import Stack
from siao.store import db as database
from siao.store import migrate
from siao.store import people as store

STRUCTS = {
    "territory": territories.Territory, "commune": territories.Commune, "service": territories.Service, "shelter": units.Shelter,
    "plan": units.Plan, "unit": units.Unit, "bed": Bed, "request": requests.Request, "criteria": requests.Criteria,
    "placement": placements.Placement, "placement_bed": Claim, "night": closing.Night, "journal": journal.Entry, "anchor": journal.Anchor, "rules": rules.Edition,
    "demand": Demand, "supply": Supply,
}  # fmt: skip
CATALOG = {
    "columns": """SELECT table_name, ordinal_position, column_name, data_type, is_nullable, column_default FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name <> 'migration' ORDER BY 1, 2""",
    "constraints": """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'migration' ORDER BY 1, 2""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'migration' ORDER BY 1, 2",
    "policies": "SELECT tablename, policyname, permissive, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
    "grants": """SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND grantee LIKE 'siao%' ORDER BY 1, 2, 3""",
    "functions": "SELECT proname, prosrc, prosecdef FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND probin IS NULL ORDER BY 1",
    "security": "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "AND relkind = 'r' AND relname <> 'migration' ORDER BY 1",
}


async def catalog(url: str) -> dict[str, list[tuple[Any, ...]]]:
    db = await asyncpg.connect(url)
    try:
        return {name: [tuple(row) for row in await db.fetch(query)] for name, query in CATALOG.items()}
    finally:
        await db.close()


async def test_the_schema_is_where_the_migrations_lead(servers: Stack, template: str) -> None:
    db = await asyncpg.connect(servers.owner_url())
    await db.execute("CREATE DATABASE from_schema")
    await db.close()
    db = await asyncpg.connect(servers.owner_url("from_schema"))
    await db.execute((database_folder() / "schema.sql").read_text(encoding="utf-8"))
    await db.close()
    direct, migrated = await catalog(servers.owner_url("from_schema")), await catalog(servers.owner_url(template))
    for part in CATALOG:
        assert direct[part] == migrated[part], part
    assert len(direct["columns"]) > 100


async def test_a_migration_that_ran_may_not_change_and_does_not_run_twice(
    servers: Stack, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await migrate.migrate(servers.owner_url(name)) == []
    first = migrate.steps()[0]
    monkeypatch.setattr(migrate, "steps", lambda: [(first[0], first[1] + "\n-- later thought")])
    with pytest.raises(migrate.Changed, match=first[0]):
        await migrate.migrate(servers.owner_url(name))


async def test_a_migration_that_meets_who_works_at_its_tables_runs_again(
    servers: Stack, name: str, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two the database breaks off, the step is there in the end, once."""
    step = "ALTER TABLE bed ADD COLUMN later integer; SELECT pg_sleep(0.2); ALTER TABLE unit ADD COLUMN later integer;"
    monkeypatch.setattr(migrate, "steps", lambda: [("9999_later.sql", step)])
    async with asyncio.TaskGroup() as group:
        migrating = group.create_task(migrate.migrate(servers.owner_url(name)))
        await asyncio.sleep(0.05)
        with suppress(asyncpg.DeadlockDetectedError):
            async with owner.transaction():
                await owner.execute("SET LOCAL deadlock_timeout = '30s'; LOCK TABLE unit")
                await owner.execute("LOCK TABLE bed")
    assert migrating.result() == ["9999_later.sql"]


@pytest.mark.parametrize("table", STRUCTS)
async def test_a_struct_s_fields_stand_in_the_order_of_its_columns(owner: asyncpg.Connection, table: str) -> None:
    columns = await owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position",
        table,
    )
    assert [row[0] for row in columns] == list(STRUCTS[table].__struct_fields__)


async def test_a_tally_is_a_cell_of_counts(owner: asyncpg.Connection) -> None:
    columns = await owner.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'tally' AND table_schema = 'public' ORDER BY ordinal_position"
    )
    assert [row[0] for row in columns] == [*Tally.__struct_fields__[:-1], "households", "persons"]


ABOUT_A_HOUSEHOLD = {"request", "criteria", "placement", "placement_bed"}
PLAIN_TEXT = {
    "territory", "code", "state", "closing", "pause", "last_refusal", "outcome", "override", "zone", "rule", "engine", "decided",
}  # fmt: skip
"""The text columns of the tables about a household: each a closed list, a code, or a commune of the territory."""


async def test_no_free_text_about_a_household(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type IN ('text', 'json', 'jsonb')"
    )
    found = {row[1] for row in rows if row[0] in ABOUT_A_HOUSEHOLD}
    assert found == PLAIN_TEXT
    checked = await owner.fetch("SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('c', 'f')")
    for table, column in ((row[0], row[1]) for row in rows if row[0] in ABOUT_A_HOUSEHOLD):
        closed = any(name == table and column in text for name, text in checked)
        assert closed or (table, column) == ("placement", "outcome"), (table, column)


async def test_every_table_of_a_territory_is_out_of_sight_without_it(owner: asyncpg.Connection) -> None:
    with_territory = {
        row[0]
        for row in await owner.fetch(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'territory'"
        )
    }
    forced = {row[0] for row in await owner.fetch("SELECT relname FROM pg_class WHERE relforcerowsecurity AND relrowsecurity")}
    assert with_territory - forced == {"account_right"}, "rights are looked up by account, before it is known where one acts"


async def test_the_application_owns_nothing_and_cannot_change_what_was_written(owner: asyncpg.Connection, pool: database.Pool) -> None:
    assert await owner.fetchval("SELECT count(*) FROM pg_class WHERE relowner = 'siao_app'::regrole") == 0
    assert (
        await owner.fetchval("SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = 'siao_app'")
        is False
    )
    for table in ("journal", "night", "access_log"):
        for privilege in ("UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
            assert not await owner.fetchval("SELECT has_table_privilege('siao_app', $1, $2)", table, privilege), (table, privilege)
    columns = await owner.fetchval("SELECT count(*) FROM information_schema.column_privileges WHERE grantee = 'siao_app' "
                                   "AND table_name IN ('journal', 'night', 'access_log') AND privilege_type = 'UPDATE'")  # fmt: skip
    assert columns == 0
    async with pool.acquire() as db:
        for statement in ("CREATE TABLE public.mine (a int)", "SET ROLE siao_purger", "ALTER TABLE journal DISABLE ROW LEVEL SECURITY"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(statement)


async def test_a_table_of_the_caller_s_does_not_stand_before_the_catalogue_s(pool: database.Pool) -> None:
    async with database.acting(pool, [city.CODE]) as db:
        before = await db.fetchval("SELECT epoch()")
        await db.execute("CREATE TEMPORARY TABLE pg_database (oid oid, datname name) ON COMMIT DROP")
        await db.execute("INSERT INTO pg_temp.pg_database VALUES (7, current_database())")
        assert await db.fetchval("SELECT epoch()") == before


@pytest.mark.parametrize("kind", ["shelter", "service"])
async def test_a_right_names_what_is_of_its_own_territory(owner: asyncpg.Connection, kind: str) -> None:
    await owner.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    await owner.execute(f"SET siao.territories = '{city.CODE},69'")
    account = store.Account(uuid4(), "spy", "x", "fr", active=True)
    await store.add(owner, account)
    role = Role.SHELTER if kind == "shelter" else Role.WORKER
    id = city.shelter() if kind == "shelter" else city.DAY_CENTRE
    await store.grant(owner, account.id, [Right(role, city.CODE, **{kind: id})])
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await store.grant(owner, account.id, [Right(role, "69", **{kind: id})])


async def test_what_was_kept_of_who_is_no_longer_awaited_went_with_its_migration(hotline: Hotline, look: asyncpg.Connection) -> None:
    came, waits = [await hotline.hold(await hotline.ask()) for _ in range(2)]
    await hotline.do(placements.Accept(waits))
    await hotline.do(placements.Release(came))
    before = await look.fetchrow("SELECT persons, expected_until FROM placement WHERE id = $1", waits)
    await look.execute(
        "UPDATE placement SET persons = 3, expected_until = now() WHERE id = $1; RESET siao.territories".replace("$1", f"'{came}'")
    )
    await look.execute((database_folder() / "migrations" / "0010_nobody_awaited.sql").read_text(encoding="utf-8"))
    await look.execute(f"SET siao.territories = '{city.CODE}'")
    assert await look.fetchrow("SELECT persons, expected_until FROM placement WHERE id = $1", came) == (None, None)
    assert await look.fetchrow("SELECT persons, expected_until FROM placement WHERE id = $1", waits) == before != (None, None)


async def test_which_beds_were_left_by_a_move_is_found_by_its_migration(hotline: Hotline, look: asyncpg.Connection) -> None:
    """Of who is still on the way, and of who did not come; nobody is told so of what they gave back or had to the end."""
    for room, into in (("Chambre 5", "Chambre 6"), ("Chambre 4", "Chambre 5"), ("Dortoir hommes", None)):
        held = await hotline.hold(await hotline.ask(), room)
        await hotline.do(placements.Accept(held))
        if into:
            await hotline.do(stays.Move(held, (city.unit(into),)))
        if into != "Chambre 5":
            await hotline.do(stays.NoShow(held))
    asked = "SELECT placement, bed, moved FROM placement_bed ORDER BY placement, bed"
    before = await look.fetch(asked)
    assert {row["moved"] for row in before} == {True, False}
    await look.execute("ALTER TABLE placement_bed DROP COLUMN moved; RESET siao.territories")
    await look.execute((database_folder() / "migrations" / "0012_moved.sql").read_text(encoding="utf-8"))
    await look.execute(f"SET siao.territories = '{city.CODE}'")
    assert await look.fetch(asked) == before
