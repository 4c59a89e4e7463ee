"""Claims over HTTP, key, chain and journal kept, beside pgbench's plain claim function that keeps neither key nor chain.

Same database, same callers, same mix (hold a place, release it), turn by turn. Ratios are of one round.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import uvloop

from benchmarks import stage as stages
from benchmarks.stage import HOT_UNIT, TERRITORIES, Stage, served, units
from siao import figures
from siao.actions.desk import Desk
from siao.actions.verbs import Command
from siao.core.people import By, Role
from siao.core.placements import Hold, Release
from siao.core.requests import Side
from siao.embedded import postgres
from siao.figures import Figure
from siao.mortal import mortal
from siao.store import db as database

SQL = """
CREATE TABLE bench_unit (n integer PRIMARY KEY, id uuid NOT NULL, territory text NOT NULL, shelter uuid NOT NULL);
CREATE FUNCTION bench_hold(which integer) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE u record; s bigint; b uuid; p uuid := gen_random_uuid();
BEGIN
    SELECT * INTO u FROM bench_unit WHERE n = which;
    UPDATE territory SET seq = seq + 1 WHERE code = u.territory RETURNING seq INTO s;
    SELECT id INTO b FROM bed WHERE unit = u.id AND physical = 'vacant'
        AND NOT EXISTS (SELECT FROM placement_bed c WHERE c.bed = bed.id AND c.live) ORDER BY number LIMIT 1;
    INSERT INTO placement VALUES (p, u.territory, NULL, u.shelter, 'held', 1, current_date, clock_timestamp() + interval '10 minutes',
        NULL, NULL, false, NULL, NULL, s, 1);
    INSERT INTO placement_bed VALUES (p, b, u.id, u.territory, true, false, 'men');
    INSERT INTO journal VALUES (u.territory, s, clock_timestamp(), p, 'operator', 'screen', 'hold', '', u.shelter, ARRAY[u.id], p,
        NULL, NULL, '', '');
    RETURN p;
END $$;
CREATE FUNCTION bench_release(p uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE r placement; s bigint;
BEGIN
    SELECT * INTO r FROM placement WHERE id = p;
    UPDATE territory SET seq = seq + 1 WHERE code = r.territory RETURNING seq INTO s;
    UPDATE placement_bed SET live = false, rule = NULL WHERE placement = p;
    UPDATE placement SET state = 'released', until = NULL, version = 2 WHERE id = p;
    INSERT INTO journal VALUES (r.territory, s, clock_timestamp(), p, 'operator', 'screen', 'release', '', r.shelter, '{}', p,
        NULL, NULL, '', '');
END $$;
"""
SCRIPT = "\\set n random({first}, {last})\nSELECT bench_hold(:n) AS p \\gset\nSELECT bench_release(:p);\n"
SPREAD, HOT = (1, len(TERRITORIES) * stages.SHELTERS), (0, 0)
"""Numbers of the units that pgbench draws from."""
CALLERS_BEST = (4, 8, 16, 32)


async def prepare(stage: Stage, plain: str) -> None:
    """A second database for pgbench, copied from the first: its rows must not fail the check of the chain."""
    owner = await asyncpg.connect(stage.servers.owner_url("template1"))
    await owner.execute(f"CREATE DATABASE {plain} TEMPLATE {stage.database} STRATEGY FILE_COPY")
    await owner.close()
    db = await asyncpg.connect(stage.servers.owner_url(plain))
    await db.execute(SQL)
    ids = [HOT_UNIT, *(unit for code in TERRITORIES for unit in units(code))]
    await db.executemany("INSERT INTO bench_unit SELECT $1, id, territory, shelter FROM unit WHERE id = $2", list(enumerate(ids)))
    await db.execute("ANALYZE")
    await db.close()


def pgbench(stage: Stage, plain: str, which: tuple[int, int], callers: int, seconds: float) -> tuple[float, float]:
    """Commands a second, and the mean latency of one in ms; two a script."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT.format(first=which[0], last=which[1]))
        script.flush()
        Path(script.name).chmod(0o644)
        kept = stage.servers.kept
        command = [
            str(postgres.binaries() / "pgbench"), "-n", "-M", "prepared", "-h", "127.0.0.1", "-U", "postgres",
            "-p", str(kept.postgres_port),
            "-c", str(callers), "-j", str(min(2, callers)), "-T", str(max(1, round(seconds))), "-f", script.name, plain,
        ]  # fmt: skip
        env = os.environ | {"PGPASSWORD": kept.password}
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=True, preexec_fn=mortal()).stdout  # noqa: S603
    rate = 2 * float(re.search(r"tps = ([\d.]+)", said)[1])  # type: ignore[index]
    return rate, 1000 * callers / rate


def http(stage: Stage, port: int, hot: bool, callers: int, seconds: float, times: int = 1) -> dict[str, Any]:
    """The same over HTTP, from a process of its own."""
    people = [
        {
            "cookie": stage.sessions[n],
            "territory": TERRITORIES[0] if hot else (code := TERRITORIES[n % len(TERRITORIES)]),
            "units": [str(HOT_UNIT)] if hot else [str(unit) for unit in units(code)],
        }
        for n in range(callers)
    ]
    spec = {"port": port, "callers": people, "warm_seconds": 1.0, "seconds": seconds, "times": times}
    command = [sys.executable, "-m", "benchmarks.callers"]
    ran = subprocess.run(command, input=json.dumps(spec), capture_output=True, text=True, check=False, preexec_fn=mortal())  # noqa: S603
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    return json.loads(ran.stdout)


async def straight(stage: Stage, hot: bool, callers: int, seconds: float) -> float:
    """Commands a second at the desk, through asyncpg, without HTTP."""
    pool = await database.pool(stage.app_url)
    desk, done, over = Desk(pool, b"bench", lambda code, seq: None), 0, False

    async def caller(n: int) -> None:
        nonlocal done
        code = TERRITORIES[0] if hot else TERRITORIES[n % len(TERRITORIES)]
        by, mine = By(uuid4(), Role.OPERATOR), [HOT_UNIT] if hot else units(code)
        for turn in range(1_000_000):
            key = uuid4()
            answer = await desk.submit(Command(key, code, by, Hold(key, (mine[turn % len(mine)],), persons=1, side=Side.MEN)))  # type: ignore[arg-type]
            await desk.submit(Command(uuid4(), code, by, Release(answer.id)))
            done += 2
            if over:
                return

    people = [asyncio.create_task(caller(n)) for n in range(callers)]
    await asyncio.sleep(0.5)
    before, began = done, asyncio.get_running_loop().time()
    await asyncio.sleep(seconds)
    rate = (done - before) / (asyncio.get_running_loop().time() - began)
    over = True
    await asyncio.gather(*people, return_exceptions=False)
    pool.terminate()
    return rate


Rounds = dict[str, list[float]]


def round_of(stage: Stage, plain: str, seconds: float, seen: Rounds, five: list[int], refused: list[int]) -> None:
    """One turn of everything, siao and pgbench one after the other."""

    def told(answer: dict[str, Any]) -> dict[str, Any]:
        bad = sum(count for status, count in answer["statuses"].items() if int(status) >= 500)
        five.append(bad + answer["lost"] + answer["differing"])
        refused.append(answer["statuses"].get("409", 0))
        return answer

    with served(stage) as (port, _):
        for name, hot, callers in (("spread 64", False, 64), ("hot 64", True, 64), ("spread 16", False, 16), ("hot 16", True, 16)):
            ours = told(http(stage, port, hot, callers, seconds))
            theirs, _ = pgbench(stage, plain, HOT if hot else SPREAD, callers, seconds)
            seen[name].append(ours["rate"])
            seen[f"{name} pgbench"].append(theirs)
            seen[f"{name} ratio"].append(ours["rate"] / theirs)
            figures.progress(f"{name}: {ours['rate']:.0f}/s, pgbench {theirs:.0f}/s, p50 {ours['p50_ms']:.1f} ms")
        best = max(pgbench(stage, plain, SPREAD, callers, max(2, seconds / 2))[0] for callers in CALLERS_BEST)
        seen["over best"].append(seen["spread 64"][-1] / max(best, seen["spread 64 pgbench"][-1]))
        many = told(http(stage, port, True, 256, seconds))
        seen["256 over 64"].append(many["rate"] / seen["hot 64"][-1])
        storm = told(http(stage, port, False, 64, seconds, times=3))
        seen["storm"].append(storm["rate"] / seen["spread 64"][-1])
        lone = told(http(stage, port, False, 1, seconds))
        _, latency = pgbench(stage, plain, SPREAD, 1, seconds)
        seen["lone"].append(lone["p50_ms"] / latency)
        figures.progress(f"lone {lone['p50_ms']:.2f} ms, pgbench {latency:.2f}; storm {storm['rate']:.0f}/s; 256 hot {many['rate']:.0f}/s")
    with served(stage, workers=2) as (port, _):
        two = told(http(stage, port, False, 64, seconds))
        seen["two over one"].append(two["rate"] / seen["spread 64"][-1])
    for name, hot in (("spread", False), ("hot", True)):
        rate = uvloop.run(straight(stage, hot, 64, seconds))
        seen[f"{name} straight"].append(rate / seen[f"{name} 64 pgbench"][-1])
        figures.progress(f"{name} through asyncpg, 64 callers: {rate:.0f}/s")


MUSTS: tuple[tuple[str, str, float, float | None], ...] = (
    ("spread 64 ratio", "claims over HTTP, spread, 64 callers, × pgbench", 1.0, 1.5),
    ("hot 64 ratio", "claims over HTTP, one hot shelter, 64 callers, × pgbench", 2.5, 4.0),
    ("spread 16 ratio", "claims over HTTP, spread, 16 callers, × pgbench", 0.5, 0.65),
    ("over best", "claims over HTTP, spread, 64 callers, × pgbench’s best", 0.6, 1.0),
    ("two over one", "two processes over one", 0.7, None),
    ("256 over 64", "256 callers over 64, one hot shelter", 0.7, None),
    ("storm", "retry storm over fresh", 0.8, None),
)
TOLD = (
    ("hot 16 ratio", "claims over HTTP, one hot shelter, 16 callers, × pgbench", "×"),
    ("spread straight", "claims through asyncpg, spread, 64 callers, × pgbench", "×"),
    ("hot straight", "claims through asyncpg, one hot shelter, 64, × pgbench", "×"),
    ("spread 64", "claims over HTTP, spread, 64 callers", "/s"),
    ("hot 64", "claims over HTTP, one hot shelter, 64 callers", "/s"),
    ("spread 64 pgbench", "pgbench, spread, 64 callers", "/s"),
    ("hot 64 pgbench", "pgbench, one hot shelter, 64 callers", "/s"),
)


def measure(quick: bool) -> list[Figure]:
    seen: Rounds = defaultdict(list)
    five: list[int] = []
    refused: list[int] = []
    with stages.stage() as stage:
        plain = "plain"
        asyncio.run(prepare(stage, plain))
        for n in range(1 if quick else figures.ROUNDS_MIN):
            figures.progress(f"claims, round {n + 1}")
            round_of(stage, plain, 2.0 if quick else 5.0, seen, five, refused)
        wrong = asyncio.run(stages.faults(stage))
    return [
        *(figures.measured(words, seen[name], "×", at_least=must, aim=aim) for name, words, must, aim in MUSTS),
        figures.measured("lone click p50, × pgbench’s one-caller latency", seen["lone"], "×", at_most=6, aim=4),
        *(figures.measured(words, seen[name], unit) for name, words, unit in TOLD),
        figures.exact("claims: 5xx, lost connections, differing answers", sum(five), "", at_most=0),
        figures.exact("claims refused: none should be, a refusal is cheaper", sum(refused), "", at_most=0),
        *(figures.exact(f"claims: {name}", count, "", at_most=0) for name, count in wrong.items()),
    ]


def main(argv: list[str], measure: Callable[[bool], list[Figure]] = measure) -> int:
    options = figures.parser("./run bench claims", "Claims over HTTP beside pgbench's plain claim function.").parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
