"""When to tell: at once while it is quiet, gathered while it is not. Gathering merges by itself, since the news are read late."""

import time

GATHER_SECONDS = 0.010
GATHER_MAX_SECONDS = 0.050
UNWATCHED_SECONDS = 1.0
SHARE = 1
"""Times what a broadcast cost: where news pour in, telling them takes half of the core and the rest is for who clicks. Measured at 500
news/s × 1,000 screens, where a broadcast is 17 ms: twice takes 0.43 core and comes by 73 ms, once 0.6 and by 58; at 50/s 0.36 and 55,
0.53 and 39."""


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
