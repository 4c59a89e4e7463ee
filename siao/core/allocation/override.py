"""What it costs at least to give one household another place than the plan's: from the certificate, without solving again.

The potentials of a plan also bound every plan for the others, once this household and what it takes are out of the network
(ALLOCATION, Explanation). Say "at least" unless solved again.
"""

from uuid import UUID

import numpy as np
from msgspec.structs import replace

from siao.core.allocation import certificate, choices, model, packing
from siao.core.allocation.branch import Search
from siao.core.allocation.certificate import Plan, Worthless
from siao.core.allocation.choices import OPEN, WITH, WITHOUT, Choice
from siao.core.allocation.classes import RULES
from siao.core.allocation.compatible import Place, excluded
from siao.core.allocation.model import FIRST, Instance, Vector, Waiting
from siao.core.allocation.network import FIXED, FLOOR, TWO, Network, Value
from siao.core.units import Kind


def bound(instance: Instance, plan: Plan, request: UUID, units: tuple[UUID, ...], *, nodes_max: int = 0) -> Vector:
    """No plan that gives `units` to `request` is better than this vector. The caller sees to it that no hard reason forbids it.

    With `nodes_max` the others are also solved again, as far as so many nodes go: then it is almost always exact.
    """
    if plan.certificate is None:
        raise Worthless("no certificate, no bound")
    one = next(one for one in instance.waiting if one.request == request)
    place = next(place for place in instance.places if place.units == units)
    net, value, _ = certificate.proven(instance, plan.given, plan.certificate)
    without = _Without(net, one, place)
    least = _from(plan.certificate.tree, without, value)
    if nodes_max:
        search = Search(without.net, nodes_max, lambda best, bound: None)
        search.run()
        least = max(least, search.bound)
    others = packing.unpack(net.stages, least)
    return tuple(a + b for a, b in zip(others, without.worth))[-len(instance.rules.order) :]


def _from(tree: certificate.Branch, without: "_Without", value: Value) -> Value:
    """What the certificate alone says of the others."""
    net = without.whole
    cost, top = net.stage_costs(), choices.root(net)
    least = without.bound(cost, top, tree, None)
    if not tree.parts:
        return least
    own = without.worth if without.compatible else (0,) * len(without.worth)
    beyond = tuple(v - stage.pack(own) for v, stage in zip(value, net.stages))
    kept = certificate.kept(net, cost, tree, value)
    leaves = [without.bound(cost, c, leaf, kept) for c, leaf in certificate.leaves(net, top, tree) if without.possible(c)]
    return max(least, min([*leaves, beyond]))


class _Without:
    """The network of all the others."""

    def __init__(self, net: Network, one: Waiting, place: Place) -> None:
        self.instance = net.classes.instance
        self.one, self.place = one, place
        self.level = model.level(one.household, self.instance.rules, self.instance.now)
        self.beds = one.household.persons if place.kind is Kind.DORMITORY else 1
        self.taken = [_resource(net, unit) for unit in place.units]
        self.whole, self.net = net, self._left(net)

    @property
    def compatible(self) -> bool:
        return not excluded(self.one.household, self.place, self.instance.now)

    @property
    def worth(self) -> tuple[int, ...]:
        """What the household itself adds, at its floor too."""
        rules = self.instance.rules
        adds = model.worth(self.one.household, self.place, rules, self.instance.now)
        return (-(rules.floors[self.level - FIRST] > 0), *adds) if any(rules.floors) else adds

    def _left(self, net: Network) -> Network:
        """One household less, and what it takes."""
        capacity, supply, units = net.capacity.copy(), net.graph.supply.copy(), net.have.units.copy()
        units[self.taken] -= self.beds
        capacity[[0, self._source(net)]] -= 1
        supply[[0, 1]] += (-1, 1)
        capacity[net.out[self.taken]] = units[self.taken]
        hard = [r for r in self.taken if net.alone[r] >= 0]
        capacity[net.alone[hard]] = units[hard]
        twins = [r for r in self.taken if net.two[r] >= 0]
        capacity[net.two[twins]] = np.minimum(capacity[net.two[twins]], units[twins] // TWO)
        capacity[[arc for p, arc in enumerate(net.pairs) if choices.rooms(net, p) & set(self.taken)]] = 0
        if any(self.instance.rules.floors):
            arcs = np.flatnonzero((net.graph.head == FLOOR + self.level - FIRST) & (capacity > 0))
            capacity[arcs[0]] -= 1
        return replace(net, capacity=capacity, graph=replace(net.graph, supply=supply), have=replace(net.have, units=units))

    def _source(self, net: Network) -> int:
        """The arc by which this household comes in: its class, its length of wait."""
        of = next(i for i, members in enumerate(net.classes.households) if self.one in members)
        row = int(any(self.instance.rules.floors)) + self.instance.rules.order.index(model.Level.WAITING)
        waited = -model.hours(self.one.household, self.instance.now)
        return int(np.flatnonzero((net.graph.head == FIXED + of) & (net.cost[row] == waited))[0])

    def possible(self, choice: Choice) -> bool:
        """Whether a branch allows it at all."""
        for p, state in enumerate(choice.pair):
            mine = self.whole.classes.places[self.whole.pair_of[p]][0].units == self.place.units
            if state == (WITHOUT if mine else WITH) and choices.rooms(self.whole, p) & set(self.taken):
                return False
        dormitory = np.flatnonzero(self.whole.dormitories == self.taken[0])
        if self._two and len(dormitory) and choice.twos[dormitory[0]][1] == 0:
            return False
        return all(rule == OPEN or s != self.taken[0] or self._sleeps(rule) for s, rule in zip(self.whole.switchable, choice.night))

    @property
    def _two(self) -> bool:
        return self.place.kind is Kind.DORMITORY and self.beds == TWO

    def _sleeps(self, rule: int) -> bool:
        return not excluded(self.one.household, replace(self.place, rule=RULES[rule]), self.instance.now)

    def bound(self, cost: np.ndarray, choice: Choice, branch: certificate.Branch, kept: np.ndarray | None) -> Value:
        """What the others cost at least in this branch."""
        left = choices.capacity(self.net, self._fewer(choice))
        return certificate.bound(self.net, cost, left if kept is None else left * kept, branch)

    def _fewer(self, choice: Choice) -> Choice:
        """A household of two in a dormitory is one of those that the branch counts there."""
        twos = tuple((max(0, low - 1), high) if self._two and r == self.taken[0] else (low, high)
                     for r, (low, high) in zip(self.whole.dormitories, choice.twos))  # fmt: skip
        return replace(choice, twos=twos)


def _resource(net: Network, unit: UUID) -> int:
    for j, alike in enumerate(net.classes.places):
        for place in alike:
            if unit in place.units:
                return int(net.have.one[j] if place.units[0] == unit else net.have.other[j])
    raise LookupError(unit)
