"""The demo as whoever types ./run demo has it: a process of its own, watched from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec

from siao.carried import HERE
from siao.embedded.process import NOBODY, as_root, free_port
from siao.embedded.stack import Kept, passing

OPEN_SECONDS = 60
GONE_SECONDS = 15
PASSWORD = "demo-siao-115"


class Who:
    """Whose demo it is. `python`: an interpreter that this user can run, with siao and what it needs."""

    def __init__(self, name: str, python: str, root: Path | None, user: int | None) -> None:
        self.name, self.python, self.root, self.user = name, python, root, user

    def popen(self, *arguments: str, log: Path, **more: Any) -> subprocess.Popen[bytes]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("SIAO_", "PYTHON"))}
        env |= {"HOME": str(log.parent), "PYTHONDONTWRITEBYTECODE": "1"} | ({"PYTHONPATH": str(self.root)} if self.root else {})
        user = {"user": self.user, "group": self.user, "extra_groups": []} if self.user is not None else {}
        with log.open("wb") as out:
            return subprocess.Popen(
                [self.python, "-m", "siao", *arguments], cwd="/", env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **user, **more
            )


MYSELF = Who("myself", sys.executable, HERE.parent, None)


@contextmanager
def folder(who: Who = MYSELF) -> Iterator[Path]:
    """A folder that this user may write in."""
    with passing("life") as made:
        if who.user is not None:
            os.chown(made, who.user, who.user)
        yield made


class Demo:
    """One running demo. `data`: its folder; `log`: what it said."""

    def __init__(self, data: Path, *options: str, who: Who = MYSELF, port: int | None = None, **more: Any) -> None:
        self.data, self.port, self.log = data, port or free_port(), data.parent / f"{data.name}.log"
        self.base = f"http://127.0.0.1:{self.port}"
        self.process = who.popen("demo", "--data", str(data), "--port", str(self.port), *options, log=self.log, **more)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def ready(self) -> dict[str, bool]:
        """What /readyz says, once it says 200."""
        deadline = time.monotonic() + OPEN_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(httpx.HTTPError):
                answer = httpx.get(f"{self.base}/readyz")
                if answer.status_code == 200:
                    return answer.json()
            time.sleep(0.02)
        raise AssertionError(f"not open after {OPEN_SECONDS} s:\n{self.said()}")

    def ports(self) -> list[int]:
        kept = msgspec.json.decode((self.data / "kept.json").read_bytes(), type=Kept)
        return [self.port, kept.postgres_port, kept.valkey_port]

    @contextmanager
    def chair(self, login: str) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.base, timeout=10) as chair:
            answer = chair.post("/api/session", json={"login": login, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield chair

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(GONE_SECONDS)


@contextmanager
def running(*arguments: Any, **more: Any) -> Iterator[Demo]:
    demo = Demo(*arguments, **more)
    try:
        yield demo
    finally:
        if demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def family(pid: int) -> set[tuple[int, str]]:
    """The process and all that it started: pid and start time, which together are nobody else's."""
    parents: dict[int, int] = {}
    begun: dict[int, str] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)], begun[int(path.parent.name)] = int(fields[1]), fields[19]
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {(one, begun[one]) for one in found if one in begun}


def alive(one: tuple[int, str]) -> bool:
    try:
        fields = Path(f"/proc/{one[0]}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == one[1] and fields[0] != "Z"


def left(family: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Who of them is still there after GONE_SECONDS."""
    deadline = time.monotonic() + GONE_SECONDS
    while (still := {one for one in family if alive(one)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return still


def runs_as_nobody(*command: str) -> bool:
    """Whether an ordinary user gets through with this."""
    try:
        subprocess.run(command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", env={}, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return as_root()
