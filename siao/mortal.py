"""Children that die with their parent, whatever kills that: the kernel sends them a signal. It watches the thread that forked."""

import ctypes
import signal
from collections.abc import Callable

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
