"""Engine B: branch and bound over F, on what is more than a network.

A resource of which something takes a second unit (a dormitory with households of two, a room of a pair) has one row more than
the network: all its units count. That row is relaxed and priced (Lagrange), with one price a stage; a bound stays valid
whatever the prices. A node decides between fewer and more households of two, a pair or not, a rule of the night.
"""

from collections.abc import Callable
from heapq import heappop, heappush

import numpy as np
from msgspec import Struct

from siao.core.allocation import choices
from siao.core.allocation.choices import OPEN, WITHOUT, Choice, Leaf, Split
from siao.core.allocation.classes import Ints
from siao.core.allocation.flow import CannotSolve, lexicographic
from siao.core.allocation.model import LAST
from siao.core.allocation.network import Network, Value, totals

ROOT_ROUNDS = 2
"""Prices are looked for until so many rounds in a row bring neither a better bound nor a better plan; below the root one round at most."""
ROWS_A_ROUND = 16
"""The more rows are priced, the longer it is tried, in all for the square of it: where rows are few, splitting is cheaper than
pricing, because below the root arcs are few and costs small."""


class Best(Struct, frozen=True):
    """The best plan so far, as a flow, and what it is worth, stage by stage."""

    flow: Ints
    value: Value


def _gain(net: Network, costs: Ints, potentials: Ints, arcs: Ints) -> Ints:
    """`[s, k]`: by how much the plan would be cheaper if arc k carried one unit more; nothing where it would not be."""
    reduced = choices.reduced(net, costs, potentials, arcs)
    return -reduced * choices.negative(reduced)


def _into(net: Network) -> list[Ints]:
    """For each switchable dormitory, which of `take` end there."""
    return [np.flatnonzero(net.have.one[net.where] == s) for s in net.switchable]


class Search:
    """One run. `nodes` counts flows solved; `better(best, bound)` hears of every plan that beats the one before."""

    def __init__(self, net: Network, nodes_max: int, better: Callable[[Best, Value], None]) -> None:
        self.net, self.nodes_max, self.better = net, nodes_max, better
        self.arcs, self.size = np.arange(len(net.capacity)), len(net.capacity)
        self.costs = net.stage_costs()
        self.prices = np.zeros((len(net.stages), len(net.have.units)), np.int64)
        self.into = _into(net)
        self.rounds = len(net.more) // ROWS_A_ROUND
        self.best: Best | None = None
        self.nodes = 0
        self.rooted = False
        self.top = np.zeros((len(net.stages), net.graph.nodes), np.int64)
        self.kept = np.ones(len(net.capacity), np.int64)
        self.bound: Value = ()
        self.unsolved: list[Value] = []

    def run(self) -> Leaf:
        """The tree. Proven where every leaf's bound reaches the best plan's value."""
        top, flow = self._root()
        heap: list[tuple[Value, int, Leaf, Ints]] = [(top.bound, 0, top, flow)]
        self.bound = top.bound
        while heap:
            self.bound, _, leaf, flow = heap[0]
            if self._closed(self.bound) or self.nodes >= self.nodes_max:
                break
            heappop(heap)
            leaf.split = self._split(leaf, flow)
            self._from(leaf)
            for choice in choices.children(self.net, leaf.choice, leaf.split):
                part, flow = self._part(choice, leaf.prices)
                leaf.parts.append(part)
                if flow is not None and not self._closed(part.bound):
                    heappush(heap, (part.bound, self.nodes, part, flow))
        if not heap or self._closed(self.bound):
            self.bound = self.best.value if self.best else self.bound
        self.bound = min([self.bound, *self.unsolved])
        return top

    def _part(self, choice: Choice, prices: Ints) -> tuple[Leaf, Ints | None]:
        """A branch; one that the solver refuses keeps the bound that the branch above it proves, and is gone into no further."""
        try:
            return self._priced(choice, prices, min(1, self.rounds))
        except CannotSolve:
            if not self.rooted:
                raise
            self.prices = prices
            above, _ = self._inherited(choice)
            if not self._closed(above.bound):
                self.unsolved.append(above.bound)
            return above, None

    def _inherited(self, choice: Choice) -> tuple[Leaf, Ints]:
        """What the branch above proves of this one, and what may flow in it."""
        prices = self.prices * choices.relaxed(self.net, choice)
        left = choices.capacity(self.net, choice) * self.kept[self.arcs]
        least = choices.bound(self.net, self.costs, left, self.top, prices) if self.rooted else ()
        return Leaf(choice, least, self.top, prices), left

    def _from(self, leaf: Leaf) -> None:
        """Its parts cost little more than it does: reckoned from its potentials, what their plans cost is small."""
        if self.rooted:
            self.top = np.concatenate([leaf.potentials, self.top[len(leaf.potentials) :]])

    def _closed(self, bound: Value) -> bool:
        """Nothing better is below. A bound that ended early says nothing of the stages after it."""
        return self.best is not None and bound >= self.best.value

    def _solve(self, choice: Choice, *, whole: bool = False) -> tuple[Leaf, Ints]:
        """One branch, with the prices of the rows that its network does not hold yet. `whole`: even when it is beyond the best."""
        net = self.net
        above, left = self._inherited(choice)
        prices = above.prices

        def bound(potentials: Ints) -> Value:
            return choices.bound(
                net, self.costs[: len(potentials)], left, potentials + self.top[: len(potentials)], prices[: len(potentials)]
            )

        def settled(potentials: Ints, flow: Ints) -> bool:
            if self.best is None:
                return False
            least, value = bound(potentials), self.best.value[: len(potentials)]
            return least > value or (least < value and self._broken(flow))

        if not whole and self._closed(above.bound):
            return above, left
        cost = choices.reduced(net, choices.priced(net, self.costs, prices), self.top)
        found = lexicographic(net.graph, left, self._clipped(cost, self.bound if whole else above.bound), None if whole else settled)
        self.nodes += 1
        if not self._broken(found.flow):
            self._keep(found.flow)
        potentials = found.potentials + self.top[: len(found.potentials)]
        return Leaf(choice, bound(found.potentials), potentials, prices), found.flow

    def _clipped(self, cost: Ints, least: Value) -> Ints:
        """Reduced costs no larger than what the best plan is worth above `least`: more is beyond it just as well.

        Small costs are what makes the solver quick. A later stage is clipped only where the stages before leave no gap.
        """
        for row, value, bound in zip(cost, self.best.value if self.best else (), least):
            if value < bound:
                break
            most = min(value - bound + 1, choices.LARGEST)
            np.clip(row, -most, most, out=row)
            if value > bound:
                break
        return cost

    def _root(self) -> tuple[Leaf, Ints]:
        """The whole, with the best prices; its own potentials must prove all that is dropped, so it is solved once more."""
        top, flow = self._priced(choices.root(self.net), self.prices, ROOT_ROUNDS + self.rounds)
        if not self.kept.all():
            self.kept[:] = 1
            self.prices = top.prices
            top, flow = self._solve(top.choice, whole=True)
        if self.best is None or self._closed(top.bound):
            return top, flow
        self.kept = choices.kept(self.net, self.costs, top.potentials, top.prices, top.bound, self.best.value)
        self.rooted, self.top = True, top.potentials
        self.net, self.arcs = choices.fewer(self.net, self.kept)
        self.costs, self.into = self.costs[:, self.arcs], _into(self.net)
        return top, flow[self.arcs]

    def _priced(self, choice: Choice, prices: Ints, rounds: int) -> tuple[Leaf, Ints]:
        """A branch with the best prices that a few rounds find: what beds and rooms are worth in the plan it leans to."""
        self.prices = prices
        best, flow = leaf, leaning = self._solve(choice)
        since = turns = 0
        while since < rounds and turns < rounds * rounds and self.nodes < self.nodes_max and not self._closed(best.bound):
            before, turns = self.best, turns + 1
            asked = self._asked(choice, leaning) * choices.relaxed(self.net, choice)
            if self._closed(best.bound) or not asked.any():
                break
            self.prices = (self.prices + asked) // 2 if self.prices.any() else asked
            leaf, leaning = self._solve(choice)
            since = 0 if self.best is not before else since + 1
            self._drop(leaf)
            if leaf.bound > best.bound:
                best, flow, since = leaf, leaning, int(rounds == 1)
        return best, flow

    def _drop(self, leaf: Leaf) -> None:
        """While prices are looked for: arcs that no plan as good as the best uses leave the network."""
        if self.best is not None and not self.rooted and not self._closed(leaf.bound):
            self.kept *= choices.kept(self.net, self.costs, leaf.potentials, leaf.prices, leaf.bound, self.best.value)

    def _asked(self, choice: Choice, flow: Ints) -> Ints:
        """What one unit more of each resource would bring, all that is hard decided as this flow leans."""
        net = self.net
        try:
            decided, _ = self._solve(self._leaning(choice, flow), whole=True)
        except CannotSolve:
            return np.zeros_like(self.prices)
        hard = np.flatnonzero(net.alone >= 0)
        worth = _gain(net, self.costs, decided.potentials, net.out)
        worth[:, hard] += _gain(net, self.costs, decided.potentials, net.alone[hard])
        worth[:, net.alone < 0] = 0
        return worth

    def _keep(self, flow: Ints) -> None:
        value = totals(self.costs, flow)
        if self.best is None or value < self.best.value:
            whole = np.zeros(self.size, np.int64)
            whole[self.arcs] = flow
            self.best = Best(whole, value)
            self.better(self.best, self.bound)

    def _broken(self, flow: Ints) -> bool:
        """Whether this flow is no plan: a resource used too often, or nobody's rule of the night."""
        return bool((choices.used(self.net, flow) > self.net.have.units).any()) or self._mixed_up(flow) is not None

    def _mixed_up(self, flow: Ints) -> int | None:
        """A switchable dormitory in which no rule lets all sleep."""
        for s, into in enumerate(self.into):
            users = into[flow[self.net.take[into]] > 0]
            if not self.net.nights[:, users].all(axis=1).any():
                return s
        return None

    def _leaning(self, choice: Choice, flow: Ints) -> Choice:
        net = self.net
        two = [min(max(int(flow[net.two[r]]), low), high) for r, (low, high) in zip(net.dormitories, choice.twos)]
        pair = choice.pair
        for p in range(len(pair)):
            if pair[p] == OPEN and flow[net.pairs[p]]:
                pair = choices.taken(net, pair, p)
        pair = tuple(WITHOUT if state == OPEN else state for state in pair)
        night = tuple(self._rule(s, flow) if rule == OPEN else rule for s, rule in enumerate(choice.night))
        return Choice(tuple((n, n) for n in two), pair, night)

    def _rule(self, s: int, flow: Ints) -> int:
        """The rule under which most of what flows there may stay, what matters first counting most."""
        into = self.into[s]
        arcs = self.net.take[into]
        worth = flow[arcs] * 8 ** (LAST - self.net.classes.level[self.net.who[into]])
        return int(np.argmax(self.net.nights[:, into] @ worth))

    def _split(self, leaf: Leaf, flow: Ints) -> Split:
        """What is used too often, the dearest first; else what is mixed up; else a price paid for what is not used."""
        net, choice = self.net, leaf.choice
        spare = net.have.units - choices.used(net, flow)
        over = np.flatnonzero(spare < 0)
        if not len(over) and (s := self._mixed_up(flow)) is not None:
            return Split("night", s)
        if not len(over):
            over = np.flatnonzero((leaf.prices != 0).any(axis=0) & (spare > 0))
        r = max(over.tolist(), key=lambda r: (tuple(leaf.prices[:, r].tolist()), -r))
        at = int(np.searchsorted(net.dormitories, r))
        if at < len(net.dormitories) and net.dormitories[at] == r:
            low, high = choice.twos[at]
            return Split("two", at, min(max(int(flow[net.two[r]]) - int(spare[r] < 0), low), high - 1))
        touching = [p for p, state in enumerate(choice.pair) if state == OPEN and r in choices.rooms(net, p)]
        return Split("pair", max(touching, key=lambda p: (int(flow[net.pairs[p]]), -p)))
