"""`siao serve` whose news come ready made over Redis, 120 bytes each, instead of from the journal: what remains is the way from a
frame to every screen, as nchan has it. Everything else is the service itself: seats, views, pace, sockets, pings, sittings."""

import os
import sys
import time
from collections import deque
from itertools import takewhile
from typing import Any

from siao import settings, workers
from siao.core.views import View
from siao.live import hub, pace
from siao.live.doorbell import CHANNEL, Doorbell
from siao.live.feed import Feed
from siao.live.past import KEPT_ENTRIES
from siao.live.wire import framed

AT_ONCE = "SIAO_BENCH_AT_ONCE"
"""Set: nothing is gathered on purpose, as nchan has it; what came while the last was written goes out together."""


class Ready(Feed):
    """Tells what was heard; gathered news are the latest row of each bed. The journal's numbers are nothing here."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.news: dict[str, bytes] = {}
        self.latest: dict[str, bytes] = {}
        self.beds: deque[tuple[int, str]] = deque(maxlen=KEPT_ENTRIES)
        self.count = 0

    def ring(self, seq: int = -1) -> None:
        super().ring()

    async def _pull(self) -> None:
        self.bell.clear()
        self.hurry.clear()
        if self.folded is None:
            await self._load()
        self.pulled_at = time.monotonic()
        news, self.news = self.news, {}
        if not news:
            return
        before = self.count
        for self.count, bed in enumerate(news, before + 1):
            self.beds.append((self.count, bed))
        self.latest |= news
        self.frames.clear()
        self.waves.owe(before, set())
        self.taken_at = time.monotonic()

    def _since(self, view: View, before: int, owed: int) -> bytes:
        beds = dict.fromkeys(bed for _, bed in takewhile(lambda one: one[0] > owed, reversed(self.beds)))
        rows = [self.latest[bed] for bed in beds]
        return framed(b"[" + b",".join(rows) + b"]" if len(rows) > 1 else rows[0])


class Bell(Doorbell):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.channel = CHANNEL  # no house of its own: benchmarks.tellers rings here

    def _heard(self, text: str) -> None:
        territory, _, row = text.partition(" ")
        bed, _, rest = row.partition(" ")
        self.news(territory, bed, rest.encode())  # type: ignore[attr-defined]


class Fed(hub.Hub):
    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.doorbell.news = self._row  # type: ignore[attr-defined]

    def _row(self, territory: str, bed: str, row: bytes) -> None:
        feed = self.feeds.get(territory)
        if isinstance(feed, Ready):
            feed.news[bed] = row
            feed.ring()


def serve() -> int:
    """Serves as `siao serve` does, one process."""
    import uvloop

    from siao import app

    hub.Feed, hub.Doorbell, app.Hub = Ready, Bell, Fed  # type: ignore[misc]
    if AT_ONCE in os.environ:
        pace.GATHER_SECONDS = 0.0
        pace.SHARE = 0
    found = settings.from_environment()
    server = workers.Opening(workers.config(found))
    uvloop.run(server.serve([workers.listening(found.host, found.port)]))
    return 0


if __name__ == "__main__":
    sys.exit(serve())
