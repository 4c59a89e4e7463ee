"""Which commands fly together: all that came while no slot was free, each territory whole, and in halves where a crowd is at it."""

import asyncio
from asyncio import Future, Handle, Task
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from siao.actions.answers import Answer, Unavailable
from siao.actions.verbs import Command

WAITING_MAX = 2_000
BATCH_MAX = 256
SLOTS = 2
HALVED_FROM = 8
"""So many go together in any case: a batch has a cost of its own, four trips and a commit."""
CROWD = 4
AWAY_SECONDS = 0.004
"""How long a crowd that was just answered is waited for: if it clicks on, it is back by then. Sixteen callers whose answers leave one
by one came back in batches of five else. Fewer than a crowd, and nobody waits."""

Waiting = tuple[Command, "Future[Answer]"]


class Gathering:
    """Idle: a command goes with this turn of the loop. A batch in flight: the next gathers.

    At most SLOTS batches fly, never two of one territory. `fly` takes a batch there and settles its futures. `away`: how many of
    the crowds that were just answered are not back yet; `landed` counts those crowds.
    """

    def __init__(self, fly: Callable[[Sequence[Waiting]], Coroutine[Any, Any, None]]) -> None:
        self.fly = fly
        self.waiting: deque[Waiting] = deque()
        self.flying: set[str] = set()
        self.batches: set[Task[None]] = set()
        self.in_flight = self.away = self.landed = 0
        self.soon: Handle | None = None

    def add(self, command: Command) -> "Future[Answer]":
        if len(self.waiting) >= WAITING_MAX:
            raise Unavailable
        answer: Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting.append((command, answer))
        self.away = max(0, self.away - 1)
        self._wake()
        return answer

    async def drain(self) -> None:
        """Waits until all that was added is answered."""
        while self.batches or self.waiting:
            await (asyncio.wait(self.batches) if self.batches else asyncio.sleep(0))

    def _wake(self) -> None:
        if self.waiting and self.soon is None and len(self.batches) < SLOTS:
            self.soon = asyncio.get_running_loop().call_soon(self._take)  # once a turn: all requests read in this turn go together

    def _take(self) -> None:
        """A free slot takes half of those who are at it: who waits, who flies, who was just answered and will be back.

        The halves fly by turns, so that this process reads and answers while the database works; of everybody at once, each would
        stand idle while the other does not.
        """
        self.soon = None
        ready = Counter(command.territory for command, _ in self.waiting if command.territory not in self.flying)
        at_it = len(self.waiting) + self.in_flight + self.away
        size = min(BATCH_MAX, max(HALVED_FROM, -(-at_it // 2)))
        territories = _whole(ready, size)
        if not territories or (self.away and ready.total() < size):
            return
        batch: list[Waiting] = []
        rest: deque[Waiting] = deque()
        for one in self.waiting:
            (batch if one[0].territory in territories and len(batch) < size else rest).append(one)
        self.waiting = rest
        self._start(batch, territories)
        self._wake()

    def _start(self, batch: Sequence[Waiting], territories: set[str]) -> None:
        self.flying |= territories
        self.in_flight += len(batch)
        task = asyncio.create_task(self.fly(batch))
        self.batches.add(task)
        task.add_done_callback(lambda task: self._land(task, territories, len(batch)))

    def _land(self, task: Task[None], territories: set[str], count: int) -> None:
        self.flying -= territories
        self.batches.discard(task)
        self.in_flight -= count
        if count >= CROWD:
            self.away, self.landed = self.away + count, self.landed + 1
            asyncio.get_running_loop().call_later(AWAY_SECONDS, self._waited, self.landed)
        self._wake()

    def _waited(self, landed: int) -> None:
        """No crowd has landed since: who is not back by now stays away."""
        if landed == self.landed:
            self.away = 0
            self._wake()


def _whole(ready: Counter[str], size: int) -> set[str]:
    """Territories whose commands make up a batch of `size`, each with all that it has; one with more goes alone and in parts."""
    taken: set[str] = set()
    for code, count in ready.items():
        if not taken or count <= size:
            taken.add(code)
            size -= count
    return taken
