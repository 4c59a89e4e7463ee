"""What a plan comes to, told so that two can be laid side by side: its vector, and who is sheltered by level and side."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from siao.core.allocation import model
from siao.core.allocation.model import Given, Instance, Vector
from siao.core.requests import Side

Cell = tuple[int, Side]


class Share(Struct, frozen=True):
    """Of the households of one priority level and side: how many are sheltered, of how many; in persons too."""

    level: int
    side: Side
    households: int
    of_households: int
    persons: int
    of_persons: int


class Summary(Struct, frozen=True):
    """`vector`: one number a level, in the order of the rules; smaller is better, compared from the left."""

    vector: Vector
    shares: tuple[Share, ...]


def summary(instance: Instance, given: Iterable[Given]) -> Summary:
    """Levels as they count by the rules: a household promoted by waiting stands in the higher one."""
    sheltered = {one.request for one in given}
    households: Counter[tuple[Cell, bool]] = Counter()
    persons: Counter[tuple[Cell, bool]] = Counter()
    for one in instance.waiting:
        cell = model.level(one.household, instance.rules, instance.now), one.household.side
        households[cell, one.request in sheltered] += 1
        persons[cell, one.request in sheltered] += one.household.persons
    cells = sorted({cell for cell, _ in households})
    shares = tuple(
        Share(*cell, households[cell, True], households[cell, True] + households[cell, False], persons[cell, True], _both(persons, cell))
        for cell in cells
    )
    return Summary(model.vector(instance, given), shares)


def _both(counts: Counter[tuple[Cell, bool]], cell: Cell) -> int:
    return counts[cell, True] + counts[cell, False]
