"""A place as the allocation sees it, made of a shelter, its units, their beds and what is promised on them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core import night as nights
from siao.core.allocation import compatible
from siao.core.allocation.compatible import Household, Place
from siao.core.beds import Bed, OutReason, Physical, Source
from siao.core.claims import Claim, bed_is_free
from siao.core.refused import Refusal, Refused
from siao.core.requests import Criteria
from siao.core.territories import Commune, Territory
from siao.core.units import Kind, Rule, Shelter, Unit
from siao.core.world import World

WALK_KM_H = 4.0
STEP = timedelta(minutes=30)
UNSAID_KM = 5.0
"""The way counted for a household that did not say where it is, or to a shelter without coordinates."""


class Chosen(Struct, frozen=True):
    """Beds that one household may take in one claim, whole rooms or beds of one dormitory."""

    shelter: Shelter
    units: tuple[Unit, ...]
    beds: tuple[Bed, ...]
    rule: Rule | None

    def rows(self, placement: UUID) -> tuple[Struct, ...]:
        """The claims, and the units: a dormitory's rule where these are the first who sleep there; taken, nothing is held back."""
        whole = self.rule is None
        claims = (Claim(placement, bed.id, bed.unit, bed.territory, True, whole, self.rule) for bed in self.beds)
        after = (replace(u, rule_tonight=u.rule_tonight if whole else self.rule, kept_until=None, kept_level=None) for u in self.units)
        return (*claims, *(unit for unit, before in zip(after, self.units) if unit != before))


def night(territory: Territory, now: datetime) -> date:
    return nights.night(now, territory.time_zone)


def door(territory: Territory, shelter: Shelter, now: datetime) -> datetime | None:
    """The instant at which the shelter's door closes tonight, None for day and night."""
    if shelter.arrive_before is None:
        return None
    return nights.door(night(territory, now), shelter.arrive_before, territory.time_zone)


def place(shelter: Shelter, units: Sequence[Unit], free: Sequence[Bed], door: datetime | None, *, whole: bool) -> Place:
    """One room, adjoining rooms, or a dormitory; `free`: its free beds, `whole`: every bed in service of the rooms is free.

    A confidential shelter lies nowhere: by asking for places around one commune after another it could be found.
    """
    first = units[0]
    rules = {unit.rule if unit.kind is Kind.ROOM else unit.rule_tonight for unit in units}
    nights_max = [unit.nights_max for unit in units if unit.nights_max is not None]
    return Place(
        units=tuple(unit.id for unit in units),
        shelter=shelter.id,
        kind=first.kind,
        capacity=len(free),
        free=bool(free) and all(unit.open for unit in units) and (whole or first.kind is Kind.DORMITORY),
        rule=rules.pop() if len(rules) == 1 else Rule.MIXED,
        features=tuple(f for f in first.features if all(f in unit.features for unit in units)),
        latitude=None if shelter.confidential else shelter.latitude,
        longitude=None if shelter.confidential else shelter.longitude,
        arrive_before=door,
        nights_max=min(nights_max, default=None),
        suite=first.suite,
    )


def of(
    shelter: Shelter, units: Sequence[Unit], beds: Iterable[Bed], claim_on: Callable[[UUID], Claim | None], door: datetime | None
) -> Place:
    """The place these units make now. A room is free only if every bed in service is so."""
    serving = [bed for bed in beds if bed.physical is not Physical.OUT]
    free = [bed for bed in serving if bed_is_free(bed, claim_on(bed.id))]
    room = units[0].kind is Kind.ROOM
    return place(shelter, units, serving if room else free, door, whole=len(free) == len(serving))


def has_room(world: World, unit: Unit) -> bool:
    """An open unit with something free: a dormitory one bed, a room all its beds in service."""
    beds = [bed for bed in world.beds(unit.id) if bed.physical is not Physical.OUT]
    free = [bed_is_free(bed, world.claim_on(bed.id)) for bed in beds]
    return unit.open and bool(free) and (any(free) if unit.kind is Kind.DORMITORY else all(free))


def choose(
    world: World,
    ids: tuple[UUID, ...],
    beds: tuple[UUID, ...],
    household: Household,
    now: datetime,
    *,
    override: bool,
    rule: Rule | None = None,
) -> tuple[Place, Chosen]:
    """The place as it is, and the beds this household takes of it, or the refusal that says why not.

    `rule`: what an empty switchable dormitory becomes with it; where it is not said, the household's own side.

    Hard reasons (no bed, sex rule, capacity, family, protection) hold always; the others give way to a coded override.
    """
    units = tuple(world.get(Unit, id, "units") for id in ids)
    free = [bed for unit in units for bed in world.free(unit.id)]
    here, serving = _there(world, units, free, now)
    here = replace(here, rule=here.rule or rule) if here.kind is Kind.DORMITORY else here
    suits(here, (household,), now, override=override)
    return here, _chosen(world, here, serving, beds, household)


def _there(world: World, units: tuple[Unit, ...], free: Sequence[Bed], now: datetime) -> tuple[Place, Sequence[Bed]]:
    """The place these units make while `free` of their beds are so, and the beds that go with it; refused where it is closed or taken."""
    _together(units)
    shelter = world.get(Shelter, units[0].shelter)
    room = units[0].kind is Kind.ROOM
    serving = [bed for bed in _beds(world, units) if bed.physical is not Physical.OUT] if room else free
    here = place(shelter, units, serving, door(world.territory(shelter.territory), shelter, now), whole=len(free) == len(serving))
    _open_and_free(world, units, here)
    return here, serving


def suits(here: Place, who: Iterable[Household], now: datetime, *, override: bool) -> None:
    """Refuses a place that is not for all of `who`; `override`: for a hard reason alone."""
    why = compatible.Reason(0)
    for household in who:
        why |= compatible.excluded(household, here, now)
    if why & compatible.HARD or (why and not override):
        raise Refused(Refusal.DOES_NOT_FIT, "units", here.units, tuple(reason.name or "" for reason in why))


def _chosen(world: World, here: Place, serving: Sequence[Bed], beds: tuple[UUID, ...], h: Household) -> Chosen:
    shelter, units = world.get(Shelter, here.shelter), tuple(world.get(Unit, id) for id in here.units)
    if here.kind is Kind.ROOM:
        return Chosen(shelter, units, tuple(serving), None)
    return Chosen(shelter, units, _dormitory_beds(serving, beds, h.persons), here.rule or Rule(h.side))


def _beds(world: World, units: Sequence[Unit]) -> list[Bed]:
    return [bed for unit in units for bed in world.beds(unit.id)]


def choose_move(
    world: World,
    old: Sequence[Claim],
    shelter: UUID,
    ids: tuple[UUID, ...],
    beds: tuple[UUID, ...],
    who: Sequence[Household],
    now: datetime,
    *,
    here: bool,
) -> Chosen:
    """Other beds of the same shelter for whoever has `old`; their own count as free, unless staff see somebody else on them.

    `who`: everybody they may be (`households.who`), and the place must be for each of them: a move meets the hard reasons of a hold,
    and no other. `here`: they are present, so that their own beds are occupied by them.
    """
    units = tuple(world.get(Unit, id, "units") for id in ids)
    if any(unit.shelter != shelter for unit in units):
        raise Refused(Refusal.INVALID, "units", ids)
    mine = Physical.OCCUPIED if here else Physical.VACANT
    own = {claim.bed for claim in old if world.get(Bed, claim.bed).physical is mine}
    free = [bed for bed in _beds(world, units) if bed.id in own or bed_is_free(bed, world.claim_on(bed.id))]
    there, serving = _there(world, units, free, now)
    suits(there, who, now, override=True)
    there = replace(there, rule=there.rule or old[0].rule) if len(who) > 1 else there
    return _chosen(world, there, serving, beds, who[0])


def _together(units: tuple[Unit, ...]) -> None:
    if len(units) == 1:
        return
    if len({unit.id for unit in units}) < len(units) or any(unit.kind is not Kind.ROOM for unit in units):
        raise Refused(Refusal.NOT_A_ROOM, "units")
    if units[0].suite is None or len({unit.suite for unit in units}) > 1:
        raise Refused(Refusal.NOT_ADJOINING, "units")


def _open_and_free(world: World, units: tuple[Unit, ...], here: Place) -> None:
    if not all(unit.open for unit in units):
        raise Refused(Refusal.CLOSED, "units", here.units)
    if not here.free:
        promised = any(world.promised(unit.id) for unit in units)
        raise Refused(Refusal.TAKEN if promised else Refusal.NOT_FREE, "units", here.units)


def _dormitory_beds(free: Sequence[Bed], wanted: tuple[UUID, ...], persons: int) -> tuple[Bed, ...]:
    if wanted:
        free = [bed for bed in free if bed.id in wanted]
        if len(free) < len(wanted):
            raise Refused(Refusal.TAKEN, "beds", wanted)
    if len(free) < persons or len(wanted) > persons:
        raise Refused(Refusal.NOT_ENOUGH_BEDS, "beds")
    return tuple(free[:persons])


def walk(world: World, request: UUID | None, shelter: Shelter) -> timedelta:
    """How long the household walks, at 4 km/h as the crow flies, in begun half hours: whoever reads the hour at which it is expected
    learns a ring of 2 km around the shelter, and what the clock leaves in the journal when it does not come tells no more.

    To a confidential shelter as to one that did not say where it is: the hour would tell the way, and three such hours the place.
    """
    criteria = world.find(Criteria, request) if request else None
    commune = world.find(Commune, criteria.zone) if criteria and criteria.zone else None
    km = UNSAID_KM
    if commune and not shelter.confidential and shelter.latitude is not None and shelter.longitude is not None:
        km = compatible.kilometres(commune.latitude, commune.longitude, shelter.latitude, shelter.longitude)
    return walk_of(km)


def walk_of(km: float) -> timedelta:
    return STEP * max(1, ceil(timedelta(hours=km / WALK_KM_H) / STEP))


def vacated(bed: Bed, check: bool) -> Bed:
    """Left by whoever was there. A bed out of service stays so; one not looked at (`check`) stays occupied if reported so."""
    if bed.physical is Physical.OUT or (check and bed.physical is Physical.OCCUPIED):
        return bed
    return replace(bed, physical=Physical.VACANT, out_reason=None, to_check=check, version=bed.version + 1)


def settled(world: World, rows: Iterable[Struct], units: Iterable[UUID], rule: Rule | None = None, *, seen: bool = False) -> list[Unit]:
    """The units as they are once `rows` are true: a switchable dormitory's rule is open again when nobody sleeps there.

    `rule`: who sleeps there now, where it was open; `seen`: what the staff see changed, so the version rises.
    """
    after = world.fork()
    for row in rows:
        after.put(row)
    return [_settled(after, after.get(Unit, id), rule, seen) for id in units]


def _settled(after: World, unit: Unit, rule: Rule | None, seen: bool) -> Unit:
    version = unit.version + seen
    if unit.rule is not Rule.SWITCHABLE:
        return replace(unit, version=version)
    if not any(bed.physical is Physical.OCCUPIED or after.claim_on(bed.id) for bed in after.beds(unit.id)):
        return replace(unit, version=version, rule_tonight=None)
    if unit.rule_tonight is None and rule is None:
        raise Refused(Refusal.RULE_NEEDED, "rule", (unit.id,))
    return replace(unit, version=version, rule_tonight=unit.rule_tonight or rule)


def reported(bed: Bed, physical: Physical, reason: OutReason | None = None) -> Bed:
    """The bed as its staff now see it."""
    return replace(bed, physical=physical, out_reason=reason, to_check=False, version=bed.version + 1)


def confirmed(unit: Unit, source: Source, now: datetime) -> Unit:
    return replace(unit, confirmed_at=now, confirmed_source=source)
