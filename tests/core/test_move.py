"""The ways out of a contested bed: another bed of the house, whole rooms, never the one that staff see taken."""

from uuid import UUID, uuid4

import pytest

import city
from city import STAFF, do
from siao.core.beds import Bed, Physical
from siao.core.placements import Accept, Hold, Offer
from siao.core.refused import Refusal, Refused
from siao.core.reports import Report, Seen
from siao.core.stays import Arrive, Move
from siao.core.world import World


def expected(here: World, name: str, **who: int) -> UUID:
    ask, hold = city.asks(**who), uuid4()
    do(here, ask)
    do(here, Hold(hold, (city.unit(name),), request=ask.id))
    do(here, Offer(hold))
    do(here, Accept(hold), STAFF)
    return hold


def seen(here: World, name: str, number: int, physical: Physical = Physical.OCCUPIED) -> None:
    bed = here.get(Bed, city.bed(name, number))
    do(here, Report(city.unit(name), (Seen(bed.id, physical, bed.version),)), STAFF)


def beds(here: World, placement: UUID) -> set[UUID]:
    return {claim.bed for claim in here.claims(placement)}


def test_a_contested_bed_of_a_dormitory_is_left_for_another_one_there() -> None:
    here = city.city()
    placement = expected(here, "Dortoir hommes", men=1)
    (was,) = beds(here, placement)
    seen(here, "Dortoir hommes", here.get(Bed, was).number)
    do(here, Move(placement, (city.unit("Dortoir hommes"),)), STAFF)
    (now,) = beds(here, placement)
    assert now != was
    assert here.get(Bed, now).physical is Physical.VACANT
    assert here.get(Bed, was).physical is Physical.OCCUPIED, "what staff saw stays seen"
    do(here, Arrive(placement), STAFF)


def test_a_contested_room_is_not_moved_into_itself() -> None:
    here = city.city()
    placement = expected(here, "Chambre 4", women=1, children=2)
    seen(here, "Chambre 4", 1)
    with pytest.raises(Refused) as no:
        do(here, Move(placement, (city.unit("Chambre 4"),)), STAFF)
    assert no.value.why is Refusal.TAKEN
    do(here, Move(placement, (city.unit("Chambre 5"),)), STAFF)
    assert beds(here, placement) == {city.bed("Chambre 5", n) for n in (1, 2, 3)}


def test_the_present_move_between_rooms_and_leave_theirs_vacant() -> None:
    here = city.city()
    placement = expected(here, "Chambre 5", women=1, children=1)
    do(here, Arrive(placement), STAFF)
    do(here, Move(placement, (city.unit("Chambre 4"),)), STAFF)
    assert {here.get(Bed, city.bed("Chambre 5", n)).physical for n in (1, 2, 3)} == {Physical.VACANT}
    assert {here.get(Bed, bed).physical for bed in beds(here, placement)} == {Physical.OCCUPIED}
