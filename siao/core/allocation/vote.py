"""The vote of sampled evenings: a household is given a place now if most evenings, each solved to its end, do so.

For those that may wait. In each evening queue and ghosts are assigned to what is free and may still be declared; the share of
evenings in which a household gets a place that is free now, and of which type, decides.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from siao.core.allocation.outlook import Ints

GIVE, GIVE_OF = 2, 3
TYPE, TYPE_OF = 1, 4


class Ballot(Struct, frozen=True, eq=False):
    """`types`: (queue × types) evenings in which each household is given a place that is free now, by its type."""

    evenings: int
    types: Ints


def cast(mates: Sequence[Ints], queue: int, type_of: Ints, count: int) -> Ballot:
    """`mates`: each evening's assignment; the first `queue` rows wait now. `type_of`: (free,) the type of each of the first
    columns, those that are free now."""
    votes = np.zeros((queue, count), np.int64)
    for mate in mates:
        mine = np.flatnonzero((mate[:queue] >= 0) & (mate[:queue] < type_of.size))
        votes[mine, type_of[mate[mine]]] += 1
    return Ballot(len(mates), votes)


def elected(ballot: Ballot) -> list[tuple[int, int]]:
    """(household, type) that are given now: in at least 2/3 of the evenings something, in 1/4 of them this type."""
    if not ballot.types.size:
        return []
    now, best = ballot.types.sum(axis=1), ballot.types.argmax(axis=1)
    most = ballot.types[np.arange(best.size), best]
    give = (now * GIVE_OF >= GIVE * ballot.evenings) & (most * TYPE_OF >= TYPE * ballot.evenings)
    order = np.lexsort((-most, -now))
    return [(int(row), int(best[row])) for row in order if give[row]]
