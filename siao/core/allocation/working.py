"""What the solver's child does for each job; pure, seeded, and bounded by nodes alone."""

from collections.abc import Callable
from typing import Any

from siao.core.allocation import by_turn, certificate, comparison, effect, levels, optimum, override, past
from siao.core.allocation.certificate import Plan
from siao.core.allocation.comparison import Summary
from siao.core.allocation.cost import Cost
from siao.core.allocation.effect import Effect
from siao.core.allocation.jobs import Change, Job, Proposal, Propose, Result, Weigh
from siao.core.allocation.model import Given, Instance

Tell = Callable[[Result], None]
CHANGE_NODES = 40
"""With so many the bound was exact in 99 of 100 overrides (tests/core/allocation/test_override.py)."""


def do(job: Job, tell: Tell) -> Result:
    """Tells each better result as it is found, and gives the last."""
    return WORK[type(job)](job, tell)


def propose(job: Propose, tell: Tell) -> Proposal:
    today = comparison.summary(job.instance, by_turn.first_fit(job.instance))

    def better(plan: Plan) -> None:
        tell(_proposal(job.instance, plan, today))

    return _proposal(job.instance, optimum.solve(job.instance, nodes_max=job.nodes_max, on_better=better, second=levels.ask), today)


def _proposal(instance: Instance, plan: Plan, today: Summary) -> Proposal:
    return Proposal(
        given=plan.given,
        bound=plan.bound,
        proven=plan.proven,
        checked=plan.certificate is not None and certificate.accepts(instance, plan),
        engine=plan.engine,
        nodes=plan.nodes,
        summary=comparison.summary(instance, plan.given),
        first_fit=today,
    )


def weigh(job: Weigh, tell: Tell) -> Effect:
    """Told after each evening: whoever cannot wait has what the evenings so far say."""

    def solve(evening: Instance) -> tuple[tuple[Given, ...], bool]:
        plan = optimum.solve(evening, nodes_max=job.nodes_max)
        return plan.given, plan.proven

    some = effect.effects(job.before, job.after, past.draw(job.past, job.seed), solve, job.past.drawn, declared=job.past.declared)
    last = next(some)
    for one in some:
        tell(last)
        last = one
    return last


def change(job: Change, tell: Tell) -> Cost:
    """The certificate's bound at once, then what so many nodes make of it."""
    plan = optimum.solve(job.instance, nodes_max=job.nodes_max)
    tell(Cost(plan.vector, override.bound(job.instance, plan, job.request, job.units)))
    return Cost(plan.vector, override.bound(job.instance, plan, job.request, job.units, nodes_max=CHANGE_NODES))


WORK: dict[type[Any], Callable[[Any, Tell], Result]] = {Propose: propose, Weigh: weigh, Change: change}
