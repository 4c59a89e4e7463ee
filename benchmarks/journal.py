"""From a commit to 1,000 screens through the whole of siao: desk, journal, bell, feed, socket; with Redis and without. Then ten thousand
screens that only hold their lease, and five thousand that a rolling restart sends away at once.

The commits are made by a process of its own; its clock and the screens' are one (monotonic, of this machine).
"""

import json
import os
import signal
import subprocess
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import stage as stages
from benchmarks.fanout import SCREENS, WATCHERS, cpu, heard, open_screens, resident_kb, tell
from benchmarks.stage import Stage, served
from benchmarks.tellers import CODE, Served, seat
from siao import figures
from siao.embedded.process import free_port
from siao.figures import Figure
from siao.mortal import mortal

RATE = 50
HELD, RETURNING = 10_000, 5_000
RETURN_SECONDS = 90.0
Rounds = dict[str, list[float]]


def place(stage: Stage, port: int, pids: list[int]) -> Served:
    path, headers = seat(stage, port)
    return Served(port, pids, path, headers, lambda bed, text: None, hello=True)


def lags(committed: Sequence[tuple[int, float]], reached: Sequence[tuple[int, int, float]]) -> list[float]:
    """Seconds from each commit to each watcher's first frame that reaches it; a commit nobody heard of counts as for ever."""
    by: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for screen, to, at in reached:
        by[screen].append((to, at))
    found = list[float]()
    for frames in by.values():
        numbers = [to for to, _ in frames]
        for seq, at in committed:
            n = bisect_left(numbers, seq)
            found.append(frames[n][1] - at if n < len(frames) else float("inf"))
    return sorted(found)


def told(stage: Stage, redis: bool, seconds: float, seen: Rounds, screens: int) -> None:
    with served(stage, redis=redis) as (port, pids):
        to = place(stage, port, pids)
        with open_screens(to, screens) as here:
            url = stage.servers.redis_url if redis else f"redis://127.0.0.1:{free_port()}/0"
            spec = {"database": stage.app_url, "redis": url, "territory": CODE, "rate": RATE, "seconds": seconds}
            tell(here, "begin")
            before, began = cpu(pids), time.monotonic()
            command = [sys.executable, "-m", "benchmarks.committer"]
            text = json.dumps(spec) + "\n"
            ran = subprocess.run(command, input=text, capture_output=True, text=True, check=True, preexec_fn=mortal())  # noqa: S603
            time.sleep(1.5)  # what is under way arrives
            used, took = cpu(pids) - before, time.monotonic() - began
            got = heard(here)
    committed = sorted(json.loads(ran.stdout))
    found = lags(committed, got["reached"])
    name = "with" if redis else "without"
    seen[f"{name} p50"].append(1000 * found[len(found) // 2])
    seen[f"{name} p99"].append(1000 * found[len(found) * 99 // 100])
    seen[f"{name} cores"].append(used / took)
    seen[f"{name} unheard"].append(found.count(float("inf")) + got["lost"] + (len(found) != WATCHERS * len(committed)))
    figures.progress(
        f"{len(committed)} commits, {name} Redis: p50 {seen[f'{name} p50'][-1]:.0f} p99 {seen[f'{name} p99'][-1]:.0f} ms, "
        f"{used / took:.2f} core, unheard {seen[f'{name} unheard'][-1]:.0f}, load {os.getloadavg()[0]:.1f}"
    )


def held(stage: Stage, number: int, seconds: float) -> dict[str, float]:
    """Screens that ask each 5 s whether they are fresh: how many stay, what one takes."""
    with served(stage) as (port, pids):
        to = place(stage, port, pids)
        before = resident_kb(pids)
        with open_screens(to, number, lease=True) as here:
            tell(here, "begin")
            used, began = cpu(pids), time.monotonic()
            time.sleep(seconds)
            cores, kb = (cpu(pids) - used) / (time.monotonic() - began), (resident_kb(pids) - before) / number
            got = heard(here)
    figures.progress(
        f"{number} screens held {seconds:.0f} s: {got['lost']} lost, {got['pongs']} answers, {cores:.2f} core, {kb:.1f} KB a screen"
    )
    return {"stayed": number - got["lost"], "answered": got["pongs"] / (number * seconds / 5), "cores": cores, "kb": kb}


def returned(stage: Stage, number: int) -> dict[str, Any]:
    """A rolling restart under screens; seconds from the first that was hung up to the last that is fresh again."""
    with served(stage) as (port, pids):
        to = place(stage, port, pids)
        spec = {"port": port, "path": to.path, "headers": to.headers, "screens": number, "wait_seconds": RETURN_SECONDS}
        command = [sys.executable, "-m", "benchmarks.returning"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=mortal()) as storm:  # noqa: S603
            storm.stdin.write(json.dumps(spec) + "\n")  # type: ignore[union-attr]
            storm.stdin.flush()  # type: ignore[union-attr]
            if storm.stdout.readline() != "open\n":  # type: ignore[union-attr]
                raise RuntimeError("the screens did not come in")
            os.kill(_parent(pids[0]), signal.SIGHUP)
            got = json.loads(storm.stdout.readline())  # type: ignore[union-attr]
    figures.progress(f"{got['fresh']} of {number} fresh again, the last after {got['last_seconds']:.1f} s, {got['tries']} tries")
    return got


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def measure(quick: bool, screens: int = SCREENS, many: int = HELD, storm: int = RETURNING) -> list[Figure]:
    seen: Rounds = defaultdict(list)
    with stages.stage([stages.park(CODE)]) as stage:
        for _ in range(1 if quick else figures.ROUNDS_MIN):
            for redis in (True, False):
                told(stage, redis, 4.0 if quick else 8.0, seen, screens)
        back, stay = returned(stage, storm), held(stage, many, 10.0)
    return [
        figures.measured("commit → screen p99, 50/s × 1,000, Redis", seen["with p99"], "ms", at_most=100),
        figures.measured("commit → screen p50, Redis", seen["with p50"], "ms"),
        figures.measured("the same commits: the server’s", seen["with cores"], "cores"),
        figures.measured("commit → screen p99, 50/s × 1,000, no Redis", seen["without p99"], "ms", at_most=1500),
        figures.exact("commits a watcher never heard of", sum(seen["with unheard"] + seen["without unheard"]), "", at_most=0),
        figures.exact("screens held open", stay["stayed"], "", at_least=many),
        figures.exact("lease questions answered, of those asked", stay["answered"], ""),
        figures.exact("KB a screen of those", stay["kb"], "KB", at_most=25),
        figures.exact("screens fresh again after a restart", back["fresh"], "", at_least=storm),
        figures.exact("the last of them after", back["last_seconds"], "s", at_most=30),
    ]


def main(argv: list[str]) -> int:
    options = figures.parser("./run bench journal", "Commits to 1,000 screens, 10,000 held, 5,000 coming back.").parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
