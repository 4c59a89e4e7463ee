"""What staff say of their beds: taken as truth, and it never ends a promise. Same shape as `promises`.

A report that contradicts a promise makes the bed contested; both screens show it at once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from siao.core import freed, places
from siao.core.beds import Bed, OutReason, Physical
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.placements import Placement, State
from siao.core.refused import Refusal, Refused
from siao.core.units import Kind, Rule, Shelter, Unit
from siao.core.world import Change, World

BEDS_MAX = 200
UNITS_MAX = 2000


class Seen(Struct, frozen=True, forbid_unknown_fields=True):
    """One bed as its staff see it; `version`: the one on their screen."""

    bed: UUID
    physical: Physical
    version: int
    out_reason: OutReason | None = None


class Report(Struct, frozen=True):
    """Beds by name. `rule`: who sleeps in a switchable dormitory that was empty."""

    unit: UUID
    beds: Annotated[tuple[Seen, ...], Meta(min_length=1, max_length=BEDS_MAX)]
    rule: Rule | None = None


class Count(Struct, frozen=True):
    """How many beds of a dormitory are free now; `version`: the unit's on their screen."""

    unit: UUID
    count: Annotated[int, Meta(ge=0, le=1000)]
    version: int
    rule: Rule | None = None


class Confirm(Struct, frozen=True):
    """ "Tout est exact": each unit with the version seen."""

    shelter: UUID
    units: Annotated[dict[UUID, int], Meta(min_length=1, max_length=UNITS_MAX)]


def report(world: World, c: Report, by: By, now: datetime) -> Iterator[Change]:
    unit = world.get(Unit, c.unit)
    if len({seen.bed for seen in c.beds}) < len(c.beds):
        raise Refused(Refusal.INVALID, "beds")
    beds = [_as_seen(world, unit, seen) for seen in c.beds]
    yield _told(world, unit, beds, c.rule, by, now)


def _as_seen(world: World, unit: Unit, seen: Seen) -> Bed:
    bed = world.get(Bed, seen.bed, "bed")
    if bed.unit != unit.id:
        raise Refused(Refusal.UNKNOWN, "bed", (bed.id,))
    if bed.version != seen.version:
        raise Refused(Refusal.STALE_VERSION, "version", (bed.id,))
    if (seen.physical is Physical.OUT) != (seen.out_reason is not None):
        raise Refused(Refusal.OUT_REASON_NEEDED, "out_reason", (bed.id,))
    if seen.physical is Physical.VACANT and _somebody_is_present(world, bed):
        raise Refused(Refusal.USE_DEPARTURE, "physical", (bed.id,))
    return places.reported(bed, seen.physical, seen.out_reason)


def _somebody_is_present(world: World, bed: Bed) -> bool:
    claim = world.claim_on(bed.id)
    return claim is not None and world.get(Placement, claim.placement).state is State.PRESENT


def count(world: World, c: Count, by: By, now: datetime) -> Iterator[Change]:
    """The fewest bed changes that make the count true; a claimed bed is never touched, nor one out of service."""
    unit = world.get(Unit, c.unit)
    if unit.kind is not Kind.DORMITORY:
        raise Refused(Refusal.NOT_A_DORMITORY, "count", (unit.id,))
    if unit.version != c.version:
        raise Refused(Refusal.STALE_VERSION, "version", (unit.id,))
    loose = [bed for bed in world.beds(unit.id) if bed.physical is not Physical.OUT and world.claim_on(bed.id) is None]
    if c.count > len(loose):
        raise Refused(Refusal.COUNT_DOES_NOT_FIT, "count", (unit.id,), (str(len(loose)),))
    yield _told(world, unit, _fewest(loose, c.count), c.rule, by, now)


def _fewest(loose: Sequence[Bed], free: int) -> list[Bed]:
    vacant = [bed for bed in loose if bed.physical is Physical.VACANT]
    occupied = [bed for bed in loose if bed.physical is Physical.OCCUPIED]
    if free <= len(vacant):
        return [places.reported(bed, Physical.OCCUPIED) for bed in vacant[free:]]
    return [places.reported(bed, Physical.VACANT) for bed in occupied[: free - len(vacant)]]


def _told(world: World, unit: Unit, beds: Sequence[Bed], rule: Rule | None, by: By, now: datetime) -> Change:
    if rule is Rule.SWITCHABLE:
        raise Refused(Refusal.RULE_NEEDED, "rule", (unit.id,))
    after = places.settled(world, beds, (unit.id,), rule, seen=bool(beds))[0]
    rows = (*beds, places.confirmed(after, by.source, now))
    return Change(Verb.REPORT, rows, shelter=unit.shelter, units=(unit.id,), learned=tuple(freed.supply(world, rows, (unit.id,), now)))


def confirm(world: World, c: Confirm, by: By, now: datetime) -> Iterator[Change]:
    """Nothing changed since what the screen showed; a unit that did change is refused, and with it all."""
    shelter = world.get(Shelter, c.shelter)
    units = [world.get(Unit, id, "units") for id in c.units]
    if foreign := tuple(unit.id for unit in units if unit.shelter != shelter.id):
        raise Refused(Refusal.UNKNOWN, "units", foreign)
    if stale := tuple(unit.id for unit in units if unit.version != c.units[unit.id]):
        raise Refused(Refusal.STALE_VERSION, "units", stale)
    rows = tuple(places.confirmed(unit, by.source, now) for unit in units)
    yield Change(Verb.CONFIRM, (*rows, *_looked_at(world, units)), shelter=shelter.id, units=tuple(c.units))


def _looked_at(world: World, units: Sequence[Unit]) -> Iterator[Bed]:
    """Beds to be checked that somebody has now looked at."""
    for unit in units:
        yield from (places.reported(bed, bed.physical, bed.out_reason) for bed in world.beds(unit.id) if bed.to_check)
