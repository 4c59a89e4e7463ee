"""What other rules would change, on invented evenings: the same rules change nothing, and what is favoured is served more."""

from random import Random

from msgspec.structs import replace

from pairs import NOW, park
from siao.core.allocation import model, optimum
from siao.core.allocation.effect import TOLD_MIN, Cell, draw, effect
from siao.core.allocation.model import Counted, Given, Instance, Level, Rules
from siao.core.requests import Need, Side
from siao.core.units import Kind, Rule

CELLS = (
    Cell(Side.MEN, 1, 1, 4, 1.0, 6.0),
    Cell(Side.WOMEN, 1, 3, 2, 60.0, 4.0, {Need.STEP_FREE: 0.5}),
    Cell(Side.MIXED, 3, 4, 3, 2.0, 3.0),
    Cell(Side.MINORS, 1, 2, 1, 0.5, 1.0),
    Cell(Side.WOMEN, 1, 1, 3, 1.0, 0.05),
)
PLACES = tuple(
    replace(p, kind=Kind.ROOM, free=True, arrive_before=None, rule=Rule.MIXED, capacity=2 + i % 3, suite=None)
    for i, p in enumerate(park(Random(1), 6))
)
"""Fewer rooms than households: somebody loses."""


def solve(instance: Instance) -> tuple[Given, ...]:
    plan = optimum.solve(instance)
    assert not list(model.faults(instance, plan.given))
    return plan.given


def test_the_same_seed_draws_the_same_evenings_and_no_rate_draws_none() -> None:
    assert draw(CELLS, PLACES, NOW, 5) == draw(CELLS, PLACES, NOW, 5) != draw(CELLS, PLACES, NOW, 6)
    assert draw((), PLACES, NOW, 5) == ()
    ghosts = [one.household for evening in draw(CELLS, PLACES, NOW, 5, 40) for one in evening.waiting]
    assert {h.side for h in ghosts} == {cell.side for cell in CELLS}
    assert all(any(c.side is h.side and c.level == h.level and c.least <= h.persons <= c.most for c in CELLS) for h in ghosts)
    assert not any(h.latitude or h.last_shelter for h in ghosts), "nobody is remembered"


def test_the_same_rules_change_nothing() -> None:
    told = effect(Rules(), Rules(version=2), draw(CELLS, PLACES, NOW, 1), solve)
    assert told.evenings == 12 and all(before == after for before, after in told.levels.values())
    assert all(one.before == one.after <= one.asked and one.asked >= TOLD_MIN for one in told.shares)
    assert (3, Side.WOMEN) not in {(one.level, one.side) for one in told.shares}, "a handful is not told"


def test_a_floor_shelters_the_level_it_protects_and_says_who_pays() -> None:
    told = effect(Rules(), Rules(version=2, floors=(0, 0, 0, 3)), draw(CELLS, PLACES, NOW, 2), solve)
    men = next(one for one in told.shares if one.side is Side.MEN)
    assert men.after > men.before
    assert told.levels[Level.L4][1] < told.levels[Level.L4][0], "more of level 4 is smaller"
    assert any(told.levels[level][1] > told.levels[level][0] for level in (Level.L1, Level.L2, Level.L3)), "others lose by it"


def test_promotion_is_told_in_the_levels_as_they_were_given() -> None:
    evenings = draw(CELLS, PLACES, NOW, 3)
    told = effect(Rules(), Rules(version=2, promote_after_hours=48, counted=Counted.HOUSEHOLDS), evenings, solve)
    assert {one.level for one in told.shares} <= {1, 2, 3, 4}
    assert told.shares == effect(Rules(), Rules(version=2, promote_after_hours=48, counted=Counted.HOUSEHOLDS), evenings, solve).shares
