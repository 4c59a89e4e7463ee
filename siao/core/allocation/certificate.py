"""Why no better plan exists, in numbers that anyone can add up without the solver.

Each leaf of the search holds potentials and prices; whatever they are, they bound every plan of that leaf from below (weak
duality), and the leaves cover all plans. So the checker trusts nothing but the rules and its own sums.
"""

import hashlib
from collections.abc import Iterator

import msgspec
import numpy as np
from msgspec import Struct

from siao.core.allocation import choices, model, network, packing
from siao.core.allocation.choices import Choice, Leaf, Split
from siao.core.allocation.classes import Ints
from siao.core.allocation.model import Given, Instance, Vector
from siao.core.allocation.network import Network, Value
from siao.core.coded import Coded


class Branch(Struct, frozen=True, array_like=True):
    """One node of the search: potentials `[stage, node]` and prices `[stage, resource]` as int64, or how it was split."""

    potentials: bytes
    prices: bytes
    split: Split | None
    parts: tuple["Branch", ...]


class Certificate(Struct, frozen=True):
    """`digest` ties the tree to one batch and one plan."""

    digest: bytes
    tree: Branch


class Engine(Coded):
    """What found the plan and proved what is proven of it."""

    FLOW = "flow", "flot à coût minimal", "min-cost flow"
    BRANCH = "branch", "séparation et évaluation", "branch and bound"
    LEVELS = "levels", "programmation linéaire niveau par niveau", "linear programming level by level"


class Plan(Struct, frozen=True):
    """`vector`: what the plan is worth. `bound`: no plan is better than this, level by level from the left.

    `proven`: the two are the same. `certificate` proves the bound; none while the search still runs.
    """

    given: tuple[Given, ...]
    vector: Vector
    bound: Vector
    proven: bool
    engine: Engine
    nodes: int
    certificate: Certificate | None


class Worthless(Exception):
    """The certificate proves nothing about this batch and this plan."""


def write(instance: Instance, given: tuple[Given, ...], tree: Leaf) -> Certificate:
    kept = _branch(tree)
    return Certificate(_digest(instance, given, kept), kept)


def _branch(leaf: Leaf) -> Branch:
    """Only the top and the leaves have to prove anything."""
    parts = tuple(_branch(part) for part in leaf.parts)
    return Branch(leaf.potentials.tobytes(), leaf.prices[: len(leaf.potentials)].tobytes(), leaf.split if parts else None, parts)


def _digest(instance: Instance, given: tuple[Given, ...], tree: Branch) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode((instance, given, tree))).digest()


def proven(instance: Instance, given: tuple[Given, ...], proof: Certificate) -> tuple[Network, Value, Value]:
    """The network, what the plan costs, and what every plan costs at least; Worthless where that cannot be added up."""
    if proof.digest != _digest(instance, given, proof.tree) or any(model.faults(instance, given)):
        raise Worthless("not the certificate of this plan")
    net = network.build(instance)
    value = tuple(stage.pack(network.levels(net, given)) for stage in net.stages)
    cost, choice = net.stage_costs(), choices.root(net)
    least = bound(net, cost, choices.capacity(net, choice), proof.tree)
    if proof.tree.parts:
        used = kept(net, cost, proof.tree, value)
        least = min(bound(net, cost, choices.capacity(net, c) * used, leaf) for c, leaf in leaves(net, choice, proof.tree))
    return net, value, min(value, least)


def kept(net: Network, cost: Ints, tree: Branch, value: Value) -> Ints:
    """1 for the arcs that plans as good as this one may use, by the potentials of the whole."""
    top = bound(net, cost, choices.capacity(net, choices.root(net)), tree)
    return choices.kept(net, cost, *_arrays(net, tree), top, value)


def leaves(net: Network, choice: Choice, branch: Branch) -> Iterator[tuple[Choice, Branch]]:
    if branch.split is None:
        yield choice, branch
        return
    if not 0 <= branch.split.index < len(getattr(choice, {"two": "twos"}.get(branch.split.kind, branch.split.kind))):
        raise Worthless("a split of nothing")
    for part, below in zip(choices.children(net, choice, branch.split), branch.parts, strict=True):
        yield from leaves(net, part, below)


def bound(net: Network, cost: Ints, left: Ints, branch: Branch) -> Value:
    potentials, prices = _arrays(net, branch)
    return choices.bound(net, cost[: len(potentials)], left, potentials, prices)


def _arrays(net: Network, branch: Branch) -> tuple[Ints, Ints]:
    """Potentials and prices, of a size that cannot overflow, no price below nothing."""
    potentials = np.frombuffer(branch.potentials, np.int64).reshape(-1, net.graph.nodes)
    prices = np.frombuffer(branch.prices, np.int64).reshape(len(potentials), len(net.have.units))
    if max(np.abs(potentials).max(initial=0), np.abs(prices).max(initial=0)) > choices.LARGEST or choices.negative(prices).any():
        raise Worthless("a number that proves nothing")
    return potentials, prices


def accepts(instance: Instance, plan: Plan) -> bool:
    """Whether the plan is possible, worth what it says, and no plan better than the bound it says."""
    if plan.certificate is None:
        return False
    try:
        net, value, least = proven(instance, plan.given, plan.certificate)
    except (Worthless, ValueError, TypeError, LookupError):
        return False
    says = packing.unpack(net.stages, least)[-len(plan.vector) :]
    return plan.vector == model.vector(instance, plan.given) and plan.bound == says and plan.proven == (least >= value)
