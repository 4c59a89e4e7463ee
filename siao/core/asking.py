"""What becomes of a request: asked, renewed, revised, paused, met, unmet, withdrawn. Same shape as `promises`.

Whatever closes it deletes its criteria and counts it, in the same change.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core import keeping, places, rules, statistics
from siao.core.allocation import explain, rates
from siao.core.allocation.compatible import Household, Place
from siao.core.allocation.decision import Decision
from siao.core.allocation.rates import Demand
from siao.core.allocation.standing import Standing
from siao.core.allocation.weigh import weigh
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.placements import Placement
from siao.core.refused import Refusal, Refused
from siao.core.requests import (
    PERSONS_MAX,
    RENEW_DAYS,
    TRANSITIONS,
    Ask,
    Asked,
    CloseUnmet,
    Closing,
    Criteria,
    Need,
    Pause,
    Renew,
    Request,
    Resume,
    Revise,
    State,
)
from siao.core.statistics import Tally
from siao.core.territories import Commune, Territory
from siao.core.world import Change, World

INFANTS_PER_ADULT_MAX = 6
CALL_BACK_HOURS_MAX = 24


class Closed(Struct, frozen=True):
    """What closing a request adds to a change."""

    rows: tuple[Struct, ...] = ()
    gone: tuple[UUID, ...] = ()
    tally: tuple[Tally, ...] = ()
    learned: tuple[Demand, ...] = ()


def step(request: Request, verb: Verb) -> None:
    """Refuses every pair (state, verb) that is not in the law."""
    if (request.state, verb) not in TRANSITIONS:
        raise Refused(Refusal.NOT_NOW, "state", (request.id,), (request.state, verb))


def possible(asked: Asked) -> None:
    """Refuses a household of nobody, of too many, or of infants without anybody to carry them."""
    adults, minors = asked.men + asked.women, asked.children + asked.infants
    if not 1 <= adults + minors <= PERSONS_MAX:
        raise Refused(Refusal.IMPOSSIBLE_COMPOSITION, "men" if adults + minors == 0 else "composition")
    if asked.infants > INFANTS_PER_ADULT_MAX * max(1, adults + asked.children):
        raise Refused(Refusal.IMPOSSIBLE_COMPOSITION, "infants")
    if Need.WOMEN_ONLY in asked.needs and asked.men:
        raise Refused(Refusal.IMPOSSIBLE_COMPOSITION, "needs")


def criteria(world: World, request: UUID, territory: str, asked: Asked) -> Criteria:
    possible(asked)
    if asked.zone is not None and world.find(Commune, asked.zone) is None:
        raise Refused(Refusal.UNKNOWN, "zone")
    return Criteria(
        request=request,
        territory=territory,
        men=asked.men,
        women=asked.women,
        children=asked.children,
        infants=asked.infants,
        needs=tuple(sorted(set(asked.needs))),
        zone=asked.zone,
        max_km=asked.max_km,
        nights=asked.nights,
        last_shelter=asked.last_shelter,
        level=asked.level,
        explanation=None,
    )


def ask(world: World, c: Ask, by: By, now: datetime) -> Iterator[Change]:
    """Refused where a request of that id exists: it is asked again under another key, or after its own was forgotten."""
    world.unused(Request, c.id)
    territory = world.get(Territory, c.territory)
    request = Request(
        id=c.id,
        territory=c.territory,
        code=c.code,
        state=State.OPEN,
        closing=None,
        pause=None,
        night=places.night(territory, now),
        first_asked=now,
        asked_at=now,
        nights_unmet=0,
        call_back=_call_back(c.call_back, now),
        service=c.service,
        party=c.party,
        first_in_level=False,
        last_refusal=None,
        closed_at=None,
        version=1,
    )
    yield _said(world, Verb.ASK, request, c, now)


def renew(world: World, c: Renew, by: By, now: datetime) -> Iterator[Change]:
    """The same code another night: only the date first asked and the nights unmet stayed with it, for 30 days. Renewed within the
    night that it was closed in, that night is not over for it and counts once."""
    request = world.get(Request, c.request)
    step(request, Verb.RENEW)
    if request.closed_at is None or now - request.closed_at > timedelta(days=RENEW_DAYS):
        raise Refused(Refusal.TOO_OLD, "code")
    night = places.night(world.territory(request.territory), now)
    again = _changed(
        request,
        state=State.OPEN,
        closing=None,
        closed_at=None,
        last_refusal=None,
        night=night,
        asked_at=now,
        nights_unmet=request.nights_unmet - (request.night == night),
        call_back=_call_back(c.call_back, now),
        service=c.service,
        party=c.party,
        first_in_level=False,
    )
    yield _said(world, Verb.RENEW, again, c, now)


def revise(world: World, c: Revise, by: By, now: datetime) -> Iterator[Change]:
    request = world.get(Request, c.request)
    step(request, Verb.REVISE)
    yield _said(world, Verb.REVISE, _changed(request, call_back=_call_back(c.call_back, now)), c, now)


def _said(world: World, verb: Verb, request: Request, c: Ask | Renew | Revise, now: datetime) -> Change:
    """The request with what it asks; one that waits by its own word leaves what is held back for others."""
    after = criteria(world, request.id, request.territory, c.asked)
    kept = keeping.kept(world, c.held_back, request.territory, now) if request.call_back else ()
    return Change(verb, (request, after, *kept), units=tuple(unit.id for unit in kept), request=request.id)


def resume(world: World, c: Resume, by: By, now: datetime) -> Iterator[Change]:
    request = world.get(Request, c.request)
    step(request, Verb.RESUME)
    yield Change(Verb.RESUME, (_changed(request, state=State.OPEN, pause=None, call_back=None),), request=request.id)


def close_unmet(world: World, c: CloseUnmet, by: By, now: datetime) -> Iterator[Change]:
    step(world.get(Request, c.request), Verb.UNMET)
    if c.reason in (Closing.MET, Closing.WITHDRAWN, Closing.OTHER_SOLUTION):
        raise Refused(Refusal.INVALID, "reason")
    yield unmet(world, c.request, c.reason, now)


def unmet(world: World, request: UUID, reason: Closing, now: datetime) -> Change:
    return closing(world, request, State.UNMET, Verb.UNMET, reason, now)


def closing(world: World, id: UUID, state: State, verb: Verb, reason: Closing, now: datetime) -> Change:
    closed = close(world, id, state, reason, now)
    return Change(verb, closed.rows, reason, request=id, gone=closed.gone, tally=closed.tally, learned=closed.learned)


def met(world: World, id: UUID | None, persons: int, now: datetime) -> Closed:
    """Closed at arrival, counted in the persons that arrived. Nothing for a household that was not recorded."""
    if id is None:
        return Closed()
    step(world.get(Request, id), Verb.ARRIVE)
    return close(world, id, State.MET, Closing.MET, now, persons)


def close(world: World, id: UUID, state: State, reason: Closing, now: datetime, persons: int | None = None) -> Closed:
    request, c = world.get(Request, id), world.get(Criteria, id)
    nights = request.nights_unmet + (state is State.UNMET)
    over = _changed(request, state=state, closing=reason, closed_at=now, pause=None, call_back=None, nights_unmet=nights)
    tally = Tally(
        territory=request.territory,
        night=request.night,
        outcome=reason,
        side=c.side,
        composition=statistics.composition(c),
        level=c.level,
        band=statistics.band(request.asked_at, now),
        persons=c.persons if persons is None else persons,
    )
    zone = world.territory(request.territory).time_zone
    return Closed((over,), (id,), (tally,), rates.asked(request.territory, zone, c, request.asked_at))


def explained(
    world: World, p: Placement, standing: Standing | None, h: Household, here: Place, advice: Decision | None = None
) -> tuple[Placement, tuple[Struct, ...]]:
    """The placement with what will remain of its explanation, and the criteria with all of it.

    Refused where the board that was looked at is not this world: other criteria, other rules, or the place has changed.
    """
    if p.request is None or standing is None:
        return p, ()
    request, c = world.get(Request, p.request), world.get(Criteria, p.request)
    force = rules.in_force(rules.editions(world, p.territory), p.night)
    if (standing.request, standing.rules, standing.mine) != (request.version, force.version, weigh(h, here, force)):
        raise Refused(Refusal.STALE_VERSION, "standing", (p.id,))
    whole = explain.Explanation(p.id, standing, p.override, advice)
    left = {"rules_version": standing.rules, "engine": standing.engine, "decided": standing.decided, "compatible": standing.compatible}
    return replace(p, **left), (replace(c, explanation=explain.write((*explain.read(c.explanation), whole))),)


def placed(world: World, id: UUID | None) -> tuple[Struct, ...]:
    return (_changed(world.get(Request, id), state=State.PLACED, first_in_level=False),) if id else ()


def reopened(world: World, id: UUID | None, refusal: str | None = None, *, first: bool = False) -> tuple[Struct, ...]:
    """Open again with its seniority; `first` within its level after a shelter's refusal."""
    if id is None:
        return ()
    request = world.get(Request, id)
    return (
        _changed(request, state=State.OPEN, first_in_level=first or request.first_in_level, last_refusal=refusal or request.last_refusal),
    )


def unanswered(world: World, id: UUID | None, held: bool) -> tuple[Struct, ...]:
    """A hold kept for a call back that did not come pauses the request; an unanswered offer or plain hold reopens it."""
    if id is not None and held and world.get(Request, id).call_back is not None:
        return paused(world, id, Pause.DID_NOT_CALL_BACK)
    return reopened(world, id)


def paused(world: World, id: UUID | None, why: Pause) -> tuple[Struct, ...]:
    return (_changed(world.get(Request, id), state=State.PAUSED, pause=why),) if id else ()


def _call_back(at: datetime | None, now: datetime) -> datetime | None:
    if at is not None and not now < at <= now + timedelta(hours=CALL_BACK_HOURS_MAX):
        raise Refused(Refusal.INVALID, "call_back")
    return at


def _changed(request: Request, **fields: object) -> Request:
    return replace(request, version=request.version + 1, **fields)
