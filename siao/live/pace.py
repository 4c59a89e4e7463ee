"""When to look and when to tell: at once while it is quiet, gathered while it is not; what is read late is merged by itself."""

GATHER_SECONDS = 0.010
UNWATCHED_SECONDS = 1.0
SHARE = 1.5
"""How long nothing is told after a wave, in times of what it cost: telling takes 40 % of the core at most, the rest is for who clicks."""
AHEAD_SECONDS = 0.030
"""So much of that rest may be owed: after quiet, a thousand screens are told in one go."""


def gather(last: float, now: float, watched: bool = True) -> float:
    """Seconds still to let news gather since `last`; longer where no screen is open and nobody asks."""
    return max(0.0, last + (GATHER_SECONDS if watched else UNWATCHED_SECONDS) - now)


class Pace:
    """The generic cell rate algorithm (ITU-T I.371) over CPU seconds: 1 in 1 + SHARE of the time, AHEAD_SECONDS at once.

    The cost is this thread's own time: wall time would grow on a starved core, and the wait with it.
    """

    def __init__(self) -> None:
        self.free_at = self.cost = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.free_at - AHEAD_SECONDS - now)

    def told(self, began: float, cost: float) -> None:
        self.free_at, self.cost = max(self.free_at, began) + (1 + SHARE) * cost, cost
