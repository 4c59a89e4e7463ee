"""A place held back, on a fixed clock: on its row, bounded, never in the last 45 minutes, and a reason for whoever takes it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

import city
from city import asks, do, unit
from siao.core import advice, households, proposals
from siao.core.allocation import working
from siao.core.allocation.decision import Decision, Ground, Say
from siao.core.allocation.jobs import Advise, History
from siao.core.allocation.model import Instance, Rules, Waiting
from siao.core.allocation.rates import Demand, Rates, Size
from siao.core.beds import Bed, Source
from siao.core.board import Board, Facts, touched_by
from siao.core.parks import rows
from siao.core.placements import Hold, Override
from siao.core.refused import Refusal, Refused
from siao.core.requests import Ask, HeldBack, Revise, Side
from siao.core.units import Shelter, Unit
from siao.core.world import World

ROOM = unit("Chambre 6")
LATE = datetime(2026, 1, 21, 0, 20, tzinfo=UTC)
"""01:20 in Grenoble: 40 minutes before the evening is over."""


def waits(now: datetime = city.EVENING, level: int = 1, minutes: int = 30, back: bool = True) -> Ask:
    call_back = now + timedelta(minutes=40) if back else None
    one = asks(men=1, women=1, call_back=call_back)
    return Ask(one.id, one.territory, one.code, one.asked, call_back, held_back=HeldBack((ROOM,), now + timedelta(minutes=minutes), level))


def kept(here: World) -> tuple[datetime | None, int | None]:
    room = here.get(Unit, ROOM)
    return room.kept_until, room.kept_level


def hold(request: UUID, **more: object) -> Hold:
    return Hold(uuid4(), (ROOM,), request=request, **more)  # type: ignore[arg-type]


def test_it_stands_on_the_row_for_half_an_hour_at_most() -> None:
    here = city.city()
    told = do(here, waits(minutes=600))
    assert kept(here) == (city.later(minutes=30), 1)
    assert told.entries[0].units == (ROOM,), "whoever reads the journal reads the row again"


def test_never_in_the_last_45_minutes() -> None:
    here = city.city()
    do(here, waits(now=LATE), now=LATE)
    assert kept(here) == (None, None)
    before = LATE - timedelta(minutes=15)
    do(here, waits(now=before), now=before)
    assert kept(here) == (before + timedelta(minutes=10), 1), "until 01:15"


def test_nothing_is_kept_for_a_household_that_does_not_ring_back_nor_of_a_place_that_is_gone() -> None:
    here = city.city()
    do(here, waits(back=False))
    assert kept(here) == (None, None)
    taken = asks(men=2)
    do(here, taken)
    do(here, hold(taken.id))
    assert do(here, waits()).entries, "it waits all the same"
    assert kept(here) == (None, None)


def test_a_later_level_is_asked_why_and_whoever_it_is_for_is_not() -> None:
    here = city.city()
    do(here, waits(level=2))
    other, first = asks(men=1, women=1, level=3), asks(men=1, women=1, level=2)
    do(here, other)
    do(here, first)
    with pytest.raises(Refused) as no:
        do(here, hold(other.id))
    assert (no.value.why, no.value.field) == (Refusal.HELD_BACK, "override")
    do(here.fork(), hold(other.id, override=Override.LOCAL_KNOWLEDGE))
    do(here.fork(), hold(other.id), now=city.later(minutes=31))
    do(here.fork(), hold(other.id, advice=Decision(Say.GIVE, Ground.WORTH, (ROOM,))))
    do(here, hold(first.id))
    assert kept(here) == (None, None), "taken, it is kept no more"


def test_who_is_not_recorded_is_asked_for_no_reason() -> None:
    here = city.city()
    do(here, waits())
    do(here, Hold(uuid4(), (ROOM,), persons=2, side=Side.MIXED))
    assert kept(here) == (None, None), "taken, it is kept no more"


def test_a_request_said_anew_may_wait_as_advised() -> None:
    here, one = city.city(), asks(men=1, women=1)
    do(here, one)
    do(here, Revise(one.id, one.asked, city.later(minutes=40), HeldBack((ROOM,), city.later(minutes=20), 3)))
    assert kept(here) == (city.later(minutes=20), 3)


def board(now: datetime = city.EVENING) -> Board:
    facts, all = Facts(), rows(city.PARK, now, Source.IMPORT)
    for row in all:
        for name, kind in (("shelters", Shelter), ("units", Unit), ("beds", Bed)):
            if isinstance(row, kind):
                getattr(facts, name).append(row)
    made = Board(city.city(now).territory(city.CODE))
    made.fold(facts, touched_by(facts))
    return made


def history(here: Board, now: datetime) -> History:
    """28 nights in which ten families of level 1 call between 20:00 and 04:00, and nothing is declared."""
    calls = tuple(Demand(city.CODE, now.date(), Side.WOMEN, Size.FEW, 1, hours, None, 280) for hours in (20, 22, 0))
    return advice.history(here, Rates(28, calls), now)


def decided(now: datetime, men: int = 1) -> Decision:
    here = board(now)
    room = [place for place in here.places(now) if place.units == (unit("Chambre 4"),)]
    caller = Waiting(UUID(int=1), households.seen(asks(men=men, level=4).asked, None, now))
    h = history(here, now)
    job = Advise(Instance((caller,), tuple(room), now, Rules()), caller.request, False, h.night, h.time_zone, msgspec.msgpack.encode(h))
    result = working.do(job, lambda _: None)
    assert isinstance(result, Decision)
    return result


def test_the_family_s_room_is_kept_in_the_evening_and_given_in_its_last_45_minutes() -> None:
    told = decided(city.EVENING)
    assert (told.say, told.ground, told.level, told.of) == (Say.HOLD_BACK, Ground.NEEDED_LATER, 1, 12)
    assert told.why("fr").startswith(f"dans {told.evenings} soirées semblables sur 12, ce type de place sert plus tard au niveau 1")
    held = advice.held_back(told)
    assert held is not None and held.until == told.until == city.later(minutes=30)
    last = decided(LATE)
    assert (last.say, last.ground, advice.held_back(last)) == (Say.GIVE, Ground.LAST_MINUTES, None)


def test_the_park_counts_what_is_in_service_not_what_is_free() -> None:
    sizes = {place.units[0]: (place.capacity, place.rule) for place in proposals.park(board(), city.EVENING)}
    assert sizes[unit("Dortoir hommes")][0] == 4, "three are free"
    assert sizes[unit("Dortoir du soir")] == (3, None)


def test_what_names_no_level_keeps_nothing() -> None:
    assert advice.held_back(Decision(Say.HOLD_BACK, Ground.LATER_SUITS, (ROOM,), 9, 12, None, city.later(minutes=30))) is None
    assert advice.held_back(Decision(Say.GIVE, Ground.WORTH, (ROOM,))) is None
    assert advice.held_back(None) is None
