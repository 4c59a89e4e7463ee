"""What a branch of the search has decided, and what is left of the network then.

No choice makes anything impossible: what "at least three households of two" leaves to others is taken away from them, whether
the three come or not. So every branch has a flow, and its cheapest is a valid bound.
"""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation.classes import Bools, Ints
from siao.core.allocation.network import FIXED, TWO, Network, Value, totals

OPEN, WITHOUT, WITH = -1, 0, 1
LARGEST = 1 << 60
"""Potentials and prices beyond it could overflow a sum; so far a gap drops no arc."""


class Choice(Struct, frozen=True):
    """At least and at most so many households of two in each dormitory; each pair OPEN, WITHOUT or WITH; each switchable
    dormitory OPEN or the number of its rule of the night."""

    twos: tuple[tuple[int, int], ...]
    pair: tuple[int, ...]
    night: tuple[int, ...]


class Split(Struct, frozen=True, array_like=True):
    """`kind` two: at most `at` households of two in dormitory `index`, or more; pair: without it, or with it; night: each rule."""

    kind: str
    index: int
    at: int = 0


class Leaf(Struct):
    """A branch that was solved: its bound, with the potentials and prices that prove it; how it was split, and into what."""

    choice: Choice
    bound: Value
    potentials: Ints
    prices: Ints
    split: Split | None = None
    parts: list["Leaf"] = []


def root(net: Network) -> Choice:
    twos = tuple((0, int(net.capacity[net.two[r]])) for r in net.dormitories)
    return Choice(twos, (OPEN,) * len(net.pairs), (OPEN,) * len(net.switchable))


def children(net: Network, choice: Choice, split: Split) -> list[Choice]:
    """They cover all that `choice` allows."""
    i = split.index
    if split.kind == "night":
        return [replace(choice, night=(*choice.night[:i], rule, *choice.night[i + 1 :])) for rule in range(len(net.nights))]
    if split.kind == "pair":
        without = (*choice.pair[:i], WITHOUT, *choice.pair[i + 1 :])
        return [replace(choice, pair=pair) for pair in (taken(net, choice.pair, i), without)]
    low, high = choice.twos[i]
    return [replace(choice, twos=(*choice.twos[:i], part, *choice.twos[i + 1 :])) for part in ((split.at + 1, high), (low, split.at))]


def taken(net: Network, pairs: tuple[int, ...], pair: int) -> tuple[int, ...]:
    """Whoever takes a pair takes its two rooms from every other pair."""
    mine = rooms(net, pair)
    return tuple(WITH if p == pair else WITHOUT if mine & rooms(net, p) else state for p, state in enumerate(pairs))


def rooms(net: Network, pair: int) -> set[int]:
    place = net.pair_of[pair]
    return {int(net.have.one[place]), int(net.have.other[place])}


def capacity(net: Network, choice: Choice) -> Ints:
    """What each arc still carries."""
    left = net.capacity.copy()
    for r, (low, high) in zip(net.dormitories, choice.twos):
        left[net.alone[r]], left[net.two[r]], left[net.out[r]] = net.have.units[r] - TWO * low, high, net.have.units[r] - low
    for p, state in enumerate(choice.pair):
        if state == WITHOUT:
            left[net.pairs[p]] = 0
        if state == WITH:
            left[net.alone[list(rooms(net, p))]] = 0
            left[net.out[net.have.other[net.pair_of[p]]]] = 0
    for s, rule in zip(net.switchable, choice.night):
        if rule != OPEN:
            left[net.take[(net.have.one[net.where] == s) & ~net.nights[rule]]] = 0
    return left


def relaxed(net: Network, choice: Choice) -> Bools:
    """The resources whose own row the network does not hold yet."""
    open_rows = np.zeros(len(net.have.units), bool)
    open_rows[[r for r, (low, high) in zip(net.dormitories, choice.twos) if low < high]] = True
    for p, state in enumerate(choice.pair):
        if state == OPEN:
            open_rows[list(rooms(net, p))] = True
    return open_rows


def priced(net: Network, cost: Ints, prices: Ints) -> Ints:
    """`cost[s, a]` with `prices[s, r]` on every unit of a resource that is used."""
    made = cost.copy()
    made[:, net.out] += prices
    made[:, net.more] += prices[:, net.of]
    return made


def used(net: Network, flow: Ints) -> Ints:
    """The units of each resource that a flow takes, the second ones too."""
    units = flow[net.out].copy()
    np.add.at(units, net.of, flow[net.more])
    return units


def reduced(net: Network, cost: Ints, potentials: Ints, arcs: Ints | slice = slice(None)) -> Ints:
    """`[s, a]`: cost + π[tail] − π[head]."""
    return cost[:, arcs] + potentials[:, net.graph.tail[arcs]] - potentials[:, net.graph.head[arcs]]


def negative(rows: Ints) -> Bools:
    """Which columns are below zero, stage by stage."""
    sign = np.zeros(rows.shape[1], np.int64)
    for row in rows:
        sign = np.where(sign == 0, np.sign(row), sign)
    return sign < 0


def bound(net: Network, cost: Ints, left: Ints, potentials: Ints, prices: Ints) -> Value:
    """What any potentials and prices prove: no plan within the capacities `left` is cheaper (weak duality, stage by stage)."""
    over = reduced(net, priced(net, cost, prices), potentials)
    parts = totals(over * negative(over), left), totals(potentials, net.graph.supply), totals(prices, net.have.units)
    return tuple(a - b - c for a, b, c in zip(*parts))


def kept(net: Network, cost: Ints, potentials: Ints, prices: Ints, proven: Value, value: Value) -> Ints:
    """1 for arcs that a plan worth `value` or better may use: whatever uses another costs its reduced cost above `proven`.

    Nor does anything go to a class of households that no arc leaves any more.
    """
    gap = np.array([max(-LARGEST, min(a - b, LARGEST)) for a, b in zip(value, proven)], np.int64)[:, None]
    used = np.where(negative(gap - reduced(net, priced(net, cost, prices), potentials)), 0, 1)
    goes_on = np.ones(net.graph.nodes, np.int64)
    goes_on[FIXED : FIXED + len(net.classes.households)] = 0
    goes_on[net.graph.tail[used > 0]] = 1
    return used * goes_on[net.graph.head]


def fewer(net: Network, used: Ints) -> tuple[Network, Ints]:
    """The network with no arc into a class or from it but those used, and which arcs are left; nodes and resources stay."""
    goes = (used > 0) | (net.graph.head < FIXED) | (net.graph.head >= FIXED + len(net.classes.households))
    stays = used[net.take] > 0
    goes[net.take[~stays]] = False
    arcs = np.flatnonzero(goes)
    now = np.full(len(goes) + 1, OPEN)  # its last is what OPEN points at
    now[arcs] = np.arange(len(arcs))
    return replace(
        net,
        graph=replace(net.graph, tail=net.graph.tail[arcs], head=net.graph.head[arcs]),
        capacity=net.capacity[arcs],
        cost=net.cost[:, arcs],
        take=now[net.take[stays]],
        who=net.who[stays],
        where=net.where[stays],
        nights=net.nights[:, stays],
        out=now[net.out],
        alone=now[net.alone],
        two=now[net.two],
        more=now[net.more],
        pairs=now[net.pairs],
    ), arcs
