"""Who is to be placed, as the allocation sees them: numbers, needs and a point on the map, whether they are recorded or not."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from siao.core import asking, places
from siao.core.allocation import compatible
from siao.core.allocation.compatible import Household
from siao.core.claims import Claim
from siao.core.journal import Verb
from siao.core.placements import Placement
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, Criteria, Need, Request, Side, State
from siao.core.territories import Commune
from siao.core.units import Kind, Rule, Shelter, Unit
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


def who(world: World, p: Placement, claims: Sequence[Claim], now: datetime, said: int | None = None) -> tuple[Household, ...]:
    """Everybody who may have this placement: the household of an open request, or all whom these beds may have been given to.

    Once the needs are deleted nobody can tell a man from a woman in a room for all, a minor from either, a household that asked for a
    room, for protection or for women only from one that did not, nor how many of a room's beds are slept in; of who is not recorded
    the persons are known until arrival. So what they have stands for what they need: as many beds, a room where they have a room,
    protection where there is some, the same rule; from a place for all, men and women alike. `said`: how many they are, where somebody
    sees them.
    """
    criteria = world.find(Criteria, p.request) if p.request else None
    if p.request and criteria:
        return (of(criteria, world.get(Request, p.request), world),)
    units = [world.get(Unit, id) for id in dict.fromkeys(claim.unit for claim in claims)]
    here = places.place(world.get(Shelter, p.shelter), units, (), None, whole=True)
    sides = [side for side in (Rule.MEN, Rule.WOMEN) if here.rule in (side, Rule.MIXED)]
    given = {Need.PRIVATE_ROOM: here.kind is Kind.ROOM, Need.PROTECTED: compatible.protects(here), Need.WOMEN_ONLY: here.rule is Rule.WOMEN}
    needs, persons = tuple(need for need, true in given.items() if true), said or p.persons or len(claims)
    of_side = (Asked(men=persons * (side is Rule.MEN), women=persons * (side is Rule.WOMEN), needs=needs) for side in sides)
    return tuple(seen(asked, None, now) for asked in of_side)
