"""Give or hold back, for the caller on the line: decided in a child of its own, so that a plan of ten seconds delays no caller."""

import time
from datetime import date, datetime
from uuid import UUID

import msgspec

from siao.actions.answers import Unavailable
from siao.actions.solver import Solver
from siao.core import advice, places
from siao.core.allocation import rates
from siao.core.allocation.decision import Decision
from siao.core.allocation.jobs import Advise
from siao.core.allocation.model import Instance
from siao.core.board import Board
from siao.store import db as database
from siao.store import rates as store

SECONDS = 1.0
"""A later answer is no answer: the ranked list stands without it."""
AGAIN_SECONDS = 60.0
"""Where one came too late, the territory is not asked again for so long: a child for nothing costs a core."""


class Adviser:
    """What ghosts are drawn from is read once a night and territory; the child keeps them, drawn."""

    def __init__(self, pool: database.Pool) -> None:
        self.pool, self.solver = pool, Solver()
        self.histories: dict[str, tuple[date, bytes]] = {}
        self.again: dict[str, float] = {}

    async def decide(self, board: Board, instance: Instance, caller: UUID, *, may_wait: bool) -> Decision:
        """Raises `Unavailable` where no answer came in time, or too many wait for theirs."""
        code = board.territory.code
        if time.monotonic() < self.again.get(code, 0.0):
            raise Unavailable
        night, zone = places.night(board.territory, instance.now), board.territory.time_zone
        history = await self._history(board, night, instance.now)
        replies = self.solver.run(Advise(instance, caller, may_wait, night, zone, history), SECONDS)
        try:
            return [reply.result async for reply in replies if isinstance(reply.result, Decision)][-1]
        except Unavailable:
            self.again[code] = time.monotonic() + AGAIN_SECONDS
            raise

    async def _history(self, board: Board, night: date, now: datetime) -> bytes:
        code = board.territory.code
        kept = self.histories.get(code)
        if kept is None or kept[0] != night:
            known = await self._known(code)
            kept = self.histories[code] = night, msgspec.msgpack.encode(advice.history(board, known, now))
        return kept[1]

    async def _known(self, code: str) -> rates.Rates:
        """A small territory borrows the shape of the others' evenings."""
        everywhere = await database.tops(self.pool)
        async with database.reading(self.pool, everywhere) as db:
            own = await store.known(db, code)
            return rates.pooled(own, (own, *await store.elsewhere(db, code)))

    async def stop(self) -> None:
        await self.solver.stop()
