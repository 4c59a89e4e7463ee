"""What may be learned of evenings, and the ghosts drawn from it: nothing finer than GUARANTEES 19 lets be kept."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
from msgspec.structs import replace

from siao.core.allocation import ghosts, outlook, rates
from siao.core.allocation.compatible import Household, Place, excluded
from siao.core.allocation.ghosts import Evening
from siao.core.allocation.model import Rules
from siao.core.allocation.rates import CELL_MIN, Demand, Rates, Size, Supply
from siao.core.parks import identity
from siao.core.requests import Need, Side
from siao.core.units import Feature, Kind, Rule
from siao.simulator import cities, evenings
from siao.simulator.clock import instant

MONDAY = datetime(2026, 1, 12, 20, tzinfo=UTC)
WOMAN = Household(0, 1, 0, 0, (), None, None, None, 1, 2, MONDAY, None)
ROOM = Place((identity("room"),), identity("shelter"), Kind.ROOM, 2, True, Rule.WOMEN, (), None, None, None, None, None)


def asked(times: int, *needs: Need, at: datetime = MONDAY) -> list[tuple[Demand, ...]]:
    return [rates.asked("38", "UTC", replace(WOMAN, needs=needs), at) for _ in range(times)]


def needs(kept: tuple[Demand, ...]) -> Counter[Need | None]:
    return Counter({one.need: int(one.requests) for one in kept})


def test_a_cell_under_eleven_gains_no_need() -> None:
    assert needs(rates.kept(asked(CELL_MIN, Need.STEP_FREE))) == {None: 11}


def test_from_eleven_on_a_cell_gains_needs_of_those_who_come_after() -> None:
    assert needs(rates.kept(asked(CELL_MIN + 3, Need.STEP_FREE))) == {None: 14, Need.STEP_FREE: 3}


def test_eleven_requests_of_another_month_are_not_a_cell() -> None:
    old = asked(CELL_MIN, at=MONDAY - timedelta(days=28))
    assert needs(rates.kept(old + asked(1, Need.COTS)))[Need.COTS] == 0
    recent = asked(CELL_MIN, at=MONDAY - timedelta(days=21))
    assert needs(rates.kept(recent + asked(1, Need.COTS)))[Need.COTS] == 1


def test_tonight_is_in_a_rate_with_its_night_or_not_at_all() -> None:
    """Ten a night, four whole weeks and three nights, and what was counted of tonight so far."""
    running = MONDAY.date()
    nights = [running - timedelta(days=n) for n in range(-2, 29)]
    weeks = [running - timedelta(days=7 * n) for n in range(5)]
    base = asked(1)[0][0]
    demand = [replace(base, week=week, requests=70 if week < running else 36) for week in weeks]
    supply = [Supply("38", week, Kind.ROOM, 2, Rule.WOMEN, 20, 14) for week in weeks]
    known = rates.counted(running, nights, demand, supply)
    assert known.nights == 28 and sum(one.requests for one in known.demand) == 280 and sum(one.units for one in known.supply) == 56
    first = rates.counted(running, nights[:2], demand[:1], supply[:1])
    assert first.nights == 3 and sum(one.requests for one in first.demand) == 36, "its first week: two nights, and tonight"
    assert rates.counted(running, [], demand[:1], []) == Rates(), "no night is over: the batch decides"


def test_protected_is_never_counted_nor_drawn() -> None:
    kept = rates.kept(asked(100, Need.PROTECTED, Need.ANIMALS))
    assert set(needs(kept)) == {None, Need.ANIMALS}
    forged = (*kept, replace(kept[0], need=Need.PROTECTED, requests=100))
    [(_, n, shares)] = rates.cells(forged)
    assert (n, set(shares)) == (100, {Need.ANIMALS})
    drawn = ghosts.draw(Rates(28, forged), outlook.slots([ROOM], [0.0], [np.inf]), 1, Rules())
    assert not any((one.callers.needs & outlook.NEEDS[Need.PROTECTED]).any() for one in drawn)


def test_a_need_kept_when_its_cell_was_large_is_not_used_once_it_is_small() -> None:
    cell = Demand("38", MONDAY.date(), Side.WOMEN, Size.ONE, 2, 20, None, CELL_MIN - 1)
    [(_, _, shares)] = rates.cells((cell, replace(cell, need=Need.COTS, requests=5)))
    assert shares == {}


def test_a_rate_holds_nothing_about_a_household_but_its_cell() -> None:
    assert set(Demand.__struct_fields__) == {"territory", "week", "side", "size", "level", "hours", "need", "requests"}
    near = replace(WOMAN, latitude=45.1, longitude=5.7, max_km=3, nights=4, last_shelter=identity("shelter"))
    assert rates.asked("38", "UTC", near, MONDAY) == rates.asked("38", "UTC", WOMAN, MONDAY + timedelta(minutes=59))


def test_hours_are_local_and_the_week_is_the_night_s() -> None:
    after_midnight = datetime(2026, 1, 12, 0, 30, tzinfo=UTC)
    base = rates.asked("38", "Europe/Paris", WOMAN, after_midnight)[0]
    assert (base.hours, base.week.isoformat()) == (0, "2026-01-05"), "01:30 on Monday is still Sunday's night"


def test_the_same_seed_draws_the_same_ghosts_and_another_does_not() -> None:
    known = Rates(28, (Demand("38", MONDAY.date(), Side.MEN, Size.ONE, 4, 20, None, 28 * 30),))
    park = outlook.slots([ROOM], [0.0], [np.inf])
    first, again, other = (ghosts.draw(known, park, seed, Rules()) for seed in (5, 5, 6))
    assert [same(a) for a in first] == [same(a) for a in again] != [same(a) for a in other]
    assert len(first) == 12
    mean = np.mean([one.callers.since.size for one in first])
    assert abs(mean - 30 * ghosts.INFLATE) < 8
    assert all(((one.callers.since >= 16 * 60) & (one.callers.since < 18 * 60)).all() for one in first), "20:00 is 16 h after 04:00"


def same(one: Evening) -> list[float]:
    return one.callers.since.tolist()


def test_no_night_draws_nothing() -> None:
    assert ghosts.draw(Rates(), outlook.slots([ROOM], [0.0], [np.inf]), 1, Rules()) == ()


def test_declared_units_are_like_the_park_s_and_never_more() -> None:
    step_free = replace(ROOM, units=(identity("other"),), features=(Feature.STEP_FREE,))
    known = Rates(
        1,
        (Demand("38", MONDAY.date(), Side.MEN, Size.ONE, 4, 20, None, 1),),
        (Supply("38", MONDAY.date(), Kind.ROOM, 2, Rule.WOMEN, 18, 50),),
    )
    for one in ghosts.draw(known, outlook.slots([ROOM, step_free], [0.0, 0.0], [np.inf, np.inf]), 3, Rules()):
        assert sorted(one.slots.features.tolist()) == [0, outlook.FEATURES[Feature.STEP_FREE]]
        assert (one.slots.since >= 14 * 60).all()


def test_a_small_territory_borrows_the_shape_and_keeps_its_size() -> None:
    small = Rates(28, (Demand("05", MONDAY.date(), Side.MEN, Size.ONE, 4, 20, None, 28),))
    large = Rates(28, (Demand("69", MONDAY.date(), Side.WOMEN, Size.TWO, 1, 22, None, 28 * 100),))
    pooled = rates.pooled(small, (small, large))
    assert abs(sum(one.requests for one in pooled.demand) - 28) < 1e-9
    assert {one.side for one in pooled.demand} == {Side.MEN, Side.WOMEN}
    assert rates.pooled(large, (small, large)) is large


def test_arrays_say_what_the_scalar_rules_say() -> None:
    """Every pair of a simulated evening, at the hour at which both are there."""
    evening = evenings.draw(cities.invented("A"), (3, 9, 0), requests=60)
    value = outlook.values(evening.callers, evening.slots, Rules())
    for i, h in enumerate(evening.households):
        for j in range(0, evening.slots.room.size, 5):
            place = evening.city.places[int(evening.slots.place[j])]
            place = place if place.kind is Kind.ROOM else replace(place, capacity=2)
            meet = max(evening.callers.since[i], evening.slots.since[j])
            fits = not excluded(h, place, instant(meet)) and meet <= evening.callers.until[i]
            assert (value[i, j] > 0) == fits, (h, place)
