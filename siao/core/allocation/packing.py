"""Several levels in one whole number, and back: a smaller number is a better vector, strictly level by level.

A level's weight exceeds all that the levels after it can add up to. Ranges are bounded and multiplied in Python's integers:
numpy overflows silently (ALLOCATION, pitfall 2). What does not fit below 2^62 goes into another stage.
"""

from collections.abc import Sequence

from msgspec import Struct

LIMIT = 1 << 62
PRICE_ROOM = 4
"""How many times larger a cost may become when the prices of a search are added to it."""


class Stage(Struct, frozen=True):
    """Levels first … last − 1 with their weights; `low` and `high`: what each can come to over all plans."""

    first: int
    weights: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def last(self) -> int:
        return self.first + len(self.weights)

    def pack(self, vector: Sequence[int]) -> int:
        return sum(w * int(v) for w, v in zip(self.weights, vector[self.first : self.last]))

    def unpack(self, value: int) -> tuple[tuple[int, ...], bool]:
        """The smallest vector that packs to `value` or more, and whether it packs to more."""
        found: list[int] = []
        for i, (weight, low) in enumerate(zip(self.weights, self.low)):
            rest_high = sum(w * h for w, h in zip(self.weights[i + 1 :], self.high[i + 1 :]))
            digit = max(low, -((rest_high - value) // weight))
            found.append(digit)
            value -= digit * weight
            if value < sum(w * least for w, least in zip(self.weights[i + 1 :], self.low[i + 1 :])):
                return (*found, *self.low[i + 1 :]), True
        return tuple(found), value < 0


def stages(low: Sequence[int], high: Sequence[int], largest: Sequence[int], nodes: int, limit: int = LIMIT) -> tuple[Stage, ...]:
    """As few stages as can be. `largest`: the largest cost of one arc, by level."""
    made: list[Stage] = []
    first = 0
    while first < len(low):
        last = next(
            n for n in range(len(low), first, -1) if n == first + 1 or _fits(low[first:n], high[first:n], largest[first:n], nodes, limit)
        )
        made.append(Stage(first, _weights(low[first:last], high[first:last]), tuple(low[first:last]), tuple(high[first:last])))
        first = last
    return tuple(made)


def _weights(low: Sequence[int], high: Sequence[int]) -> tuple[int, ...]:
    weights = [1]
    span = 0
    for i in range(len(low) - 1, 0, -1):
        span += weights[0] * (high[i] - low[i])
        weights.insert(0, span + 1)
    return tuple(weights)


def _fits(low: Sequence[int], high: Sequence[int], largest: Sequence[int], nodes: int, limit: int) -> bool:
    weights = _weights(low, high)
    arc = sum(w * c for w, c in zip(weights, largest))
    whole = sum(w * max(abs(a), abs(b)) for w, a, b in zip(weights, low, high))
    return arc * (nodes + 1) * PRICE_ROOM < limit and whole * PRICE_ROOM < limit


def unpack(parts: Sequence[Stage], values: Sequence[int]) -> tuple[int, ...]:
    """A bound, level by level: once one stage rounds up, the later ones may be at their least."""
    vector: tuple[int, ...] = ()
    for i, stage in enumerate(parts):
        if i >= len(values):
            vector += stage.low
            continue
        digits, more = stage.unpack(values[i])
        vector += digits
        if more:
            values = values[: i + 1]
    return vector
