"""A park: all shelters of a territory with their units and beds, as one value that a file can hold or a city publish."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Annotated
from uuid import UUID, uuid5

from msgspec import Meta, Struct

from siao.core.beds import Bed, OutReason, Physical, Source
from siao.core.journal import GENESIS
from siao.core.territories import Commune, Service, Territory
from siao.core.units import Feature, Kind, Mode, Plan, Rule, Scheme, Shelter, Unit

NAMES = UUID("5140115a-0000-4000-8000-000000000115")
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Number = Annotated[int, Meta(ge=0, le=2000)]


class ParkUnit(Struct, frozen=True, forbid_unknown_fields=True):
    """`vacant`, `occupied`, `out`: how many beds of each. `suite`, `plan`: labels within the shelter, the park."""

    name: Name
    kind: Kind
    rule: Rule
    nominal: Number
    vacant: Number
    occupied: Number
    out: Number = 0
    out_reason: OutReason = OutReason.OTHER
    features: tuple[Feature, ...] = ()
    mode: Mode = Mode.ON_ACCEPTANCE
    suite: str | None = None
    plan: str | None = None
    nights_max: int | None = None
    rule_tonight: Rule | None = None


class ParkShelter(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    scheme: Scheme
    commune: Name
    zone: Name
    units: tuple[ParkUnit, ...]
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    telephone: str | None = None
    house_rules: str | None = None
    arrive_before: time | None = None
    confidential: bool = False
    by_phone: bool = False
    told_minutes_ago: Annotated[int, Meta(ge=0, le=10_000)] = 0


class ParkPlan(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    level: Annotated[int, Meta(ge=1, le=9)]
    open: bool


class ParkCommune(Struct, frozen=True, forbid_unknown_fields=True):
    name: Name
    zone: Name
    latitude: float
    longitude: float


class Park(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(pattern="^[0-9A-Z]{2,4}$")]
    name: Name
    time_zone: str
    telephone: str
    shelters: tuple[ParkShelter, ...]
    communes: tuple[ParkCommune, ...] = ()
    plans: tuple[ParkPlan, ...] = ()
    services: tuple[str, ...] = ()


def identity(*labels: object) -> UUID:
    """The same label gives the same id, so that a second import of a park finds its shelters again."""
    return uuid5(NAMES, "/".join(map(str, labels)))


def territory(park: Park) -> Territory:
    """Clocks and limits of STATES.md, as defaults."""
    return Territory(park.code, park.name, park.time_zone, park.telephone, 0, GENESIS, 600, 1200, 1800, 3600, 900, 5)


def rows(park: Park, now: datetime, source: Source) -> Iterator[Struct]:
    """The park's rows, in an order in which each finds what it refers to."""
    yield territory(park)
    yield from (Commune(park.code, c.name, c.zone, c.latitude, c.longitude) for c in park.communes)
    yield from (Service(identity(park.code, "service", name), park.code, name) for name in park.services)
    yield from (Plan(identity(park.code, "plan", plan.name), park.code, plan.name, plan.level, plan.open) for plan in park.plans)
    opened = {plan.name: plan.open for plan in park.plans}
    for shelter in park.shelters:
        yield from _shelter(park.code, shelter, opened, now, source)


def _shelter(code: str, s: ParkShelter, opened: dict[str, bool], now: datetime, source: Source) -> Iterator[Struct]:
    id = identity(code, s.name)
    yield Shelter(
        id=id,
        territory=code,
        name=s.name,
        scheme=s.scheme,
        commune=s.commune,
        zone=s.zone,
        latitude=s.latitude,
        longitude=s.longitude,
        address=s.address,
        telephone=s.telephone,
        house_rules=s.house_rules,
        arrive_before=s.arrive_before,
        confidential=s.confidential,
        by_phone=s.by_phone,
        to_ring_since=None,
    )
    for unit in s.units:
        yield from _unit(code, s, id, unit, opened, now - timedelta(minutes=s.told_minutes_ago), source)


def _unit(
    code: str, s: ParkShelter, shelter: UUID, u: ParkUnit, opened: dict[str, bool], now: datetime, source: Source
) -> Iterator[Struct]:
    id = identity(code, s.name, u.name)
    yield Unit(
        id=id,
        territory=code,
        shelter=shelter,
        name=u.name,
        kind=u.kind,
        nominal=u.nominal,
        rule=u.rule,
        rule_tonight=u.rule_tonight if u.rule is Rule.SWITCHABLE else u.rule,
        features=u.features,
        mode=u.mode,
        open=opened.get(u.plan, True) if u.plan else True,
        closed_reason=None,
        plan=identity(code, "plan", u.plan) if u.plan else None,
        suite=identity(code, s.name, "suite", u.suite) if u.suite else None,
        nights_max=u.nights_max,
        version=1,
        confirmed_at=now,
        confirmed_source=source,
    )
    states = [Physical.VACANT] * u.vacant + [Physical.OCCUPIED] * u.occupied + [Physical.OUT] * u.out
    for number, physical in enumerate(states, 1):
        reason = u.out_reason if physical is Physical.OUT else None
        yield Bed(identity(code, s.name, u.name, number), code, id, number, physical, reason, False, 1)
