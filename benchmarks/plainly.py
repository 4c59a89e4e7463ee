"""The query of `rank.find` in plain Python, place by place: what the arrays are measured against, and tested to be equal to."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siao.core.allocation.compatible import Household, Place, Reason, excluded
from siao.core.allocation.model import Rules
from siao.core.allocation.rank import Found, Ranked
from siao.core.allocation.weigh import TELLING, cost, weigh, why


def find(places: Sequence[Place], h: Household, now: datetime, rules: Rules, shown: int) -> Found:
    fits: list[Place] = []
    reasons: Counter[str] = Counter()
    only: Counter[str] = Counter()
    nearest: dict[UUID, Reason] = {}
    for place in places:
        bits = excluded(h, place, now)
        if place.shelter not in nearest or _far(bits) < _far(nearest[place.shelter]):
            nearest[place.shelter] = bits
        if not bits:
            fits.append(place)
        names = _names(bits)
        reasons.update(names)
        only.update(names if len(names) == 1 else ())
    fits.sort(key=lambda place: (*_levels(h, place, rules), place.units))
    weighed = [weigh(h, place, rules) for place in fits]
    whys = [why(mine, after, rules, len(fits)) for mine, after in zip(weighed, [*weighed[1:], None])]
    ranked = tuple(Ranked(i + 1, fits[i], weighed[i], whys[i]) for i in range(min(shown, len(fits))))
    return Found(ranked, len(fits), dict(reasons), dict(only), {str(id): _names(bits) for id, bits in nearest.items() if bits})


def _levels(h: Household, place: Place, rules: Rules) -> list[int]:
    costs = cost(weigh(h, place, rules))
    return [costs[level] for level in rules.order if level in TELLING]


def _far(bits: Reason) -> tuple[bool, int, int]:
    return bool(bits & Reason.FULL), bits.bit_count(), int(bits)


def _names(bits: Reason) -> tuple[str, ...]:
    return tuple(str(reason.name) for reason in Reason if reason & bits)
