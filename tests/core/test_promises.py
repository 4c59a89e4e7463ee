"""What STATES says of promises beyond its table: clocks that end at noon, beds to be looked at, lists of who is there."""

from datetime import timedelta
from uuid import uuid4

import pytest

import city
from city import COORDINATOR, EVENING, STAFF, asks, bed, do, later, unit
from siao.core import night
from siao.core.beds import Bed, OutReason, Physical
from siao.core.openings import ClosePlan, CloseUnit, OpenPlan
from siao.core.people import CLOCK
from siao.core.placements import Accept, Hold, Lapse, Offer, Placement, RefuseShelter, ShelterRefusal, State
from siao.core.refused import Refused
from siao.core.requests import Request
from siao.core.requests import State as Asked

NOON = night.criteria_end(EVENING.date(), city.ZONE)


def test_a_hold_kept_for_a_call_back_ends_by_the_noon_after_its_night() -> None:
    here, ask, id = city.city(), asks(call_back=later(hours=20)), uuid4()
    do(here, ask)
    do(here, Hold(id, (unit("Dortoir hommes"),), request=ask.id))
    assert here.get(Placement, id).until == NOON < later(hours=20)
    do(here, Lapse(id), CLOCK, NOON)
    assert here.get(Request, ask.id).state is Asked.PAUSED, "and what is paused is closed then"


def test_whoever_walks_far_is_expected_until_noon_at_the_latest() -> None:
    here, ask, id, late = city.city(), asks(zone="Voiron"), uuid4(), NOON - timedelta(minutes=70)
    do(here, ask)
    do(here, Hold(id, (unit("Dortoir hommes"),), request=ask.id), now=late)
    do(here, Accept(id), now=late)
    placement = here.get(Placement, id)
    assert placement.until == NOON and placement.expected_until == NOON, "20 km on foot, and an hour of grace"


@pytest.mark.parametrize(("accepted", "checked"), [(False, False), (True, True)])
def test_refused_after_an_acceptance_the_bed_is_to_be_reported(accepted: bool, checked: bool) -> None:
    here, ask, id = city.city(), asks(), uuid4()
    do(here, ask)
    do(here, Hold(id, (unit("Dortoir hommes"),), request=ask.id))
    do(here, Offer(id))
    if accepted:
        do(here, Accept(id), STAFF)
    do(here, RefuseShelter(id, ShelterRefusal.TOO_LATE), STAFF)
    placement, seen = here.get(Placement, id), here.get(Bed, bed("Dortoir hommes", 1))
    assert (placement.state, placement.accepted) == (State.REFUSED_SHELTER, accepted), "counted apart"
    assert (seen.physical, seen.to_check) == (Physical.VACANT, checked)
    assert here.get(Request, ask.id).first_in_level


def test_what_is_lived_in_is_not_closed_and_the_refusal_lists_it() -> None:
    here, id, other = city.city(), uuid4(), uuid4()
    do(here, OpenPlan(city.PLAN), COORDINATOR)
    do(here, Hold(id, (unit("Chambre 4"),), persons=2, side="women"))
    do(here, Hold(other, (unit("Renfort"),), persons=1, side="men"))
    for what, by, who in ((CloseUnit(unit("Chambre 4"), OutReason.WORKS), STAFF, id), (ClosePlan(city.PLAN), COORDINATOR, other)):
        with pytest.raises(Refused, match="live_placements") as no:
            do(here, what, by)
        assert no.value.about == (who,)


def test_the_hour_at_which_a_household_is_expected_does_not_tell_where_a_confidential_shelter_lies() -> None:
    hours = set()
    for zone in ("Grenoble", "Voiron", None):
        here, ask, id = city.city(), asks(0, women=1, zone=zone), uuid4()
        do(here, ask)
        do(here, Hold(id, (unit("Chambre 1", "Le Refuge"),), request=ask.id))
        do(here, Offer(id))
        hours.add(here.get(Placement, id).expected_until)
    assert len(hours) == 1
