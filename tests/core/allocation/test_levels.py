"""The second engine: HiGHS level by level, in a process of its own."""

import subprocess
import sys

import pytest

from batches import batches
from siao.carried import HERE
from siao.core.allocation import levels, model, network, optimum
from siao.core.allocation.certificate import Engine
from siao.simulator.instances import DEPARTEMENT, make


def test_it_says_what_the_search_says() -> None:
    for batch in batches()[::12]:
        answer = levels.ask(batch)
        plan = optimum.solve(batch, nodes_max=3_000)
        assert answer.values == network.levels(network.build(batch), plan.given)
        assert not any(model.faults(batch, answer.given))
        assert network.levels(network.build(batch), answer.given) == answer.values


def test_it_closes_what_the_nodes_leave_open() -> None:
    closed = 0
    for seed in range(3):
        batch = make(DEPARTEMENT, seed)
        plan = optimum.solve(batch, nodes_max=2, second=levels.ask)
        assert plan.proven and plan.vector == optimum.solve(batch, nodes_max=5_000).vector
        closed += plan.engine is Engine.LEVELS
    assert closed > 0


def test_without_an_answer_the_plan_keeps_its_bound() -> None:
    def silent(*_: object) -> levels.Answer:
        raise levels.CannotAnswer("no")

    plans = [optimum.solve(make(DEPARTEMENT, seed), nodes_max=2, second=silent) for seed in range(6)]
    assert any(not plan.proven and plan.bound < plan.vector and plan.certificate for plan in plans)


def test_too_slow_is_no_answer() -> None:
    with pytest.raises(levels.CannotAnswer):
        levels.ask(make(DEPARTEMENT, 0), seconds=0.01)


def test_its_process_loads_no_or_tools() -> None:
    code = "import sys, siao.core.allocation.levels; sys.exit(any(name.startswith('ortools') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, check=False).returncode == 0
