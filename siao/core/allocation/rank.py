"""For one household at once: the places that fit, best first, each with why, and what excluded the others.

The order is that of the rules' levels which tell places apart for one household (waste, continuity, distance), then the
id, so that two runs explain alike. The priority levels and waiting speak of households, not of places.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from msgspec import Struct

from siao.core.allocation.compatible import Household, Place, Reason
from siao.core.allocation.model import TENTHS, Level, Rules
from siao.core.allocation.stock import BEDS_SHIFT, DORM, GONE, HAS, Floats, Ints, Stock
from siao.core.allocation.weigh import Weighed, Why, why
from siao.core.requests import Need
from siao.core.units import Feature

SHOWN_MAX = 20
BITS = {Level.WASTE: 20, Level.CONTINUITY: 1, Level.DISTANCE: 19}
"""Room for each level in one whole number; 21 bits are left for the id's turn."""
TURN_BITS = 21
ONE = [int(reason) for reason in Reason]
NAMES = [tuple(str(r.name) for r in Reason if r & pattern) for pattern in range(GONE)]
MEMBER = np.array([[bool(pattern & bit) for bit in ONE] for pattern in range(GONE)], np.int64)
NEARER = sorted(range(GONE), key=lambda pattern: (pattern & Reason.FULL, pattern.bit_count(), pattern))
"""A place that is free comes closer than one that is not, then the one with fewer reasons."""
FAR = np.full(2 * GONE, GONE, np.int16)
FAR[NEARER] = np.arange(GONE)


class Ranked(Struct, frozen=True):
    """One place that fits, and why it stands before the next."""

    rank: int
    place: Place
    weighed: Weighed
    why: Why


class Found(Struct, frozen=True):
    """`excluded` counts places by reason, `only` those that this reason alone excludes: which wish could be given up.

    `nearest`: for each shelter where nothing fits, by its id, the reasons of its place that comes closest.
    """

    places: tuple[Ranked, ...]
    compatible: int
    excluded: dict[str, int]
    only: dict[str, int]
    nearest: dict[str, tuple[str, ...]]


class Look:
    """One household's look at all places: what excludes each, and in which order those that fit stand."""

    def __init__(self, stock: Stock, h: Household, now: datetime, rules: Rules) -> None:
        self.stock, self.h, self.rules = stock, h, rules
        km = stock.kilometres(h)
        self.said = ~np.isnan(km)
        km[~self.said] = 0
        self.tenths = np.rint(km * TENTHS).astype(np.int64)
        self.patterns = stock.patterns(h, km, now)
        self.fits = np.flatnonzero(self.patterns == 0)
        self.keys = self.key(self.fits)

    def key(self, rows: Ints) -> Ints:
        """The levels in the rules' order and the id's turn, packed into one whole number a row."""
        level = {
            Level.WASTE: np.maximum(self._waste(rows), 0),
            Level.CONTINUITY: self.stock.site[rows] != self.stock.site_of.get(self.h.last_shelter, -1),
            Level.DISTANCE: self.tenths.take(self.stock.site[rows]),
        }
        packed = np.zeros(len(rows), np.int64)
        for one in self.rules.order:
            if one in BITS:
                packed = packed << BITS[one] | level[one]
        return packed << TURN_BITS | self.stock.turn[rows]

    def _waste(self, rows: Ints) -> Ints:
        """Σ(c − s) of rooms and the equipment nobody asked for, weighed by the rules; of rows that are there."""
        step_free = HAS[Feature.STEP_FREE] & (Need.STEP_FREE not in self.h.needs)
        protected = HAS[Feature.PROTECTED] & (Need.PROTECTED not in self.h.needs)
        equipment = self.rules.step_free_waste * step_free + self.rules.protected_waste * protected
        profile = self.stock.profile[rows] & (1 << BEDS_SHIFT) - 1
        return equipment.take(profile) + ~DORM.take(profile) * (self.stock.beds(rows) - self.h.persons)

    def best(self, count: int) -> list[int]:
        """The first `count` rows that fit, best first."""
        if len(self.fits) > count:
            some = np.argpartition(self.keys, count - 1)[:count]
            return self.fits[some[np.argsort(self.keys[some])]].tolist()
        return self.fits[np.argsort(self.keys)].tolist()

    def rank(self, row: int) -> int:
        """How many that fit stand before this row, and one."""
        return int((self.keys < self.key(np.array([row]))[0]).sum()) + 1

    def weighed(self, rows: Sequence[int]) -> list[Weighed]:
        at = np.array(rows, np.intp)
        sites, slept = self.stock.site[at], self.stock.site_of.get(self.h.last_shelter, -1)
        tenths, said = self.tenths[sites].tolist(), self.said[sites].tolist()
        return [
            Weighed(waste, site == slept, far if known else None)
            for waste, site, far, known in zip(self._waste(at).tolist(), sites.tolist(), tenths, said)
        ]

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Places by reason, and by reason alone."""
        counts = np.bincount(self.patterns, minlength=GONE)[:GONE]
        counts[0] = 0
        met = np.flatnonzero(counts)
        by_reason = counts[met] @ MEMBER[met]
        return _named(by_reason), _named(counts[ONE])

    def nearest(self) -> dict[str, tuple[str, ...]]:
        """For each shelter where nothing fits, what is against its place that comes closest."""
        if not len(self.patterns):
            return {}
        least = np.minimum.reduceat(FAR.take(self.patterns), self.stock.starts).tolist()
        return {shelter: NAMES[NEARER[far]] for shelter, far in zip(self.stock.labels, least) if 0 < far < GONE}


def find(stock: Stock, h: Household, now: datetime, rules: Rules, shown: int = SHOWN_MAX) -> Found:
    look = Look(stock, h, now, rules)
    best = look.best(shown + 1)
    weighed = look.weighed(best)
    whys = [why(mine, after, rules, len(look.fits)) for mine, after in zip(weighed, [*weighed[1:], None])]
    ranked = tuple(Ranked(i + 1, stock.place(row), weighed[i], whys[i]) for i, row in enumerate(best[:shown]))
    return Found(ranked, len(look.fits), *look.counts(), look.nearest())


def _named(counts: Ints | Floats) -> dict[str, int]:
    return {str(reason.name): n for reason, n in zip(Reason, counts.tolist()) if n}
