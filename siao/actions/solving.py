"""The solver's child process: jobs come in on standard input, replies go out on standard output.

It is kind to whoever clicks (nice), and dies with its parent, whatever kills that.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from siao.core.allocation import working
from siao.core.allocation.jobs import LENGTH, Job, Reply
from siao.mortal import mortally

NICE = 10
AUTOGROUP = Path("/proc/self/autogroup")


def main() -> None:
    mortally()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the launcher's to hear
    _be_kind()
    jobs, replies = sys.stdin.buffer, sys.stdout.buffer
    while _one(jobs, replies):
        pass


def _be_kind() -> None:
    """A session of its own is a group of its own to the scheduler, and the nice value of a process counts within its group alone."""
    os.nice(NICE)
    with suppress(OSError):  # a kernel without such groups
        AUTOGROUP.write_text(str(NICE), encoding="ascii")


def _one(jobs: BinaryIO, replies: BinaryIO) -> bool:
    """One job. What households need is forgotten with it; what is kept for the next are ghosts, drawn from counts."""
    text = _read(jobs)
    if text is not None:
        job = msgspec.msgpack.decode(text, type=Job)
        _write(replies, Reply(True, working.do(job, lambda better: _write(replies, Reply(False, better)))))
    return text is not None


def _read(file: BinaryIO) -> bytes | None:
    head = file.read(LENGTH.size)
    return file.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else None


def _write(file: BinaryIO, reply: Reply) -> None:
    text = msgspec.msgpack.encode(reply)
    file.write(LENGTH.pack(len(text)) + text)
    file.flush()


if __name__ == "__main__":
    main()
