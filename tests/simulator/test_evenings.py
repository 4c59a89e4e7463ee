"""Simulated evenings: every policy plays by the rules, a broken one is caught, and what is compared is paired."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from siao.core.allocation.outlook import WORTH
from siao.core.allocation.rates import Rates
from siao.core.units import Kind
from siao.simulator import cities, command, evenings, plots, policies, report, scores
from siao.simulator.cities import City
from siao.simulator.clock import BEGINS, ENDS
from siao.simulator.playing import Foul, Policy, Table, play
from siao.simulator.scores import Plan, Score, Task

REQUESTS = 90
SMALL = City("small", cities.invented("A").places[::6])
PLANS = (*command.PLANS, *command.WRONG)


@pytest.fixture(scope="module")
def known() -> Rates:
    return evenings.history(SMALL, 7, REQUESTS)


@pytest.fixture(scope="module")
def played(known: Rates) -> list[Score]:
    """Every policy; the referee stands over each gift, and a foul would raise here."""
    return scores.play_evening(Task(SMALL, known, 7, 0, PLANS, REQUESTS))


def table() -> Table:
    return Table(evenings.draw(SMALL, (7, evenings.PLAYED, 0), REQUESTS))


def test_the_parks_hold_what_they_say() -> None:
    assert [cities.invented(name).persons for name in "AB"] == [560, 850]
    assert cities.invented("A") == cities.invented("A")


def test_no_policy_beats_the_clairvoyant_nor_breaks_a_rule(played: list[Score]) -> None:
    assert [score.plan for score in played] == [scores.CLAIRVOYANT, *(plan.name for plan in PLANS)]
    assert all(0 < score.value <= 100 for score in played)


def test_an_evening_played_twice_comes_to_the_same(known: Rates, played: list[Score]) -> None:
    again = scores.play_evening(Task(SMALL, known, 7, 0, (Plan(scores.VOTE),), REQUESTS))
    before = next(score for score in played if score.plan == scores.VOTE)
    assert replace(again[-1], cpu_seconds=0) == replace(before, cpu_seconds=0)


def test_training_is_apart_from_what_is_played() -> None:
    trained = {h.waiting_since for night in range(3) for h in evenings.draw(SMALL, (7, evenings.TRAINING, night), REQUESTS).households}
    assert not trained & {h.waiting_since for h in table().evening.households}


def clumsy(choose: Callable[[Table], tuple[int, int] | None]) -> Policy:
    def policy(table: Table) -> None:
        if found := choose(table):
            table.give(*found)

    return policy


def in_the_future(table: Table) -> tuple[int, int] | None:
    return (int(table.queue[0]), int(np.argmax(table.evening.slots.since))) if table.queue.size else None


def already_served(table: Table) -> tuple[int, int] | None:
    served = np.flatnonzero(~np.isnan(table.served))
    if served.size:
        return int(served[0]), int(table.free[0])
    policies.first_fit(table)
    return None


def twice(table: Table) -> tuple[int, int] | None:
    taken = np.flatnonzero(table.taken)
    if taken.size and table.queue.size:
        table.free = taken
        return int(table.queue[0]), int(taken[0])
    policies.first_fit(table)
    return None


def whatever(table: Table) -> tuple[int, int] | None:
    """A room too small, by capacity alone."""
    c, s = table.evening.callers, table.evening.slots
    for h in table.queue:
        small = table.free[s.room[table.free] & (s.capacity[table.free] < c.persons[h])]
        if small.size:
            return int(h), int(small[0])
    return None


@pytest.mark.parametrize("choose", [in_the_future, already_served, twice, whatever])
def test_a_broken_policy_is_caught(choose: Callable[[Table], tuple[int, int] | None]) -> None:
    with pytest.raises(Foul):
        play(table(), clumsy(choose))


def test_a_dormitory_never_holds_both_sides_of_a_switchable_rule() -> None:
    one = table()
    play(one, policies.best_fit)
    s, c = one.evening.slots, one.evening.callers
    for place in set(s.place[s.rule == 3].tolist()):
        served = [h for h in np.flatnonzero(one.got >= 0) if s.place[one.got[h]] == place]
        sides = set(c.side[served].tolist())
        assert len(sides) <= 1 or 2 in set(one.rule[s.place == place].tolist())


def test_in_the_last_45_minutes_nothing_is_held_back(known: Rates) -> None:
    one = table()
    for make in (policies.voted, policies.sampled_prices):
        play(one, make(policies.outlooks(one, known, 3, 1.2)))
        one.at(float(ENDS - 5))
        left = one.values()
        for i, h in enumerate(one.queue):
            alone = [j for j in np.flatnonzero(left[i] > 0) if one.beds(int(h), int(one.free[j]))]
            came = max(one.evening.callers.since[h], max((one.evening.slots.since[one.free[j]] for j in alone), default=0))
            assert not alone or came > ENDS - 20, "a place that fits somebody who waits was kept to the end"


def test_the_clairvoyant_is_a_matching_within_the_hours() -> None:
    one = table()
    mate = policies.clairvoyant(one.evening)
    given = mate[mate >= 0]
    assert len(set(given.tolist())) == given.size > 0
    meet = np.maximum(one.evening.callers.since[mate >= 0], one.evening.slots.since[given])
    assert (meet <= one.evening.callers.until[mate >= 0]).all() and (meet >= BEGINS).all()


def test_a_small_evening_by_hand() -> None:
    """A man of level 4 calls at 17:00, a mother of level 1 at 21:00; one room, free from the start. Worth 1 or 128."""
    mother = next(h for h in evenings.draw(SMALL, (7, 5, 5), REQUESTS).households if h.persons == 2 and h.women == 1 and h.children)
    man = replace(mother, men=1, women=0, children=0, needs=(), level=4, latitude=None, longitude=None, max_km=None)
    mother = replace(mother, infants=0, needs=(), level=1, latitude=None, longitude=None, max_km=None)
    room = next(p for p in SMALL.places if p.kind is Kind.ROOM)
    room = replace(room, capacity=2, rule=None, arrive_before=None)
    city = City("one room", (room,))
    base = evenings.draw(city, (1, 2, 3), 1)
    callers = evenings.outlook.callers((man, mother), [780.0, 1020.0], [1320.0, 1320.0], evenings.Rules(), evenings.TURN)
    one = evenings.Evening(city, (man, mother), callers, evenings.outlook.slots((room,), [780.0], [np.inf]))
    assert base.city is city
    board = Table(one)
    play(board, policies.first_fit)
    assert board.got.tolist() == [0, -1]
    assert policies.clairvoyant(one).tolist() == [-1, 0]
    assert (WORTH[callers.level] * callers.persons).tolist() == [1.0, 128.0]


def test_the_table_and_the_page_name_every_policy(played: list[Score]) -> None:
    text, page = "\n".join(report.table(played)), plots.page(played, 7)
    assert all(plan.name in text and plan.name in page for plan in PLANS)
    assert "http" not in page and "<script" not in page


def test_a_missed_must_fails_the_command(played: list[Score], capsys: pytest.CaptureFixture[str]) -> None:
    bad = [replace(one, park=park, evening=i, value=50.0) for one in played for park in "AB" for i in range(5)]
    assert report.figures.tell(list(report.told(bad)), as_json=True) == 1
    told = {one["name"]: one["met"] for one in json.loads(capsys.readouterr().out)}
    assert told["A: value regret, vote"] is False


def test_bad_options_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--evenings", "0"])
    assert "at least 1" in capsys.readouterr().err
    assert command.main(["--park", "nowhere.csv"]) == 1
