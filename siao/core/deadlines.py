"""Until when a promise stands: a hold, an offer, a household on its way. No clock of any of them runs past the noon after its night."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from siao.core import night as nights
from siao.core import places
from siao.core.refused import Refusal, Refused
from siao.core.requests import Request
from siao.core.territories import Territory
from siao.core.units import Shelter
from siao.core.world import World

QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def hold(world: World, territory: Territory, request: UUID | None, now: datetime) -> datetime:
    """Ten minutes, or a quarter of an hour past the agreed call back; never renewed."""
    asked = world.get(Request, request).call_back if request else None
    back = asked + timedelta(seconds=territory.call_back_seconds) if asked and asked > now else None
    return _before_noon(world, territory, request, back or now + timedelta(seconds=territory.hold_seconds), now)


def offer(world: World, territory: Territory, request: UUID | None, now: datetime) -> datetime:
    """How long the shelter may take to answer."""
    return _before_noon(world, territory, request, now + timedelta(seconds=territory.answer_seconds), now)


def arrival(world: World, territory: Territory, shelter: Shelter, request: UUID | None, now: datetime) -> tuple[datetime, datetime]:
    """When the household is expected, and when it is a no-show.

    `expected` = min(the door's hour, now + 30 min + distance at 4 km/h); a no-show `grace_seconds` later. The distance in coarse steps
    and the hour up to a quarter of the clock: to the second they would name the commune that the household wants to stay around.
    """
    by_foot = _quarter(now + timedelta(seconds=territory.travel_seconds) + places.walk(world, request, shelter))
    door = places.door(territory, shelter, now)
    at = min(door, by_foot) if door and door > now else by_foot
    until = _before_noon(world, territory, request, at + timedelta(seconds=territory.grace_seconds), now)
    return min(at, until), until


def _before_noon(world: World, territory: Territory, request: UUID | None, at: datetime, now: datetime) -> datetime:
    """Nobody's needs outlive the noon after their night, so no promise that keeps them does; from that noon on none is made."""
    end = nights.criteria_end(world.get(Request, request).night, territory.time_zone) if request else at
    if end <= now:
        raise Refused(Refusal.NIGHT_CLOSED, "request", (request,) if request else ())
    return min(at, end)


def _quarter(at: datetime) -> datetime:
    """Up to the next full quarter of an hour; all the clocks of the world differ by whole ones."""
    return EPOCH - (EPOCH - at) // QUARTER * QUARTER
