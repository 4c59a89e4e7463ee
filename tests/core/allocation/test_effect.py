"""What other rules would change, on drawn evenings: the same rules change nothing, and what is favoured is served more."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from random import Random

from msgspec.structs import replace

from pairs import NOW, park
from siao.core.allocation import model, optimum, past
from siao.core.allocation.effect import TOLD_MIN, Effect, effects
from siao.core.allocation.model import Counted, Given, Instance, Level, Rules
from siao.core.allocation.past import Drawn, Past, Wait, draw, invented, known
from siao.core.allocation.rates import NIGHTS, SMALL, Demand, Rates, Size, Supply
from siao.core.requests import Need, Side
from siao.core.statistics import Band
from siao.core.units import Kind, Rule

WEEK = date(2026, 1, 12)


def cell(side: Side, size: Size, level: int, requests: int, need: Need | None = None) -> Demand:
    return Demand("38", WEEK, side, size, level, 18, need, requests)


OWN = Rates(
    NIGHTS,
    (
        cell(Side.MEN, Size.ONE, 4, 6 * NIGHTS),
        cell(Side.WOMEN, Size.FEW, 2, 4 * NIGHTS),
        cell(Side.WOMEN, Size.FEW, 2, 2 * NIGHTS, Need.STEP_FREE),
        cell(Side.MIXED, Size.FEW, 3, 3 * NIGHTS),
        cell(Side.MINORS, Size.ONE, 1, NIGHTS),
        cell(Side.WOMEN, Size.ONE, 3, 2),
    ),
)
WAITS = (Wait(Side.MEN, 4, Band.OVER_6_H, 40), Wait(Side.WOMEN, 2, Band.UNDER_1_H, 8))
PARK = tuple(
    replace(p, kind=Kind.ROOM, free=True, arrive_before=None, rule=Rule.MIXED, capacity=2 + i % 3, suite=None)
    for i, p in enumerate(park(Random(1), 6))
)
"""Fewer rooms than households: somebody loses."""
PAST = Past(Drawn.COUNTED, OWN, WAITS, PARK, PARK, NOW)


def solve(instance: Instance) -> tuple[tuple[Given, ...], bool]:
    plan = optimum.solve(instance)
    assert not list(model.faults(instance, plan.given))
    return plan.given, plan.proven


def effect(after: Rules, evenings: Sequence[Instance]) -> Effect:
    return list(effects(Rules(), after, evenings, solve, Drawn.COUNTED, declared=False))[-1]


def test_the_same_seed_draws_the_same_evenings_and_no_rate_draws_none() -> None:
    assert draw(PAST, 5) == draw(PAST, 5) != draw(PAST, 6)
    assert draw(replace(PAST, known=Rates()), 5) == ()
    ghosts = [one.household for evening in draw(PAST, 5, 40) for one in evening.waiting]
    assert {h.side for h in ghosts} == set(Side)
    assert not any(h.latitude or h.last_shelter for h in ghosts), "nobody is remembered"
    assert {h.persons for h in ghosts if h.side is Side.MIXED} == {3, 4}
    asked = [Need.STEP_FREE in h.needs for h in ghosts if h.side is Side.WOMEN and h.level == 2]
    assert 0.3 < sum(asked) / len(asked) < 0.7 and not any(h.needs for h in ghosts if h.side is not Side.WOMEN)
    assert 2.5 < sum(h.side is Side.MIXED for h in ghosts) / 40 < 3.5, "as many as were counted, none added"


def test_they_waited_as_long_as_is_counted_and_an_hour_or_three_where_too_little_is() -> None:
    ghosts = [one.household for evening in draw(PAST, 5, 40) for one in evening.waiting]
    hours = {side: [(NOW - h.waiting_since).total_seconds() / 3600 for h in ghosts if h.side is side] for side in Side}
    assert min(hours[Side.MEN]) >= 6 and max(hours[Side.MEN]) <= 12
    assert min(hours[Side.WOMEN]) >= 1 and max(hours[Side.WOMEN]) <= 3, "eight households say nothing"


def test_to_what_is_free_comes_what_is_declared_in_a_night_and_no_room_twice() -> None:
    dormitory = replace(PARK[0], kind=Kind.DORMITORY, capacity=6, rule=Rule.MEN)
    supply = (
        Supply("38", WEEK, Kind.DORMITORY, 1, Rule.MEN, 18, 4 * NIGHTS),
        Supply("38", WEEK, Kind.ROOM, PARK[1].capacity, Rule.MIXED, 18, 9 * NIGHTS),
    )
    whole = (dormitory, *PARK[1:])
    some = replace(PAST, known=replace(OWN, supply=supply), park=whole, free=(replace(dormitory, capacity=5), PARK[1]))
    evenings = draw(some, 1)
    assert some.declared and not PAST.declared
    for evening in evenings:
        taken = Counter(unit for place in evening.places for unit in place.units)
        assert set(taken.values()) == {1} and {dormitory.units[0], PARK[1].units[0]} <= set(taken)
        assert next(p.capacity for p in evening.places if p.kind is Kind.DORMITORY) in (5, 6)
    assert any(len(evening.places) > 2 for evening in evenings)


def test_a_small_territory_borrows_the_shape_of_all_and_one_without_a_night_is_invented() -> None:
    few = Rates(NIGHTS, (cell(Side.MEN, Size.ONE, 4, SMALL // 2),))
    assert known(OWN, [], 9) == (Drawn.COUNTED, OWN) and known(OWN, [few], 9)[0] is Drawn.COUNTED
    assert known(few, [], 9)[0] is Drawn.COUNTED, "alone, there is nothing to borrow"
    drawn, rates = known(few, [OWN], 9)
    assert drawn is Drawn.POOLED and round(sum(one.requests for one in rates.demand if one.need is None)) == SMALL // 2
    assert {one.side for one in rates.demand} == set(Side)
    drawn, rates = known(Rates(6, OWN.demand), [OWN], 40)
    assert drawn is Drawn.INVENTED and round(sum(one.requests for one in rates.demand)) == 50
    assert invented(0).demand == () and {one.level for one in rates.demand} == {1, 2, 3, 4}
    assert sum(weight for *_, weight in past.INVENTED) == 100


def test_the_same_rules_change_nothing() -> None:
    told = effect(Rules(version=2), draw(PAST, 1))
    assert told.evenings == 12 and told.unproven == 0 and all(before == after for before, after in told.levels.values())
    assert all(one.before == one.after <= one.asked and one.asked >= TOLD_MIN for one in told.shares)
    assert (3, Side.WOMEN) not in {(one.level, one.side) for one in told.shares}, "a handful is not told"


def test_each_evening_adds_to_what_was_told_before_and_none_is_told_as_none() -> None:
    told = list(effects(Rules(), Rules(version=2), draw(PAST, 1, 3), solve, Drawn.COUNTED, declared=False))
    assert [one.evenings for one in told] == [1, 2, 3]
    assert [one.evenings for one in effects(Rules(), Rules(), (), solve, Drawn.COUNTED, declared=False)] == [0]
    [open_one] = effects(Rules(), Rules(), draw(PAST, 1, 1), lambda one: (solve(one)[0], False), Drawn.COUNTED, declared=False)
    assert open_one.unproven == 1


def test_a_floor_shelters_the_level_it_protects_and_says_who_pays() -> None:
    told = effect(Rules(version=2, floors=(0, 0, 0, 3)), draw(PAST, 2))
    men = next(one for one in told.shares if one.side is Side.MEN)
    assert men.after > men.before
    assert told.levels[Level.L4][1] < told.levels[Level.L4][0], "more of level 4 is smaller"
    assert any(told.levels[level][1] > told.levels[level][0] for level in (Level.L1, Level.L2, Level.L3)), "others lose by it"


def test_promotion_favours_who_waited_and_is_told_in_the_levels_as_they_were_given() -> None:
    evenings = draw(PAST, 3)
    told = effect(Rules(version=2, promote_after_hours=5, counted=Counted.HOUSEHOLDS), evenings)
    assert {one.level for one in told.shares} <= {1, 2, 3, 4}
    men = next(one for one in told.shares if one.side is Side.MEN)
    assert men.level == 4 and men.after > men.before
