"""The ways out of a contested bed: another bed of the house, whole rooms, never the one that staff see taken, nor one that a hold
would not get."""

from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

import city
from city import COORDINATOR, STAFF, do
from siao.core.beds import Bed, OutReason, Physical
from siao.core.openings import CloseUnit, OpenPlan
from siao.core.placements import Accept, Hold, Offer, Placement
from siao.core.refused import Refusal, Refused
from siao.core.reports import Report, Seen
from siao.core.requests import Asked, Need, Resume, Revise, Side
from siao.core.stays import Arrive, Move, NoShow
from siao.core.units import Rule, Unit
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
    placement = expected(here, "Chambre 4", women=1, children=1)
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


def under(here: World, name: str, rule: Rule) -> None:
    here.put(replace(here.get(Unit, city.unit(name)), rule=rule))


def unrecorded(here: World, name: str, persons: int, side: Side, *, present: bool = False) -> UUID:
    hold = uuid4()
    do(here, Hold(hold, (city.unit(name),), persons=persons, side=side))
    if present:
        do(here, Accept(hold))
        do(here, Arrive(hold), STAFF)
    return hold


def refused(
    here: World, placement: UUID, *names: str, beds: tuple[UUID, ...] = (), persons: int | None = None
) -> tuple[Refusal, tuple[str, ...]]:
    before = here.claims(placement)
    with pytest.raises(Refused) as no:
        do(here, Move(placement, tuple(map(city.unit, names)), beds, persons), STAFF)
    assert here.claims(placement) == before
    return no.value.why, no.value.facts


@pytest.mark.parametrize(
    ("room", "into", "who", "why"),
    [
        ("Chambre 6", "Dortoir hommes", {"men": 0, "children": 1}, ("FAMILY",)),
        ("Chambre 5", "Dortoir hommes", {"men": 0, "women": 1}, ("SEX",)),
        ("Chambre 5", "Dortoir hommes", {"men": 1, "needs": (Need.PRIVATE_ROOM,)}, ("FAMILY",)),
        ("Chambre 4", "Chambre 6", {"women": 1, "children": 2}, ("CAPACITY",)),
        ("Chambre 4", "Dortoir hommes", {"men": 3}, ("CAPACITY",)),
    ],
)
def test_no_hard_reason_of_a_hold_gives_way_to_a_move(room: str, into: str, who: dict[str, int], why: tuple[str, ...]) -> None:
    here = city.city()
    placement = expected(here, room, **who)
    assert refused(here, placement, into) == (Refusal.DOES_NOT_FIT, why)


@pytest.mark.parametrize("present", [False, True])
def test_two_men_are_not_moved_into_a_room_for_women(present: bool) -> None:
    here = city.city()
    under(here, "Chambre 6", Rule.WOMEN)
    for name, placement in (("Dortoir hommes", expected(here, "Dortoir hommes", men=2)), ("Chambre 5", expected(here, "Chambre 5", men=2))):
        if present:
            do(here, Arrive(placement), STAFF)
        assert refused(here, placement, "Chambre 6")[1][0] == "SEX", name


def test_two_are_not_moved_onto_one_bed_nor_one_onto_two() -> None:
    here = city.city()
    two, one = expected(here, "Dortoir hommes", men=2), expected(here, "Dortoir du soir", men=1)
    bed = (city.bed("Dortoir du soir", 2), city.bed("Dortoir du soir", 3))
    assert refused(here, two, "Dortoir du soir", beds=bed[:1])[0] is Refusal.NOT_ENOUGH_BEDS
    assert refused(here, one, "Dortoir du soir", beds=bed)[0] is Refusal.NOT_ENOUGH_BEDS
    do(here, Move(two, (city.unit("Dortoir du soir"),), bed), STAFF)
    assert beds(here, two) == set(bed)


def test_as_many_beds_as_persons_are_taken_of_a_dormitory_from_a_room() -> None:
    here = city.city()
    placement = expected(here, "Chambre 5", men=2)
    do(here, Move(placement, (city.unit("Dortoir du soir"),)), STAFF)
    assert beds(here, placement) == {city.bed("Dortoir du soir", n) for n in (1, 2)}
    assert here.get(Unit, city.unit("Dortoir du soir")).rule_tonight is Rule.MEN


@pytest.mark.parametrize("present", [False, True])
@pytest.mark.parametrize("closed", ["Dortoir du soir", "Chambre 5", "Renfort"])
def test_nobody_is_moved_into_what_is_closed(closed: str, present: bool) -> None:
    here = city.city()
    placement = expected(here, "Dortoir hommes", men=1)
    if present:
        do(here, Arrive(placement), STAFF)
    if closed != "Renfort":  # its plan is not open
        do(here, CloseUnit(city.unit(closed), OutReason.WORKS), STAFF)
    assert refused(here, placement, closed)[0] is Refusal.CLOSED


def test_whoever_is_not_recorded_is_moved_by_what_their_place_tells() -> None:
    here = city.city()
    family, men = unrecorded(here, "Chambre 5", 2, Side.MINORS), unrecorded(here, "Dortoir du soir", 1, Side.MEN)
    assert refused(here, family, "Dortoir hommes") == (Refusal.DOES_NOT_FIT, ("SEX", "FAMILY"))
    do(here, Move(family, (city.unit("Chambre 6"),)), STAFF)
    assert len(beds(here, family)) == 2, "until they arrive their number is known, and it fits"
    do(here, Move(men, (city.unit("Dortoir hommes"),)), STAFF)
    assert here.get(Unit, city.unit("Dortoir du soir")).rule_tonight is None


def test_of_the_present_what_they_have_stands_for_what_they_need() -> None:
    here = city.city()
    do(here, OpenPlan(city.PLAN), COORDINATOR)
    family = unrecorded(here, "Chambre 5", 2, Side.MIXED, present=True)
    assert refused(here, family, "Chambre 6") == (Refusal.DOES_NOT_FIT, ("CAPACITY",)), "three beds: how many sleep there nobody knows"
    assert refused(here, family, "Renfort") == (Refusal.DOES_NOT_FIT, ("CAPACITY", "FAMILY")), "who has a room keeps one"
    woman = unrecorded(here, "Dortoir du soir", 1, Side.WOMEN, present=True)
    assert refused(here, woman, "Renfort") == (Refusal.DOES_NOT_FIT, ("SEX",)), "she may have asked for women only"
    do(here, Move(woman, (city.unit("Chambre 6"),)), STAFF)
    assert refused(here, woman, "Dortoir du soir")[1] == ("FAMILY",)


def test_of_the_present_whoever_sees_them_says_how_many_sleep_in_the_room_they_leave() -> None:
    """One in a room of four is moved to one of two; nothing but the beds tells of it afterwards."""
    here = city.city()
    do(here, OpenPlan(city.PLAN), COORDINATOR)
    placement = expected(here, "Chambre 4", men=1)
    do(here, Arrive(placement), STAFF)
    assert refused(here, placement, "Chambre 6") == (Refusal.DOES_NOT_FIT, ("CAPACITY",))
    assert refused(here, placement, "Chambre 6", persons=3) == (Refusal.DOES_NOT_FIT, ("CAPACITY",))
    assert refused(here, placement, "Renfort", persons=1) == (Refusal.DOES_NOT_FIT, ("FAMILY",)), "a room stays a room"
    assert refused(here, placement, "Dortoir hommes", persons=1) == (Refusal.DOES_NOT_FIT, ("SEX", "FAMILY"))
    before = here.get(Placement, placement)
    do(here, Move(placement, (city.unit("Chambre 6"),), persons=2), STAFF)
    assert here.get(Placement, placement) == replace(before, version=before.version + 1)
    assert beds(here, placement) == {city.bed("Chambre 6", n) for n in (1, 2)}
    assert {here.get(Bed, city.bed("Chambre 4", n)).physical for n in (1, 2, 3, 4)} == {Physical.VACANT}


def test_how_many_they_are_is_said_of_the_present_in_a_room_alone_and_never_more_than_its_beds() -> None:
    here = city.city()
    coming, slept = expected(here, "Chambre 5", women=1), expected(here, "Dortoir hommes", men=2)
    do(here, Arrive(slept), STAFF)
    assert refused(here, coming, "Chambre 6", persons=1)[0] is Refusal.INVALID, "on the way their number is known"
    assert refused(here, slept, "Dortoir du soir", persons=1)[0] is Refusal.INVALID, "in a dormitory their beds tell it"
    do(here, Arrive(coming), STAFF)
    assert refused(here, coming, "Chambre 4", persons=4)[0] is Refusal.INVALID, "a move is no way round the 115"
    do(here, Move(coming, (city.unit("Chambre 6"),), persons=1), STAFF)


def test_a_dormitory_for_all_is_left_for_another_such_or_a_room_for_all() -> None:
    here = city.city()
    do(here, OpenPlan(city.PLAN), COORDINATOR)
    couple = unrecorded(here, "Renfort", 2, Side.MIXED, present=True)
    assert refused(here, couple, "Dortoir hommes") == (Refusal.DOES_NOT_FIT, ("SEX",))
    do(here, Move(couple, (city.unit("Dortoir du soir"),)), STAFF)
    assert here.get(Unit, city.unit("Dortoir du soir")).rule_tonight is Rule.MIXED
    do(here, Move(couple, (city.unit("Chambre 6"),)), STAFF)
    assert len(beds(here, couple)) == 2


def test_protection_is_not_moved_away_from() -> None:
    here = city.city()
    room = here.get(Unit, city.unit("Chambre 2", "Le Refuge"))
    for number in (1, 2):
        here.put(replace(here.get(Bed, city.bed("Chambre 2", number, "Le Refuge")), physical=Physical.VACANT))
    hold = uuid4()
    here.put(replace(here.get(Bed, city.bed("Chambre 1", 3, "Le Refuge")), physical=Physical.OUT, out_reason=OutReason.WORKS))
    do(here, Hold(hold, (city.unit("Chambre 1", "Le Refuge"),), persons=1, side=Side.WOMEN))
    do(here, Accept(hold))
    do(here, Arrive(hold))
    with pytest.raises(Refused) as no:
        do(here, Move(hold, (room.id,)))
    assert (no.value.why, no.value.facts) == (Refusal.DOES_NOT_FIT, ("PROTECTED",))


def test_after_a_move_and_a_no_show_they_may_come_late_to_where_they_were_to_sleep() -> None:
    here = city.city()
    placement = expected(here, "Dortoir hommes", men=1)
    (was,) = beds(here, placement)
    seen(here, "Dortoir hommes", here.get(Bed, was).number)
    do(here, Move(placement, (city.unit("Dortoir hommes"),)), STAFF)
    now = beds(here, placement)
    do(here, NoShow(placement), STAFF)
    do(here, Arrive(placement), STAFF)
    assert beds(here, placement) == now, "one bed, though two were theirs"


@pytest.mark.parametrize("rooms", [("Chambre 4", "Chambre 6"), ("Chambre 5", "Chambre 6"), ("Chambre 5", "Chambre 6", "Chambre 5")])
def test_after_a_move_to_another_room_they_come_late_to_that_one_alone(rooms: tuple[str, ...]) -> None:
    """Also where the two adjoin, as a pair for one household would."""
    first, *others = rooms
    here = city.city()
    placement = expected(here, first, women=1)
    for room in others:
        do(here, Move(placement, (city.unit(room),)), STAFF)
    do(here, NoShow(placement), STAFF)
    taken = here.fork()
    seen(taken, others[-1], 1, Physical.OCCUPIED)
    with pytest.raises(Refused, match="taken"):
        do(taken, Arrive(placement), STAFF)
    do(here, Arrive(placement), STAFF)
    assert {claim.unit for claim in here.claims(placement)} == {city.unit(others[-1])}


def test_two_rooms_that_adjoin_are_come_late_to_as_two() -> None:
    here, request, hold = city.city(), city.asks(men=1, women=1, children=3), uuid4()
    pair = city.unit("Chambre 5"), city.unit("Chambre 6")
    do(here, request)
    do(here, Hold(hold, pair, request=request.id))
    do(here, Accept(hold))
    do(here, NoShow(hold), STAFF)
    do(here, Arrive(hold), STAFF)
    assert {claim.unit for claim in here.claims(hold)} == set(pair)


def test_who_asked_anew_after_a_no_show_comes_late_to_what_a_hold_would_give_now() -> None:
    here = city.city()
    placement = expected(here, "Dortoir hommes", men=1)
    request = here.get(Placement, placement).request
    assert request is not None
    do(here, NoShow(placement), STAFF)
    do(here, Resume(request))
    for asked, why in ((Asked(men=2), "CAPACITY"), (Asked(women=1), "SEX"), (Asked(men=1, needs=(Need.PRIVATE_ROOM,)), "FAMILY")):
        do(here, Revise(request, asked))
        with pytest.raises(Refused) as no:
            do(here, Arrive(placement), STAFF)
        assert (no.value.why, no.value.facts) == (Refusal.DOES_NOT_FIT, (why,))


def test_who_is_placed_elsewhere_does_not_come_late_as_well() -> None:
    here = city.city()
    placement, hold = expected(here, "Dortoir hommes", men=1), uuid4()
    request = here.get(Placement, placement).request
    assert request is not None
    do(here, NoShow(placement), STAFF)
    do(here, Resume(request))
    do(here, Hold(hold, (city.unit("Chambre 6"),), request=request))
    with pytest.raises(Refused, match="already_placed"):
        do(here, Arrive(placement), STAFF)


def test_who_is_not_recorded_comes_late_under_the_rule_that_is_said_at_the_door() -> None:
    here = city.city()
    man = unrecorded(here, "Dortoir du soir", 1, Side.MEN)
    do(here, Accept(man))
    do(here, NoShow(man), STAFF)
    do(here, Hold(uuid4(), (city.unit("Dortoir du soir"),), persons=1, side=Side.WOMEN, beds=(city.bed("Dortoir du soir", 3),)))
    for said, why in ((None, "rule_needed"), (Rule.MEN, "another_rule"), (Rule.SWITCHABLE, "invalid")):
        with pytest.raises(Refused, match=why):
            do(here, Arrive(man, rule=said), STAFF)
