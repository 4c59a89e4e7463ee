"""What an override costs at least, against solving again with it forced."""

from collections.abc import Iterator
from random import Random

import pytest
from msgspec.structs import replace

from siao.core.allocation import cost, model, optimum, override, working
from siao.core.allocation.compatible import HARD, Place, excluded
from siao.core.allocation.cost import Cost
from siao.core.allocation.jobs import Change
from siao.core.allocation.model import Counted, Instance, Rules, Vector, Waiting
from siao.core.units import Kind
from siao.simulator.instances import SMALL, make

OVERRIDES, NODES = 8, 40


def forced(batch: Instance, one: Waiting, place: Place) -> Vector:
    """The best plan with this household there: all the others on what it leaves, and what it adds itself."""
    others = tuple(other for other in batch.waiting if other.request != one.request)
    plan = optimum.solve(replace(batch, waiting=others, places=tuple(left(batch, one, place))), nodes_max=3_000)
    assert plan.proven
    adds = model.worth(one.household, place, batch.rules, batch.now)
    return tuple(a + b for a, b in zip(plan.vector, adds))


def left(batch: Instance, one: Waiting, place: Place) -> Iterator[Place]:
    for other in batch.places:
        if not set(other.units) & set(place.units):
            yield other
        elif other.kind is Kind.DORMITORY and other.capacity > one.household.persons:
            yield replace(other, capacity=other.capacity - one.household.persons)


def overrides(batch: Instance, seed: int) -> list[tuple[Waiting, Place]]:
    """Some that no hard reason forbids; switchable dormitories are left out, where the others depend on the rule it sets."""
    dice = Random(seed)
    pairs = [(one, place) for one in batch.waiting for place in batch.places
             if not excluded(one.household, place, batch.now) & HARD and place.rule is not None]  # fmt: skip
    return dice.sample(pairs, min(OVERRIDES, len(pairs)))


def test_the_bound_is_always_valid_and_almost_always_exact() -> None:
    exact = []
    for seed in range(30):
        batch = make(SMALL, seed)
        plan = optimum.solve(batch)
        for one, place in overrides(batch, seed):
            least, truly = override.bound(batch, plan, one.request, place.units, nodes_max=NODES), forced(batch, one, place)
            assert plan.vector <= truly or excluded(one.household, place, batch.now)
            assert override.bound(batch, plan, one.request, place.units) <= least <= truly, (seed, one, place)
            exact.append(least == truly)
    assert len(exact) > 150
    assert sum(exact) >= 0.95 * len(exact), f"{sum(exact)} of {len(exact)}"


def test_the_plan_s_own_places_cost_nothing() -> None:
    batch = make(SMALL, 0)
    plan = optimum.solve(batch)
    for one in plan.given:
        assert override.bound(batch, plan, one.request, one.units) <= plan.vector


def test_a_plan_without_a_certificate_bounds_nothing() -> None:
    batch = make(SMALL, 0)
    plan = replace(optimum.solve(batch), certificate=None)
    with pytest.raises(override.Worthless):
        override.bound(batch, plan, plan.given[0].request, plan.given[0].units)


def test_the_sentence_claims_no_more_than_solving_again_finds() -> None:
    proven = 0
    for seed in range(12):
        batch = make(SMALL, seed)
        for one, place in overrides(batch, seed):
            told, truly = working.change(Change(batch, one.request, place.units, 400), lambda _: None), forced(batch, one, place)
            found = told.first(batch.rules)
            if found is None:
                assert cost.said(told, batch.rules, "fr").startswith("Rien ne prouve")
                continue
            proven += 1
            at = batch.rules.order.index(found[0])
            earlier = truly[:at] > told.plan[:at]
            assert found[1] > 0 and (earlier or truly[at] - told.plan[at] >= found[1]), (seed, one, place)
            assert "au moins" in cost.said(told, batch.rules, "fr") and "at least" in cost.said(told, batch.rules, "en")
    assert proven > 20


@pytest.mark.parametrize(("at", "says"), [(0, "2 personnes de niveau 1 sans abri de plus"), (4, "2 lits"), (5, "2 ménages"), (7, "0,2 km")])
def test_each_level_has_its_words(at: int, says: str) -> None:
    least = tuple(2 * (i == at) for i in range(8))
    assert says in cost.said(Cost((0,) * 8, least), Rules(), "fr")
    assert cost.said(Cost((0,) * 8, least), Rules(counted=Counted.HOUSEHOLDS), "en").startswith("To all together")
