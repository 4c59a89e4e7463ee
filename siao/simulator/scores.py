"""What an evening came to under each policy, and the mean of evenings: always beside the clairvoyant's, never a total alone."""

import time
from collections.abc import Callable, Sequence
from statistics import mean, stdev

import numpy as np
from msgspec import Struct

from siao.core.allocation import ghosts, outlook
from siao.core.allocation.outlook import SIDES, WORTH, Bools
from siao.core.allocation.rates import Rates
from siao.core.requests import Side
from siao.simulator import evenings, fluid, policies
from siao.simulator.cities import City
from siao.simulator.playing import Policy, Table, play

LEVELS = 4
PERCENT = 100
FIRST_FIT, BEST_FIT, BATCH, FLUID, PRICES, VOTE = "first-fit", "best-fit", "batch", "fluid prices", "sampled prices", "vote"
CLAIRVOYANT = "clairvoyant"
PLAIN = (FIRST_FIT, BEST_FIT, BATCH)
SHOWN_SIDES = (Side.MEN, Side.WOMEN, Side.MIXED)


Drawn = dict[float, list[policies.Outlook]]
"""The sampled evenings by how much they are inflated, drawn once an evening."""


class Plan(Struct, frozen=True):
    """What is played: a policy, and by how much its forecast of calls is wrong."""

    policy: str
    error: float = 0.0

    @property
    def name(self) -> str:
        return self.policy if not self.error else f"{self.policy}, forecast {self.error:+.0%}"


class Score(Struct, frozen=True):
    """One policy on one evening. `value`, `persons`: % of the clairvoyant's; `levels`, `sides`: % of the households served."""

    park: str
    evening: int
    plan: str
    value: float
    persons: float
    levels: tuple[float, ...]
    sides: tuple[float, ...]
    wait_median: float
    wait_p90: float
    cpu_seconds: float


class Task(Struct, frozen=True):
    """One evening of one park under all plans; paired, because all play the same evening and the same ghosts."""

    city: City
    known: Rates
    seed: int
    evening: int
    plans: tuple[Plan, ...]
    requests: int = evenings.REQUESTS


def play_evening(task: Task) -> list[Score]:
    evening = evenings.draw(task.city, (task.seed, evenings.PLAYED, task.evening), task.requests)
    table, best = Table(evening), policies.clairvoyant(evening)
    bound = _totals(table, best >= 0)
    drawn: Drawn = {}
    return [_bound(task, table, best >= 0), *(_score(task, table, plan, bound, drawn) for plan in task.plans)]


def policy(table: Table, task: Task, plan: Plan, drawn: Drawn) -> Policy:
    simple: dict[str, Policy] = {FIRST_FIT: policies.first_fit, BEST_FIT: policies.best_fit, BATCH: policies.batch}
    if plan.policy in simple:
        return simple[plan.policy]
    inflate = ghosts.INFLATE * (1 + plan.error)
    if plan.policy == FLUID:
        return fluid.fluid(task.known, inflate)
    make: Callable[..., Policy] = policies.voted if plan.policy == VOTE else policies.sampled_prices
    if inflate not in drawn:
        drawn[inflate] = policies.outlooks(table, task.known, task.seed + task.evening, inflate)
    return make(drawn[inflate])


def _score(task: Task, table: Table, plan: Plan, bound: tuple[float, float], drawn: Drawn) -> Score:
    began = time.process_time()
    play(table, policy(table, task, plan, drawn))
    spent = time.process_time() - began
    served = ~np.isnan(table.served)
    value, persons = _totals(table, served)
    waits = (table.served - table.evening.callers.since)[served]
    median, p90 = (float(x) for x in np.quantile(waits, (0.5, 0.9))) if waits.size else (0.0, 0.0)
    return Score(
        park=task.city.name,
        evening=task.evening,
        plan=plan.name,
        value=PERCENT * value / bound[0],
        persons=PERCENT * persons / bound[1],
        levels=_shares(served, table.evening.callers.level, range(LEVELS)),
        sides=_shares(served, table.evening.callers.side, [SIDES[side] for side in SHOWN_SIDES]),
        wait_median=median,
        wait_p90=p90,
        cpu_seconds=spent,
    )


def _bound(task: Task, table: Table, served: Bools) -> Score:
    c = table.evening.callers
    levels, sides = _shares(served, c.level, range(LEVELS)), _shares(served, c.side, [SIDES[side] for side in SHOWN_SIDES])
    return Score(task.city.name, task.evening, CLAIRVOYANT, PERCENT, PERCENT, levels, sides, 0.0, 0.0, 0.0)


def _totals(table: Table, served: Bools) -> tuple[float, float]:
    """Persons weighted 64/16/4/1 by level, and persons."""
    c = table.evening.callers
    return float((WORTH[c.level] * c.persons)[served].sum()), float(c.persons[served].sum())


def _shares(served: Bools, kind: outlook.Ints, of: Sequence[int]) -> tuple[float, ...]:
    return tuple(PERCENT * float(served[kind == one].mean()) if (kind == one).any() else 0.0 for one in of)


def spread(numbers: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation between evenings."""
    return mean(numbers), stdev(numbers) if len(numbers) > 1 else 0.0
