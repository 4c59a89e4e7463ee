"""The certificate: accepted for every batch, refused once anything is touched, even by who can forge its digest."""

from collections.abc import Iterator
from random import Random
from uuid import UUID

import numpy as np
import pytest
from msgspec.structs import replace

from batches import batches
from siao.core.allocation import by_turn, certificate, model, optimum
from siao.core.allocation.certificate import Branch, Certificate, Plan
from siao.core.allocation.model import Instance
from siao.core.units import Kind, Rule
from siao.simulator.instances import SMALL, make

TAMPERINGS = 40
"""On each of the seventy batches, so some thousands."""


def test_accepted_for_every_batch_closed_or_not() -> None:
    for batch in batches():
        for nodes in (3_000, 3):
            plan = optimum.solve(batch, nodes_max=nodes)
            assert certificate.accepts(batch, plan)
            assert plan.bound <= plan.vector


def test_refused_whatever_is_touched() -> None:
    done = 0
    for seed, batch in enumerate(batches()):
        plan = optimum.solve(batch, nodes_max=3_000)
        for touched, claimed in touches(batch, plan, Random(seed)):
            assert not certificate.accepts(touched, claimed)
            done += 1
    assert done > 2_000


def touches(batch: Instance, plan: Plan, dice: Random) -> Iterator[tuple[Instance, Plan]]:
    proof = plan.certificate
    assert proof is not None
    for _ in range(TAMPERINGS):
        yield batch, replace(plan, certificate=replace(proof, tree=flipped(proof.tree, dice)))
    level = dice.randrange(len(plan.vector))
    yield batch, replace(plan, vector=nudged(plan.vector, level))
    yield batch, replace(plan, bound=nudged(plan.bound, level))
    yield batch, replace(plan, proven=not plan.proven)
    yield batch, replace(plan, certificate=None)
    if plan.given:
        yield batch, replace(plan, given=plan.given[1:])
        yield replace(batch, waiting=batch.waiting[1:]), plan


def nudged(vector: tuple[int, ...], level: int) -> tuple[int, ...]:
    return (*vector[:level], vector[level] - 1, *vector[level + 1 :])


def flipped(tree: Branch, dice: Random) -> Branch:
    """One bit of one number somewhere in the tree."""
    if tree.parts and dice.random() < 0.7:
        i = dice.randrange(len(tree.parts))
        return replace(tree, parts=(*tree.parts[:i], flipped(tree.parts[i], dice), *tree.parts[i + 1 :]))
    raw = bytearray(tree.potentials)
    raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    return replace(tree, potentials=bytes(raw))


def test_who_forges_the_digest_too_cannot_prove_what_is_false() -> None:
    done = 0
    for seed, batch in enumerate(batches()):
        plan = optimum.solve(batch, nodes_max=3_000)
        for claimed in forgeries(batch, plan, Random(seed)):
            assert not certificate.accepts(batch, claimed)
            done += 1
    assert done > 500


def forgeries(batch: Instance, plan: Plan, dice: Random) -> Iterator[Plan]:
    """Worse plans that claim to be the best, with the best plan's tree, touched at random, and a digest that fits."""
    worse = [by_turn.first_fit(batch), by_turn.best_fit(batch), plan.given[1:], plan.given[:-1]]
    for given in worse:
        vector = model.vector(batch, given)
        if vector > plan.vector and not any(batch.rules.floors):
            for tree in (plan.certificate.tree, *(noisy(plan.certificate.tree, dice) for _ in range(2))):  # type: ignore[union-attr]
                forged = Certificate(certificate._digest(batch, given, tree), tree)
                yield Plan(given, vector, vector, True, plan.engine, plan.nodes, forged)


def noisy(tree: Branch, dice: Random) -> Branch:
    raw = np.frombuffer(tree.potentials, np.int64).copy()
    raw[dice.randrange(len(raw))] += dice.choice((-1, 1)) * (1 << dice.randrange(62))
    return replace(tree, potentials=raw.tobytes())


def test_a_leaf_left_out_or_a_split_of_nothing_is_refused() -> None:
    for seed in range(200):
        batch = make(SMALL, seed)
        plan = optimum.solve(batch)
        tree = plan.certificate.tree  # type: ignore[union-attr]
        if tree.split is None:
            continue
        for forged in (replace(tree, parts=tree.parts[1:]), replace(tree, split=replace(tree.split, index=-1))):
            proof = Certificate(certificate._digest(batch, plan.given, forged), forged)
            assert not certificate.accepts(batch, replace(plan, certificate=proof))
        return
    pytest.fail("no batch needed a search")


def test_a_batch_with_one_place_more_needs_another_certificate() -> None:
    batch = make(SMALL, 0)
    plan = optimum.solve(batch)
    hall = replace(batch.places[0], units=(UUID(int=7),), kind=Kind.DORMITORY, capacity=40, rule=Rule.MIXED, suite=None, nights_max=None)
    larger = replace(batch, places=(*batch.places, replace(hall, arrive_before=None)))
    tree = plan.certificate.tree  # type: ignore[union-attr]
    forged = replace(plan, certificate=Certificate(certificate._digest(larger, plan.given, tree), tree))
    assert not certificate.accepts(larger, forged)
