"""Who is to be placed, as the allocation sees them: numbers, needs and a point on the map, whether they are recorded or not."""

from datetime import datetime
from uuid import UUID

from siao.core import asking
from siao.core.allocation.compatible import Household
from siao.core.journal import Verb
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, Criteria, Request, Side, State
from siao.core.territories import Commune
from siao.core.world import World


def to_place(world: World, request: UUID | None, persons: int | None, side: Side | None, now: datetime) -> Household:
    """Who is to be placed: an open request's household, or a number of persons of one side who are not recorded."""
    if request is not None:
        row = world.get(Request, request)
        if row.state is State.PLACED:
            raise Refused(Refusal.ALREADY_PLACED, "request", (request,))
        asking.step(row, Verb.HOLD)
        return of(world.get(Criteria, request), row, world)
    if persons is None or side is None:
        raise Refused(Refusal.INVALID, "persons" if persons is None else "side")
    return unrecorded(persons, side, now)


def of(c: Criteria, request: Request, world: World) -> Household:
    commune = world.find(Commune, c.zone) if c.zone else None
    return seen(c, commune, request.first_asked)


def seen(c: Criteria | Asked, commune: Commune | None, since: datetime) -> Household:
    """A household as the allocation sees it."""
    return Household(
        men=c.men,
        women=c.women,
        children=c.children,
        infants=c.infants,
        needs=c.needs,
        latitude=commune.latitude if commune else None,
        longitude=commune.longitude if commune else None,
        max_km=c.max_km,
        nights=c.nights,
        level=c.level,
        waiting_since=since,
        last_shelter=c.last_shelter,
    )


def unrecorded(persons: int, side: Side, now: datetime) -> Household:
    """Nobody is refused a place for refusing to be recorded: a number of persons and a side are enough."""
    men, minors = (persons + 1) // 2 if side is Side.MIXED else persons * (side is Side.MEN), persons * (side is Side.MINORS)
    nobody = Asked(men=men, women=persons - men - minors, children=minors)
    return seen(nobody, None, now)
