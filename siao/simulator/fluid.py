"""Bid prices from one fluid LP: what is expected to call and to be declared, as amounts by class, without any chance."""

from collections import defaultdict
from itertools import product

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from siao.core.allocation import ghosts, prices, rates
from siao.core.allocation.outlook import MINORS, MIXED, SIDES, WORTH
from siao.core.allocation.rates import CELL_HOURS, PERSONS, Rates
from siao.simulator.clock import ENDS
from siao.simulator.playing import Policy, Table
from siao.simulator.policies import LAST_MINUTES, give

FLUID_MINUTES = 15
HOUR_MINUTES = 60
Class = tuple[int, int, int, bool]
"""Side, persons, level, whether only a room will do."""
Kind = tuple[bool, int, int]


def fluid(known: Rates, inflate: float) -> Policy:
    """Gives what is worth more to the household than the shadow price of its kind of place."""
    bid: dict[Kind, float] = {}

    def policy(table: Table) -> None:
        if table.now % FLUID_MINUTES == 0:
            bid.clear()
            bid.update(shadow(demand(table, known, inflate), supply(table, known)))
        last = table.now >= ENDS - LAST_MINUTES
        price = np.array([0.0 if last else bid.get(kind, 0.0) for kind in _kinds(table)])
        if table.queue.size and price.size:
            give(table, prices.given(table.values(), price))

    return policy


def left(hours: int, now: float) -> float:
    """The share of a cell's two hours that is still to come."""
    begins, length = ghosts.minute_of_night(hours), CELL_HOURS * HOUR_MINUTES
    return max(0.0, begins + length - max(now, begins)) / length


def demand(table: Table, known: Rates, inflate: float) -> dict[Class, float]:
    c, amounts = table.evening.callers, defaultdict[Class, float](float)
    for i in table.queue.tolist():
        amounts[int(c.side[i]), int(c.persons[i]), int(c.level[i]), bool(c.family[i])] += 1
    for (side, band, level, hours), requests, _ in rates.cells(known.demand):
        adults = ghosts.ADULTS[side]
        for persons in PERSONS[band]:
            amounts[SIDES[side], persons, level - 1, persons > adults] += requests / known.nights * inflate * left(hours, table.now) / 2
    return {key: amount for key, amount in amounts.items() if amount}


def supply(table: Table, known: Rates) -> dict[Kind, float]:
    amounts = defaultdict[Kind, float](float)
    for kind in _kinds(table):
        amounts[kind] += 1
    for one in known.supply:
        amounts[ghosts.key(one)] += one.units / known.nights * left(one.hours, table.now)
    return amounts


def _kinds(table: Table) -> list[Kind]:
    s = table.evening.slots
    return list(zip(s.room[table.free].tolist(), s.capacity[table.free].tolist(), table.rule[table.free].tolist()))


def shadow(amounts: dict[Class, float], places: dict[Kind, float]) -> dict[Kind, float]:
    """max Σ v x, Σ_u x ≤ what calls, Σ_h x ≤ what is free: the duals of the second."""
    classes, kinds = sorted(amounts), sorted(places)
    pairs = [(i, j) for i, j in product(range(len(classes)), range(len(kinds))) if _fits(classes[i], kinds[j])]
    if not pairs:
        return {}
    rows, columns = np.array(pairs).T
    worth = np.array([WORTH[level] * persons for _, persons, level, _ in classes])
    n = np.arange(len(pairs))
    right = [*(amounts[key] for key in classes), *(places[key] for key in kinds)]
    where = (np.r_[rows, len(classes) + columns], np.r_[n, n])
    limits = coo_array((np.ones(2 * n.size), where), shape=(len(right), n.size))
    solved = linprog(-worth[rows], A_ub=limits.tocsr(), b_ub=right, method="highs")
    return {kind: -float(dual) for kind, dual in zip(kinds, solved.ineqlin.marginals[len(classes) :])}


def _fits(one: Class, kind: Kind) -> bool:
    side, persons, _, family = one
    room, capacity, rule = kind
    fits_side = rule >= MIXED or side in (rule, MINORS)
    return persons <= capacity and fits_side and (room or not family)
