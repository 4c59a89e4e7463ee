"""The close of the night: what is still open is unmet, with a reason; what has a live placement keeps its own clocks."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct

from siao.core import asking, places
from siao.core import night as nights
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.requests import Closing, Request, State
from siao.core.territories import Territory
from siao.core.units import Unit
from siao.core.world import Change, World


class Night(Struct, frozen=True, gc=False):
    """A night that was closed. One row a territory and date, unique in the database."""

    KEY: ClassVar[str] = "night"

    territory: str
    date: date
    closed_at: datetime

    @property
    def night(self) -> tuple[object, ...]:
        return self.territory, self.date


class CloseNight(Struct, frozen=True):
    territory: str
    date: date


def close_night(world: World, c: CloseNight, by: By, now: datetime) -> Iterator[Change]:
    """By the coordinator from 03:30, by the loop at 04:00. Requests of this night or an earlier one, open or paused, end unmet."""
    territory = world.get(Territory, c.territory)
    if not nights.may_close(c.date, territory.time_zone, now):
        raise Refused(Refusal.NIGHT_NOT_OVER, "date")
    if world.find(Night, (c.territory, c.date)) is not None:
        raise Refused(Refusal.NIGHT_CLOSED, "date")
    left = Closing.NO_SUITABLE_PLACE if _some_place_is_free(world) else Closing.NO_PLACE  # once: closing frees and takes nothing
    for request in world.all(Request):
        if request.state in (State.OPEN, State.PAUSED) and request.night <= c.date:
            yield asking.unmet(world, request.id, reason(request, left), now)
    yield Change(Verb.CLOSE_NIGHT, (Night(c.territory, c.date, now),), c.date.isoformat())


def reason(request: Request, left: Closing) -> Closing:
    """Nobody set one: paused says so; else `left`, no place free in the territory tonight, or none that suits."""
    return Closing.DID_NOT_CALL_BACK if request.state is State.PAUSED else left


def _some_place_is_free(world: World) -> bool:
    return any(places.has_room(world, unit) for unit in world.all(Unit))
