"""What docs/operate.md has an operator type, typed: a house is furnished, saved, restored on other servers, and looked at."""

import os
import re
import subprocess
import sys
from pathlib import Path

import asyncpg
import msgspec
import pytest

import city
from hotline import Hotline
from launched import folder
from siao.__main__ import COMMANDS
from siao.carried import HERE
from siao.embedded import postgres
from siao.embedded.stack import Stack, stack
from siao.store import db as database

OPERATE = (HERE.parent / "docs" / "operate.md").read_text(encoding="utf-8")
APP, VERIFIER, SECRET = ("x" * 32 + name for name in ("app", "verifier", "secret"))


class Operator:
    """Whoever types, with the variables of .env.example set."""

    def __init__(self, servers: Stack, at: Path, secret: str = SECRET) -> None:
        self.servers, self.at = servers, at
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SIAO_")},
            "SIAO_OWNER_URL": servers.owner_url("siao"), "SIAO_DATABASE_URL": servers.url("siao_app", APP, "siao"),
            "SIAO_VERIFIER_URL": servers.url("siao_verifier", VERIFIER, "siao"), "SIAO_APP_PASSWORD": APP,
            "SIAO_VERIFIER_PASSWORD": VERIFIER, "SIAO_SECRET": secret, "PYTHONPATH": str(HERE.parent),
        }  # fmt: skip

    def siao(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "siao", *words]
        return subprocess.run(command, cwd=self.at, env=self.env, input=typed, capture_output=True, text=True, check=False)

    def sql(self, program: str, *words: str, database: str = "postgres") -> str:
        """A program of PostgreSQL's, at this operator's servers."""
        command = [str(postgres.binaries() / program), *words, "-d", self.servers.owner_url(database)]
        ran = subprocess.run(command, cwd=self.at, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def broken(self) -> set[str]:
        """The invariants that a look finds broken, going on from what was seen."""
        looked = self.siao("verify", "--whole", "--json", "--state", "heads")
        assert looked.returncode in (0, 1), looked.stderr
        told = msgspec.json.decode(looked.stdout)
        return {one["name"] for one in told["invariants"] if one["broken"]}


async def furnished(operator: Operator) -> None:
    operator.sql("psql", "-qc", "CREATE DATABASE siao")
    assert "0001_" in operator.siao("migrate").stdout
    (operator.at / "park.json").write_bytes(msgspec.json.encode(city.PARK))
    assert operator.siao("import", "park", "park.json", "--check").returncode == 0
    assert operator.siao("import", "park", "park.json").returncode == 0
    made = operator.siao("admin", "marie", "--territory", city.CODE, typed="a long enough password\n")
    assert made.returncode == 0, made.stderr
    await asked(operator)


async def asked(operator: Operator) -> None:
    pool = await database.pool(operator.env["SIAO_DATABASE_URL"])
    try:
        await Hotline(pool).ask()
    finally:
        await pool.close()


async def test_a_house_is_saved_restored_elsewhere_and_looked_at() -> None:
    with folder() as here, stack(here / "one", durable=False) as first, stack(here / "two", durable=False) as second:
        operator = Operator(first, here)
        await furnished(operator)
        operator.sql("pg_dumpall", "--roles-only", "-f", "roles.sql")
        operator.sql("pg_dump", "-Fc", "-f", "siao.dump", database="siao")
        await asked(operator)
        assert operator.broken() == set()
        seq, epoch = await position(operator)

        elsewhere = Operator(second, here)
        lines = [line for line in (here / "roles.sql").read_text().splitlines() if "ROLE postgres" not in line]
        (here / "roles.sql").write_text("\n".join(lines))
        elsewhere.sql("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", "roles.sql")
        elsewhere.sql("psql", "-qc", "CREATE DATABASE siao")
        elsewhere.sql("pg_restore", "--exit-on-error", "siao.dump", database="siao")
        assert "the schema is current" in elsewhere.siao("migrate").stdout
        restored = await position(elsewhere)
        assert restored[0] == seq - 1 and restored[1] != epoch, "what came after the backup is gone, and every screen is told"
        assert elsewhere.broken() == {"remembered"} and elsewhere.broken() == set(), "said once"
        await asked(elsewhere)
        assert elsewhere.broken() == set()


async def position(operator: Operator) -> tuple[int, str]:
    db = await asyncpg.connect(operator.env["SIAO_OWNER_URL"])
    try:
        return tuple(await db.fetchrow("SELECT seq, epoch() FROM territory"))
    finally:
        await db.close()


async def test_a_login_in_a_group_reads_what_the_group_may_and_no_more(servers: Stack, name: str) -> None:
    owner = await asyncpg.connect(servers.owner_url(name))
    for group, may, may_not in (("siao_reader", "tally", "journal"), ("siao_auditor", "journal", "request")):
        assert "CREATE ROLE" in OPERATE and group in OPERATE
        await owner.execute(f"CREATE ROLE {group}_test LOGIN PASSWORD 'x' IN ROLE {group}")
        db = await asyncpg.connect(servers.url(f"{group}_test", "x", name))
        try:
            assert await db.fetchval(f"SELECT count(*) FROM {may}") == 0, "no territory was said"
            await db.execute(f"SET siao.territories = '{city.CODE}'")
            await db.execute(f"SELECT FROM {may}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(f"SELECT FROM {may_not}")
        finally:
            await db.close()
            await owner.execute(f"DROP ROLE {group}_test")
    await owner.close()


def test_what_the_runbook_has_typed_is_there() -> None:
    for command in re.findall(r"`siao (\w+)", OPERATE):
        assert command in COMMANDS, command
    for name in set(re.findall(r"SIAO_\w+", OPERATE)):
        assert name in (HERE.parent / ".env.example").read_text(), name
