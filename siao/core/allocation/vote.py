"""The vote of sampled evenings: a household is given a place now if most evenings, each solved to its end, do so.

For those that may wait. In each evening queue and ghosts are assigned to what is free and may still be declared; the share of
evenings in which a household gets a place that is free now, and of which type, decides.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from siao.core.allocation.outlook import Floats, Ints
from siao.core.allocation.prices import assignment

GIVE, GIVE_OF = 2, 3
TYPE, TYPE_OF = 1, 4


class Ballot(Struct, frozen=True, eq=False):
    """`now`: (queue,) evenings in which each household is given something free now; `types`: (queue × types), and of which
    type; `later`: (types × 4), evenings in which a ghost of each level has a place of the type that is free now."""

    evenings: int
    now: Ints
    types: Ints
    later: Ints


def cast(evenings: Sequence[Floats], levels: Sequence[Ints], queue: int, type_of: Ints) -> Ballot:
    """`type_of`: the type of each free place, which are the first columns; the first `queue` rows wait now."""
    types, free = int(type_of.max(initial=-1)) + 1, type_of.size
    votes, later = np.zeros((queue, types), np.int64), np.zeros((types, 4), np.int64)
    for value, level in zip(evenings, levels):
        mate = assignment(value)
        rows = np.flatnonzero((mate >= 0) & (mate < free))
        mine, ghosts = rows[rows < queue], rows[rows >= queue]
        votes[mine, type_of[mate[mine]]] += 1
        seen = np.zeros_like(later)
        seen[type_of[mate[ghosts]], level[ghosts]] = 1
        later += seen
    return Ballot(len(evenings), votes.sum(axis=1), votes, later)


def elected(ballot: Ballot) -> list[tuple[int, int]]:
    """(household, type) that are given now: in at least 2/3 of the evenings something, in 1/4 of them this type."""
    if not ballot.types.size:
        return []
    best = ballot.types.argmax(axis=1)
    most = ballot.types[np.arange(best.size), best]
    give = (ballot.now * GIVE_OF >= GIVE * ballot.evenings) & (most * TYPE_OF >= TYPE * ballot.evenings)
    order = np.lexsort((-most, -ballot.now))
    return [(int(row), int(best[row])) for row in order if give[row]]
