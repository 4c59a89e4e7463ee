"""Give or hold back: small evenings that can be reckoned by hand, the rules that stand above any sample, and the words."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID

import numpy as np
import pytest
from msgspec.structs import replace

from siao.core.allocation import ghosts, online, outlook, prices, vote
from siao.core.allocation.compatible import Household, Place
from siao.core.allocation.decision import Decision, Ground, Say
from siao.core.allocation.ghosts import Evening
from siao.core.allocation.model import Rules, Waiting
from siao.core.allocation.online import Scene
from siao.core.parks import identity
from siao.core.requests import Need
from siao.core.units import Feature, Kind, Rule
from siao.simulator import cities, evenings
from siao.simulator.instances import DEPARTEMENT, Size, make

NOW = datetime(2026, 1, 12, 19, 10, tzinfo=UTC)
MAN = Household(1, 0, 0, 0, (), None, None, None, 1, 4, NOW, None)
FAMILY = Household(0, 1, 2, 0, (), None, None, None, 1, 1, NOW, None)
CALLER = identity("caller")
ROOM = Place((identity("room"),), identity("shelter"), Kind.ROOM, 3, True, Rule.MIXED, (), None, None, None, None, None)
BED = replace(ROOM, units=(identity("dormitory"),), kind=Kind.DORMITORY, capacity=1, rule=Rule.MEN)


def ghost(households: tuple[Household, ...], places: tuple[Place, ...] = (), hour: float = 22) -> Evening:
    """One evening in which these call, and these are declared, at an hour."""
    minute = (hour - 4) * 60
    c = outlook.callers(households, [minute] * len(households), [np.inf] * len(households), Rules(), NOW)
    s = outlook.slots(places, [minute] * len(places), [np.inf] * len(places))
    return Evening(c, s, outlook.values(c, s, Rules()))


def scene(*ghosts: Evening, places: tuple[Place, ...] = (ROOM,), caller: Household = MAN, others: tuple[Household, ...] = ()) -> Scene:
    waiting = (Waiting(CALLER, caller), *(Waiting(identity("other", i), h) for i, h in enumerate(others)))
    return Scene(waiting, places, ghosts, date(2026, 1, 12), "UTC", Rules(), NOW)


def decided(s: Scene, *, may_wait: bool = False) -> Decision:
    return online.decide(s, CALLER, may_wait=may_wait)


@pytest.mark.parametrize("may_wait", [False, True])
def test_the_family_s_room_is_held_back_from_a_man_where_most_evenings_need_it(may_wait: bool) -> None:
    evenings = (ghost((FAMILY,)),) * 9 + (ghost(()),) * 3
    told = decided(scene(*evenings), may_wait=may_wait)
    assert (told.say, told.ground, told.evenings, told.of, told.level) == (Say.HOLD_BACK, Ground.NEEDED_LATER, 9, 12, 1)
    assert told.ground.en.format(n=told.evenings, of=told.of, level=told.level) == (
        "in 9 of 12 similar evenings this kind of room is needed later for level 1"
    )
    assert told.until == NOW + timedelta(minutes=30)
    assert told.call_back == datetime(2026, 1, 12, 20, tzinfo=UTC)


@pytest.mark.parametrize("may_wait", [False, True])
def test_it_is_given_where_the_family_comes_first(may_wait: bool) -> None:
    told = decided(scene(*(ghost((MAN, MAN)),) * 12, caller=FAMILY), may_wait=may_wait)
    assert (told.say, told.ground, told.units) == (Say.GIVE, Ground.VOTED if may_wait else Ground.WORTH, ROOM.units)


def test_the_vote_needs_two_thirds() -> None:
    def told(needed: int) -> Say:
        return decided(scene(*(ghost((FAMILY,)),) * needed, *(ghost((MAN,)),) * (12 - needed)), may_wait=True).say

    assert [told(4), told(5)] == [Say.GIVE, Say.HOLD_BACK], "8 of 12 evenings give, 7 do not"


def test_a_bed_that_nobody_else_can_use_is_never_held_back() -> None:
    step_free = replace(ROOM, features=(Feature.ANIMALS,), rule=Rule.MEN)
    told = decided(scene(*(ghost((FAMILY,)),) * 12, places=(step_free,)))
    assert (told.say, told.ground) == (Say.GIVE, Ground.NOBODY_ELSE), "a family of a woman cannot sleep where men do"
    held = decided(scene(*(ghost((FAMILY,)),) * 12, places=(replace(ROOM, rule=Rule.WOMEN),), caller=replace(FAMILY, level=4)))
    assert held.say is Say.HOLD_BACK


def test_in_the_last_45_minutes_everything_is_given() -> None:
    s = scene(*(ghost((FAMILY,), hour=25.9),) * 12)
    late = datetime(2026, 1, 13, 1, 15, tzinfo=UTC)
    assert decided(replace(s, now=late - timedelta(minutes=1))).say is Say.HOLD_BACK
    told = decided(replace(s, now=late))
    assert (told.say, told.ground, told.units) == (Say.GIVE, Ground.LAST_MINUTES, ROOM.units)


def test_a_door_that_closes_soon_is_the_end_of_holding_back() -> None:
    door = datetime(2026, 1, 12, 22, tzinfo=UTC)
    s = scene(*(ghost((FAMILY,), hour=21.5),) * 12, places=(replace(ROOM, arrive_before=door),))
    assert decided(replace(s, now=door - timedelta(minutes=46))).say is Say.HOLD_BACK
    assert decided(replace(s, now=door - timedelta(minutes=45))).ground is Ground.LAST_MINUTES


def test_holding_back_ends_before_the_last_45_minutes() -> None:
    s = replace(scene(*(ghost((FAMILY,), hour=25.9),) * 12), now=datetime(2026, 1, 13, 1, 0, tzinfo=UTC))
    assert decided(s).until == datetime(2026, 1, 13, 1, 15, tzinfo=UTC)


def test_who_waits_now_and_comes_first_is_said() -> None:
    told = decided(scene(*(ghost(()),) * 12, others=(FAMILY,)), may_wait=True)
    assert (told.say, told.ground, told.level, told.evenings) == (Say.HOLD_BACK, Ground.NEEDED_NOW, 1, 12)


def test_without_history_the_batch_decides_and_alone_the_ranking() -> None:
    assert decided(scene(others=(FAMILY,))).ground is Ground.BATCH
    assert decided(scene(others=(FAMILY,))).say is Say.HOLD_BACK
    given = decided(scene(caller=FAMILY, others=(MAN,)))
    assert (given.say, given.ground, given.units) == (Say.GIVE, Ground.BATCH, ROOM.units)
    assert decided(scene()).ground is Ground.RANKED


def test_a_man_gets_the_bed_while_the_room_waits_for_the_family() -> None:
    told = decided(scene(*(ghost((FAMILY,)),) * 12, places=(ROOM, BED)))
    assert (told.say, told.units) == (Say.GIVE, BED.units)


def test_two_persons_are_not_given_one_bed() -> None:
    told = decided(scene(*(ghost(()),) * 12, places=(BED,), caller=replace(MAN, men=2)))
    assert (told.say, told.ground, told.units) == (Say.HOLD_BACK, Ground.NOTHING, ())


def test_adjoining_rooms_are_given_as_soon_as_they_fit() -> None:
    pair = replace(ROOM, units=(identity("a"), identity("b")), capacity=6)
    told = decided(scene(*(ghost((FAMILY,)),) * 12, places=(ROOM, pair), caller=replace(FAMILY, children=5)))
    assert (told.say, told.ground, told.units) == (Say.GIVE, Ground.TOGETHER, pair.units)


def test_what_does_not_fit_is_not_meant() -> None:
    told = decided(scene(*(ghost(()),) * 12, caller=replace(MAN, needs=(Need.STEP_FREE,))))
    assert (told.ground, told.units) == (Ground.NOTHING, ())


def test_the_same_scene_decides_the_same() -> None:
    s = scene(*(ghost((FAMILY, MAN)),) * 12, others=(FAMILY, MAN))
    assert decided(s) == decided(s)


def test_the_price_is_what_one_more_place_would_add() -> None:
    """The minimal dual of every column, against the value of the best assignment with a second copy of that column."""
    dice = np.random.default_rng(4)
    for _ in range(40):
        value = np.where(dice.random((5, 4)) < 0.7, dice.integers(1, 30, (5, 4)), 0).astype(float)
        price = prices.duals(value, prices.assignment(value))
        for j in range(4):
            assert price[j] == pytest.approx(best(np.column_stack([value, value[:, j]])) - best(value))


def test_the_loss_is_what_one_place_less_would_take_away() -> None:
    dice = np.random.default_rng(5)
    for _ in range(40):
        value = np.where(dice.random((5, 4)) < 0.7, dice.integers(1, 30, (5, 4)), 0).astype(float)
        loss = prices.losses(value, prices.assignment(value))
        for j in range(4):
            assert loss[j] == pytest.approx(best(value) - best(np.delete(value, j, axis=1)))


def best(value: np.ndarray) -> float:
    """By trying everything."""
    n = max(value.shape)
    square = np.zeros((n, n))
    square[: value.shape[0], : value.shape[1]] = value
    return max(sum(square[i, j] for i, j in enumerate(order)) for order in permutations(range(n)))


def test_a_vote_counts_evenings_and_types() -> None:
    mates = [np.array([0, 2, -1]), np.array([1, -1, 0]), np.array([2, 3, -1])]
    ballot = vote.cast(mates, 2, np.array([0, 0, 1]), 2)
    assert (ballot.evenings, ballot.types.tolist()) == (3, [[2, 1], [0, 1]])
    assert vote.elected(ballot) == [(0, 0)]


def test_half_hours() -> None:
    assert online.half_hour(NOW) == datetime(2026, 1, 12, 19, 30, tzinfo=UTC)
    assert online.half_hour(NOW.replace(minute=30)) == NOW.replace(minute=30)


def test_everything_meant_is_in_the_scene() -> None:
    told = decided(scene(*(ghost((FAMILY,)),) * 12))
    assert isinstance(told.units[0], UUID) and told.units == ROOM.units


def departement(seed: int, evenings_drawn: int = 12, size: Size = DEPARTEMENT) -> Scene:
    """A batch of a département, with evenings drawn from what one like it would have learned."""
    batch = make(size, seed)
    park = tuple(place for place in make(replace(size, free=size.free * 3), seed + 1_000).places if len(place.units) == 1)
    known = evenings.learned([evenings.draw(cities.City("park", park), (seed, night), size.requests) for night in range(2)])
    slots = outlook.slots(park, [0.0] * len(park), [np.inf] * len(park))
    places = tuple(replace(place, arrive_before=None) for place in batch.places)
    drawn = ghosts.draw(known, slots, seed, batch.rules, evenings=evenings_drawn)
    return Scene(batch.waiting, places, drawn, batch.now.date(), "Europe/Paris", batch.rules, batch.now)


@pytest.mark.parametrize("seed", range(12))
def test_looking_at_like_places_once_changes_no_decision(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value, and with it every decision to its last number, is the one that looks at all places one by one."""
    s = departement(seed)
    for one in s.ghosts:
        free = outlook.slots(s.places, [0.0] * len(s.places), [np.inf] * len(s.places))
        for slots in (free, one.slots):
            assert (outlook.anywhere(one.callers, slots, s.rules) == outlook.values(one.callers, slots, s.rules)).all()
    callers = [one.request for one in s.waiting[:4]]
    quick = [online.decide(s, caller, may_wait=wait) for caller in callers for wait in (False, True)]
    monkeypatch.setattr(outlook, "anywhere", outlook.values)
    monkeypatch.setattr(online, "CELLS_MAX", 10**12)
    assert quick == [online.decide(s, caller, may_wait=wait) for caller in callers for wait in (False, True)]
    assert {told.of for told in quick} <= {0, 12}, "a département is asked all twelve evenings"


def test_where_there_are_many_places_fewer_evenings_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    s = departement(1)
    caller = next(one.request for one in s.waiting if online.decide(s, one.request, may_wait=True).of == 12)
    asked = []
    for cells in (10**12, 1):
        monkeypatch.setattr(online, "CELLS_MAX", cells)
        asked.append(online.decide(s, caller, may_wait=True).of)
    assert asked == [12, 4], "a quarter of either is a whole number, as the vote counts"
