"""A server process that dies with this one, whatever kills this one, and that can be started again in place."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from siao.mortal import mortal, undisturbed

NOBODY = 65534
START_SECONDS = 20.0
RETRY_SECONDS = 5.0
STOP_SECONDS = 10.0


class CannotStart(Exception):
    """A server did not come up; the message ends with what it wrote."""


def as_root() -> bool:
    return os.geteuid() == 0


def nobody() -> Any:
    """What makes a child of root run as nobody: PostgreSQL will not run as root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_root() else {}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_free(port: int) -> bool:
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return s.connect_ex(("127.0.0.1", port)) != 0


class Server:
    """One child. `ready` says whether it answers; `deathsig` is what the kernel sends it when this process dies.

    It runs in a session of its own, so that Ctrl-C reaches the launcher alone, and as nobody where the launcher is root.
    Start it from the main thread: the kernel watches the thread that forked.
    """

    def __init__(self, command: list[str], log: Path, ready: Callable[[], bool], deathsig: signal.Signals) -> None:
        self.command, self.log, self.ready, self.deathsig = command, log, ready, deathsig
        self.process: subprocess.Popen[Any] | None = None

    def start(self) -> None:
        deadline = time.monotonic() + RETRY_SECONDS
        while not self._try() and time.monotonic() < deadline:
            time.sleep(0.1)
        if self.process is None or self.process.poll() is not None:
            raise CannotStart(f"{Path(self.command[0]).name} did not start:\n{self.tail()}")

    def _try(self) -> bool:
        self.spawn()
        deadline = time.monotonic() + START_SECONDS
        while self.running() and time.monotonic() < deadline:
            if self.ready():
                return True
            time.sleep(0.01)
        return False

    def spawn(self) -> None:
        """Starts the child without waiting for it to answer."""
        with self.log.open("ab") as log, undisturbed():
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=mortal(self.deathsig),
                **nobody(),
            )

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        if self.process is None:
            raise CannotStart("not started")
        return self.process.pid

    def kill(self) -> None:
        """kill -9, as a fault would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        if not self.running() or self.process is None:
            return
        self.process.send_signal(self.deathsig)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
