"""The batch as a network: source → class (by waiting rank) → place → resource → sink, beside a bypass for who waits on.

What is more than a network stands beside it: `more` says which arcs use a second unit of which resource (the second bed of a
household of two in a dormitory, the second room of a pair), and `Choice` what a branch of the search has decided.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from uuid import UUID

import numpy as np
from msgspec import Struct

from siao.core.allocation import classes, model, packing
from siao.core.allocation.classes import Bools, Classes, Ints
from siao.core.allocation.compatible import Place
from siao.core.allocation.model import FIRST, PRIORITY, Given, Instance, Level
from siao.core.allocation.packing import Stage
from siao.core.units import Kind

SOURCE, SINK, FLOOR, FIXED = 0, 1, 2, 6
"""Nodes: source, sink, one a priority level; classes, places and resources follow."""
TWO = 2
OPEN = -1
Value = tuple[int, ...]
"""What a plan costs, one whole number a stage."""


class Graph(Struct, frozen=True):
    """Arcs `tail → head`; `supply[v]` units leave node v, those that are negative arrive there."""

    nodes: int
    tail: Ints
    head: Ints
    supply: Ints


class Resources(Struct, frozen=True):
    """What can be taken: `units[r]` of each; place j takes of `one[j]`, and of `other[j]` if it is a pair (else OPEN)."""

    units: Ints
    halves: Ints
    one: Ints
    other: Ints


class Network(Struct, frozen=True):
    """`take`: arcs class → place, `who[k]` and `where[k]` their ends, `nights[r, k]` whether they fit under rule r.

    `out[r]`: the arc resource → sink; `alone[r]`, `two[r]`: the arcs by which single units and households of two come in, OPEN
    where nothing is hard. `more[e]`: an arc that uses one unit more of resource `of[e]`. `pairs[p]`: the arc pair → its first
    room, `pair_of[p]` its place. `cost[l, a]` by level, floors first.
    """

    classes: Classes
    graph: Graph
    capacity: Ints
    cost: Ints
    stages: tuple[Stage, ...]
    take: Ints
    who: Ints
    where: Ints
    nights: Bools
    have: Resources
    out: Ints
    alone: Ints
    two: Ints
    more: Ints
    of: Ints
    dormitories: Ints
    pairs: Ints
    pair_of: Ints
    switchable: Ints

    def stage_costs(self) -> Ints:
        """`[s, a]`: the levels of each stage in one whole number."""
        return np.stack([np.array(stage.weights, np.int64) @ self.cost[stage.first : stage.last] for stage in self.stages])


class _Arcs:
    """Arcs while they are drawn, block by block."""

    def __init__(self, levels: int) -> None:
        self.levels, self.count = levels, 0
        self.blocks: list[tuple[Ints, Ints, Ints, Ints]] = []

    def draw(self, tail: Ints | int, head: Ints | int, capacity: Ints, cost: Mapping[int, Ints] | None = None) -> Ints:
        """The numbers of the new arcs; `cost` by level."""
        n = len(capacity)
        rows = np.zeros((self.levels, n), np.int64)
        for row, values in (cost or {}).items():
            rows[row] = values
        self.blocks.append((np.broadcast_to(tail, n), np.broadcast_to(head, n), capacity, rows))
        self.count += n
        return np.arange(self.count - n, self.count)

    def all(self) -> tuple[Ints, Ints, Ints, Ints]:
        tail, head, capacity, cost = zip(*self.blocks)
        return np.concatenate(tail), np.concatenate(head), np.concatenate(capacity), np.concatenate(cost, axis=1)


def _resources(places: Sequence[Sequence[Place]]) -> Resources:
    units: list[int] = []
    halves: list[int] = []
    of: dict[UUID, int] = {}
    for alike in places:
        if len(alike[0].units) == 1:
            beds = [p.capacity if p.kind is Kind.DORMITORY else 1 for p in alike]
            of |= {place.units[0]: len(units) for place in alike}
            units.append(sum(beds))
            halves.append(sum(b // TWO for b in beds))
    for alike in places:
        for unit in alike[0].units:
            if unit not in of:
                of[unit] = len(units)
                units.append(1)
                halves.append(0)
    one, other = ([of[p[0].units[side]] if len(p[0].units) > side else OPEN for p in places] for side in (0, 1))
    return Resources(*(np.array(column, np.int64) for column in (units, halves, one, other)))


def build(instance: Instance) -> Network:
    """Arcs, costs and stages; the same for the same batch, whatever its order."""
    made = classes.build(instance)
    have = _resources(made.places)
    base = int(any(instance.rules.floors))
    arcs = _Arcs(base + len(instance.rules.order))
    arcs.draw(SOURCE, SINK, np.array([len(instance.waiting)], np.int64))
    _sources(arcs, made, base)
    who, where = np.nonzero(made.fits.any(axis=0))
    dormitory = np.array([p[0].kind is Kind.DORMITORY for p in made.places], bool)
    twos = dormitory[where] & (made.persons[who] == TWO)
    pairs = np.flatnonzero(have.other >= 0)
    twin, hard = _marked(have, have.one[where[twos]]), _marked(have, have.one[pairs], have.other[pairs], have.one[where[twos]])
    shape = _Shape(FIXED + len(made.households), len(have.units), pairs)
    take = arcs.draw(FIXED + who, shape.entry(have, where, twos, hard), _sizes(made)[who], _place_costs(made, who, where, base))
    alone = _spread(hard, lambda r: arcs.draw(shape.alone + r, shape.resources + r, have.units[r]))
    two = _spread(twin, lambda r: arcs.draw(shape.two + r, shape.resources + r, have.halves[r]))
    both = arcs.draw(shape.pairs + np.arange(len(pairs)), shape.resources + have.one[pairs], np.ones(len(pairs), np.int64))
    out = arcs.draw(shape.resources + np.arange(len(have.units)), SINK, have.units)
    tail, head, capacity, cost = arcs.all()
    return Network(
        classes=made,
        graph=_graph(shape.nodes, tail, head, len(instance.waiting)),
        capacity=capacity,
        cost=cost,
        stages=packing.stages(*_ranges(have, int(take[0]) if len(take) else len(capacity), where, cost, capacity), shape.nodes),
        take=take,
        who=who,
        where=where,
        nights=made.fits[:, who, where],
        have=have,
        out=out,
        alone=alone,
        two=two,
        more=np.concatenate([two[twin], both]),
        of=np.concatenate([np.flatnonzero(twin), have.other[pairs]]),
        dormitories=np.flatnonzero(twin),
        pairs=both,
        pair_of=pairs,
        switchable=_switchable(made, have),
    )


def _graph(nodes: int, tail: Ints, head: Ints, households: int) -> Graph:
    supply = np.zeros(nodes, np.int64)
    supply[[SOURCE, SINK]] = households, -households
    return Graph(nodes, tail, head, supply)


def _switchable(made: Classes, have: Resources) -> Ints:
    """The dormitories whose rule of the night is open."""
    alike = [p[0] for p in made.places]
    return np.array([int(have.one[j]) for j, p in enumerate(alike) if p.kind is Kind.DORMITORY and p.rule is None], np.int64)


class _Shape(Struct, frozen=True):
    """Where the nodes of resources begin, of those who come alone, in twos, in pairs of rooms."""

    resources: int
    count: int
    of_pairs: Ints

    @property
    def alone(self) -> int:
        return self.resources + self.count

    @property
    def two(self) -> int:
        return self.alone + self.count

    @property
    def pairs(self) -> int:
        return self.two + self.count

    @property
    def nodes(self) -> int:
        return self.pairs + len(self.of_pairs)

    def entry(self, have: Resources, where: Ints, twos: Bools, hard: Bools) -> Ints:
        """The node at which each arc class → place ends."""
        r = have.one[where]
        single = np.where(twos, self.two, np.where(hard[r], self.alone, self.resources)) + r
        return np.where(have.other[where] >= 0, self.pairs + np.searchsorted(self.of_pairs, where), single)


def _marked(have: Resources, *resources: Ints) -> Bools:
    mark = np.zeros(len(have.units), bool)
    for r in resources:
        mark[r] = True
    return mark


def _spread(mark: Bools, draw: Callable[[Ints], Ints]) -> Ints:
    """One arc for each resource that is marked, OPEN for the others."""
    arcs = np.full(len(mark), OPEN, np.int64)
    arcs[mark] = draw(np.flatnonzero(mark))
    return arcs


def _sizes(made: Classes) -> Ints:
    return np.array([len(one) for one in made.households], np.int64)


def _sources(arcs: _Arcs, made: Classes, base: int) -> None:
    """Source → class, one arc for each length of wait; through a node of the priority level where there are floors."""
    rules, now = made.instance.rules, made.instance.now
    ranks = [(i, hours, len(list(alike))) for i, one in enumerate(made.households)
             for hours, alike in groupby(model.hours(w.household, now) for w in one)]  # fmt: skip
    of, hours, count = np.array(ranks, np.int64).reshape(-1, 3).T
    level = made.level[of]
    cost: dict[int, Ints] = {base + rules.order.index(Level.WAITING): -hours}
    cost |= {base + rules.order.index(one): np.where(level == i + FIRST, -made.weight[of], 0) for i, one in enumerate(PRIORITY)}
    if base:
        for i, least in enumerate(rules.floors):
            arcs.draw(SOURCE, FLOOR + i, np.array([least]), {0: np.array([-1])})
            arcs.draw(SOURCE, FLOOR + i, np.array([count[level == i + FIRST].sum()]))
    arcs.draw(FLOOR + level - FIRST if base else SOURCE, FIXED + of, count, cost)


def _place_costs(made: Classes, who: Ints, where: Ints, base: int) -> dict[int, Ints]:
    order = made.instance.rules.order
    return {
        base + order.index(Level.WASTE): made.waste[who, where],
        base + order.index(Level.CONTINUITY): -made.same_shelter[who, where].astype(np.int64),
        base + order.index(Level.DISTANCE): made.tenths[who, where],
    }


def _ranges(have: Resources, first: int, where: Ints, cost: Ints, capacity: Ints) -> tuple[list[int], list[int], list[int]]:
    """What each level can come to, least and most, and the largest cost of one arc. Arcs before `first` speak of households,
    those from it on of places."""
    places = min(int(capacity[0]), int(have.units.sum()))
    low: list[int] = []
    high: list[int] = []
    for row in cost:
        household, place = row[1:first], row[first : first + len(where)]
        best = np.sort(np.repeat(household, np.minimum(capacity[1:first], places)))[:places]
        least, most = np.zeros((2, len(have.units)), np.int64)
        np.minimum.at(least, have.one[where], place)
        np.maximum.at(most, have.one[where], place)
        low.append(int(best.sum()) + int(least @ have.units))
        high.append(int(most @ have.units))
    return low, high, [int(np.abs(row).max(initial=0)) for row in cost]


def totals(costs: Ints, flow: Ints) -> Value:
    """Σ costs[s]·flow of each stage, in Python's integers: it may pass 2^63."""
    high, low = (costs >> 31) @ flow, (costs & (1 << 31) - 1) @ flow
    return tuple((a << 31) + b for a, b in zip(high.tolist(), low.tolist()))


def levels(net: Network, given: Sequence[Given]) -> tuple[int, ...]:
    """What a plan is worth, level by level, before them how far it meets the floors where there are any."""
    instance = net.classes.instance
    vector = model.vector(instance, given)
    if not any(instance.rules.floors):
        return vector
    household = {one.request: one.household for one in instance.waiting}
    count = Counter(model.level(household[one.request], instance.rules, instance.now) for one in given)
    return -sum(min(least, count[i + FIRST]) for i, least in enumerate(instance.rules.floors)), *vector
