"""Today's practice and the greedy one: possible plans, and never better than the optimum."""

import pytest

from siao.core.allocation import by_turn, model, optimum
from siao.simulator import instances


@pytest.mark.parametrize("seed", range(12))
def test_both_are_possible_and_the_optimum_is_never_worse(seed: int) -> None:
    batch = instances.make(instances.SMALL, seed)
    best = optimum.solve(batch).vector
    for plan in (by_turn.first_fit(batch), by_turn.best_fit(batch)):
        assert plan
        assert list(model.faults(batch, plan)) == []
        assert best <= model.vector(batch, plan)


def test_by_hand_the_first_level_loses() -> None:
    batch = instances.make(instances.DEPARTEMENT, 1)
    first, best = model.vector(batch, by_turn.first_fit(batch)), optimum.solve(batch).vector
    assert -first[0] * 2 < -best[0], "who asks first is served before who needs it first"
