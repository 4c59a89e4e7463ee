"""The policies that are compared: what to give to whom, now. All but the clairvoyant see the past and the rates alone."""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation import ghosts, outlook, prices, vote
from siao.core.allocation.outlook import WORTH, Bools, Floats, Ints
from siao.core.allocation.prices import assignment
from siao.core.allocation.rates import Rates
from siao.simulator import evenings
from siao.simulator.clock import ENDS
from siao.simulator.evenings import Evening
from siao.simulator.playing import NO_TABLE, Policy, Table

BATCH_MINUTES, PRICE_MINUTES, VOTE_MINUTES = 10, 10, 10
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
    """One sampled evening beside the one that is played: ghosts × ours, ours × ghosts."""

    ghost: ghosts.Evening
    theirs: Floats
    ours: Floats


def outlooks(table: Table, known: Rates, seed: int, inflate: float) -> list[Outlook]:
    """Twelve evenings drawn from the rates; no household of the evening that is played is in them."""
    c, s = table.evening.callers, table.evening.slots
    park = outlook.slots(table.evening.city.places, [0.0] * len(table.evening.city.places), evenings.doors(table.evening.city))
    here = replace(c, until=np.full_like(c.until, np.inf))

    def beside(g: ghosts.Evening) -> Outlook:
        theirs, ours = outlook.values(g.callers, s, NO_TABLE), outlook.values(here, g.slots, NO_TABLE)
        return Outlook(g, theirs, ours)

    return [beside(g) for g in ghosts.draw(known, park, seed, NO_TABLE, inflate)]


class Ahead(Struct, frozen=True, eq=False):
    """One sampled evening from now on: (queue + ghosts still to call) × (free + places still to be declared)."""

    value: Floats
    types: Ints


def ahead(table: Table, sampled: Sequence[Outlook]) -> Iterator[Ahead]:
    here = table.values()
    for one in sampled:
        row = int(np.searchsorted(one.ghost.callers.since, table.now, side="right"))
        column = int(np.searchsorted(one.ghost.slots.since, table.now, side="right"))
        c = one.ghost.callers
        theirs = table.ruled(one.theirs[row:, table.free], c.side[row:], c.needs[row:])
        yield Ahead(
            value=np.block([[here, one.ours[table.queue, column:]], [theirs, one.ghost.value[row:, column:]]]),
            types=np.concatenate([table.kinds.of_slots[table.free], table.kinds.of_places[one.ghost.slots.place[column:]]]),
        )


def sampled_prices(sampled: Sequence[Outlook]) -> Policy:
    """Gives at once what is worth more to the household than its type's price, renewed every ten minutes.

    Everything in the last 45 minutes.
    """
    price = np.zeros(0)

    def policy(table: Table) -> None:
        nonlocal price
        if table.now % PRICE_MINUTES == 0:
            evenings = list(ahead(table, sampled))
            values = [one.value for one in evenings]
            price = prices.sampled(values, [assignment(v) for v in values], [one.types for one in evenings], table.kinds.count)
        if table.queue.size and table.free.size:
            last = table.now >= ENDS - LAST_MINUTES
            give(table, prices.given(table.values(), np.zeros(table.free.size) if last else price[table.kinds.of_slots[table.free]]))

    return policy


def voted(sampled: Sequence[Outlook]) -> Policy:
    """Gives where two thirds of the sampled evenings do, every ten minutes; everything in the last 45."""

    def policy(table: Table) -> None:
        if table.now % VOTE_MINUTES or not (table.queue.size and table.free.size):
            return
        if table.now >= ENDS - LAST_MINUTES:
            give(table, prices.given(table.values(), np.zeros(table.free.size)))
            return
        type_of = table.kinds.of_slots[table.free]
        mates = [assignment(one.value) for one in ahead(table, sampled)]
        ballot = vote.cast(mates, table.queue.size, type_of, table.kinds.count)
        for i, kind in vote.elected(ballot):
            _give_one(table, i, type_of == kind)

    return policy


def _give_one(table: Table, i: int, among: Bools) -> None:
    """The best of these places that still fits."""
    value = table.worth[table.queue[i], table.free] * among
    for j in np.argsort(-value, kind="stable").tolist():
        slot = int(table.free[j])
        if value[j] <= 0:
            return
        if not table.taken[slot] and _fits_still(table, i, slot) and table.give(int(table.queue[i]), slot):
            return


def clairvoyant(evening: Evening) -> Ints:
    """The slot of each household in the best that could have been done, knowing all: a bound no policy reaches."""
    c = evening.callers
    value = outlook.values(c, evening.slots, NO_TABLE)
    pure = (WORTH[c.level] * c.persons)[:, None]
    return assignment(np.where(value > 0, pure + CLAIRVOYANT_TIE * (value - pure), 0.0))
