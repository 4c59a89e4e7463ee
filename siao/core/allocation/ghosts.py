"""Anonymous evenings drawn from kept rates with a seed: requests that may still come, places that may still be declared."""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.random import Generator
from numpy.typing import NDArray

from siao.core.allocation import outlook, rates
from siao.core.allocation.compatible import DORMITORY_PERSONS_MAX
from siao.core.allocation.model import Rules
from siao.core.allocation.outlook import NEEDS, NOBODY, RULES, SIDES, Callers, Floats, Slots
from siao.core.allocation.rates import CELL_HOURS, PERSONS, Cell, Rates, Supply
from siao.core.night import TURN
from siao.core.requests import Need, Side
from siao.core.units import Kind

EVENINGS = 12
INFLATE = 1.3
"""A forecast that is too low costs more than one that is too high (ALLOCATION, Online)."""
DAY_HOURS, HOUR_MINUTES = 24, 60
Key = tuple[bool, int, int]
"""Room or bed, capacity, rule, as `Slots` has them."""


ADULTS = {Side.MEN: 2, Side.WOMEN: 1, Side.MIXED: 2, Side.MINORS: 0}
"""How many of a ghost's persons are adults, at most: two women, or a woman and her child? The cell does not say; a child, so a room."""


class Evening(Struct, frozen=True, eq=False):
    """One sampled evening: who calls and what is declared, in order of time; `value`: what each slot is worth to each caller."""

    callers: Callers
    slots: Slots
    value: Floats

    def after(self, minute: float) -> "Evening":
        """What of it is still to come."""
        row, column = (int(np.searchsorted(one.since, minute, side="right")) for one in (self.callers, self.slots))
        rest = outlook.take(self.callers, slice(row, None)), outlook.take(self.slots, slice(column, None))
        return Evening(*rest, self.value[row:, column:])


def draw(known: Rates, park: Slots, seed: int, rules: Rules, inflate: float = INFLATE, evenings: int = EVENINGS) -> tuple[Evening, ...]:
    """`park`: all units of the territory, free or not: what a declared unit of a kind, size and rule is like.

    The same seed draws the same evenings. Without a known night there is none.
    """
    if not known.nights or not known.demand:
        return ()
    stock = _stock(park)
    return tuple(_evening(known, park, stock, np.random.default_rng((seed, i)), rules, inflate) for i in range(evenings))


def _stock(park: Slots) -> dict[Key, NDArray[np.int64]]:
    found: defaultdict[Key, list[int]] = defaultdict(list)
    for i, (room, capacity, rule) in enumerate(zip(park.room.tolist(), park.capacity.tolist(), park.rule.tolist())):
        found[room, capacity, rule].append(i)
    return {key: np.array(index, np.int64) for key, index in found.items()}


def key(one: Supply) -> Key:
    room = one.kind is Kind.ROOM
    return room, one.capacity if room else DORMITORY_PERSONS_MAX, RULES[one.rule]


def minute_of_night(hour: int) -> float:
    """Minutes from 04:00."""
    return (hour - TURN.hour) % DAY_HOURS * HOUR_MINUTES


def _evening(known: Rates, park: Slots, stock: dict[Key, NDArray[np.int64]], dice: Generator, rules: Rules, inflate: float) -> Evening:
    callers = outlook.join([NOBODY, *_calls(known, dice, inflate)])
    callers, slots = outlook.in_time(callers), outlook.in_time(_declared(known, park, stock, dice))
    return Evening(callers, slots, outlook.values(callers, slots, rules))


def _calls(known: Rates, dice: Generator, inflate: float) -> Iterator[Callers]:
    for cell, requests, needs in rates.cells(known.demand):
        n = int(dice.poisson(requests / known.nights * inflate))
        if n:
            yield _called(cell, needs, n, dice)


def _called(cell: Cell, needs: dict[Need, float], n: int, dice: Generator) -> Callers:
    """n households of a cell."""
    side, band, level, hours = cell
    least, most = PERSONS[band]
    persons = dice.integers(least, most, n, endpoint=True)
    asks = sum((dice.random(n) < share) * NEEDS[need] for need, share in needs.items()) if needs else 0
    bits = np.zeros(n, np.int64) + asks
    return Callers(
        persons=persons,
        side=np.full(n, SIDES[side]),
        level=np.full(n, level - 1),
        needs=bits,
        family=(persons > ADULTS[side]) | ((bits & NEEDS[Need.PRIVATE_ROOM]) != 0),
        nights=np.ones(n, np.int64),
        max_km=np.full(n, np.inf),
        latitude=np.full(n, np.nan),
        longitude=np.full(n, np.nan),
        since=_within(hours, n, dice),
        until=np.full(n, np.inf),
    )


def _within(hours: int, n: int, dice: Generator) -> NDArray[np.float64]:
    return minute_of_night(hours) + CELL_HOURS * HOUR_MINUTES * dice.random(n)


def _declared(known: Rates, park: Slots, stock: dict[Key, NDArray[np.int64]], dice: Generator) -> Slots:
    """Units that may be declared: of each kind, size and rule as many as the rates say, like those of the park."""
    means: defaultdict[Key, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    for one in known.supply:
        means[key(one)][one.hours] += one.units / known.nights
    index, since = [np.zeros(0, np.int64)], [np.zeros(0)]
    for kind, by_hours in sorted(means.items()):
        times = np.concatenate([_within(hours, int(dice.poisson(mean)), dice) for hours, mean in sorted(by_hours.items())])
        chosen = dice.permutation(stock.get(kind, index[0]))[: times.size]
        index.append(chosen)
        since.append(dice.permutation(times)[: chosen.size])
    return replace(outlook.take(park, np.concatenate(index)), since=np.concatenate(since))
