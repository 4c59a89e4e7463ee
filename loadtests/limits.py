"""The budgets of a run, and whether it kept them. A run that does not fails."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from loadtests.profiles import OPERATORS_MIN
from siao.figures import ROUNDS_MIN, Figure, exact, measured

DECIDES_FROM = 100
"""Fewer samples cannot say what one in a hundred of them does, unless half of them are over already."""
PLAN = "plan"
PLACES = ("places", "places for a request")


class Sample(Struct, frozen=True, array_like=True):
    """One exchange with the server. `click`: a person decided something and waits for the answer.

    `status` 0: no answer came. `error`: what was wrong, None where all was well; a lost race (409) is well.
    """

    name: str
    click: bool
    start: float
    ms: float
    status: int
    error: str | None = None


class Limits(Struct, frozen=True):
    """Milliseconds, and counts. `screens_p99_ms`: from the entry's instant, before its commit, to another's screen, on a
    machine that the clients share; the 100 ms that are promised are measured alone, by `./run bench live`.
    """

    click_p99_ms: float = 250
    places_p99_ms: float = 150
    hold_during_plan_ms: float = 250
    screens_p99_ms: float = 250
    clicks: int = 1
    errors: int = 0
    grey: int = 0
    operators: int = OPERATORS_MIN


LIMITS = Limits()


def p99(ms: Any) -> float:
    return float(np.percentile(np.asarray(ms), 99)) if len(ms) else 0.0


def judged(samples: Sequence[Sample], operators: int, limits: Limits = LIMITS, *, quick: bool = False) -> list[Figure]:
    """What Locust alone can say: clicks, places, holds beside a plan, errors, boards. `quick`: judged in rounds (`_quantile`)."""
    inside = sorted((s for s in samples if s.status), key=lambda s: s.start)
    clicks = [s.ms for s in inside if s.click and s.name != PLAN]
    places = [s.ms for s in inside if s.name in PLACES]
    errors = [s for s in samples if s.error is not None]
    return [
        exact("clicks answered, at least", len(clicks), "clicks", at_least=limits.clicks),
        _quantile("click → answer, p99", clicks, limits.click_p99_ms, quick),
        _median("click → answer, p50", clicks),
        _quantile("places while typing, p99", places, limits.places_p99_ms, quick),
        _median("places while typing, p50", places),
        *_beside_a_plan(samples, limits),
        exact("errors", len(errors), "exchanges", at_most=limits.errors),
        exact("lost races, answered with the present state", sum(s.status == 409 for s in samples), "clicks"),
        exact("operators' boards open, at least", operators, "boards", at_least=limits.operators),
    ]


def echo_judged(ms: Sequence[float], grey: int, limits: Limits = LIMITS, *, quick: bool = False) -> list[Figure]:
    """What Locust's own boards saw: a click's way, from its sending to another's screen."""
    return [
        _quantile("click → others' screens, p99", ms, limits.click_p99_ms + limits.screens_p99_ms, quick),
        _median("click → others' screens, p50", ms),
        exact("boards that greyed", grey, "screens", at_most=limits.grey),
    ]


def screens_judged(late: Sequence[float], grey: int, limits: Limits = LIMITS, *, quick: bool = False) -> list[Figure]:
    """What the screens saw: how long after the commit, and whether any had to grey."""
    return [
        _quantile("commit → others' screens, p99", late, limits.screens_p99_ms, quick),
        _median("commit → others' screens, p50", late),
        exact("screens that greyed", grey, "screens", at_most=limits.grey),
    ]


def errors(samples: Iterable[Sample]) -> dict[str, int]:
    """What went wrong, counted: the exchange and its error."""
    found: dict[str, int] = {}
    for s in samples:
        if s.error is not None:
            found[f"{s.name}: {s.error}"] = found.get(f"{s.name}: {s.error}", 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _quantile(name: str, ms: Sequence[float], at_most: float, quick: bool) -> Figure:
    """The 99th percentile of what came in this order: of the whole run, one look; of a quick one ROUNDS_MIN rounds, whose interval
    must not exclude the budget, since a few seconds of a machine that others use too cannot say more.
    """
    if len(ms) < DECIDES_FROM and (not len(ms) or np.median(ms) <= at_most):
        return measured(name, [round(p99(ms), 1)], "ms", at_most=at_most)
    if not quick:
        return exact(name, round(p99(ms), 1), "ms", at_most=at_most)
    rounds = np.array_split(np.asarray(ms), ROUNDS_MIN)
    return measured(name, [round(p99(some), 1) for some in rounds], "ms", at_most=at_most)


def _median(name: str, ms: Sequence[float]) -> Figure:
    return Figure(name, round(float(np.median(np.asarray(ms))), 1) if len(ms) else 0.0, "ms")


def _beside_a_plan(samples: Sequence[Sample], limits: Limits) -> list[Figure]:
    """The slowest hold that a running plan could have kept waiting."""
    plans = [(s.start, s.start + s.ms / 1000) for s in samples if s.name == PLAN and s.status == 200]
    beside = [s.ms for s in samples if s.name == "hold" and any(s.start < end and begin < s.start + s.ms / 1000 for begin, end in plans)]
    if not plans:
        return []
    slowest = exact("slowest hold while a plan ran", round(max(beside, default=0.0), 1), "ms", at_most=limits.hold_during_plan_ms)
    return [
        exact("plans asked for", len(plans), "plans"),
        exact("holds while a plan ran", len(beside), "clicks"),
        slowest if beside else Figure(slowest.name, 0.0, "ms", slowest.must),
    ]
