"""Children that die with their parent, whatever kills that: the kernel sends them a signal. It watches the thread that forked."""

import ctypes
import signal
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def mortal(deathsig: signal.Signals = signal.SIGKILL) -> Callable[[], object]:
    """What a child runs first, so that the kernel sends it `deathsig` when this process dies, after kill -9 too.

    `Popen` calls it after the change of user, which would clear it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, int(deathsig))


def mortally(deathsig: signal.Signals = signal.SIGKILL) -> None:
    """The same, said by the child itself once it runs: its parent may have died before."""
    mortal(deathsig)()


@contextmanager
def undisturbed() -> Generator[None]:
    """A fork that runs code of ours first runs Python's hooks too, and swallows what a signal's handler raises there: Ctrl-C would be
    lost. Signals that come within the block are heard after it."""
    held: list[int] = []
    raising = {s: h for s in (signal.SIGINT, signal.SIGTERM) if callable(h := signal.getsignal(s))}
    if threading.current_thread() is not threading.main_thread():
        raising = {}  # handlers run in the main thread alone
    for name in raising:
        signal.signal(name, lambda number, _: held.append(number))
    try:
        yield
    finally:
        for name, handler in raising.items():
            signal.signal(name, handler)
        for number in held:
            signal.raise_signal(number)


def ran(command: Sequence[str | Path], **more: Any) -> subprocess.CompletedProcess[str]:
    """A mortal child to its end, with what it said; killed where its parent is interrupted."""
    with undisturbed():
        child = subprocess.Popen(  # noqa: S603 - our own
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=mortal(), **more
        )
    with child:
        try:
            out, err = child.communicate()
        except BaseException:
            child.kill()
            raise
    return subprocess.CompletedProcess(command, child.returncode, out, err)
