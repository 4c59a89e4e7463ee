"""Who looks on, in waves: screens of one view that are told together. Between two waves the loop is free, so that no click waits for a
thousand writes, and each wave is told of the rows as they are when its turn comes."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import Protocol
from uuid import UUID

from siao.core.views import View

WAVE_SCREENS = 64
"""Some 1 ms of writes. At 500 news/s × 1,000 screens, told in one go a thousand at a time, the last came by 57–65 ms; so by 40–50, for
less of the core."""


class Screen(Protocol):
    """What listens to a view: takes what is framed for the wire already, or is sent back for a new snapshot."""

    def show(self, frame: bytes, /) -> object: ...

    def resync(self) -> None: ...


class Wave:
    """`upto`: the position they were told. `owed`: the one before the first news that concern them since; None where nothing does.
    `since`: when these came."""

    __slots__ = ("owed", "screens", "since", "upto", "view")

    def __init__(self, view: View, upto: int) -> None:
        self.view, self.upto = view, upto
        self.owed: int | None = None
        self.since = 0.0
        self.screens: set[Screen] = set()


class Waves:
    """`turns`: whom news wait for, longest first."""

    def __init__(self) -> None:
        self.views: dict[View, list[Wave]] = {}
        self.seats: dict[Screen, Wave] = {}
        self.turns: deque[Wave] = deque()
        self.owing = asyncio.Event()

    def __iter__(self) -> Iterator[Wave]:
        return (wave for waves in self.views.values() for wave in waves)

    def join(self, view: View, screen: Screen, seq: int) -> None:
        """From `seq` on; told twice does no harm, for a frame says what it reaches from."""
        waves = self.views.setdefault(view, [])
        wave = next((wave for wave in waves if len(wave.screens) < WAVE_SCREENS), None)
        if wave is None:
            wave = Wave(view, seq)
            waves.append(wave)
        wave.screens.add(screen)
        self.seats[screen] = wave

    def leave(self, screen: Screen) -> None:
        wave = self.seats.pop(screen, None)
        if wave is None:
            return
        wave.screens.discard(screen)
        if not wave.screens:
            self.views[wave.view].remove(wave)
            if not self.views[wave.view]:
                del self.views[wave.view]

    def owe(self, before: int, concerned: set[UUID]) -> None:
        """News after `before`, to whom they concern. To write to the others as well was most of what a click waited for: of 1,050 screens
        of a city's evening 900 look at one shelter each."""
        now = time.monotonic()
        for view, waves in self.views.items():
            if view.concerned(concerned):
                for wave in waves:
                    if wave.owed is None:
                        wave.owed, wave.since = before, now
                        self.turns.append(wave)
        if self.turns:
            self.owing.set()

    def waits(self, now: float) -> float:
        """For how long the first in turn has waited; a loop that tells leaves none for seconds."""
        return now - self.turns[0].since if self.turns else 0.0

    def next(self) -> Wave | None:
        """Whose turn it is. Who has left meanwhile has none."""
        while self.turns:
            wave = self.turns.popleft()
            if wave.screens:
                return wave
        self.owing.clear()
        return None
