"""What the solver's child does for each job; pure, seeded, and bounded by nodes alone."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from siao.core import night as nights
from siao.core.allocation import by_turn, certificate, comparison, effect, ghosts, levels, online, optimum, outlook, override, past
from siao.core.allocation.certificate import Plan
from siao.core.allocation.comparison import Summary
from siao.core.allocation.cost import Cost
from siao.core.allocation.decision import Decision
from siao.core.allocation.effect import Effect
from siao.core.allocation.ghosts import Evening
from siao.core.allocation.jobs import Advise, Change, History, Job, Proposal, Propose, Result, Weigh
from siao.core.allocation.model import Given, Instance, Rules

Tell = Callable[[Result], None]
CHANGE_NODES = 40
"""With so many the bound was exact in 99 of 100 overrides (tests/core/allocation/test_override.py)."""
HISTORIES_KEPT = 8


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


def advise(job: Advise, tell: Tell) -> Decision:
    all = job.instance
    sampled = drawn(job.history, all.rules)
    scene = online.Scene(all.waiting, all.places, sampled, job.night, job.time_zone, all.rules, all.now)
    return online.decide(scene, job.caller, may_wait=job.may_wait)


@lru_cache(maxsize=HISTORIES_KEPT)
def drawn(history: bytes, rules: Rules) -> tuple[Evening, ...]:
    """Tonight's ghosts, drawn once: they come from counts, so keeping them remembers nobody."""
    h = msgspec.msgpack.decode(history, type=History)
    opens = nights.opens(h.night, h.time_zone)
    doors = [float("inf") if p.arrive_before is None else online.minutes(p.arrive_before, opens) for p in h.park]
    return ghosts.draw(h.known, outlook.slots(h.park, [0.0] * len(h.park), doors), h.seed, rules)


WORK: dict[type[Any], Callable[[Any, Tell], Result]] = {Propose: propose, Weigh: weigh, Change: change, Advise: advise}
