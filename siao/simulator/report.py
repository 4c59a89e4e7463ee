"""What simulated evenings came to: the figures that are asked for, and the table."""

from collections.abc import Iterable, Iterator, Sequence

from siao import figures
from siao.figures import Figure
from siao.simulator.scores import BEST_FIT, CLAIRVOYANT, FIRST_FIT, LEVELS, PERCENT, PRICES, SHOWN_SIDES, VOTE, Plan, Score, spread

ERROR = 0.3
WORN = Plan(VOTE, -ERROR).name


def of(scores: Iterable[Score], park: str, plan: str) -> list[Score]:
    return [score for score in scores if score.park == park and score.plan == plan]


def regrets(scores: Sequence[Score], park: str, plan: str) -> list[float]:
    """Points of value below the clairvoyant, evening by evening."""
    return [PERCENT - score.value for score in of(scores, park, plan)]


def told(scores: Sequence[Score]) -> Iterator[Figure]:
    """The figures that are asked for, of both invented parks."""
    for park in ("A", "B"):
        yield figures.measured(f"{park}: value regret, {VOTE}", regrets(scores, park, VOTE), "%", at_most=10, aim=7)
        yield figures.measured(f"{park}: value regret, {PRICES}", regrets(scores, park, PRICES), "%", at_most=13, aim=10)
        yield figures.measured(f"{park}: value regret, {BEST_FIT}", regrets(scores, park, BEST_FIT), "%", at_least=25)
        yield figures.measured(f"{park}: value regret, {FIRST_FIT}", regrets(scores, park, FIRST_FIT), "%", at_least=44)
        waits = [score.wait_median for score in of(scores, park, PRICES)]
        yield figures.measured(f"{park}: median wait, {PRICES}", waits, "min", at_most=5)
        costs = [worn - whole for worn, whole in zip(regrets(scores, park, WORN), regrets(scores, park, VOTE))]
        yield figures.measured(f"{park}: what a forecast 30 % too low costs the vote", costs, "points", at_most=3)


def cells(scores: Sequence[Score]) -> Iterator[Figure]:
    """The table, as figures without a must."""
    for park, plan in groups(scores):
        these = of(scores, park, plan)
        for field, unit in (("value", "%"), ("persons", "%"), ("wait_median", "min"), ("wait_p90", "min"), ("cpu_seconds", "s")):
            mean, deviation = spread([getattr(score, field) for score in these])
            yield Figure(f"{park}, {plan}: {field}, mean", round(mean, 3), unit)
            yield Figure(f"{park}, {plan}: {field}, standard deviation", round(deviation, 3), unit)
        for i, served in enumerate(means(these, "levels"), 1):
            yield Figure(f"{park}, {plan}: level {i} served", round(served, 2), "%")
        for side, served in zip(SHOWN_SIDES, means(these, "sides")):
            yield Figure(f"{park}, {plan}: {side} served", round(served, 2), "%")


def groups(scores: Iterable[Score]) -> list[tuple[str, str]]:
    """(park, plan), in the order of their first evening."""
    return list(dict.fromkeys((score.park, score.plan) for score in scores))


def means(scores: Sequence[Score], field: str) -> list[float]:
    return [spread(column)[0] for column in zip(*(getattr(score, field) for score in scores))]


def table(scores: Sequence[Score]) -> Iterator[str]:
    """Means ± standard deviations between evenings; value and persons in % of the clairvoyant, served shares in % of households."""
    heads = "".join(f"{f'L{i + 1}':>5}" for i in range(LEVELS)) + "".join(f"{side:>7}" for side in SHOWN_SIDES)
    yield f"{'park and policy':<38}{'evenings':>8}{'value %':>14}{'persons %':>14}{heads}{'wait median':>14}{'wait p90':>13}{'CPU s':>7}"
    for park, plan in groups(scores):
        these = of(scores, park, plan)
        spreads = [spread([getattr(one, name) for one in these]) for name in ("value", "persons", "wait_median", "wait_p90")]
        number = [f"{mean:6.1f} ±{deviation:5.1f}" for mean, deviation in spreads]
        shares = "".join(f"{x:5.0f}" for x in means(these, "levels")) + "".join(f"{x:7.0f}" for x in means(these, "sides"))
        cpu = spread([score.cpu_seconds for score in these])[0]
        waits = f"{number[2]:>14}{number[3]:>13}{cpu:7.1f}" if plan != CLAIRVOYANT else ""
        yield f"{park + ' ' + plan:<38}{len(these):>8}{number[0]:>14}{number[1]:>14}{shares}{waits}"
