"""When frames came to screens, and how long after the commit that was."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

Key = tuple[str, str, int, int]
"""Territory, the one shelter or service that the screen tells of (empty: all), and the positions (from, to] that the frame covers."""


class Committed(Struct, frozen=True):
    """An entry: its instant, and the shelter and the service that it concerns."""

    at: float
    concerns: frozenset[str] = frozenset()


class Head(Struct, frozen=True):
    """What every screen reads of a message; the rows are for those who act."""

    t: str
    territory: str = ""
    epoch: str | None = None
    before: int = msgspec.field(name="from", default=-1)
    upto: int = msgspec.field(name="to", default=-1)
    n: int = 0
    top: int | None = None


read_head = msgspec.json.Decoder(Head).decode


class Lease:
    """How a screen knows that it is fresh: a pong that says the database is no further, counted from the ping's sending."""

    SECONDS = 12.0
    AGAIN_SECONDS = 0.3
    """A board that is behind asks again so soon, as the browser does."""

    def __init__(self, now: float) -> None:
        self.until, self.pings, self.n = now + self.SECONDS, dict[int, float](), 0

    def ping(self, now: float) -> bytes:
        self.n += 1
        self.pings[self.n] = now
        return b'{"ping":%d}' % self.n

    def pong(self, n: int, top: int | None, mine: int) -> bool:
        """Whether the board is behind what the database has."""
        sent, behind = self.pings.pop(n, None), top is not None and mine < top
        if sent is not None and top is not None and not behind:
            self.until = max(self.until, sent + self.SECONDS)
        return behind

    def grey(self, now: float) -> bool:
        return now > self.until


class Arrivals:
    """Of every frame, when it came to each screen: seconds of the machine's clock."""

    def __init__(self) -> None:
        self.at: dict[Key, array] = {}

    def note(self, key: Key, now: float) -> None:
        if key not in self.at:
            self.at[key] = array("d")
        self.at[key].append(now)

    def save(self, path: Path) -> None:
        path.write_bytes(msgspec.msgpack.encode([(*key, times.tobytes()) for key, times in self.at.items()]))


def load(paths: Iterable[Path]) -> dict[Key, array]:
    """What several processes noted, together."""
    found: dict[Key, array] = {}
    for path in paths:
        for *key, times in msgspec.msgpack.decode(path.read_bytes()) if path.exists() else ():
            found.setdefault(tuple(key), array("d")).frombytes(times)  # type: ignore[arg-type]
    return found


def delays(found: Mapping[Key, Sequence[float]], committed: Mapping[tuple[str, int], Committed]) -> tuple[list[float], list[float]]:
    """For each screen and each entry that concerns it: when a frame brought it, and how many ms after the entry's instant. Of the others
    such a screen learns the number, as it asks whether it is fresh."""
    when, late = list[float](), list[float]()
    for (territory, only, before, upto), times in found.items():
        for seq in range(before + 1, upto + 1):
            entry = committed.get((territory, seq))
            if entry is not None and (not only or only in entry.concerns):
                late.extend((time - entry.at) * 1000 for time in times)
                when.extend(times)
    return when, late
