"""What is past its time goes, and nothing else; what is left of the chain can still be followed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

import city
from hotline import SECRET, Hotline
from siao import serve
from siao.actions import clock, purge
from siao.core import register
from siao.core.journal import Entry, link, signed
from siao.core.placements import Accept, Offer, Release
from siao.core.requests import Withdraw
from siao.core.stays import Arrive
from siao.embedded.process import free_port
from siao.embedded.stack import Stack
from siao.store import people
from siao.store.rows import reader


async def back(owner: asyncpg.Connection, table: str, column: str, time: str, where: str = "true") -> None:
    """As if it had happened so long before."""
    async with owner.transaction():
        await owner.execute(f"SET LOCAL siao.territories = '{city.CODE}'")
        await owner.execute(f"UPDATE {table} SET {column} = {column} - interval '{time}' WHERE {where}")


async def test_a_closed_request_goes_with_its_code_after_thirty_days_and_not_before(
    hotline: Hotline, owner: asyncpg.Connection, look: asyncpg.Connection
) -> None:
    old, young, waiting = [await hotline.ask() for _ in range(3)]
    await hotline.do(Release(await hotline.hold(old)))
    for one in (old, young):
        await hotline.do(Withdraw(one))
    await back(owner, "request", "closed_at", "30 days 1 minute", f"id = '{old}'")
    await back(owner, "request", "closed_at", "29 days 23 hours", f"id = '{young}'")
    assert (await purge.purge(owner, SECRET)).requests == 1
    assert {row[0] for row in await look.fetch("SELECT id FROM request")} == {young, waiting}
    assert await look.fetchval("SELECT count(*) FROM placement") + await look.fetchval("SELECT count(*) FROM placement_bed") == 0
    assert await look.fetchval("SELECT count(*) FROM criteria") == 1, "who waits still waits"
    assert (await purge.purge(owner, SECRET)).requests == 0


async def test_a_stay_that_goes_on_is_unlinked_and_keeps_its_bed(
    hotline: Hotline, owner: asyncpg.Connection, look: asyncpg.Connection
) -> None:
    held = await hotline.hold(request := await hotline.ask())
    await hotline.do(Offer(held))
    await hotline.do(Accept(held))
    await hotline.do(Arrive(held, None, None))
    await back(owner, "request", "closed_at", "31 days")
    await back(owner, "placement", "night", "31 days")
    await purge.purge(owner, SECRET)
    assert await look.fetchval("SELECT count(*) FROM request WHERE id = $1", request) == 0
    assert tuple(await look.fetchrow("SELECT request, state FROM placement WHERE id = $1", held)) == (None, "present")
    assert await look.fetchval("SELECT count(*) FROM placement_bed WHERE live") == 1


async def test_a_purged_month_leaves_its_last_link_signed(hotline: Hotline, owner: asyncpg.Connection, look: asyncpg.Connection) -> None:
    for _ in range(4):
        await hotline.ask()
    third = await look.fetchval("SELECT max(seq) - 2 FROM journal")
    await back(owner, "journal", "at", "13 months", f"seq <= {third}")
    assert (await purge.purge(owner, SECRET)).entries == third
    anchor = await look.fetchrow("SELECT * FROM anchor")
    assert anchor["seq"] == third and anchor["mac"] == signed(SECRET, city.CODE, third, anchor["hash"])
    assert anchor["mac"] != signed(b"another secret", city.CODE, third, anchor["hash"])
    head = anchor["hash"]
    for entry in [reader(Entry)(row) for row in await look.fetch("SELECT * FROM journal ORDER BY seq")]:
        head = link(head, entry)
        assert entry.hash == head
        assert link(anchor["hash"], replace(entry, outcome="touched")) != entry.hash
    await hotline.ask()
    assert await look.fetchval("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1") != head, "and the chain goes on"


async def test_the_purger_reads_no_need_and_undoes_no_promise(owner: asyncpg.Connection, look: asyncpg.Connection) -> None:
    for statement in ("SELECT * FROM criteria", "SELECT * FROM account", "UPDATE placement SET state = 'released'", "DELETE FROM tally",
                      "INSERT INTO journal SELECT * FROM journal"):  # fmt: skip
        async with owner.transaction():
            await owner.execute("SET LOCAL ROLE siao_purger")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with owner.transaction():
                    await owner.execute(statement)


def test_the_register_says_what_the_purger_does() -> None:
    assert register.MONTH.startswith(f"{purge.UNLINKED_DAYS} days") and register.YEAR.startswith(f"{purge.JOURNAL_MONTHS} months")
    assert register.TABLES["access_log"].until == f"{purge.ACCESS_MONTHS} months"
    assert register.TABLES["command"].until.startswith(f"{clock.KEYS_HOURS} hours")
    assert register.TABLES["session"].until == f"{people.SESSION_HOURS} hours"
    assert register.TABLES["login_failure"].until == f"{people.LOGIN_WINDOW_MINUTES} minutes"


async def test_the_command_says_what_went_and_what_it_lacks(servers: Stack, name: str, hotline: Hotline, owner: asyncpg.Connection) -> None:
    await hotline.do(Withdraw(await hotline.ask()))
    await back(owner, "request", "closed_at", "31 days")
    env = os.environ | {"SIAO_OWNER_URL": servers.owner_url(name), "SIAO_SECRET": SECRET.decode()}
    ran = await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "siao", "purge"], env=env, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout.split(",")[0]) == (0, "siao: gone: 1 requests"), ran.stderr
    env.pop("SIAO_SECRET")
    ran = await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "siao", "purge"], env=env, capture_output=True, text=True)
    assert ran.returncode == 2 and "SIAO_SECRET" in ran.stderr


async def test_a_daily_purge_outlives_a_database_that_is_away_and_stops_when_told(tmp_path: Path) -> None:
    env = os.environ | {"SIAO_OWNER_URL": f"postgresql://postgres:hush@127.0.0.1:{free_port()}/siao", "SIAO_SECRET": SECRET.decode()}
    command = [sys.executable, "-m", "siao", "purge"]
    once = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True)
    assert once.returncode == 1 and once.stderr == "siao: not purged: ConnectionRefusedError\n"
    log = tmp_path / "log"
    with log.open("w") as out:
        daily = subprocess.Popen([*command, "--daily"], env=env, stdout=out, stderr=out)
    try:
        while "not purged" not in log.read_text():
            await asyncio.sleep(0.1)
        assert daily.poll() is None
        daily.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(daily.wait, 30) == 0
    finally:
        daily.kill()


async def test_a_purge_that_could_not_be_done_is_tried_again_within_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    waits, answers = list[float](), iter([False, False, True, True])
    monkeypatch.setattr(serve, "_purge", lambda url, secret: next(answers))
    monkeypatch.setattr(serve.signal, "signal", lambda *_: None)
    monkeypatch.setattr(serve.time, "sleep", waits.append)
    monkeypatch.setenv("SIAO_OWNER_URL", "x")
    monkeypatch.setenv("SIAO_SECRET", "x")
    with pytest.raises(StopIteration):
        serve.purge(["--daily"])
    assert waits == [serve.AGAIN_SECONDS, serve.AGAIN_SECONDS, serve.DAY_SECONDS, serve.DAY_SECONDS]
