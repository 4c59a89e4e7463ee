"""Sampled prices: what the others lose, on average over sampled evenings, where a place is given now.

The price of a place is the mean over evenings of its dual in the assignment of queue and ghosts to what is free and may
still be declared. Minimal: the least p with p_u = max(0, max_h v_hu − s_h), s_h what h has beyond the price of its own place;
it prices a type for the whole queue. Maximal, without the caller: what the others lose if the caller on the line has it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from siao.core.allocation.outlook import Floats, Ints

ROUNDS_MAX = 500
CLOSE = 1e-9


def assignment(value: Floats) -> Ints:
    """The column of each row in an assignment of the largest value, -1 where it has none; 0 says "cannot"."""
    mate = np.full(value.shape[0], -1, np.int64)
    if value.size:
        rows, columns = linear_sum_assignment(value, maximize=True)
        had = value[rows, columns] > 0
        mate[rows[had]] = columns[had]
    return mate


def duals(value: Floats, mate: Ints) -> Floats:
    """The minimal duals of the columns: what one more place like each would add to the assignment.

    A fixed point from below; each round lengthens the chain of households that move up by one.
    """
    price = np.zeros(value.shape[1])
    placed = np.flatnonzero(mate >= 0)
    own = np.zeros(value.shape[0])
    own[placed] = value[placed, mate[placed]]
    for _ in range(ROUNDS_MAX):
        surplus = own.copy()
        surplus[placed] -= price[mate[placed]]
        raised = np.maximum(0.0, (value - surplus[:, None]).max(axis=0, initial=0.0))
        if np.allclose(raised, price, rtol=0, atol=CLOSE):
            break
        price = raised
    return price


def losses(value: Floats, mate: Ints) -> Floats:
    """The maximal duals of the columns: what those in the assignment would lose without each.

    A row's minimal dual is found like a column's; what is left of the pair's value is the column's.
    """
    holder = np.full(value.shape[1], -1, np.int64)
    placed = np.flatnonzero(mate >= 0)
    holder[mate[placed]] = placed
    price = np.zeros(value.shape[1])
    price[mate[placed]] = value[placed, mate[placed]] - duals(np.ascontiguousarray(value.T), holder)[placed]
    return price


def sampled(
    evenings: Sequence[Floats], mates: Sequence[Ints], types: Sequence[Ints], count: int, price_of: Callable[[Floats, Ints], Floats] = duals
) -> Floats:
    """(types,) the mean price of each type of place over the evenings; `types[k]`: the type of evening k’s first columns.

    Within an evening a type costs what its dearest place does, which is the one that is free soonest.
    """
    price = np.zeros((len(evenings), count))
    for k, (value, mate, type_of) in enumerate(zip(evenings, mates, types)):
        np.maximum.at(price[k], type_of, price_of(value, mate)[: type_of.size])
    return price.mean(axis=0)


def given(value: Floats, price: Floats) -> list[tuple[int, int]]:
    """Who is given what now: the pairs whose value is above the price, together worth the most. `value`: queue × free."""
    gain = np.where(value > 0, np.maximum(value - price, 0.0), 0.0)
    mate = assignment(gain)
    return [(int(row), int(mate[row])) for row in np.flatnonzero(mate >= 0)]
