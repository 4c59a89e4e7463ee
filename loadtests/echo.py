"""From a click to the others' screens: matches the number in an answer with the frames that cover it, elsewhere."""

from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from loadtests.arrivals import Head

KEPT_SECONDS = 3.0


class Click(Struct):
    """An answered click, and how long after its sending the last of the others' screens showed it, in ms."""

    territory: str
    seq: int
    sent: float
    own: Any
    slowest: float = 0.0
    screens: int = 0


class Echo:
    """Answers and frames come in any order: both are kept for a moment. `settled` gets each click when its moment is over."""

    def __init__(self, settled: Callable[[Click], None]) -> None:
        self.settled = settled
        self.clicks: deque[Click] = deque()
        self.frames: deque[tuple[float, str, int, int, Any]] = deque()
        self.ms = array("d")

    def answered(self, click: Click, now: float) -> None:
        for when, territory, before, upto, screen in self.frames:
            self._match(click, when, territory, before, upto, screen)
        self.clicks.append(click)
        self._forget(now)

    def came(self, head: Head, now: float, screen: Any) -> None:
        frame = now, head.territory, head.before, head.upto, screen
        self.frames.append(frame)
        for click in self.clicks:
            self._match(click, *frame)
        self._forget(now)

    def _match(self, click: Click, when: float, territory: str, before: int, upto: int, screen: Any) -> None:
        if click.territory == territory and before < click.seq <= upto and screen is not click.own:
            ms = (when - click.sent) * 1000
            click.slowest, click.screens = max(click.slowest, ms), click.screens + 1
            self.ms.append(ms)

    def _forget(self, now: float) -> None:
        while self.frames and self.frames[0][0] < now - KEPT_SECONDS:
            self.frames.popleft()
        while self.clicks and self.clicks[0].sent < now - KEPT_SECONDS:
            self.settled(self.clicks.popleft())
