"""`siao verify` as it is run: its lines, its exit status, what it writes down, and that it goes when it is told to."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest

import city
from hotline import SECRET, Hotline
from siao import witness
from siao.core.chain import Link
from siao.core.invariants import Invariant
from siao.embedded.process import free_port
from siao.embedded.stack import Stack
from siao.verify import Watch

NOW = datetime(2026, 1, 20, 18, 0, tzinfo=UTC)
HEADS = {"38": Link(4, bytes(range(32))), "2A": Link(9, bytes(32))}
PATIENCE_SECONDS = 60


def environment(servers: Stack, name: str) -> dict[str, str]:
    return os.environ | {"SIAO_DATABASE_URL": servers.app_url(name), "SIAO_SECRET": SECRET.decode()}


async def run(env: dict[str, str], *arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "siao", "verify", *map(str, arguments)]
    ran = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True)
    return ran.returncode, ran.stdout, ran.stderr


async def test_one_line_an_invariant_and_a_status(
    servers: Stack, name: str, hotline: Hotline, look: asyncpg.Connection, tmp_path: Path
) -> None:
    held = await hotline.hold(await hotline.ask())
    env, state = environment(servers, name), tmp_path / "seen"
    code, said, _ = await run(env, "--state", state)
    lines = said.splitlines()
    assert (code, len(lines)) == (0, 1 + len(Invariant)) and all(line.startswith("kept") for line in lines[1:]), said
    row = await look.fetchrow("SELECT seq, head FROM territory WHERE code = '38'")
    assert witness.read(state) == {"38": Link(*row)}
    await look.execute("UPDATE journal SET outcome = 'x' WHERE seq = 2")
    assert (await run(env, "--state", state))[0] == 0, "behind what was seen there is nothing new"
    await look.execute("UPDATE placement SET version = 7")
    code, said, _ = await run(env, "--state", state, "--whole", "--json")
    told = msgspec.json.decode(said)
    broken = {one["name"]: one["broken"] for one in told["invariants"] if one["broken"]}
    assert (code, told["kept"], set(broken)) == (1, False, {"chain", "entry"})
    assert broken["chain"] == [{"invariant": "chain", "territory": "38", "count": 1, "numbers": [2], "names": []}]
    code, said, _ = await run(env)
    assert code == 1 and "broken  chain" in said and "; 38: 1 (2)" in said and str(held) not in said


async def test_who_signed_is_said_not_to_be_looked_at_without_the_secret(servers: Stack, name: str) -> None:
    env = environment(servers, name) | {"SIAO_SECRET": ""}
    code, said, _ = await run(env)
    assert code == 0 and "signatures not looked at" in said


async def test_what_hinders_a_look_is_said_and_is_not_kept(servers: Stack, name: str, tmp_path: Path) -> None:
    env = environment(servers, name)
    away = env | {"SIAO_DATABASE_URL": f"postgresql://siao_app:x@127.0.0.1:{free_port()}/siao"}
    code, _, said = await run(away)
    assert code == 2 and "not looked" in said and "Traceback" not in said
    (tmp_path / "seen").write_text("2026-01-20T18:00:00+00:00 38 four 00\n")
    code, _, said = await run(env, "--state", tmp_path / "seen")
    assert code == 2 and "line 1 is not" in said
    code, _, said = await run(env, "--every", "60")
    assert code == 2 and "--state" in said
    env.pop("SIAO_DATABASE_URL")
    env.pop("SIAO_VERIFIER_URL", None)
    code, _, said = await run(env)
    assert code == 2 and "SIAO_VERIFIER_URL is not set" in said


async def test_each_look_goes_on_from_the_last_until_it_is_told_to_stop(
    servers: Stack, name: str, hotline: Hotline, tmp_path: Path
) -> None:
    state, log = tmp_path / "seen", tmp_path / "log"
    command = [sys.executable, "-m", "siao", "verify", "--every", "5", "--state", str(state), "--json"]
    with log.open("w") as out:
        watch = subprocess.Popen(command, env=environment(servers, name), stdout=out, stderr=out)
    try:
        await looks(log, 1)
        await hotline.ask()
        await looks(log, 3)
        watch.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(watch.wait, PATIENCE_SECONDS) == 0, log.read_text()
    finally:
        watch.kill()
    entries = [one["entries"] for one in await looks(log, 3)]
    assert sum(entries) == witness.read(state)["38"].seq == 1 + entries[0] and entries[-1] in (0, 1)
    assert len(state.read_text().splitlines()) == 2, "a line where a journal moved"


async def test_a_watch_reads_its_file_once_and_again_where_somebody_touched_it(
    servers: Stack, name: str, hotline: Hotline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, read, reads = tmp_path / "seen", witness.read, 0

    def counted(path: Path) -> dict[str, Link]:
        nonlocal reads
        reads += 1
        return read(path)

    monkeypatch.setattr(witness, "read", counted)
    watch = Watch(servers.app_url(name), None, state, None, json=False)
    for _ in range(3):
        await hotline.ask()
        assert await watch.look(whole=False) == 0
    assert reads == 1 and len(state.read_text().splitlines()) == 3 and watch.known == read(state)
    seen = read(state)[city.CODE]
    state.write_text(f"2026-01-20T18:00:00+00:00 {city.CODE} {seen.seq} {'0' * 64}\n")
    assert await watch.look(whole=False) == 1 and reads == 2, "what the file says is what was seen"
    state.unlink()
    assert await watch.look(whole=False) == 0 and reads == 3 and read(state)[city.CODE] == seen, "a new file begins with the head"


async def test_a_monitor_finds_the_time_of_the_last_look_that_found_all_kept(
    servers: Stack, name: str, hotline: Hotline, look: asyncpg.Connection, tmp_path: Path
) -> None:
    await hotline.hold(await hotline.ask())
    kept, env = tmp_path / "kept", environment(servers, name)
    assert (await run(env, "--kept", kept))[0] == 0
    said = datetime.fromisoformat(kept.read_text().strip())
    assert abs((datetime.now(UTC) - said).total_seconds()) < PATIENCE_SECONDS
    away = env | {"SIAO_DATABASE_URL": f"postgresql://siao_app:x@127.0.0.1:{free_port()}/siao"}
    assert (await run(away, "--kept", kept))[0] == 2
    assert datetime.fromisoformat(kept.read_text().strip()) == said, "not looked: it grows old"
    await look.execute("UPDATE placement_bed SET live = false, rule = NULL")
    assert (await run(env, "--kept", kept))[0] == 1 and not kept.exists()


async def test_a_watch_outlives_a_database_that_is_away(servers: Stack, name: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    env = environment(servers, name) | {"SIAO_DATABASE_URL": f"postgresql://siao_app:x@127.0.0.1:{free_port()}/siao"}
    with log.open("w") as out:
        command = [sys.executable, "-m", "siao", "verify", "--every", "5", "--state", str(tmp_path / "seen")]
        watch = subprocess.Popen(command, env=env, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while log.read_text().count("not looked") < 2:
            assert watch.poll() is None and time.monotonic() < deadline, log.read_text()
            await asyncio.sleep(0.1)
        watch.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(watch.wait, PATIENCE_SECONDS) == 0
    finally:
        watch.kill()
    assert not (tmp_path / "seen").exists()


async def looks(log: Path, count: int) -> list[dict[str, object]]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(told := log.read_text().splitlines()) < count:
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.1)
    return [msgspec.json.decode(line) for line in told]


def test_what_was_seen_is_read_back(tmp_path: Path) -> None:
    state = tmp_path / "seen"
    assert witness.read(state) == {}
    witness.add(state, NOW, {}, HEADS)
    later = HEADS | {"38": Link(5, bytes(32))}
    witness.add(state, NOW, HEADS, later)
    assert witness.read(state) == later
    assert state.read_text().splitlines()[0] == f"2026-01-20T18:00:00+00:00 38 4 {bytes(range(32)).hex()}"
    before = state.read_bytes()
    witness.add(state, NOW, later, later)
    assert state.read_bytes() == before, "nothing moved, nothing is written"


@pytest.mark.parametrize("left", [1, 20, 60, 95])
def test_a_line_that_a_power_cut_broke_off_is_passed_over(tmp_path: Path, left: int) -> None:
    state = tmp_path / "seen"
    witness.add(state, NOW, {}, {city.CODE: HEADS["38"]})
    line = state.read_bytes()
    state.write_bytes(line + line[:left].replace(b" 4 ", b" 5 "))
    assert witness.read(state) == {city.CODE: HEADS["38"]}
    witness.add(state, NOW, {}, {city.CODE: HEADS["2A"]})
    assert witness.read(state) == {city.CODE: HEADS["2A"]}


def test_a_line_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    state = tmp_path / "seen"
    witness.add(state, NOW, {}, HEADS)
    for wrong in ("2026-01-20T18:00:00+00:00 38 4 00", "nothing", f"t 38 four {'0' * 64}", f"t 38 4 {'g' * 64}"):
        state.write_text(state.read_text().splitlines()[0] + f"\n{wrong}\n")
        with pytest.raises(witness.Unreadable, match="line 2"):
            witness.read(state)
