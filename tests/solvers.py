"""Which solver was asked, for tests that disturb its child."""

from typing import Any

import pytest

from siao.actions.solver import Solver


def asked(monkeypatch: pytest.MonkeyPatch) -> list[Solver]:
    """Grows by each solver that is asked something from now on."""
    solvers: list[Solver] = []
    run = Solver.run

    def watched(self: Solver, *given: Any) -> Any:
        solvers.append(self)
        return run(self, *given)

    monkeypatch.setattr(Solver, "run", watched)
    return solvers
