"""What the processes take of the machine, each second, from /proc: CPU in cores, memory without counting shared pages twice."""

import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

EVERY_SECONDS = 1.0
TICK = os.sysconf("SC_CLK_TCK")
MB = 1_000_000


class Look(Struct, frozen=True, array_like=True):
    """`cores`: taken since the last look; `waits`: the share of that time in which the one of its processes that waited
    longest wanted a core and had none.

    `load`: the whole machine's, of others too.
    """

    at: float
    cores: dict[str, float]
    waits: dict[str, float]
    mb: dict[str, float]
    load: float


class Watch(threading.Thread):
    """Looks at processes and their children, by name, until `stop`. `pids` may grow while it looks."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        super().__init__(daemon=True)
        self.pids, self.looks, self.over = dict(pids), list[Look](), threading.Event()
        self.before: dict[str, tuple[float, float]] = {}
        self.waited: dict[int, float] = {}

    def run(self) -> None:
        while not self.over.wait(EVERY_SECONDS):
            self.look()

    def look(self) -> None:
        now, children = time.time(), _children()
        look = Look(now, {}, {}, {}, os.getloadavg()[0])
        for name, pid in tuple(self.pids.items()):
            family = [pid, *_below(pid, children)]
            used = sum(map(_cpu_seconds, family))
            at, before = self.before.get(name, (now, used))
            self.before[name] = now, used
            since = max(now - at, 0.001)
            look.cores[name] = max(0.0, (used - before) / since)
            look.waits[name] = max(map(self._waits, family)) / since
            look.mb[name] = sum(map(_memory, family)) / MB
        self.looks.append(look)

    def _waits(self, pid: int) -> float:
        now = _waited_seconds(pid)
        before, self.waited[pid] = self.waited.get(pid, now), now
        return max(0.0, now - before)

    def stop(self) -> list[Look]:
        self.over.set()
        self.join()
        return self.looks


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            found.setdefault(int(fields[1]), []).append(int(folder.name))
    return found


def _below(pid: int, children: dict[int, list[int]]) -> Iterator[int]:
    for child in children.get(pid, ()):
        yield child
        yield from _below(child, children)


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def _cpu_seconds(pid: int) -> float:
    """Own, and that of children that have ended."""
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / TICK if fields else 0.0


def _waited_seconds(pid: int) -> float:
    """How long its first thread stood ready to run, without a core (schedstat's second number)."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _memory(pid: int) -> float:
    """Proportional set size where the kernel tells it, else resident."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return next(float(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    except (OSError, StopIteration):
        fields = _stat(pid)
        return float(fields[21]) * os.sysconf("SC_PAGE_SIZE") if fields else 0.0
