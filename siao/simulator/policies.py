"""The policies that are compared: what to give to whom, now. All but the clairvoyant see the past and the rates alone."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation import ghosts, outlook, prices, vote
from siao.core.allocation.outlook import WORTH, Floats, Ints
from siao.core.allocation.prices import assignment
from siao.core.allocation.rates import Rates
from siao.simulator.clock import ENDS
from siao.simulator.evenings import Evening
from siao.simulator.playing import NO_TABLE, Policy, Table

BATCH_MINUTES, PRICE_MINUTES, VOTE_MINUTES = 10, 3, 5
LAST_MINUTES = 45
RINGS_MINUTES = 60
CLAIRVOYANT_TIE = 1e-5


def first_fit(table: Table) -> None:
    """Whoever is on the line gets the first bed that fits, else the first room, in the order of the list: today’s practice.

    Those who got none ring again every three quarters of an hour.
    """
    value = table.values()
    s = table.evening.slots
    listed = np.lexsort((s.place[table.free], s.room[table.free]))
    on_the_line = np.floor(table.now - table.evening.callers.since[table.queue]) % RINGS_MINUTES == 0
    for i in np.flatnonzero((value > 0).any(axis=1) & on_the_line).tolist():
        for j in listed[value[i, listed] > 0]:
            slot = int(table.free[j])
            if not table.taken[slot] and _fits_still(table, i, slot) and table.give(int(table.queue[i]), slot):
                break


def best_fit(table: Table) -> None:
    """By level, then by hour of call: the place that wastes least."""
    value = table.values()
    level = table.evening.callers.level[table.queue]
    rows = np.flatnonzero((value > 0).any(axis=1))
    for i in rows[np.lexsort((table.queue[rows], level[rows]))].tolist():
        for j in np.argsort(-value[i], kind="stable").tolist():
            slot = int(table.free[j])
            if value[i, j] <= 0:
                break
            if not table.taken[slot] and _fits_still(table, i, slot) and table.give(int(table.queue[i]), slot):
                break


def _fits_still(table: Table, i: int, slot: int) -> bool:
    """Whether the dormitory has not taken another rule within this minute."""
    c, h = table.evening.callers, table.queue[i : i + 1]
    free, table.free = table.free, np.array([slot])
    one = table.ruled(table.worth[np.ix_(h, table.free)], c.side[h], c.needs[h])
    table.free = free
    return bool(one[0, 0] > 0)


def batch(table: Table) -> None:
    """The optimum of those who wait and what is free, every ten minutes."""
    if table.now % BATCH_MINUTES == 0 and table.queue.size and table.free.size:
        value = table.values()
        give(table, [(int(i), int(j)) for i, j in enumerate(assignment(value)) if j >= 0])


def give(table: Table, pairs: Sequence[tuple[int, int]]) -> None:
    """Gives these (row of the queue, column of what is free), as far as dormitories still have beds and the rule."""
    for i, j in pairs:
        slot = int(table.free[j])
        if not table.taken[slot] and _fits_still(table, i, slot):
            table.give(int(table.queue[i]), slot)


class Outlook(Struct, frozen=True, eq=False):
    """One sampled evening beside the one that is played: ghosts × ours, ours × ghosts, ghosts × ghosts."""

    ghost: ghosts.Evening
    theirs: Floats
    ours: Floats
    among: Floats


def outlooks(table: Table, known: Rates, seed: int, inflate: float) -> list[Outlook]:
    """Twelve evenings drawn from the rates; no household of the evening that is played is in them."""
    c, s = table.evening.callers, table.evening.slots
    park = outlook.slots(table.evening.city.places, *_doors(table.evening))
    here = replace(c, until=np.full_like(c.until, np.inf))

    def beside(g: ghosts.Evening) -> Outlook:
        theirs, ours = outlook.values(g.callers, s, NO_TABLE), outlook.values(here, g.slots, NO_TABLE)
        return Outlook(g, theirs, ours, outlook.values(g.callers, g.slots, NO_TABLE))

    return [beside(g) for g in ghosts.draw(known, park, seed, inflate)]


def _doors(evening: Evening) -> tuple[list[float], list[float]]:
    door = dict(zip(evening.slots.place.tolist(), evening.slots.until.tolist()))
    n = len(evening.city.places)
    return [0.0] * n, [door.get(i, np.inf) for i in range(n)]


def ahead(table: Table, sampled: Sequence[Outlook], now_values: Floats) -> tuple[list[Floats], list[Ints]]:
    """Each sampled evening from now on: (queue + ghosts still to call) × (free + places still to be declared); and the levels."""
    matrices, levels = [], []
    for one in sampled:
        row = int(np.searchsorted(one.ghost.callers.since, table.now, side="right"))
        column = int(np.searchsorted(one.ghost.slots.since, table.now, side="right"))
        c = one.ghost.callers
        theirs = table.ruled(one.theirs[row:, table.free], c.side[row:], c.needs[row:])
        matrices.append(np.block([[now_values, one.ours[table.queue, column:]], [theirs, one.among[row:, column:]]]))
        levels.append(np.concatenate([table.evening.callers.level[table.queue], c.level[row:]]))
    return matrices, levels


def sampled_prices(sampled: Sequence[Outlook]) -> Policy:
    """Gives what is worth more to the household than the price of the place; everything in the last 45 minutes."""

    def policy(table: Table) -> None:
        if table.now % PRICE_MINUTES or not (table.queue.size and table.free.size):
            return
        value = table.values()
        last = table.now >= ENDS - LAST_MINUTES
        price = np.zeros(table.free.size) if last else prices.sampled(ahead(table, sampled, value)[0], table.free.size)
        give(table, prices.given(value, price))

    return policy


def voted(sampled: Sequence[Outlook]) -> Policy:
    """Gives where two thirds of the sampled evenings do; everything in the last 45 minutes."""

    def policy(table: Table) -> None:
        if table.now % VOTE_MINUTES or not (table.queue.size and table.free.size):
            return
        value = table.values()
        if table.now >= ENDS - LAST_MINUTES:
            give(table, prices.given(value, np.zeros(table.free.size)))
            return
        type_of = types(table)
        matrices, levels = ahead(table, sampled, value)
        for i, kind in vote.elected(vote.cast(matrices, levels, table.queue.size, type_of)):
            for j in np.flatnonzero((type_of == kind) & (value[i] > 0)):
                slot = int(table.free[j])
                if not table.taken[slot] and _fits_still(table, i, slot) and table.give(int(table.queue[i]), slot):
                    break

    return policy


def types(table: Table) -> Ints:
    """The type of each free place: kind, capacity, rule, features, door."""
    s = table.evening.slots
    rows = np.stack([s.room, s.capacity, table.rule, s.features, np.minimum(s.until, 9999)])[:, table.free]
    return np.unique(rows, axis=1, return_inverse=True)[1].reshape(-1)


def clairvoyant(evening: Evening) -> Ints:
    """The slot of each household in the best that could have been done, knowing all: a bound no policy reaches."""
    c = evening.callers
    value = outlook.values(c, evening.slots, NO_TABLE)
    pure = (WORTH[c.level] * c.persons)[:, None]
    return assignment(np.where(value > 0, pure + CLAIRVOYANT_TIE * (value - pure), 0.0))
