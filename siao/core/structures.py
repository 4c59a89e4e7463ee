"""Structures, units and services as the administration describes them. Same shape as `promises`.

What staff say is theirs: beds that are there, tonight's rule and when a unit was last confirmed stay as they are, whatever is described.
"""

from collections.abc import Iterator
from datetime import datetime, time
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from siao.core import parks, places, views
from siao.core.beds import Bed, Physical
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.requests import PLAIN
from siao.core.territories import Service
from siao.core.units import Feature, Kind, Mode, Plan, Rule, Scheme, Shelter, Unit
from siao.core.world import Change, World

HIDDEN = (*views.MASKED, "address")
"""Where a confidential shelter lies, and what may tell it."""
VERSION_DIGITS = 16
Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=PLAIN)]
Text = Annotated[str, Meta(max_length=300, pattern=PLAIN)]


class ShelterForm(Struct, frozen=True, forbid_unknown_fields=True):
    """Of a shelter that was confidential and remains so, what is HIDDEN and left empty stays as it is; of any other, commune and zone
    are said."""

    name: Name
    scheme: Scheme
    commune: Name | None = None
    zone: Name | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    address: Text | None = None
    telephone: Annotated[str, Meta(max_length=30, pattern=PLAIN)] | None = None
    house_rules: Text | None = None
    arrive_before: time | None = None
    confidential: bool = False
    by_phone: bool = False


class UnitForm(Struct, frozen=True, forbid_unknown_fields=True):
    """`nominal`: places installed; a larger number adds beds, a smaller one is refused here: take them out of service."""

    name: Name
    kind: Kind
    nominal: Annotated[int, Meta(ge=1, le=500)]
    rule: Rule
    features: tuple[Feature, ...] = ()
    mode: Mode = Mode.ON_ACCEPTANCE
    suite: UUID | None = None
    nights_max: Annotated[int, Meta(ge=1, le=400)] | None = None
    plan: UUID | None = None


class AddShelter(Struct, frozen=True):
    id: UUID
    territory: str
    form: ShelterForm


class ChangeShelter(Struct, frozen=True):
    """`version`: what the form was filled with, as `version` digests it."""

    shelter: UUID
    version: str
    form: ShelterForm


class AddUnit(Struct, frozen=True):
    id: UUID
    shelter: UUID
    form: UnitForm


class ChangeUnit(Struct, frozen=True):
    """`version`: the unit's when the form was filled."""

    unit: UUID
    version: int
    form: UnitForm


class AddService(Struct, frozen=True):
    id: UUID
    territory: str
    name: Name


class ChangeService(Struct, frozen=True):
    """`version`: of the service that the form was filled with."""

    service: UUID
    version: str
    name: Name


def told(row: Shelter) -> views.Row:
    """A shelter as its administrator reads it: where a confidential one lies is written and not read back, since no role sees it as
    such (STATES, Rights)."""
    return views.plain(row, "territory", "to_ring_since") | (dict.fromkeys(HIDDEN, None) if row.confidential else {})


def version(row: Shelter | Service) -> str:
    """A digest of all that an administrator reads of it: these rows count no changes, and a form is old where what it showed has
    changed. What is not read back is not in it: a digest of an address is a way to guess it."""
    shown = told(row) if isinstance(row, Shelter) else views.plain(row)
    return sha256(msgspec.json.encode(shown)).hexdigest()[:VERSION_DIGITS]


def add_shelter(world: World, c: AddShelter, by: By, now: datetime) -> Iterator[Change]:
    """A new structure, without units yet."""
    world.unused(Shelter, c.id)
    row = Shelter(id=c.id, territory=c.territory, to_ring_since=None, **_placed(asdict(c.form)))
    yield Change(Verb.ADMINISTER, (row,), shelter=c.id)


def change_shelter(world: World, c: ChangeShelter, by: By, now: datetime) -> Iterator[Change]:
    """A shelter that is confidential no more is told anew where it lies."""
    before = world.get(Shelter, c.shelter)
    _as_read(before.id, version(before), c.version)
    said = asdict(c.form)
    if before.confidential and c.form.confidential:
        said |= {name: getattr(before, name) for name in HIDDEN if said[name] is None}
    yield Change(Verb.ADMINISTER, (replace(before, **_placed(said)),), shelter=before.id)


def _placed(said: dict[str, Any]) -> dict[str, Any]:
    if missing := next((name for name in ("commune", "zone") if said[name] is None), None):
        raise Refused(Refusal.INVALID, missing)
    return said


def add_unit(world: World, c: AddUnit, by: By, now: datetime) -> Iterator[Change]:
    """A new unit with its beds, vacant and to be checked; one of a surge plan is open while the plan is."""
    shelter = world.get(Shelter, c.shelter)
    world.unused(Unit, c.id)
    unit = Unit(
        id=c.id,
        territory=shelter.territory,
        shelter=shelter.id,
        rule_tonight=None if c.form.rule is Rule.SWITCHABLE else c.form.rule,
        open=c.form.plan is None or world.get(Plan, c.form.plan).open,
        closed_reason=None,
        version=1,
        confirmed_at=None,
        confirmed_source=None,
        **_described(world, c.form),
    )
    yield Change(Verb.ADMINISTER, (unit, *_beds(unit, 0)), shelter=shelter.id)


def change_unit(world: World, c: ChangeUnit, by: By, now: datetime) -> Iterator[Change]:
    """Its kind stays, and it never loses beds here."""
    before = world.get(Unit, c.unit)
    _as_read(before.id, before.version, c.version)
    beds = len(world.beds(before.id))
    if c.form.kind is not before.kind or c.form.nominal < beds:
        raise Refused(Refusal.INVALID, "kind" if c.form.kind is not before.kind else "nominal")
    after = replace(before, **_described(world, c.form), version=before.version + 1)
    if after.rule is not before.rule:
        after = _ruled(world, after)
    yield Change(Verb.ADMINISTER, (after, *_beds(after, beds)), shelter=before.shelter)


def _described(world: World, form: UnitForm) -> dict[str, Any]:
    if form.kind is Kind.ROOM and form.rule is Rule.SWITCHABLE:
        raise Refused(Refusal.NOT_A_DORMITORY, "rule")
    if form.plan is not None:
        world.get(Plan, form.plan)
    return asdict(form) | {"features": tuple(sorted(set(form.features)))}


def _ruled(world: World, unit: Unit) -> Unit:
    """Under another rule than before, on which no promise may rely. Where it is now set each night, tonight's is theirs who sleep there
    already."""
    if live := tuple(dict.fromkeys(claim.placement for claim in world.claims_in(unit.id))):
        raise Refused(Refusal.LIVE_PLACEMENTS, "rule", live)
    return places.settled(world, (unit,), (unit.id,))[0] if unit.rule is Rule.SWITCHABLE else replace(unit, rule_tonight=unit.rule)


def _beds(unit: Unit, there: int) -> Iterator[Bed]:
    for number in range(there + 1, unit.nominal + 1):
        yield Bed(parks.identity(unit.id, number), unit.territory, unit.id, number, Physical.VACANT, None, True, 1)


def add_service(world: World, c: AddService, by: By, now: datetime) -> Iterator[Change]:
    world.unused(Service, c.id)
    yield Change(Verb.ADMINISTER, (Service(c.id, c.territory, c.name),), service=c.id)


def change_service(world: World, c: ChangeService, by: By, now: datetime) -> Iterator[Change]:
    before = world.get(Service, c.service)
    _as_read(before.id, version(before), c.version)
    yield Change(Verb.ADMINISTER, (replace(before, name=c.name),), service=before.id)


def _as_read(id: UUID, now: object, read: object) -> None:
    if now != read:
        raise Refused(Refusal.STALE_VERSION, "version", (id,))
