"""The tables of STATES walked: whatever people do in whatever order, and every pair that is not in the law refused."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

import city
from city import COORDINATOR, DAY_CENTRE, EVENING, OPERATOR, bed, do, unit
from siao.core import households, night, placements, requests
from siao.core.beds import Bed, OutReason, Physical
from siao.core.claims import Claim
from siao.core.closing import CloseNight
from siao.core.journal import GENESIS, Entry, Verb, link
from siao.core.openings import CloseUnit, OpenUnit
from siao.core.people import CLOCK, By, Role
from siao.core.placements import (
    LIVE,
    Accept,
    Hold,
    HouseholdRefusal,
    Lapse,
    Offer,
    Placement,
    RefuseHousehold,
    RefuseShelter,
    Release,
    ShelterRefusal,
    State,
)
from siao.core.refused import Refusal, Refused
from siao.core.reports import Count, Report, Seen
from siao.core.requests import WAITING, Asked, CloseUnmet, Closing, Criteria, Renew, Request, Resume, Revise, Withdraw
from siao.core.stays import Arrive, Depart, Departure, Extend, Move, NoShow, Shrink
from siao.core.territories import Territory
from siao.core.units import Kind, Rule, Unit
from siao.core.world import World

STAFF = By(UUID(int=117), Role.COORDINATOR)
ON_A_PLACEMENT: dict[Verb, Callable[[UUID], Any]] = {
    Verb.OFFER: Offer,
    Verb.ACCEPT: Accept,
    Verb.RELEASE: Release,
    Verb.REFUSE_SHELTER: lambda id: RefuseShelter(id, ShelterRefusal.TOO_LATE),
    Verb.REFUSE_HOUSEHOLD: lambda id: RefuseHousehold(id, HouseholdRefusal.TOO_FAR),
    Verb.ARRIVE: Arrive,
    Verb.NO_SHOW: NoShow,
    Verb.EXTEND: lambda id: Extend(id, EVENING.date() + timedelta(days=5)),
    Verb.MOVE: lambda id: Move(id, (unit("Dortoir hommes"),)),
    Verb.SHRINK: lambda id: Shrink(id, (bed("Chambre 6", 1), bed("Chambre 6", 2))),
    Verb.DEPART: lambda id: Depart(id, Departure.OWN_CHOICE),
    Verb.LAPSE: Lapse,
}
ON_A_REQUEST: dict[Verb, Callable[[UUID], Any]] = {
    Verb.HOLD: lambda id: Hold(uuid4(), (unit("Dortoir hommes"),), request=id),
    Verb.REVISE: lambda id: Revise(id, Asked(men=1, max_km=50)),
    Verb.RESUME: Resume,
    Verb.WITHDRAW: Withdraw,
    Verb.UNMET: lambda id: CloseUnmet(id, Closing.NO_PLACE),
    Verb.RENEW: lambda id: Renew(id, Asked(men=1)),
}
LATER = {Verb.LAPSE: timedelta(hours=6)}
"""The clock's verb comes when the clock has run out."""
STEPS: dict[State, tuple[Verb, ...]] = {
    State.HELD: (),
    State.OFFERED: (Verb.OFFER,),
    State.EXPECTED: (Verb.ACCEPT,),
    State.PRESENT: (Verb.ACCEPT, Verb.ARRIVE),
    State.RELEASED: (Verb.RELEASE,),
    State.REFUSED_SHELTER: (Verb.OFFER, Verb.REFUSE_SHELTER),
    State.REFUSED_HOUSEHOLD: (Verb.REFUSE_HOUSEHOLD,),
    State.LAPSED: (Verb.LAPSE,),
    State.NO_SHOW: (Verb.ACCEPT, Verb.NO_SHOW),
    State.ENDED: (Verb.ACCEPT, Verb.ARRIVE, Verb.DEPART),
}


def placed_in(state: State, units: tuple[str, ...] = ("Dortoir hommes",), **who: Any) -> tuple[World, UUID]:
    """A city with one placement in this state."""
    here, ask, id = city.city(), city.asks(**who), uuid4()
    do(here, ask)
    do(here, Hold(id, tuple(map(unit, units)), request=ask.id))
    for verb in STEPS[state]:
        by = CLOCK if verb is Verb.LAPSE else STAFF
        do(here, ON_A_PLACEMENT[verb](id), by, EVENING + LATER.get(verb, timedelta()))
    assert here.get(Placement, id).state is state
    return here, id


def asked_in(state: requests.State) -> tuple[World, UUID]:
    if state is requests.State.OPEN:
        here, ask = city.city(), city.asks()
        do(here, ask)
        return here, ask.id
    if state in (requests.State.UNMET, requests.State.WITHDRAWN):
        here, id = asked_in(requests.State.OPEN)
        do(here, CloseUnmet(id, Closing.NO_PLACE) if state is requests.State.UNMET else Withdraw(id))
        return here, id
    by_way_of = {requests.State.PLACED: State.HELD, requests.State.PAUSED: State.NO_SHOW, requests.State.MET: State.PRESENT}
    here, placement = placed_in(by_way_of[state])
    request = here.get(Placement, placement).request
    assert request is not None
    return here, request


@pytest.mark.parametrize(("state", "verb"), [*product(State, ON_A_PLACEMENT)], ids=str)
def test_a_placement_takes_the_verbs_of_the_law_and_no_other(state: State, verb: Verb) -> None:
    units, who = (("Chambre 5", "Chambre 6"), {"men": 1, "women": 1, "children": 3}) if verb is Verb.SHRINK else (("Dortoir hommes",), {})
    here, id = placed_in(state, units, **who)
    now = EVENING + LATER.get(verb, timedelta())
    by = CLOCK if verb is Verb.LAPSE else STAFF
    before = dict(here.rows)
    allowed = placements.TRANSITIONS.get((state, verb))
    if verb is Verb.LAPSE and state is State.EXPECTED:
        allowed = placements.TRANSITIONS[State.EXPECTED, Verb.NO_SHOW]  # the clock's word for an arrival that did not come
    if allowed is None:
        with pytest.raises(Refused) as no:
            do(here, ON_A_PLACEMENT[verb](id), by, now)
        assert no.value.why is Refusal.NOT_NOW
        assert dict(here.rows) == before
    else:
        do(here, ON_A_PLACEMENT[verb](id), by, now)
        assert here.get(Placement, id).state in allowed


@pytest.mark.parametrize(("state", "verb"), [*product(requests.State, ON_A_REQUEST)], ids=str)
def test_a_request_takes_the_verbs_of_the_law_and_no_other(state: requests.State, verb: Verb) -> None:
    here, id = asked_in(state)
    before = dict(here.rows)
    allowed = requests.TRANSITIONS.get((state, verb))
    if allowed is None:
        with pytest.raises(Refused) as no:
            do(here, ON_A_REQUEST[verb](id))
        assert no.value.why in (Refusal.NOT_NOW, Refusal.ALREADY_PLACED)
        assert dict(here.rows) == before
    else:
        do(here, ON_A_REQUEST[verb](id))
        assert here.get(Request, id).state in allowed


def test_every_state_and_verb_of_the_law_is_reached() -> None:
    verbs = {verb for _, verb in placements.TRANSITIONS} | {verb for _, verb in requests.TRANSITIONS}
    through_placements = {Verb.HOLD, Verb.ARRIVE, Verb.LAPSE, Verb.NO_SHOW, Verb.RELEASE, Verb.REFUSE_SHELTER, Verb.REFUSE_HOUSEHOLD}
    assert verbs <= set(ON_A_PLACEMENT) | set(ON_A_REQUEST) | through_placements
    assert set(STEPS) == set(State)


class Evening(RuleBasedStateMachine):
    """People of every chair act in any order while the clock runs; what must always hold is looked at after each."""

    @initialize()
    def open(self) -> None:
        self.here, self.now = city.city(), EVENING
        self.asked: list[UUID] = []
        self.placed: list[UUID] = []
        self.who: dict[UUID, tuple[int, requests.Side, bool]] = {}
        self.here.put(replace(self.here.get(Unit, unit("Chambre 4")), rule=Rule.WOMEN))
        self.entries: list[Entry] = []
        self.tallied = 0

    def act(self, what: Any, by: By = STAFF) -> bool:
        before = {id: self.here.get(Placement, id).state for id in self.placed}
        for id in self.placed:
            criteria = self.here.find(Criteria, self.here.get(Placement, id).request)
            if criteria is not None:
                self.who[id] = criteria.persons, criteria.side, criteria.children + criteria.infants > 0
        try:
            told = do(self.here, what, by, self.now)
        except Refused:
            return False
        self.entries += told.entries
        self.tallied += sum(len(change.tally) for change in told.changes)
        for change in told.changes:
            for after in change.rows:
                if isinstance(after, Placement) and after.id in before:
                    assert after.state in placements.TRANSITIONS.get((before[after.id], change.verb), frozenset())
                    before[after.id] = after.state
        return True

    @rule(
        men=st.integers(0, 2), women=st.integers(0, 2), children=st.integers(0, 3), infants=st.integers(0, 1),
        level=st.integers(1, 4), call_back=st.booleans(),
    )  # fmt: skip
    def ask(self, call_back: bool, **asked: int) -> None:
        ask = city.asks(**asked, call_back=self.now + timedelta(minutes=30) if call_back else None, service=DAY_CENTRE)
        if self.act(ask, OPERATOR):
            self.asked.append(ask.id)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), name=st.sampled_from(["Dortoir hommes", "Dortoir du soir", "Chambre 4", "Chambre 5", "Chambre 6", "pair"]))
    def hold(self, data: st.DataObject, name: str) -> None:
        id, request = uuid4(), data.draw(st.sampled_from(self.asked))
        units = ("Chambre 5", "Chambre 6") if name == "pair" else (name,)
        if self.act(Hold(id, tuple(map(unit, units)), request=request), OPERATOR):
            self.placed.append(id)

    @rule(
        name=st.sampled_from(["Dortoir du soir", "Chambre 4", "Chambre 6"]), persons=st.integers(1, 3), side=st.sampled_from(requests.Side)
    )
    def hold_without_a_request(self, name: str, persons: int, side: requests.Side) -> None:
        id = uuid4()
        if self.act(Hold(id, (unit(name),), persons=persons, side=side), OPERATOR):
            self.placed.append(id)
            known = households.unrecorded(persons, side, self.now)
            self.who[id] = persons, known.side, known.children > 0

    @precondition(lambda self: self.placed)
    @rule(data=st.data(), verb=st.sampled_from(sorted(set(ON_A_PLACEMENT) - {Verb.MOVE, Verb.SHRINK})))
    def go_on(self, data: st.DataObject, verb: Verb) -> None:
        live = [id for id in self.placed if self.here.get(Placement, id).state in LIVE | {State.NO_SHOW}] or self.placed
        self.act(ON_A_PLACEMENT[verb](data.draw(st.sampled_from(live))), CLOCK if verb is Verb.LAPSE else STAFF)

    @precondition(lambda self: self.placed)
    @rule(
        data=st.data(),
        name=st.sampled_from(["Dortoir hommes", "Dortoir du soir", "Chambre 4", "Chambre 5", "Chambre 6", "Renfort"]),
        number=st.integers(0, 2),
        persons=st.sampled_from([None, 1, 2, 4]),
    )
    def move(self, data: st.DataObject, name: str, number: int, persons: int | None) -> None:
        """`number`: onto this bed, or wherever. `persons`: as somebody says of those present."""
        live = [id for id in self.placed if self.here.get(Placement, id).state in LIVE] or self.placed
        beds = (bed(name, number),) if number and self.here.get(Unit, unit(name)).kind is Kind.DORMITORY else ()
        self.act(Move(data.draw(st.sampled_from(live)), (unit(name),), beds, persons))

    @rule(name=st.sampled_from(["Dortoir hommes", "Dortoir du soir", "Chambre 5"]), shut=st.booleans())
    def close_or_open(self, name: str, shut: bool) -> None:
        self.act(CloseUnit(unit(name), OutReason.WORKS) if shut else OpenUnit(unit(name)))

    @precondition(lambda self: self.placed)
    @rule(data=st.data())
    def shrink(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(self.placed))
        claims = self.here.claims(id)
        back = tuple(claim.bed for claim in claims if claim.unit == claims[-1].unit)
        self.act(Shrink(id, back or (bed("Chambre 4", 1),)))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), verb=st.sampled_from(sorted(set(ON_A_REQUEST) - {Verb.HOLD})))
    def ask_again(self, data: st.DataObject, verb: Verb) -> None:
        self.act(ON_A_REQUEST[verb](data.draw(st.sampled_from(self.asked))))

    @rule(name=st.sampled_from(["Dortoir hommes", "Dortoir du soir"]), count=st.integers(0, 4), side=st.sampled_from([None, *Rule]))
    def count(self, name: str, count: int, side: Rule | None) -> None:
        self.act(Count(unit(name), count, self.here.get(Unit, unit(name)).version, side))

    @rule(
        name=st.sampled_from(["Dortoir hommes", "Dortoir du soir", "Chambre 4"]),
        number=st.integers(1, 3),
        physical=st.sampled_from([Physical.VACANT, Physical.OCCUPIED]),
        side=st.sampled_from([None, Rule.MEN, Rule.WOMEN]),
    )
    def report(self, name: str, number: int, physical: Physical, side: Rule | None) -> None:
        seen = Seen(bed(name, number), physical, self.here.get(Bed, bed(name, number)).version)
        self.act(Report(unit(name), (seen,), side))

    @rule(minutes=st.sampled_from([1, 9, 10, 11, 25, 70, 400]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def close_the_night(self) -> None:
        self.act(CloseNight(city.CODE, night.night(self.now, city.ZONE) - timedelta(days=1)), COORDINATOR)

    @invariant()
    def a_bed_has_one_live_claim_and_a_room_one_household(self) -> None:
        live = [claim for claim in self.here.all(Claim) if claim.live] if hasattr(self, "here") else []
        assert len({claim.bed for claim in live}) == len(live)
        for claim in live:
            if claim.whole:
                assert {c.placement for c in live if c.unit == claim.unit} == {claim.placement}
            else:
                assert claim.rule is not None and claim.rule is self.here.get(Unit, claim.unit).rule_tonight

    @invariant()
    def what_is_live_holds_beds_and_what_is_over_holds_none(self) -> None:
        for id in getattr(self, "placed", ()):
            placement = self.here.get(Placement, id)
            assert bool(self.here.claims(id)) == (placement.state in LIVE)
            awaited = placement.state in LIVE - {State.PRESENT}
            assert (placement.persons is not None) == (placement.until is not None) == awaited
            assert (placement.expected_until is not None) == (placement.state is State.EXPECTED)

    @invariant()
    def who_is_promised_a_place_has_a_bed_each_under_the_rule_where_it_is_open(self) -> None:
        for id in getattr(self, "placed", ()):
            claims, criteria = self.here.claims(id), self.here.find(Criteria, self.here.get(Placement, id).request)
            persons, side, family = self.who.get(id) or (criteria.persons, criteria.side, criteria.children + criteria.infants > 0)
            assert not claims or len(claims) >= persons or self.here.get(Placement, id).state is State.PRESENT
            for claim in claims:
                there = self.here.get(Unit, claim.unit)
                assert there.open
                assert claim.whole or not (family or side is requests.Side.MINORS)
                rule = there.rule if claim.whole else claim.rule
                assert rule is Rule.MIXED or side.value == rule or (claim.whole and side is requests.Side.MINORS)

    @invariant()
    def needs_live_as_long_as_the_request_waits(self) -> None:
        for id in getattr(self, "asked", ()):
            request = self.here.get(Request, id)
            assert (self.here.find(Criteria, id) is not None) == (request.state in WAITING)
            live = [p for p in self.here.all(Placement) if p.request == id and p.state in LIVE]
            promised = [p for p in live if p.state is not State.PRESENT]
            assert len(live) <= 1 and (request.state is requests.State.PLACED) == bool(promised)

    @invariant()
    def a_switchable_dormitory_has_a_rule_exactly_while_somebody_sleeps_there(self) -> None:
        if hasattr(self, "here"):
            evening = self.here.get(Unit, unit("Dortoir du soir"))
            slept_in = any(b.physical is Physical.OCCUPIED or self.here.claim_on(b.id) for b in self.here.beds(evening.id))
            assert (evening.rule_tonight is not None) == slept_in
            assert evening.kind is Kind.DORMITORY

    @invariant()
    def the_chain_holds_and_every_closed_request_was_counted_once(self) -> None:
        if not hasattr(self, "here"):
            return
        head = GENESIS
        for number, entry in enumerate(self.entries, 1):
            head = link(head, entry)
            assert (entry.seq, entry.hash) == (number, head)
        territory = self.here.get(Territory, city.CODE)
        assert (territory.seq, territory.head) == (len(self.entries), head)
        closings = [e for e in self.entries if e.verb in (Verb.UNMET, Verb.WITHDRAW) or (e.verb is Verb.ARRIVE and e.request)]
        assert self.tallied == len(closings)


TestEvening = Evening.TestCase
TestEvening.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 10, 24)], ids=["clocks go forward", "clocks go back"])
@pytest.mark.parametrize("zone", [city.ZONE, "Indian/Reunion"])
def test_the_night_closes_on_daylight_saving_nights(day: date, zone: str) -> None:
    here = city.city()
    here.put(replace(here.get(Territory, city.CODE), time_zone=zone))
    evening = night.opens(day, zone) + timedelta(hours=16)
    ask = city.asks()
    do(here, ask, OPERATOR, evening)
    turn: datetime = night.closes(day, zone)
    with pytest.raises(Refused, match="night_not_over"):
        do(here, CloseNight(city.CODE, day), COORDINATOR, turn - timedelta(minutes=31))
    do(here, CloseNight(city.CODE, day), COORDINATOR, turn - timedelta(minutes=30))
    assert here.get(Request, ask.id).closing is Closing.NO_SUITABLE_PLACE
    assert here.find(Criteria, ask.id) is None
    with pytest.raises(Refused, match="night_closed"):
        do(here, CloseNight(city.CODE, day), CLOCK, turn)
