"""Until when a promise stands, by the clocks of the place: noon ends what was promised in the night before, on every date there is."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

import city
from city import STAFF, asks, do, unit
from siao.core import night
from siao.core.placements import Accept, Hold, Offer, Placement, State
from siao.core.refused import Refusal, Refused
from siao.core.requests import Side
from siao.core.territories import Territory
from siao.core.world import World

NIGHTS = [
    (date(2026, 1, 20), city.ZONE, datetime(2026, 1, 21, 11, tzinfo=UTC)),
    (date(2026, 7, 14), city.ZONE, datetime(2026, 7, 15, 10, tzinfo=UTC)),
    (date(2026, 3, 28), city.ZONE, datetime(2026, 3, 29, 10, tzinfo=UTC)),
    (date(2026, 10, 24), city.ZONE, datetime(2026, 10, 25, 11, tzinfo=UTC)),
    (date(2026, 3, 28), "Indian/Reunion", datetime(2026, 3, 29, 8, tzinfo=UTC)),
]
"""A night, where, and the noon after it: winter, summer, the clocks go forward, go back, never change."""


@pytest.fixture(params=NIGHTS, ids=lambda found: f"{found[0]} {found[1]}")
def asked(request: pytest.FixtureRequest) -> tuple[World, UUID, datetime]:
    """A household that asked the evening before, and the noon at which its needs go."""
    day, zone, noon = request.param
    here, ask = city.city(), asks(zone="Voiron")
    here.put(replace(here.get(Territory, city.CODE), time_zone=zone))
    do(here, ask, now=night.at(day, night.NOON, zone) + timedelta(hours=8))
    return here, ask.id, noon


def held(here: World, request: UUID, now: datetime) -> UUID:
    id = uuid4()
    do(here, Hold(id, (unit("Dortoir hommes"),), request=request), now=now)
    return id


@pytest.mark.parametrize("before", [timedelta(microseconds=1), timedelta(minutes=1), timedelta(minutes=9)], ids=str)
def test_no_promise_passes_the_noon_after_its_night(asked: tuple[World, UUID, datetime], before: timedelta) -> None:
    here, request, noon = asked
    id, now = held(here, request, noon - before), noon - before
    assert here.get(Placement, id).until == noon
    do(here, Offer(id), now=now)
    assert (here.get(Placement, id).state, here.get(Placement, id).until) == (State.OFFERED, noon)
    do(here, Accept(id), STAFF, now)
    placement = here.get(Placement, id)
    assert placement.expected_until == placement.until == noon


@pytest.mark.parametrize("after", [timedelta(), timedelta(minutes=27)], ids=str)
def test_from_that_noon_on_none_is_made(asked: tuple[World, UUID, datetime], after: timedelta) -> None:
    here, request, noon = asked
    with pytest.raises(Refused) as no:
        held(here, request, noon + after)
    assert (no.value.why, no.value.field, no.value.about) == (Refusal.NIGHT_CLOSED, "request", (request,))
    for what, by in ((Offer, city.OPERATOR), (Accept, STAFF)):
        trial = here.fork()
        id = held(trial, request, noon - timedelta(minutes=5))
        if what is Accept:
            do(trial, Offer(id), now=noon - timedelta(minutes=5))
        trial.put(replace(trial.get(Placement, id), until=noon + timedelta(hours=1)))  # as under clocks that were set otherwise
        with pytest.raises(Refused, match="night_closed"):
            do(trial, what(id), by, noon + after)


def test_long_before_noon_the_clocks_are_their_own(asked: tuple[World, UUID, datetime]) -> None:
    here, request, noon = asked
    now = noon - timedelta(hours=12)
    id = held(here, request, now)
    assert here.get(Placement, id).until == now + timedelta(minutes=10)
    do(here, Offer(id), now=now)
    assert here.get(Placement, id).until == now + timedelta(minutes=20)


def test_who_is_not_recorded_has_no_needs_that_noon_ends(asked: tuple[World, UUID, datetime]) -> None:
    here, _, noon = asked
    id = uuid4()
    do(here, Hold(id, (unit("Chambre 6"),), persons=1, side=Side.MEN), now=noon - timedelta(minutes=5))
    assert here.get(Placement, id).until == noon + timedelta(minutes=5)
