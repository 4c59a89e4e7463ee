"""Who fits where: eleven independent tests, one bit each, so that every exclusion has its reason (ALLOCATION, Model)."""

from datetime import datetime, timedelta
from enum import IntFlag
from math import asin, cos, radians, sin, sqrt
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core.requests import Need, Side
from siao.core.units import Feature, Kind, Rule

EARTH_KM = 6371.0
CITY_KM_H = 12.0
"""What a household makes across a city at night, walking and riding."""
SETTING_OUT = timedelta(minutes=15)
DORMITORY_PERSONS_MAX = 2


class Reason(IntFlag):
    """Why a place is not for a household."""

    FULL = 1
    SEX = 2
    CAPACITY = 4
    STEP_FREE = 8
    ANIMALS = 16
    PROTECTED = 32
    FAMILY = 64
    COTS = 128
    DISTANCE = 256
    HOUR = 512
    NIGHTS = 1024


WORDS = {
    Reason.FULL: ("complète", "full"),
    Reason.SEX: ("règle hommes / femmes", "men / women rule"),
    Reason.CAPACITY: ("trop petite", "too small"),
    Reason.STEP_FREE: ("sans accès PMR", "not step-free"),
    Reason.ANIMALS: ("animaux non acceptés", "no animals"),
    Reason.PROTECTED: ("non protégée", "not protected"),
    Reason.FAMILY: ("pas en dortoir", "not in a dormitory"),
    Reason.COTS: ("sans lit bébé", "no cot"),
    Reason.DISTANCE: ("trop loin", "too far"),
    Reason.HOUR: ("porte close à l’arrivée", "door closed on arrival"),
    Reason.NIGHTS: ("séjour trop court", "stay too short"),
}
HARD = Reason.FULL | Reason.SEX | Reason.CAPACITY | Reason.PROTECTED | Reason.FAMILY
"""Never given way to; the others yield to a coded override, which is the household's or the operator's word."""


class Household(Struct, frozen=True, gc=False):
    """Who is to be placed, while the request is open. Coordinates None: the household did not say where it is."""

    men: int
    women: int
    children: int
    infants: int
    needs: tuple[Need, ...]
    latitude: float | None
    longitude: float | None
    max_km: int | None
    nights: int
    level: int
    waiting_since: datetime
    last_shelter: UUID | None

    @property
    def persons(self) -> int:
        return self.men + self.women + self.children + self.infants

    @property
    def side(self) -> Side:
        if not self.men + self.women:
            return Side.MINORS
        if self.men and self.women:
            return Side.MIXED
        return Side.MEN if self.men else Side.WOMEN


class Place(Struct, frozen=True, gc=False):
    """A room, adjoining rooms, or a dormitory. `capacity`: places in service of rooms, free beds of a dormitory.

    `rule` None: a switchable dormitory that is empty. `arrive_before`: the instant its door closes tonight.
    """

    units: tuple[UUID, ...]
    shelter: UUID
    kind: Kind
    capacity: int
    free: bool
    rule: Rule | None
    features: tuple[Feature, ...]
    latitude: float | None
    longitude: float | None
    arrive_before: datetime | None
    nights_max: int | None
    suite: UUID | None


def kilometres(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance (haversine), in km."""
    half = sin(radians(lat2 - lat1) / 2) ** 2 + cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))


def adjoin(a: Place, b: Place) -> Place:
    """Two rooms of one suite as one place: what both have, of both the beds."""
    return replace(
        a,
        units=a.units + b.units,
        capacity=a.capacity + b.capacity,
        free=a.free and b.free,
        rule=a.rule if a.rule is b.rule else Rule.MIXED,
        features=tuple(f for f in a.features if f in b.features),
        nights_max=min((n for n in (a.nights_max, b.nights_max) if n is not None), default=None),
    )


def distance(h: Household, p: Place) -> float | None:
    """How far, in km; None where one of the two did not say where it is."""
    if h.latitude is None or h.longitude is None or p.latitude is None or p.longitude is None:
        return None
    return kilometres(h.latitude, h.longitude, p.latitude, p.longitude)


def excluded(h: Household, p: Place, now: datetime) -> Reason:
    """Every reason why this place is not for this household; none where it fits. What was not said is no wish."""
    km = distance(h, p)
    tests = (
        (Reason.FULL, not p.free),
        (Reason.SEX, not _side_fits(h, p)),
        (Reason.CAPACITY, p.capacity < h.persons or (p.kind is Kind.DORMITORY and h.persons > DORMITORY_PERSONS_MAX)),
        (Reason.STEP_FREE, Need.STEP_FREE in h.needs and Feature.STEP_FREE not in p.features),
        (Reason.ANIMALS, Need.ANIMALS in h.needs and Feature.ANIMALS not in p.features),
        (Reason.PROTECTED, Need.PROTECTED in h.needs and not protects(p)),
        (Reason.FAMILY, p.kind is Kind.DORMITORY and _needs_a_room(h)),
        (Reason.COTS, Need.COTS in h.needs and Feature.COTS not in p.features),
        (Reason.DISTANCE, h.max_km is not None and km is not None and km > h.max_km),
        (Reason.HOUR, p.arrive_before is not None and now + SETTING_OUT + timedelta(hours=(km or 0) / CITY_KM_H) > p.arrive_before),
        (Reason.NIGHTS, p.nights_max is not None and h.nights > p.nights_max),
    )
    found = Reason(0)
    for reason, true in tests:
        if true:
            found |= reason
    return found


def _side_fits(h: Household, p: Place) -> bool:
    """A place for women or men takes that side; one for all takes all, but a mixed dormitory nobody who asks for women only.

    A switchable dormitory that is empty takes the side of whoever comes first. Minors sleep in rooms of any rule.
    """
    if p.rule is None or p.rule is Rule.MIXED:
        return not (Need.WOMEN_ONLY in h.needs and p.kind is Kind.DORMITORY and p.rule is Rule.MIXED)
    return h.side is Side.MINORS or h.side.value == p.rule.value


def protects(p: Place) -> bool:
    """A protected place; a dormitory that men and women share is none."""
    return Feature.PROTECTED in p.features and not (p.kind is Kind.DORMITORY and p.rule is Rule.MIXED)


def _needs_a_room(h: Household) -> bool:
    return Need.PRIVATE_ROOM in h.needs or h.side is Side.MINORS or h.children + h.infants > 0
