"""What must hold of any batch, whatever its optimum: more beds never hurt, ids decide nothing, empty batches have a plan."""

from random import Random
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from batches import batches
from siao.core.allocation import certificate, classes, compatible, model, optimum
from siao.core.allocation.certificate import Engine, Plan
from siao.core.units import Kind
from siao.simulator.instances import DEPARTEMENT, SMALL, make

PAIRS = 4_000


def test_classes_say_what_the_scalar_rules_say() -> None:
    dice, seen = Random(4), 0
    for batch in (make(SMALL, 1), make(DEPARTEMENT, 1), make(DEPARTEMENT, 2)):
        made = classes.build(batch)
        for _ in range(PAIRS // 3):
            i, j = dice.randrange(len(made.households)), dice.randrange(len(made.places))
            one, place = dice.choice(made.households[i]).household, dice.choice(made.places[j])
            largest = max(alike.capacity for alike in made.places[j])
            for r, rule in enumerate(classes.RULES):
                there = replace(place, rule=place.rule or rule, capacity=largest)
                assert made.fits[r, i, j] == (not compatible.excluded(one, there, batch.now))
                seen += made.fits[r, i, j]
            assert made.waste[i, j] == model.waste(one, place, batch.rules)
            assert made.tenths[i, j] == model.tenths(one, place)
            assert made.same_shelter[i, j] == (one.last_shelter == place.shelter)
    assert seen > PAIRS // 10


@pytest.mark.parametrize("seed", range(15))
def test_one_bed_more_never_worsens_the_vector(seed: int) -> None:
    batch, dice = make(SMALL, seed), Random(seed)
    before = optimum.solve(batch).vector
    i = dice.randrange(len(batch.places))
    more = [replace(p, capacity=p.capacity + 1) if p.kind is Kind.DORMITORY else p for p in batch.places]
    extra = replace(dice.choice([p for p in batch.places if len(p.units) == 1]), units=(UUID(int=i),), suite=None)
    assert optimum.solve(replace(batch, places=tuple(more))).vector <= before
    assert optimum.solve(replace(batch, places=(*batch.places, extra))).vector <= before


@pytest.mark.parametrize("seed", range(15))
def test_one_household_less_shelters_no_fewer_of_the_others(seed: int) -> None:
    batch = make(SMALL, seed)
    gone = batch.waiting[seed]
    others = replace(batch, waiting=tuple(one for one in batch.waiting if one is not gone))
    plan = optimum.solve(batch)
    kept = tuple(one for one in plan.given if one.request != gone.request)
    assert optimum.solve(others).vector <= model.vector(others, kept)


@pytest.mark.parametrize("seed", range(15))
def test_neither_order_nor_ids_change_the_vector(seed: int) -> None:
    batch, dice = make(SMALL, seed), Random(seed)
    shuffled = replace(batch, waiting=mixed(batch.waiting, dice), places=mixed(batch.places, dice))
    plan = optimum.solve(batch)
    assert optimum.solve(shuffled).given == plan.given, "the order of rows decides nothing, not even among equals"
    other = {unit: UUID(int=dice.getrandbits(128)) for place in batch.places for unit in place.units}
    renamed = replace(
        shuffled,
        waiting=tuple(replace(one, request=UUID(int=dice.getrandbits(128))) for one in shuffled.waiting),
        places=tuple(replace(place, units=tuple(other[unit] for unit in place.units)) for place in shuffled.places),
    )
    assert optimum.solve(renamed).vector == plan.vector


def mixed(rows: tuple[Any, ...], dice: Random) -> tuple[Any, ...]:
    return tuple(dice.sample(rows, len(rows)))


def test_within_a_class_the_longest_wait_goes_first() -> None:
    batch = make(DEPARTEMENT, 3)
    served = {one.request for one in optimum.solve(batch).given}
    for members in classes.build(batch).households:
        flags = [one.request in served for one in members]
        assert flags == sorted(flags, reverse=True)


def test_nobody_waiting_or_nothing_free_is_a_plan() -> None:
    batch = make(SMALL, 0)
    full = tuple(replace(place, free=False) for place in batch.places)
    for empty in (
        replace(batch, waiting=()),
        replace(batch, places=()),
        replace(batch, places=full),
        replace(batch, waiting=(), places=()),
    ):
        plan = optimum.solve(empty)
        assert plan.given == () and plan.proven and set(plan.vector) == {0}
        assert certificate.accepts(empty, plan)


def test_plans_come_one_better_than_the_other_and_each_can_be_done() -> None:
    heard: list[Plan] = []
    for batch in batches()[-3:]:
        heard.clear()
        plan = optimum.solve(batch, on_better=heard.append)
        assert [one.vector for one in heard] == sorted((one.vector for one in heard), reverse=True)
        assert all(not any(model.faults(batch, one.given)) and one.bound <= one.vector for one in heard)
        assert heard[-1].given == plan.given
        assert plan.engine in Engine and plan.nodes > 0


def test_where_the_budget_ends_the_bound_is_said() -> None:
    truly = {seed: optimum.solve(make(DEPARTEMENT, seed), nodes_max=5_000) for seed in range(6)}
    stopped = {seed: optimum.solve(make(DEPARTEMENT, seed), nodes_max=2) for seed in truly}
    assert any(not plan.proven for plan in stopped.values())
    for seed, plan in stopped.items():
        assert plan.bound <= truly[seed].vector <= plan.vector
