"""The optimum against another solver on another model, against itself, and against broken copies of itself."""

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from batches import batches
from benchmarks.rivals import Answer
from siao.carried import HERE
from siao.core.allocation import branch, certificate, choices, flow, model, network, optimum, packing
from siao.core.allocation.model import Instance

NODES = 3_000


def answers(rival: str, those: Sequence[Instance], seconds: int = 60) -> list[tuple[int, ...] | None]:
    command = [sys.executable, "-m", "benchmarks.rivals", rival, str(seconds)]
    done = subprocess.run(command, cwd=HERE.parent, input=msgspec.msgpack.encode(those), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return [msgspec.json.decode(line, type=Answer).vector for line in done.stdout.splitlines()]


@cache
def highs() -> list[tuple[int, ...]]:
    found = answers("highs", batches())
    assert all(found), "HiGHS proves each"
    return [vector for vector in found if vector]


def solved(batch: Instance) -> tuple[int, ...]:
    """The vector, floors before it where there are any."""
    plan = optimum.solve(batch, nodes_max=NODES)
    assert plan.proven
    return network.levels(network.build(batch), plan.given)


def test_seventy_vectors_are_those_of_another_solver_on_another_model() -> None:
    those = batches()
    assert len(those) >= 70
    assert [solved(batch) for batch in those] == highs()


def test_where_cp_sat_proves_it_says_the_same() -> None:
    those = batches()[:8]
    found = answers("cpsat", those)
    assert sum(vector is not None for vector in found) > 5
    assert all(vector is None or vector == solved(batch) for vector, batch in zip(found, those))


def test_what_is_hard_is_met_often() -> None:
    nets = [network.build(batch) for batch in batches()]
    assert sum(len(net.dormitories) > 0 for net in nets) > 20
    assert sum(len(net.pairs) > 0 for net in nets) > 10
    assert sum(len(net.switchable) > 0 for net in nets) > 10


def test_plans_are_possible_proven_and_the_same_twice() -> None:
    for batch in batches():
        plan = optimum.solve(batch, nodes_max=NODES)
        assert list(model.faults(batch, plan.given)) == []
        assert plan.vector == plan.bound == model.vector(batch, plan.given)
        assert plan == optimum.solve(batch, nodes_max=NODES)


# Engines broken on purpose: each must be seen, by a wrong vector, an impossible plan, or a refusal to answer.


def broken_freezing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Later stages forget what earlier ones decided."""

    def forgetful(graph: network.Graph, capacity: flow.Ints, costs: flow.Ints, stop: object = None) -> flow.Optimum:
        last = [honest(graph, capacity, row[None], None) for row in costs]
        return flow.Optimum(last[-1].flow, np.concatenate([one.potentials for one in last]))

    honest = flow.lexicographic
    monkeypatch.setattr(branch, "lexicographic", forgetful)


def broken_packing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights too small: a later level outweighs an earlier one."""
    monkeypatch.setattr(packing, "_weights", lambda low, high: tuple(50 ** (len(low) - 1 - i) for i in range(len(low))))


def broken_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one stage, whatever its size: the weights wrap around as int64 does, in silence."""
    honest = packing._weights
    monkeypatch.setattr(packing, "_fits", lambda *_: True)
    monkeypatch.setattr(packing, "_weights", lambda low, high: tuple((w + (1 << 63)) % (1 << 64) - (1 << 63) for w in honest(low, high)))


def broken_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row Σ households of two ≤ Σ⌊b/2⌋ is dropped."""
    honest = network._resources

    def without(places: object) -> network.Resources:
        have = honest(places)  # type: ignore[arg-type]
        return replace(have, halves=have.units)

    monkeypatch.setattr(network, "_resources", without)


def broken_second_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second bed and the second room cost nothing."""
    monkeypatch.setattr(choices, "used", lambda net, flow: flow[net.out])


def broken_nights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the rule of the night."""
    monkeypatch.setattr(branch.Search, "_mixed_up", lambda self, flow: None)


def broken_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for the units of a row is not given back: forgotten dual pricing, bounds too high."""
    honest = choices.bound

    def forgetful(net: network.Network, cost: flow.Ints, left: flow.Ints, potentials: flow.Ints, prices: flow.Ints) -> network.Value:
        kept = honest(net, cost, left, potentials, prices)
        return tuple(value + more for value, more in zip(kept, network.totals(prices, net.have.units)))

    monkeypatch.setattr(choices, "bound", forgetful)


def broken_dropping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every arc that the root does not use is dropped."""
    monkeypatch.setattr(choices, "kept", lambda net, cost, potentials, *_: np.where(choices.reduced(net, cost, potentials)[0] == 0, 1, 0))


def test_a_branch_that_the_solver_refuses_costs_the_proof_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    priced, calls = branch.Search._priced, 0

    def refusing(self: branch.Search, *given: Any) -> Any:
        nonlocal calls
        calls += self.rooted
        if self.rooted and calls % 3 == 0:
            raise flow.CannotSolve("INFEASIBLE")
        return priced(self, *given)

    monkeypatch.setattr(branch.Search, "_priced", refusing)
    unproven = 0
    for batch, vector in zip(batches(), highs()):
        plan = optimum.solve(batch, nodes_max=NODES // 10)
        assert not any(model.faults(batch, plan.given))
        assert plan.certificate is not None and certificate.accepts(batch, plan)
        assert not plan.proven or network.levels(network.build(batch), plan.given) == vector
        unproven += not plan.proven
    assert unproven, "some branch was refused that mattered"


BROKEN = (
    broken_freezing,
    broken_packing,
    broken_overflow,
    broken_halves,
    broken_second_units,
    broken_nights,
    broken_prices,
    broken_dropping,
)


@pytest.mark.parametrize("breaking", BROKEN, ids=lambda one: one.__name__)
def test_an_engine_broken_on_purpose_is_seen(breaking: object, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = highs()
    breaking(monkeypatch)  # type: ignore[operator]
    assert any(seen(batch, vector) for batch, vector in zip(batches(), expected))


def seen(batch: Instance, vector: tuple[int, ...]) -> bool:
    try:
        plan = optimum.solve(batch, nodes_max=NODES // 10)
        return network.levels(network.build(batch), plan.given) != vector or any(model.faults(batch, plan.given))
    except (flow.CannotSolve, RuntimeError, ValueError, AssertionError):
        return True
