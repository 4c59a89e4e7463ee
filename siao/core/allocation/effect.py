"""What other rules would have changed: the same past evenings, drawn from kept rates, solved under both.

Solving takes seconds, so it belongs into the solver's own process; here everything is pure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation import model
from siao.core.allocation.model import Given, Instance, Level, Rules
from siao.core.allocation.past import Drawn
from siao.core.requests import Side

TOLD_MIN = 11
"""A share of fewer households than this, over all evenings, is not told (GUARANTEES 22)."""

Solve = Callable[[Instance], tuple[Iterable[Given], bool]]
"""A plan, and whether no better one exists."""
Cell = tuple[int, Side]


class Share(Struct, frozen=True):
    """Households of one level and side over all evenings: how many asked, how many each set of rules shelters."""

    level: int
    side: Side
    asked: int
    before: int
    after: int


class Effect(Struct, frozen=True, tag="effect"):
    """`levels`: what each level comes to over all evenings, before and after, by one yardstick; smaller is better.

    Households stand in the level they were given, whatever promotion either set of rules has. `declared`: to the places
    free now come as many as are declared in a night. `unproven`: evenings on which a better plan may exist.
    """

    drawn: Drawn
    declared: bool
    evenings: int
    unproven: int
    levels: dict[Level, tuple[int, int]]
    shares: tuple[Share, ...]


class Totals(Struct):
    """What has been added up so far."""

    levels: np.ndarray
    asked: Counter[Cell]
    served: tuple[Counter[Cell], Counter[Cell]]
    unproven: int = 0


def effects(before: Rules, after: Rules, evenings: Sequence[Instance], solve: Solve, drawn: Drawn, *, declared: bool) -> Iterator[Effect]:
    """Both solved on the same evenings and measured alike: what the first evening says, the first two, and so on to all."""
    sums = Totals(np.zeros((2, len(Level)), np.int64), Counter(), (Counter(), Counter()))
    for count, evening in enumerate(evenings, 1):
        _add(sums, before, after, evening, solve)
        yield _told(sums, drawn, declared, count)
    if not evenings:
        yield _told(sums, drawn, declared, 0)


def _add(sums: Totals, before: Rules, after: Rules, evening: Instance, solve: Solve) -> None:
    yardstick = replace(evening, rules=replace(before, order=tuple(Level), promote_after_hours=None))
    cell = {one.request: (one.household.level, one.household.side) for one in evening.waiting}
    sums.asked.update(cell.values())
    all_proven = True
    for i, rules in enumerate((before, after)):
        found, proven = solve(replace(evening, rules=rules))
        given, all_proven = tuple(found), all_proven and proven
        sums.levels[i] += model.vector(yardstick, given)
        sums.served[i].update(cell[one.request] for one in given)
    sums.unproven += not all_proven


def _told(sums: Totals, drawn: Drawn, declared: bool, evenings: int) -> Effect:
    before, after = sums.served
    shares = (Share(*one, n, before[one], after[one]) for one, n in sorted(sums.asked.items()) if n >= TOLD_MIN)
    levels = {level: (int(sums.levels[0, i]), int(sums.levels[1, i])) for i, level in enumerate(Level)}
    return Effect(drawn, declared, evenings, sums.unproven, levels, tuple(shares))
