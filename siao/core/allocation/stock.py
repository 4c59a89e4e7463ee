"""All places of a territory as arrays: what excludes each from a household, read in one sweep (ALLOCATION, One request).

A place is one row: its cell in `profile` says free, rule, kind, features and size, and is written when a bed changes. Rows
of a shelter stand together; where it is and when its door closes are kept once a shelter. Two rooms that adjoin have a row
of their own, there only while both are free.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import cos, inf, nan, radians, sin
from typing import Any
from uuid import UUID

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from siao.core.allocation.compatible import (
    CITY_KM_H,
    DORMITORY_PERSONS_MAX,
    EARTH_KM,
    SETTING_OUT,
    Household,
    Place,
    Reason,
    adjoin,
)
from siao.core.requests import Need, Side
from siao.core.units import Feature, Kind, Rule

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]

RULES: dict[Rule | None, int] = {None: 0, Rule.MEN: 2, Rule.WOMEN: 4, Rule.MIXED: 6}
RULE_OF = {code: rule for rule, code in RULES.items()}
DORMITORY = 8
FEATURES = {Feature.STEP_FREE: 16, Feature.ANIMALS: 32, Feature.PROTECTED: 64, Feature.COTS: 128}
BEDS_SHIFT, BEDS_MAX = 8, 31
"""Sizes above any household's look alike here; `large` knows the true ones."""
ABSENT = BEDS_MAX + 1 << BEDS_SHIFT
"""The profile of a row that is not there now: a closed unit, two adjoining rooms that are not both free."""
GONE = 2 * max(Reason)
"""Its pattern."""
NIGHTS_MAX = 32_767
DOOR_NEVER = 2**62
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

PROFILES = np.arange(1 << BEDS_SHIFT)
FREE, DORM = PROFILES & 1 == 1, PROFILES & DORMITORY != 0
BY_RULE = {rule: code == PROFILES & 6 for rule, code in RULES.items()}
HAS = {feature: PROFILES & bit != 0 for feature, bit in FEATURES.items()}
MIXED_DORM = DORM & BY_RULE[Rule.MIXED]
SIZES = np.arange(BEDS_MAX + 1)


class Stock:
    """Rows in the order of their shelters. Location, door, suite and features of a place do not change while a stock lives."""

    def __init__(self, places: Iterable[Place]) -> None:
        by_shelter: defaultdict[UUID, list[Place]] = defaultdict(list)
        for place in places:
            by_shelter[place.shelter].append(place)
        self.shelters = list(by_shelter)
        self.labels = [str(shelter) for shelter in self.shelters]
        self.site_of: dict[UUID | None, int] = {shelter: i for i, shelter in enumerate(self.shelters)}
        self.places: list[Place] = []
        self.row: dict[UUID, int] = {}
        self.large: dict[int, int] = {}
        self.pairs: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        starts: list[int] = []
        for rows in by_shelter.values():
            starts.append(len(self.places))
            self._line_up(rows)
        self.starts = np.array(starts, np.intp)
        self._fill()
        self._locate([rows[0] for rows in by_shelter.values()])

    def _line_up(self, rows: Iterable[Place]) -> None:
        """One shelter's places, then its pairs of adjoining rooms."""
        suites: defaultdict[UUID, list[int]] = defaultdict(list)
        for place in rows:
            if place.suite is not None and place.kind is Kind.ROOM:
                suites[place.suite].append(len(self.places))
            self._add(place)
        for rooms in suites.values():
            for a, b in combinations(rooms, 2):
                pair = self._add(adjoin(self.places[a], self.places[b]))
                self.pairs[a].append((pair, a, b))
                self.pairs[b].append((pair, a, b))

    def _add(self, place: Place) -> int:
        row = len(self.places)
        if len(place.units) == 1:
            self.row[place.units[0]] = row
        self.places.append(place)
        return row

    def _fill(self) -> None:
        size = len(self.places)
        self.fixed = [sum(FEATURES[f] for f in p.features) + DORMITORY * (p.kind is Kind.DORMITORY) for p in self.places]
        self.profile = np.full(size, ABSENT, np.intp)
        self.site = np.array([self.site_of[p.shelter] for p in self.places], np.intp)
        self.nights = np.array([p.nights_max or NIGHTS_MAX for p in self.places], np.int16)
        self.turn = np.empty(size, np.int64)
        self.turn[sorted(range(size), key=lambda row: self.places[row].units)] = np.arange(size)
        for unit, row in self.row.items():
            self.write(unit, self.places[row].free, self.places[row].capacity, self.places[row].rule)

    def _locate(self, firsts: Iterable[Place]) -> None:
        """Where each shelter is, as a point of the unit sphere, and the instant its door closes."""
        firsts = list(firsts)
        self.points = np.array([_point(p.latitude, p.longitude) for p in firsts]).reshape(-1, 3)
        self.doors = [p.arrive_before for p in firsts]
        self._shut()

    def _shut(self) -> None:
        self.shuts = np.array([DOOR_NEVER if door is None else micros(door) for door in self.doors], np.int64)

    def night(self, doors: Mapping[UUID, datetime | None]) -> None:
        """Another night: the doors close at other instants."""
        self.doors = [doors[shelter] for shelter in self.shelters]
        self._shut()

    def write(self, unit: UUID, free: bool, beds: int, rule: Rule | None) -> None:
        """What a bed that changed comes to: one cell, and that of each pair the room stands in."""
        row = self.row[unit]
        if beds >= BEDS_MAX:
            self.large[row], beds = beds, BEDS_MAX
        self.profile[row] = self.fixed[row] | free | RULES[rule] | beds << BEDS_SHIFT
        if row in self.pairs:
            self._write_pairs(row)

    def remove(self, unit: UUID) -> None:
        """The unit closed: its place is not there, nor are its pairs."""
        row = self.row[unit]
        self.profile[row] = ABSENT
        self._write_pairs(row)

    def _write_pairs(self, row: int) -> None:
        for pair, a, b in self.pairs.get(row, ()):
            if not self.profile[a] & self.profile[b] & 1:
                self.profile[pair] = ABSENT
                continue
            beds = self.large[pair] = sum(self.beds(np.array((a, b))).tolist())
            self.profile[pair] = self.fixed[pair] | 1 | RULES[self.places[pair].rule] | min(beds, BEDS_MAX) << BEDS_SHIFT

    def beds(self, rows: Ints) -> Ints:
        """The capacity of each row."""
        sizes = self.profile[rows] >> BEDS_SHIFT
        for i in np.flatnonzero(sizes >= BEDS_MAX).tolist():
            sizes[i] = self.large[int(rows[i])]
        return sizes

    def place(self, row: int) -> Place:
        """As it is now, with tonight's door."""
        cell, [beds] = int(self.profile[row]), self.beds(np.array((row,))).tolist()
        return replace(
            self.places[row], free=bool(cell & 1), capacity=beds, rule=RULE_OF[cell & 6], arrive_before=self.doors[self.site[row]]
        )

    def find(self, units: tuple[UUID, ...]) -> int | None:
        """The row of a unit, or of two rooms that adjoin, in whichever order they are named."""
        if len(units) == 1:
            return self.row.get(units[0])
        pairs = self.pairs.get(self.row.get(units[0], -1), ())
        return next((pair for pair, _, _ in pairs if set(self.places[pair].units) == set(units)), None)

    def there(self) -> Iterator[Place]:
        """Every place that is there now."""
        return (self.place(row) for row in np.flatnonzero(self.profile != ABSENT).tolist())

    def free(self) -> Iterator[Place]:
        """Every place that is free now; of ten thousand that are there a few hundred are."""
        return (self.place(row) for row in np.flatnonzero(self.profile & 1).tolist())

    def kilometres(self, h: Household) -> Floats:
        """How far each shelter is, in km; not a number where one of the two did not say where it is."""
        apart = self.points - _point(h.latitude, h.longitude)
        return 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum((apart * apart).sum(axis=1) / 4, 1)))

    def patterns(self, h: Household, km: Floats, now: datetime) -> Ints:
        """For each row the reasons why it is not for this household, as their sum; GONE or more where it is not there.

        `km`: how far each shelter is, 0 where that is not said.
        """
        table = np.full(ABSENT + 1, GONE, np.uint16)
        small = (min(h.persons, BEDS_MAX + 1) > SIZES) * np.uint16(Reason.CAPACITY)
        table[:ABSENT] = (small[:, None] | _of_profiles(h)[None, :]).ravel()
        found = table.take(self.profile)
        found |= self._of_sites(h, km, now).take(self.site)
        found |= (self.nights < h.nights) * np.uint16(Reason.NIGHTS)
        return found

    def _of_sites(self, h: Household, km: Floats, now: datetime) -> Ints:
        travel = np.rint(km * (3600e6 / CITY_KM_H)).astype(np.int64)
        late = travel + micros(now + SETTING_OUT) > self.shuts
        far = km > (inf if h.max_km is None else h.max_km)
        return late * np.uint16(Reason.HOUR) | far * np.uint16(Reason.DISTANCE)


def _of_profiles(h: Household) -> Ints:
    """The reasons that lie in the profile, size aside: ALLOCATION's page read over all 256 at once."""
    family = h.side is Side.MINORS or h.children + h.infants > 0 or Need.PRIVATE_ROOM in h.needs
    protects = HAS[Feature.PROTECTED] & ~MIXED_DORM
    return (
        ~FREE * np.uint16(Reason.FULL)
        | _other_side(h) * np.uint16(Reason.SEX)
        | (DORM & (h.persons > DORMITORY_PERSONS_MAX)) * np.uint16(Reason.CAPACITY)
        | (~HAS[Feature.STEP_FREE] & (Need.STEP_FREE in h.needs)) * np.uint16(Reason.STEP_FREE)
        | (~HAS[Feature.ANIMALS] & (Need.ANIMALS in h.needs)) * np.uint16(Reason.ANIMALS)
        | (~protects & (Need.PROTECTED in h.needs)) * np.uint16(Reason.PROTECTED)
        | (DORM & family) * np.uint16(Reason.FAMILY)
        | (~HAS[Feature.COTS] & (Need.COTS in h.needs)) * np.uint16(Reason.COTS)
    )


def _other_side(h: Household) -> NDArray[np.bool_]:
    mixed_refused = MIXED_DORM & (Need.WOMEN_ONLY in h.needs)
    if h.side is Side.MINORS:
        return mixed_refused
    others = BY_RULE[Rule.MEN] if h.side is Side.WOMEN else BY_RULE[Rule.WOMEN]
    both = BY_RULE[Rule.MEN] | BY_RULE[Rule.WOMEN]
    return mixed_refused | (both if h.side is Side.MIXED else others)


def _point(latitude: float | None, longitude: float | None) -> Floats:
    if latitude is None or longitude is None:
        return np.array((nan, nan, nan))
    north, east = radians(latitude), radians(longitude)
    return np.array((cos(north) * cos(east), cos(north) * sin(east), sin(north)))


def micros(at: datetime) -> int:
    """Whole microseconds since 1970: instants compare exactly."""
    return (at - EPOCH) // MICROSECOND
