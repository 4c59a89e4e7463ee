"""From news to 1,000 screens: siao beside nchan, the nginx module in C, and beside a bare uvloop loop of writes; turn by turn.

Every frame leaves when it is written (TCP_NODELAY), except at nchan-waiting, which is nchan as Debian has it. All get the same 120 bytes ready made (siao and the loop over Redis, nchan by POST, its own way), so that what is compared
is the way from a frame to every screen; benchmarks/journal.py measures the way from a commit. The CPU is the server's alone.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from benchmarks import stage as stages
from benchmarks.stage import Stage
from benchmarks.tellers import CODE, MODULE, SERVERS, Publish, Served
from siao import figures
from siao.figures import Figure
from siao.mortal import mortal

SCREENS, WATCHERS, BEDS, BYTES = 1_000, 20, 200, 120
MORE_SCREENS = 6_000
RATES = {
    50: ("siao", "nchan", "nchan-waiting", "bare"),
    150: ("siao", "nchan", "nchan-waiting"),
    500: ("siao", "siao-at-once", "nchan", "bare"),
}
"""Who is looked at how often a second. What each is: benchmarks/tellers.py."""
FRAME_BYTES = BYTES + 2
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


def cpu(pids: Sequence[int]) -> float:
    """CPU seconds these processes have used."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(field[11]) + int(field[12]) for field in fields) / TICKS


def resident_kb(pids: Sequence[int]) -> float:
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * PAGE_KB


def row(bed: str) -> bytes:
    """120 bytes, with when it was made."""
    text = f'{{"bed":"{bed}","at":{time.monotonic_ns()},"kind":"dormitory","rule":"men","physical":"vacant","pad":"'
    return (text + "x" * (BYTES - 2 - len(text)) + '"}').encode()


@contextlib.contextmanager
def open_screens(to: Served, number: int = SCREENS, **more: Any) -> Generator[subprocess.Popen[str]]:
    spec = {"port": to.port, "path": to.path, "headers": to.headers, "screens": number, "watchers": WATCHERS, "hello": to.hello} | more
    command = [sys.executable, "-m", "benchmarks.screens"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=mortal()) as screens:  # noqa: S603
        assert screens.stdin is not None and screens.stdout is not None
        screens.stdin.write(json.dumps(spec) + "\n")
        screens.stdin.flush()
        try:
            if screens.stdout.readline() != "open\n":
                raise RuntimeError("the screens did not come in")
            yield screens
        finally:
            screens.stdin.close()
            screens.wait(20)


def tell(screens: subprocess.Popen[str], word: str) -> None:
    screens.stdin.write(word + "\n")  # type: ignore[union-attr]
    screens.stdin.flush()  # type: ignore[union-attr]


def heard(screens: subprocess.Popen[str]) -> dict[str, Any]:
    tell(screens, "end")
    return json.loads(screens.stdout.readline())  # type: ignore[union-attr]


class Publisher(threading.Thread):
    """News at a rate. Who falls behind by more than a second's news lets the rest go: it cannot be had."""

    def __init__(self, publish: Publish, rate: int) -> None:
        super().__init__()
        self.publish, self.rate, self.sent, self.over = publish, rate, 0, False

    def run(self) -> None:
        began = time.monotonic()
        while not self.over:
            time.sleep(max(0.0, began + self.sent / self.rate - time.monotonic()))
            bed = f"{self.sent % BEDS:03}"
            self.publish(bed, row(bed))
            self.sent += 1
            began = max(began, time.monotonic() - self.sent / self.rate - 1)


class Seen(Struct, frozen=True):
    """One server at one rate. `frames`: written to screens; `news`: told to screens, each as often as screens saw it."""

    cpu: float
    cores: float
    frames: float
    news: float
    p50_ms: float
    p99_ms: float
    missed: int

    @property
    def frame_us(self) -> float:
        return 1e6 * self.cpu / max(1.0, self.frames)

    @property
    def delta_us(self) -> float:
        return 1e6 * self.cpu / max(1.0, self.news)


def look(to: Served, rate: int, seconds: float) -> Seen:
    with open_screens(to) as screens:
        publisher = Publisher(to.publish, rate)
        publisher.start()
        time.sleep(1.0)
        tell(screens, "begin")
        before, began = cpu(to.pids), time.monotonic()
        time.sleep(seconds)
        used, took = cpu(to.pids) - before, time.monotonic() - began
        got = heard(screens)
        publisher.over = True
        publisher.join()
    if not got["seen"]:
        raise RuntimeError(f"nothing arrived at the screens of {to.path} in {took:.0f} s: there is nothing to compare")
    frames = got["frames"] * SCREENS / WATCHERS
    news = got["seen"] * SCREENS / WATCHERS
    slack = 3 * FRAME_BYTES + max(got["bytes"]) // 20  # what was under way when it ended
    missed = sum(own < max(got["bytes"]) - slack for own in got["bytes"]) + got["lost"]
    return Seen(used, used / took, frames, news, got["p50_ms"], got["p99_ms"], missed)


Rounds = dict[str, list[float]]
BESIDE: tuple[tuple[str, str, str, str, float | None, float | None], ...] = (
    ("50", "CPU a delivery at 50/s × 1,000, × nchan", "siao 50 frame", "nchan 50 frame", 1.10, 0.85),
    ("500", "CPU a delivery at saturation, × nchan (500/s, not gathered)", "siao-at-once 500 frame", "nchan 500 frame", 1.25, 1.0),
    ("150", "CPU a delta at 150/s, × nchan", "siao 150 delta", "nchan 150 delta", 0.55, 0.40),
    (
        "50 told",
        "CPU a delta at 50/s × 1,000, gathered as in earnest, × nchan",
        "siao 50 delta",
        "nchan 50 delta",
        None,
        None,
    ),
    ("50 bare", "CPU a delivery at 50/s, × a bare uvloop loop", "siao 50 frame", "bare 50 frame", None, None),
    ("500 gathered", "CPU a gathered frame at 500/s, × nchan’s frame of one", "siao 500 frame", "nchan 500 frame", None, None),
    (
        "50 waiting",
        "CPU a delivery at 50/s, × nchan that waits for acknowledgements",
        "siao 50 frame",
        "nchan-waiting 50 frame",
        None,
        None,
    ),
    ("150 waiting", "CPU a delta at 150/s, × nchan that waits", "siao 150 delta", "nchan-waiting 150 delta", None, None),
)
"""Figure by figure: whose cost over whose, must and aim."""


def one_round(stage: Stage, names: Sequence[str], seconds: float, seen: Rounds) -> None:
    """Each rate in turn, and at each rate the servers one after the other; before it, while they are new, what a screen takes."""
    with contextlib.ExitStack() as up:
        servers = {name: up.enter_context(SERVERS[name](stage)) for name in names}
        for name, to in servers.items():
            seen[f"{name} kb"].append(_kb_a_screen(to))
        for rate, those in RATES.items():
            found = {name: look(servers[name], rate, seconds) for name in those if name in servers}
            for name, one in found.items():
                for what in Seen.__struct_fields__:
                    seen[f"{name} {rate} {what}"].append(getattr(one, what))
                seen[f"{name} {rate} frame"].append(one.frame_us)
                seen[f"{name} {rate} delta"].append(one.delta_us)
                figures.progress(f"{rate}/s {name}: {_said(one)}")
        for key, _, ours, theirs, _, _ in BESIDE:
            if seen[theirs]:
                seen[key].append(seen[ours][-1] / seen[theirs][-1])


def _said(one: Seen) -> str:
    cost = f"{one.frame_us:.2f} µs a delivery, {one.delta_us:.2f} a delta, {one.cores:.2f} core"
    return f"{cost}, p50 {one.p50_ms:.1f} p99 {one.p99_ms:.1f} ms, missed {one.missed}"


def _kb_a_screen(to: Served) -> float:
    """What thousands more add: the first grew into room that was there, and pages may come in pieces of 2 MB."""
    with open_screens(to):
        before = resident_kb(to.pids)
        with open_screens(to, MORE_SCREENS):
            return (resident_kb(to.pids) - before) / MORE_SCREENS


def measure(quick: bool) -> list[Figure]:
    there = bool(shutil.which("nginx")) and MODULE.exists()
    names = [name for name in SERVERS if there or not name.startswith("nchan")]
    if not there:
        figures.progress("no nchan here: fan-out is not compared with it (apt-get install nginx-light libnginx-mod-nchan)")
    seen: Rounds = defaultdict(list)
    with stages.stage([stages.park(CODE)]) as stage:
        for n in range(1 if quick else figures.ROUNDS_MIN):
            figures.progress(f"fan-out, round {n + 1}, load {os.getloadavg()[0]:.1f}")
            one_round(stage, names, 4.0 if quick else 6.0, seen)
    return [*_beside(seen), *_alone(seen, names)]


def _beside(seen: Rounds) -> list[Figure]:
    return [figures.measured(words, seen[key], "×", at_most=must, aim=aim) for key, words, _, _, must, aim in BESIDE if seen[key]]


def _alone(seen: Rounds, names: Sequence[str]) -> list[Figure]:
    """siao's own, and what each server took."""
    told = [
        (f"{name} {rate} {what}", f"{name}, {rate}/s × 1,000: {words}", unit)
        for rate, those in RATES.items()
        for name in those
        if name in names
        for what, words, unit in (("frame", "CPU s a million deliveries", "s"), ("p99_ms", "p99", "ms"))
    ]
    kb = [(f"{name} kb", f"{name}: KB a screen", "KB") for name in names[1:]]
    return [
        figures.measured("500/s × 1,000, one process", seen["siao 500 cores"], "cores", at_most=0.6, aim=0.4),
        figures.measured("500/s × 1,000, p99", seen["siao 500 p99_ms"], "ms", at_most=50),
        figures.measured("KB a screen", seen["siao kb"], "KB", at_most=25, aim=20),
        figures.exact("screens that missed a frame", sum(sum(seen[f"siao {rate} missed"]) for rate in RATES), "", at_most=0),
        *(figures.measured(words, seen[key], unit) for key, words, unit in told + kb),
    ]


def main(argv: list[str]) -> int:
    options = figures.parser("./run bench fanout", "News to 1,000 screens beside nchan and a bare uvloop loop.").parse_args(argv)
    return figures.tell(measure(options.quick), options.json)
