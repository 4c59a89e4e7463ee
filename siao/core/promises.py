"""What is promised to a household, until it stands at the door: hold, offer, accept, refuse, release, lapse.

A rule is `verb(world, command, by, now)`: it yields the changes it decides, each true for the next, or raises `Refused`
and nothing happened. `now` is the database's clock, read after the territory was locked.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core import asking, deadlines, freed, households, keeping, places, requests
from siao.core.beds import Bed, OutReason, Physical
from siao.core.journal import Verb
from siao.core.people import OFFICE, By
from siao.core.placements import (
    LIVE,
    Accept,
    Hold,
    HoldPlanned,
    Holds,
    Lapse,
    Offer,
    Placement,
    RefuseHousehold,
    RefuseShelter,
    Release,
    ShelterRefusal,
    State,
    in_time,
    overdue,
    step,
)
from siao.core.refused import Refusal, Refused
from siao.core.requests import Closing, Pause, Request, Withdraw
from siao.core.territories import Territory
from siao.core.units import Mode, Shelter, Unit
from siao.core.world import Change, World

PLANNED = "planned"
"""The outcome by which the journal knows a hold that came from an accepted plan."""


def uncontested(world: World, placement: Placement) -> None:
    """Refuses while the staff see a promised bed otherwise than vacant."""
    beds = [world.get(Bed, claim.bed) for claim in world.claims(placement.id)]
    if any(bed.physical is not Physical.VACANT for bed in beds):
        raise Refused(Refusal.CONTESTED, "beds", tuple(bed.id for bed in beds))


def hold(world: World, c: Hold, by: By, now: datetime) -> Iterator[Change]:
    """All the household's beds or none; what lapsed on them is cleared first, by the same law as the sweeper's."""
    world.unused(Placement, c.id)
    for unit in c.units:
        yield from clear(world, unit, now)
    household = households.to_place(world, c.request, c.persons, c.side, now)
    planned, rule = isinstance(c, HoldPlanned), getattr(c, "rule", None)
    here, chosen = places.choose(world, c.units, c.beds, household, now, override=c.override is not None, rule=rule)
    territory = world.get(Territory, chosen.shelter.territory)
    if not planned:
        keeping.reasoned(world, c, chosen.units, household, now)
        _few_enough(world, by, territory)
    placement = _held(world, c, territory, chosen.shelter, household.persons, now)
    placement, explained = asking.explained(world, placement, c.standing, household, here, c.advice)
    counted = () if planned else _counted(world, by, c.id)
    rows = (placement, *chosen.rows(c.id), *asking.placed(world, c.request), *explained, *counted)
    yield Change(Verb.HOLD, rows, PLANNED if planned else "", placement.shelter, c.units, c.id, c.request, until=placement.until)


def _held(world: World, c: Hold, territory: Territory, shelter: Shelter, persons: int, now: datetime) -> Placement:
    return Placement(
        id=c.id,
        territory=territory.code,
        request=c.request,
        shelter=shelter.id,
        state=State.HELD,
        persons=persons,
        night=places.night(territory, now),
        until=deadlines.hold(world, territory, c.request, now),
        expected_until=None,
        end_date=None,
        accepted=False,
        outcome=None,
        override=c.override,
        opened_seq=territory.seq + 1,
        version=1,
    )


def clear(world: World, unit: UUID, now: datetime) -> Iterator[Change]:
    """Ends the placements on this unit whose clock ran out `TAKE_OVER_SECONDS` ago.

    Which may be so is looked up once for all commands of one instant: what they add cannot have run out.
    """
    for id in world.once(("overdue", unit), lambda all: _overdue(all, unit, now)):
        placement = world.get(Placement, id)
        if overdue(placement, now):
            yield run_out(world, placement, now)


def _overdue(world: World, unit: UUID, now: datetime) -> list[UUID]:
    placements = dict.fromkeys(claim.placement for claim in world.claims_in(unit))
    return [id for id in placements if overdue(world.get(Placement, id), now)]


def run_out(world: World, p: Placement, now: datetime) -> Change:
    """What the clock does: an unanswered hold or offer lapses, an arrival that did not come is a no-show.

    An unanswered offer marks the shelter "to be rung"; it never counts as a refusal.
    """
    if p.state is State.EXPECTED:
        return no_show(world, p, now)
    shelter = world.get(Shelter, p.shelter)
    rung = (replace(shelter, to_ring_since=now),) if p.state is State.OFFERED else ()
    return ended(world, p, State.LAPSED, Verb.LAPSE, p.state, after=(*asking.unanswered(world, p.request, p.state is State.HELD), *rung))


def no_show(world: World, p: Placement, now: datetime) -> Change:
    after = asking.paused(world, p.request, Pause.NO_SHOW)
    return freed.learned(world, ended(world, p, State.NO_SHOW, Verb.NO_SHOW, after=after, check=True), now)


def lapse(world: World, c: Lapse, by: By, now: datetime) -> Iterator[Change]:
    placement = world.get(Placement, c.placement)
    if placement.until is None or placement.state not in LIVE or now < placement.until:
        raise Refused(Refusal.NOT_NOW, "until", (placement.id,))
    yield run_out(world, placement, now)


def offer(world: World, c: Offer, by: By, now: datetime) -> Iterator[Change]:
    """The hold's clock stops, the shelter's begins. Where the 115 disposes of the place, offering is accepting."""
    placement = world.get(Placement, c.placement)
    step(placement, Verb.OFFER)
    in_time(placement, now)
    uncontested(world, placement)
    if all(unit.mode is Mode.DIRECT for unit in units(world, placement)):
        yield _expected(world, placement, Verb.OFFER, now)
        return
    until = deadlines.offer(world, world.territory(placement.territory), placement.request, now)
    yield same_beds(world, replace(placement, state=State.OFFERED, until=until, version=placement.version + 1), Verb.OFFER)


def accept(world: World, c: Accept, by: By, now: datetime) -> Iterator[Change]:
    """By the shelter on its screen, or by an operator on the telephone for it; the source says which."""
    placement = world.get(Placement, c.placement)
    step(placement, Verb.ACCEPT)
    if placement.state is State.HELD and by.role not in OFFICE:
        raise Refused(Refusal.NOT_NOW, "state", (placement.id,))
    in_time(placement, now)
    uncontested(world, placement)
    yield _expected(world, placement, Verb.ACCEPT, now)


def release(world: World, c: Release, by: By, now: datetime) -> Iterator[Change]:
    placement = world.get(Placement, c.placement)
    step(placement, Verb.RELEASE)
    yield released(world, placement)


def released(world: World, placement: Placement) -> Change:
    return ended(world, placement, State.RELEASED, Verb.RELEASE, after=asking.reopened(world, placement.request))


def refuse_household(world: World, c: RefuseHousehold, by: By, now: datetime) -> Iterator[Change]:
    """The household says no: its request is open again and keeps its seniority."""
    placement = world.get(Placement, c.placement)
    step(placement, Verb.REFUSE_HOUSEHOLD)
    after = asking.reopened(world, placement.request, refusal=c.reason)
    yield ended(world, placement, State.REFUSED_HOUSEHOLD, Verb.REFUSE_HOUSEHOLD, c.reason, after=after)


def refuse_shelter(world: World, c: RefuseShelter, by: By, now: datetime) -> Iterator[Change]:
    """The shelter says no: the request goes first within its level, and a reason about the bed reports the bed.

    After an acceptance the bed must be reported: until then it is to be checked.
    """
    placement = world.get(Placement, c.placement)
    step(placement, Verb.REFUSE_SHELTER)
    after = asking.reopened(world, placement.request, refusal=c.reason, first=True)
    check = placement.state is State.EXPECTED
    change = ended(world, placement, State.REFUSED_SHELTER, Verb.REFUSE_SHELTER, c.reason, after=after, check=check)
    if c.reason not in SEEN:
        yield change
        return
    claims = world.claims(placement.id)
    beds = [places.reported(world.get(Bed, claim.bed), *SEEN[c.reason]) for claim in claims]
    rows = (*change.rows, *beds)
    told = [places.confirmed(u, by.source, now) for u in places.settled(world, rows, change.units, claims[0].rule, seen=True)]
    yield replace(change, rows=(*rows, *told))


SEEN = {
    ShelterRefusal.BED_NOT_FREE: (Physical.OCCUPIED, None),
    ShelterRefusal.OUT_OF_SERVICE: (Physical.OUT, OutReason.OTHER),
}
"""The refusals that tell what is on the bed."""


def ended(
    world: World, p: Placement, state: State, verb: Verb, outcome: str = "", *, after: tuple[Struct, ...] = (), check: bool = False
) -> Change:
    """The placement ends in `state`; its beds go back to the board, after a no-show "to be checked" (`check`).

    How many were to come and when goes at once: a late arrival reads that in the needs while its request waits, else in its beds.
    """
    claims = world.claims(p.id)
    ids = tuple(dict.fromkeys(claim.unit for claim in claims))
    left = check or p.state is State.PRESENT
    vacant = [places.vacated(world.get(Bed, claim.bed), check) for claim in claims] if left else []
    rows = (*(replace(claim, live=False, rule=None) for claim in claims), *vacant)
    over = replace(p, state=state, persons=None, until=None, expected_until=None, outcome=outcome or None, version=p.version + 1)
    return Change(
        verb,
        (over, *rows, *places.settled(world, rows, ids, seen=left), *after),
        outcome=outcome,
        shelter=p.shelter,
        units=ids,
        placement=p.id,
        request=p.request,
    )


def withdraw(world: World, c: Withdraw, by: By, now: datetime) -> Iterator[Change]:
    """The household wants no more; what is live for it is released first, in the same transaction."""
    request = world.get(Request, c.request)
    asking.step(request, Verb.WITHDRAW)
    if c.reason not in (Closing.WITHDRAWN, Closing.OTHER_SOLUTION):
        raise Refused(Refusal.INVALID, "reason")
    live = next((p for p in world.all(Placement) if p.request == c.request and p.state in LIVE), None)
    if live is not None:
        yield released(world, live)
    yield asking.closing(world, c.request, requests.State.WITHDRAWN, Verb.WITHDRAW, c.reason, now)


def units(world: World, placement: Placement) -> list[Unit]:
    return [world.get(Unit, id) for id in dict.fromkeys(claim.unit for claim in world.claims(placement.id))]


def same_beds(world: World, p: Placement, verb: Verb, rows: tuple[Struct, ...] = ()) -> Change:
    return Change(
        verb,
        (p, *rows),
        shelter=p.shelter,
        units=tuple(unit.id for unit in units(world, p)),
        placement=p.id,
        request=p.request,
        until=p.until,
    )


def _expected(world: World, p: Placement, verb: Verb, now: datetime) -> Change:
    territory, shelter = world.territory(p.territory), world.get(Shelter, p.shelter)
    at, until = deadlines.arrival(world, territory, shelter, p.request, now)
    expected = replace(p, state=State.EXPECTED, expected_until=at, until=until, accepted=True, version=p.version + 1)
    rung = (replace(shelter, to_ring_since=None),) if shelter.to_ring_since else ()
    return same_beds(world, expected, verb, rung)


def _holds(world: World, by: By) -> tuple[UUID, ...]:
    """What this agent holds now. A placement that no command of the batch touches is not loaded, and held as it was."""
    row = world.find(Holds, by.agent)
    found = ((id, world.find(Placement, id)) for id in (row.placements if row else ()))
    return tuple(id for id, placement in found if placement is None or placement.state is State.HELD)


def _few_enough(world: World, by: By, territory: Territory) -> None:
    if by.agent is not None and len(held := _holds(world, by)) >= territory.holds_max:
        raise Refused(Refusal.TOO_MANY_HOLDS, "holds", held)


def _counted(world: World, by: By, id: UUID) -> tuple[Struct, ...]:
    return (Holds(by.agent, (*_holds(world, by), id)),) if by.agent else ()
