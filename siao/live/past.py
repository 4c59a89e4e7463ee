"""What a feed remembers of what it told: deltas over which a screen may resume, and the lines of the last ten minutes. Ids and codes,
never rows: what a household needs must not outlive its request in memory."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from msgspec import Struct

from siao.core.board import Touched

KEPT_ENTRIES = 5_000
KEPT_FOR = timedelta(hours=12)
"""How far back a screen may resume; beyond, it takes a new snapshot. No session lasts longer, and the lines of the news have codes."""
NEWS_MINUTES = 10
NEWS_SHOWN = 60

Line = dict[str, Any]


class Kept(Struct, frozen=True):
    """One gathered delta: its reach (before, upto], and ids alone."""

    before: int
    upto: int
    touched: Touched
    news: tuple[Line, ...]
    at: datetime


class Past:
    """`recent`: the lines of the last ten minutes. `begin` says of which; from then on deltas are added as they are folded."""

    def __init__(self) -> None:
        self.kept: deque[Kept] = deque(maxlen=KEPT_ENTRIES)
        self.recent: deque[Line] = deque(maxlen=NEWS_SHOWN)

    def begin(self, lines: Iterable[Line]) -> None:
        self.kept.clear()
        self.recent = deque(lines, maxlen=NEWS_SHOWN)

    def add(self, delta: Kept) -> None:
        """What is too long ago to be told goes."""
        self.kept.append(delta)
        self.recent.extend(delta.news)
        while self.kept[0].at < delta.at - KEPT_FOR:
            self.kept.popleft()
        while self.recent and self.recent[0]["at"] < delta.at - timedelta(minutes=NEWS_MINUTES):
            self.recent.popleft()

    def since(self, after: int) -> list[Kept] | None:
        """The deltas after a position, if they join exactly; None where they do not."""
        missed = list(takewhile(lambda kept: kept.upto > after, reversed(self.kept)))[::-1]
        return missed if missed and missed[0].before <= after else None


def together(deltas: Sequence[Kept]) -> tuple[Touched, list[Line]]:
    """What several touched, and their lines, as one."""
    touched = Touched()
    for delta in deltas:
        touched.add(delta.touched)
    return touched, [line for delta in deltas for line in delta.news]
