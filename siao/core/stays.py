"""From the door on: arrival, no-show, late arrival, move, extension, reduction, departure. Same shape as `promises`.

A stay is ended by a person, never by the software: an end date that has passed is shown as overdue (CASF L345-2-3).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from siao.core import asking, freed, households, places, promises
from siao.core.beds import Bed, Physical
from siao.core.claims import Claim, bed_is_free
from siao.core.coded import Coded
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.placements import Persons, Placement, State, in_time, step
from siao.core.refused import Refusal, Refused
from siao.core.requests import Criteria, Request
from siao.core.requests import State as Asked
from siao.core.units import Rule, Shelter, Unit
from siao.core.world import Change, World

STAY_DAYS_MAX = 400


class Departure(Coded):
    ANOTHER_SHELTER = "another_shelter", "vers une autre structure", "to another shelter"
    HOUSING = "housing", "vers un logement", "to housing"
    OWN_CHOICE = "own_choice", "de son propre choix", "own choice"
    END_OF_PLAN = "end_of_plan", "fin du plan hivernal", "end of surge plan"
    CLOSURE = "closure", "fermeture de la structure", "closure of the shelter"
    OTHER = "other", "autre", "other"


class Arrive(Struct, frozen=True):
    """`persons`: where not all came; beds of a dormitory that stay unused are freed, a room stays whole.

    `rule`: who sleeps in a switchable dormitory whose rule is open again, on a late arrival without a request.
    """

    placement: UUID
    persons: Persons | None = None
    rule: Rule | None = None


class NoShow(Struct, frozen=True):
    placement: UUID


class Extend(Struct, frozen=True):
    placement: UUID
    until: date


class Move(Struct, frozen=True):
    """Other beds of the same shelter, in one command; it also ends a contest.

    `persons`: how many of those present sleep in the room they leave, as whoever stands at the door sees them; else as many as its beds.
    It decides and is written nowhere.
    """

    placement: UUID
    units: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=2)]
    beds: Annotated[tuple[UUID, ...], Meta(max_length=2)] = ()
    persons: Persons | None = None


class Shrink(Struct, frozen=True):
    """Some leave, some stay. `beds`: those given back, in a dormitory one by one, of adjoining rooms one room whole."""

    placement: UUID
    beds: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=40)]


class Depart(Struct, frozen=True):
    placement: UUID
    reason: Departure


def arrive(world: World, c: Arrive, by: By, now: datetime) -> Iterator[Change]:
    """The request closes met. Past its clock, or after a no-show, it is a late arrival: taken if the beds are still free."""
    placement = world.get(Placement, c.placement)
    step(placement, Verb.ARRIVE)
    if placement.state is State.EXPECTED and placement.until is not None and now >= placement.until:
        yield promises.run_out(world, placement, now)
        placement = world.get(Placement, c.placement)
    late = placement.state is State.NO_SHOW
    claims = _late(world, placement, c, now) if late else world.claims(placement.id)
    persons = _announced(world, placement) or len(claims)
    if c.persons is not None and c.persons > persons:
        raise Refused(Refusal.INVALID, "persons", (placement.id,))
    yield _present(world, placement, claims, c.persons or persons, now)


def _announced(world: World, p: Placement) -> int | None:
    """How many were to come. After a no-show only the needs know, while the request waits; of who is not recorded nobody."""
    criteria = world.find(Criteria, p.request) if p.request else None
    return p.persons or (criteria.persons if criteria else None)


def _present(world: World, p: Placement, claims: Sequence[Claim], persons: int, now: datetime) -> Change:
    used = [claim for i, claim in enumerate(claims) if claim.whole or i < persons]
    freed = [replace(claim, live=False, rule=None) for claim in claims if claim not in used]
    rows = (*used, *freed, *(places.reported(world.get(Bed, claim.bed), Physical.OCCUPIED) for claim in used))
    ids = tuple(dict.fromkeys(claim.unit for claim in claims))
    criteria = world.find(Criteria, p.request) if p.request else None
    met = asking.met(world, p.request, persons, now)
    here = replace(
        p,
        state=State.PRESENT,
        persons=None,
        until=None,
        expected_until=None,
        end_date=p.night + timedelta(days=criteria.nights if criteria else 1),
        version=p.version + 1,
    )
    return Change(
        Verb.ARRIVE,
        (here, *rows, *places.settled(world, rows, ids, used[0].rule, seen=True), *met.rows),
        shelter=p.shelter,
        units=ids,
        placement=p.id,
        request=p.request,
        gone=met.gone,
        tally=met.tally,
        learned=met.learned,
    )


def _late(world: World, p: Placement, c: Arrive, now: datetime) -> Sequence[Claim]:
    """The beds of a no-show, to be claimed again while the night is not over, where a hold could still take them for it."""
    if places.night(world.territory(p.territory), now) != p.night:
        raise Refused(Refusal.NIGHT_CLOSED, "placement", (p.id,))
    if p.request and world.get(Request, p.request).state is Asked.PLACED:
        raise Refused(Refusal.ALREADY_PLACED, "request", (p.request,))
    had = world.claims_last(p.id)
    units = [world.get(Unit, id) for id in dict.fromkeys(claim.unit for claim in had)]
    if not all(unit.open for unit in units):
        raise Refused(Refusal.CLOSED, "placement", tuple(unit.id for unit in units))
    here = places.place(world.get(Shelter, p.shelter), units, [world.get(Bed, claim.bed) for claim in had], None, whole=True)
    places.suits(here, households.who(world, p, had, now), now, override=True)
    free = [claim for claim in had if _still_free(world, claim)]
    wanted = len(had) if had[0].whole else min(len(had), c.persons or _announced(world, p) or len(had))
    if len(free) < wanted:
        raise Refused(Refusal.TAKEN, "beds", tuple(bed.id for unit in units for bed in world.free(unit.id)))
    return [replace(claim, live=True, rule=_rule(world, p, claim, c.rule)) for claim in free[:wanted]]


def _still_free(world: World, claim: Claim) -> bool:
    wanted = world.beds(claim.unit) if claim.whole else [world.get(Bed, claim.bed)]
    serving = [bed for bed in wanted if bed.physical is not Physical.OUT or bed.id == claim.bed]
    return all(bed_is_free(bed, world.claim_on(bed.id)) for bed in serving)


def _rule(world: World, p: Placement, claim: Claim, said: Rule | None) -> Rule | None:
    """Where the rule is set each night, the side of who is recorded, else what is said at the door: the beds no longer tell it."""
    unit = world.get(Unit, claim.unit)
    if claim.whole or unit.rule is not Rule.SWITCHABLE:
        return None if claim.whole else unit.rule_tonight
    criteria = world.find(Criteria, p.request) if p.request else None
    side = Rule(criteria.side) if criteria else said
    if side is None:
        raise Refused(Refusal.RULE_NEEDED, "rule", (unit.id,))
    if side is Rule.SWITCHABLE:
        raise Refused(Refusal.INVALID, "rule")
    if unit.rule_tonight not in (None, side, Rule.MIXED):
        raise Refused(Refusal.ANOTHER_RULE, "placement", (unit.id,))
    return unit.rule_tonight or side


def no_show(world: World, c: NoShow, by: By, now: datetime) -> Iterator[Change]:
    """By the shelter at once; the clock does the same an hour after the hour agreed (promises.run_out)."""
    placement = world.get(Placement, c.placement)
    step(placement, Verb.NO_SHOW)
    yield promises.no_show(world, placement, now)


def extend(world: World, c: Extend, by: By, now: datetime) -> Iterator[Change]:
    placement = world.get(Placement, c.placement)
    step(placement, Verb.EXTEND)
    tonight = places.night(world.territory(placement.territory), now)
    if not tonight < c.until <= tonight + timedelta(days=STAY_DAYS_MAX):
        raise Refused(Refusal.INVALID, "until", (placement.id,))
    yield promises.same_beds(world, replace(placement, end_date=c.until, version=placement.version + 1), Verb.EXTEND)


def move(world: World, c: Move, by: By, now: datetime) -> Iterator[Change]:
    """The new beds are claimed and the old ones freed in one change; present households' beds change hands as well.

    No hard reason gives way, nor is a closed unit moved into: what a hold could not take, a move cannot.
    """
    placement = world.get(Placement, c.placement)
    step(placement, Verb.MOVE)
    in_time(placement, now)
    for unit in c.units:
        yield from promises.clear(world, unit, now)
    old = world.claims(placement.id)
    who = households.who(world, placement, old, now, _sleeping(placement, old, c.persons))
    chosen = places.choose_move(world, old, placement.shelter, c.units, c.beds, who, now, here=placement.state is State.PRESENT)
    new = [row for row in chosen.rows(placement.id) if isinstance(row, Claim)]
    kept = {claim.bed for claim in new}
    dead = [replace(claim, live=False, rule=None, moved=True) for claim in old if claim.bed not in kept]
    beds = _change_hands(world, placement, dead, new)
    ids = tuple(dict.fromkeys(claim.unit for claim in (*old, *new)))
    rows = (*dead, *new, *beds)
    units = places.settled(world, rows, ids, chosen.rule, seen=bool(beds))
    moved = replace(placement, version=placement.version + 1)
    yield Change(Verb.MOVE, (moved, *rows, *units), shelter=placement.shelter, units=ids, placement=placement.id, request=placement.request)


def _sleeping(p: Placement, claims: Sequence[Claim], said: int | None) -> int | None:
    """A room goes whole: how many of its beds are slept in is told at the door alone, never more than it has. On the way the number is
    known, and in a dormitory the beds tell it: who leaves one gives it back (`shrink`)."""
    told = p.state is State.PRESENT and claims[0].whole
    if said is not None and not (told and said <= len(claims)):
        raise Refused(Refusal.INVALID, "persons", (p.id,))
    return said


def _change_hands(world: World, p: Placement, left: Sequence[Claim], taken: Sequence[Claim]) -> list[Bed]:
    if p.state is not State.PRESENT:
        return []
    was = [world.get(Bed, claim.bed) for claim in left]
    vacant = [places.reported(bed, Physical.VACANT) for bed in was if bed.physical is Physical.OCCUPIED]
    new = (world.get(Bed, claim.bed) for claim in taken)
    return [*vacant, *(places.reported(bed, Physical.OCCUPIED) for bed in new if bed.physical is not Physical.OCCUPIED)]


def shrink(world: World, c: Shrink, by: By, now: datetime) -> Iterator[Change]:
    placement = world.get(Placement, c.placement)
    step(placement, Verb.SHRINK)
    claims = world.claims(placement.id)
    back = [claim for claim in claims if claim.bed in c.beds]
    if len(back) < len(set(c.beds)) or len(back) == len(claims) or _splits_a_room(claims, back):
        raise Refused(Refusal.INVALID, "beds", (placement.id,))
    beds = [places.vacated(world.get(Bed, claim.bed), check=False) for claim in back]
    rows = (*(replace(claim, live=False, rule=None) for claim in back), *beds)
    ids = tuple(dict.fromkeys(claim.unit for claim in claims))
    smaller = replace(placement, version=placement.version + 1)
    units = places.settled(world, rows, ids, seen=True)
    change = Change(Verb.SHRINK, (smaller, *rows, *units), shelter=placement.shelter, units=ids, placement=placement.id)
    yield freed.learned(world, change, now)


def _splits_a_room(claims: Sequence[Claim], back: Sequence[Claim]) -> bool:
    left = {claim.unit for claim in claims if claim not in back}
    return any(claim.whole and claim.unit in left for claim in back)


def depart(world: World, c: Depart, by: By, now: datetime) -> Iterator[Change]:
    placement = world.get(Placement, c.placement)
    step(placement, Verb.DEPART)
    yield freed.learned(world, promises.ended(world, placement, State.ENDED, Verb.DEPART, c.reason), now)
