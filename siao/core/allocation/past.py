"""Past evenings as batches: all who call in one night against what is free now and what is declared besides, drawn from counts.

Nobody's evening is replayed: households and places are drawn with a seed from counts (GUARANTEES 19).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations
from uuid import UUID

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.random import Generator

from siao.core.allocation import ghosts, outlook, rates
from siao.core.allocation.compatible import Household, Place, adjoin
from siao.core.allocation.ghosts import ADULTS, EVENINGS
from siao.core.allocation.model import Instance, Rules, Waiting
from siao.core.allocation.outlook import NEEDS, SIDES, Callers
from siao.core.allocation.rates import CELL_MIN, Demand, Rates, Size
from siao.core.coded import Coded
from siao.core.requests import Side
from siao.core.statistics import Band
from siao.core.units import Kind

AS_COUNTED = 1.0
"""A forecast is drawn too high on purpose; a look back is not."""
BUSY = 1.25
"""Invented requests for each free bed: a night on which not all can be sheltered."""
BAND_HOURS = {Band.UNDER_1_H: (0.0, 1.0), Band.UNDER_3_H: (1.0, 3.0), Band.UNDER_6_H: (3.0, 6.0), Band.OVER_6_H: (6.0, 12.0)}
WEEK_NIGHTS = 7
USUAL = Band.UNDER_3_H
"""Where too few were counted to say how long they had waited."""
FAMILY, WOMAN, OTHER = (35, 35, 20, 10), (30, 30, 25, 15), (12, 20, 28, 40)
INVENTED = (
    (Side.MEN, Size.ONE, OTHER, 46), (Side.WOMEN, Size.ONE, WOMAN, 15), (Side.WOMEN, Size.TWO, FAMILY, 11),
    (Side.WOMEN, Size.FEW, FAMILY, 7), (Side.MIXED, Size.TWO, OTHER, 7), (Side.MIXED, Size.FEW, FAMILY, 8),
    (Side.MIXED, Size.MANY, FAMILY, 2), (Side.MEN, Size.TWO, OTHER, 3), (Side.MINORS, Size.ONE, FAMILY, 1),
)  # fmt: skip
"""Side, size, how many in a hundred of each level, how many in a hundred: for a territory that has not counted enough yet."""
INVENTED_HOURS = 18


class Drawn(Coded):
    """What evenings are drawn from."""

    COUNTED = "counted", "tirées des comptes des dernières nuits, 28 au plus", "drawn from the counts of the last nights, at most 28"
    POOLED = (
        "pooled",
        "aussi nombreuses que les demandes comptées ici, réparties comme dans tous les territoires (trop peu de nuits comptées ici seul)",
        "as many requests as were counted here, spread as in all territories (too little is counted here alone)",
    )
    INVENTED = (
        "invented",
        "inventées de toutes pièces : moins de sept nuits sont comptées ici",
        "invented altogether: fewer than seven nights are counted here",
    )


class Wait(Struct, frozen=True):
    """How many closed requests of a side and level had waited for so long."""

    side: Side
    level: int
    band: Band
    households: int


class Past(Struct, frozen=True):
    """All that evenings are drawn from. `park`: rooms and dormitories one by one, as if nobody slept there; `free`: those free
    now; `moment`: the hour at which all are weighed."""

    drawn: Drawn
    known: Rates
    waits: tuple[Wait, ...]
    park: tuple[Place, ...]
    free: tuple[Place, ...]
    moment: datetime

    @property
    def declared(self) -> bool:
        """Whether an evening has more places than those free now: as many as are declared in a night."""
        return bool(self.known.supply)


def known(own: Rates, others: Sequence[Rates], beds: int) -> tuple[Drawn, Rates]:
    """A territory's rates: its own, with the shape of all where these are few, invented for `beds` before a week is counted."""
    if own.nights < WEEK_NIGHTS or not own.demand:
        return Drawn.INVENTED, invented(beds)
    found = rates.pooled(own, [own, *others])
    return (Drawn.COUNTED if found is own or not any(one.nights and one.demand for one in others) else Drawn.POOLED), found


def invented(beds: int) -> Rates:
    """One night's requests, so many that not all of them find one of so many beds."""
    return Rates(1, tuple(_invented(BUSY * beds)) if beds else ())


def _invented(requests: float) -> Iterator[Demand]:
    for side, size, levels, weight in INVENTED:
        for level, share in enumerate(levels, 1):
            yield Demand("", date.min, side, size, level, INVENTED_HOURS, None, requests * weight * share / 100 / 100)


def draw(past: Past, seed: int, evenings: int = EVENINGS) -> tuple[Instance, ...]:
    """The same seed draws the same evenings. Without a rate there is none."""
    park = outlook.slots(past.park, [0.0] * len(past.park), [np.inf] * len(past.park))
    drawn = ghosts.draw(past.known, park, seed, Rules(), AS_COUNTED, evenings)
    waits = _hours(past.waits)
    return tuple(_batch(past, one, waits, np.random.default_rng((seed, night)), night) for night, one in enumerate(drawn))


def _batch(past: Past, one: ghosts.Evening, waits: "Waits", dice: Generator, night: int) -> Instance:
    households = _households(one.callers, waits, past.moment, dice)
    waiting = tuple(Waiting(UUID(int=night << 32 | number), household) for number, household in enumerate(households))
    return Instance(waiting, tuple(_places(past, one.slots.place.tolist())), past.moment, Rules())


def _households(c: Callers, waits: "Waits", moment: datetime, dice: Generator) -> Iterator[Household]:
    """Nowhere, for one night, with nothing that a cell does not say."""
    of = {number: side for side, number in SIDES.items()}
    for persons, number, level, bits in zip(c.persons.tolist(), c.side.tolist(), c.level.tolist(), c.needs.tolist()):
        side, adults = of[number], min(persons, ADULTS[of[number]])
        men = {Side.MEN: adults, Side.MIXED: adults // 2}.get(side, 0)
        yield Household(
            men=men,
            women=adults - men,
            children=persons - adults,
            infants=0,
            needs=tuple(need for need, bit in NEEDS.items() if bits & bit),
            latitude=None,
            longitude=None,
            max_km=None,
            nights=1,
            level=level + 1,
            waiting_since=moment - timedelta(hours=_waited(waits.get((side, level + 1), {}), dice)),
            last_shelter=None,
        )


Waits = Mapping[tuple[Side, int], Mapping[Band, int]]


def _hours(waits: Iterable[Wait]) -> Waits:
    """By side and level, where enough were counted."""
    found: defaultdict[tuple[Side, int], Counter[Band]] = defaultdict(Counter)
    for one in waits:
        found[one.side, one.level][one.band] += one.households
    return {cell: bands for cell, bands in found.items() if bands.total() >= CELL_MIN}


def _waited(bands: Mapping[Band, int], dice: Generator) -> float:
    counts = [bands.get(band, 0) for band in BAND_HOURS]
    band = list(BAND_HOURS)[int(dice.choice(len(counts), p=np.array(counts) / sum(counts)))] if any(counts) else USUAL
    return float(dice.uniform(*BAND_HOURS[band]))


def _places(past: Past, rows: Iterable[int]) -> Iterator[Place]:
    """What is free now and what is declared besides: each room once, dormitories with no more beds than are in service,
    adjoining rooms also in pairs."""
    free: dict[tuple[UUID, ...], Place] = {place.units: place for place in past.free if len(place.units) == 1}
    drawn = Counter(past.park[row].units for row in rows)
    suites: defaultdict[UUID, list[Place]] = defaultdict(list)
    for place in past.park:
        here, beds = free.get(place.units), drawn[place.units]
        if place.kind is Kind.DORMITORY and (here or beds):
            yield replace(here or place, capacity=min(place.capacity, beds + (here.capacity if here else 0)))
        elif here or beds:
            yield place
            suites[place.suite or place.units[0]].append(place)
    for rooms in suites.values():
        yield from (adjoin(a, b) for a, b in combinations(rooms, 2))
