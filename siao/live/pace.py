"""When to tell: at once while it is quiet, gathered while it is not. Gathering merges by itself, since the news are read late."""

import time

GATHER_SECONDS = 0.010
GATHER_MAX_SECONDS = 0.050
UNWATCHED_SECONDS = 1.0
SHARE = 2
"""Times what a broadcast cost: where news pour in, telling them takes a third of the core and the rest is for who clicks."""


class Pace:
    """A broadcast younger than max(10 ms, SHARE times what it cost) lets the next one gather until then, 50 ms at most.

    The cost is this thread's own time: wall time would grow on a starved core, and the wait with it.
    """

    def __init__(self) -> None:
        self.ended = self.cost = 0.0

    def wait(self, now: float, watched: bool = True) -> float:
        """Seconds still to gather; longer where no screen is open and nobody asks."""
        gather = min(GATHER_MAX_SECONDS, max(GATHER_SECONDS, SHARE * self.cost)) if watched else UNWATCHED_SECONDS
        return max(0.0, self.ended + gather - now)

    def told(self, cost: float) -> None:
        self.ended, self.cost = time.monotonic(), cost
