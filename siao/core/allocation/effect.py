"""What other rules would have changed: the same invented evenings, drawn from kept rates, solved under both.

Nobody's evening is replayed: households are drawn with a seed from counts (GUARANTEES 19). Solving takes seconds, so it
belongs into the solver's own process; here everything is pure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.random import Generator

from siao.core.allocation import model
from siao.core.allocation.compatible import Household, Place
from siao.core.allocation.model import Given, Instance, Level, Rules, Waiting
from siao.core.requests import Need, Side

EVENINGS = 12
TOLD_MIN = 11
"""A share of fewer households than this, over all evenings, is not told (GUARANTEES 22)."""

WAITED_HOURS = 1.0
"""The counts do not say how long ago a household asked."""

Solve = Callable[[Instance], Iterable[Given]]


class Cell(Struct, frozen=True):
    """How many requests of a side, size and level a night brings on average, and how long ago. `needs`: their shares."""

    side: Side
    least: int
    most: int
    level: int
    hours_ago: float
    requests: float
    needs: Mapping[Need, float] = {}


class Share(Struct, frozen=True):
    """Households of one level and side over all evenings: how many asked, how many each set of rules shelters."""

    level: int
    side: Side
    asked: int
    before: int
    after: int


class Effect(Struct, frozen=True, tag="effect"):
    """`levels`: what each level comes to over all evenings, before and after, by one yardstick; smaller is better.

    Households stand in the level they were given, whatever promotion either set of rules has.
    """

    evenings: int
    levels: dict[Level, tuple[int, int]]
    shares: tuple[Share, ...]


def cells(counts: Iterable[tuple[Side, int, int, int]], nights: int) -> tuple[Cell, ...]:
    """From what is counted of closed requests: side, level, households, persons, over so many nights. Cells of TOLD_MIN alone."""
    return tuple(
        Cell(side, persons // households, -(-persons // households), level, WAITED_HOURS, households / nights)
        for side, level, households, persons in counts
        if households >= TOLD_MIN
    )


def draw(cells: Sequence[Cell], places: tuple[Place, ...], now: datetime, seed: int, evenings: int = EVENINGS) -> tuple[Instance, ...]:
    """The same seed draws the same evenings. Without a rate there is none."""
    if not cells:
        return ()
    return tuple(_evening(cells, places, now, np.random.default_rng((seed, night)), night) for night in range(evenings))


def _evening(cells: Sequence[Cell], places: tuple[Place, ...], now: datetime, dice: Generator, night: int) -> Instance:
    ghosts = [_ghost(cell, now, dice) for cell in cells for _ in range(int(dice.poisson(cell.requests)))]
    waiting = tuple(Waiting(UUID(int=night << 32 | number), ghost) for number, ghost in enumerate(ghosts))
    return Instance(waiting, tuple(place for place in places if place.free), now, Rules())


def _ghost(cell: Cell, now: datetime, dice: Generator) -> Household:
    """Nowhere, for one night, with nothing that a cell does not say: two women, or a woman and her child? A child, so a room."""
    persons = int(dice.integers(cell.least, cell.most, endpoint=True))
    adults = {Side.MEN: min(persons, 2), Side.WOMEN: 1, Side.MIXED: 2, Side.MINORS: 0}[cell.side]
    men = adults if cell.side is Side.MEN else adults // 2
    return Household(
        men=men,
        women=adults - men,
        children=max(persons - adults, 0),
        infants=0,
        needs=tuple(need for need, share in sorted(cell.needs.items()) if dice.random() < share),
        latitude=None,
        longitude=None,
        max_km=None,
        nights=1,
        level=cell.level,
        waiting_since=now - timedelta(hours=cell.hours_ago),
        last_shelter=None,
    )


def effect(before: Rules, after: Rules, evenings: Sequence[Instance], solve: Solve) -> Effect:
    """Both solved on the same evenings and measured alike."""
    yardstick = replace(before, order=tuple(Level), promote_after_hours=None)
    totals = np.zeros((2, len(Level)), np.int64)
    asked: Counter[tuple[int, Side]] = Counter()
    served: tuple[Counter[tuple[int, Side]], ...] = (Counter(), Counter())
    for evening in evenings:
        cell = {one.request: (one.household.level, one.household.side) for one in evening.waiting}
        asked.update(cell.values())
        for i, rules in enumerate((before, after)):
            given = tuple(solve(replace(evening, rules=rules)))
            totals[i] += model.vector(replace(evening, rules=yardstick), given)
            served[i].update(cell[one.request] for one in given)
    shares = (Share(*one, asked[one], served[0][one], served[1][one]) for one in sorted(asked) if asked[one] >= TOLD_MIN)
    levels = {level: (int(totals[0, i]), int(totals[1, i])) for i, level in enumerate(Level)}
    return Effect(len(evenings), levels, tuple(shares))
