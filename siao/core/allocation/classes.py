"""Households that nothing tells apart but their wait, places that nothing tells apart but their id, and which fits which.

Equal treatment is built in: within a class the longest wait goes first. A dormitory with a rule joins the others of its
shelter that are like it; rooms that also stand in a pair, and dormitories whose rule is still to be chosen, stay alone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from siao.core.allocation import compatible, model
from siao.core.allocation.compatible import CITY_KM_H, DORMITORY_PERSONS_MAX, EARTH_KM, SETTING_OUT, Household, Place
from siao.core.allocation.model import TENTHS, Instance, Rules, Waiting
from siao.core.requests import Need, Side
from siao.core.units import Feature, Kind, Rule

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

RULES = (Rule.MEN, Rule.WOMEN, Rule.MIXED)
NEED = {need: 1 << i for i, need in enumerate(Need)}
FEATURE = {Feature.STEP_FREE: NEED[Need.STEP_FREE], Feature.ANIMALS: NEED[Need.ANIMALS], Feature.COTS: NEED[Need.COTS]}
PROTECTED = NEED[Need.PROTECTED]
MEN, WOMEN, MIXED, MINORS, ANY = range(5)
SIDE = {Side.MEN: MEN, Side.WOMEN: WOMEN, Side.MIXED: MIXED, Side.MINORS: MINORS}
RULE = {Rule.MEN: MEN, Rule.WOMEN: WOMEN, Rule.MIXED: MIXED, None: ANY}
SECONDS_A_KM = 3600 / CITY_KM_H
DOUBTFUL_KM = 1e-7
"""Where two ways to compute a sine could round apart, the scalar rules decide."""

HouseholdKey = tuple[int, int, bool, int, float | None, float | None, int | None, int, int, UUID | None]
PlaceKey = tuple[object, ...]


class Classes(Struct, frozen=True):
    """`households[i]`: requests, the longest wait first. `places[j]`: places in the order of their ids.

    `fits[r]`: class × place under rule of the night r (men, women, mixed), for places with a rule the same three times.
    `waste`, `same_shelter`, `tenths`: class × place, whole numbers. `level`, `weight`, `persons`: one a class.
    """

    instance: Instance
    households: list[list[Waiting]]
    places: list[list[Place]]
    level: Ints
    weight: Ints
    persons: Ints
    fits: Bools
    waste: Ints
    same_shelter: Bools
    tenths: Ints


def build(instance: Instance) -> Classes:
    """Independent of the order in which requests and places are given: wait and ids alone decide."""
    rules, now = instance.rules, instance.now
    households = _households(instance)
    places = _places(instance.places)
    h = [one[0].household for one in households]
    p = [one[0] for one in places]
    needs, has = _mask(one.needs for one in h), _features(p)
    persons = np.array([one.persons for one in h], np.int64)
    km = _km(h, p)
    return Classes(
        instance,
        households,
        places,
        np.array([model.level(one, rules, now) for one in h], np.int64),
        np.array([model.weight(one, rules) for one in h], np.int64),
        persons,
        _fits(h, places, needs, has, km, now),
        _waste(persons, p, needs, has, rules),
        _codes([one.last_shelter for one in h], p)[:, None] == _codes([one.shelter for one in p], p),
        np.rint(km * TENTHS).astype(np.int64),
    )


def _households(instance: Instance) -> list[list[Waiting]]:
    shelters = {place.shelter for place in instance.places}
    stays = np.unique([place.nights_max for place in instance.places if place.nights_max is not None])
    found: dict[HouseholdKey, list[Waiting]] = {}
    for one in sorted(instance.waiting, key=lambda one: (one.household.waiting_since, one.request.int)):
        key = _household_key(one.household, instance.rules, instance.now, shelters, stays)
        found.setdefault(key, []).append(one)
    return list(found.values())


def _household_key(h: Household, rules: Rules, now: datetime, shelters: set[UUID], stays: Ints) -> HouseholdKey:
    """All that the rules and the levels look at. A last shelter without a free place and a stay no place limits do not count."""
    needs = sum(NEED[need] for need in h.needs)
    last = h.last_shelter if h.last_shelter in shelters else None
    nights = int(np.searchsorted(stays, h.nights)) if h.nights > 1 else 0
    private = compatible._needs_a_room(h)
    return h.persons, SIDE[h.side], private, needs, h.latitude, h.longitude, h.max_km, nights, model.level(h, rules, now), last


def _places(places: Iterable[Place]) -> list[list[Place]]:
    paired = {unit for place in places for unit in place.units if len(place.units) > 1}
    found: dict[PlaceKey, list[Place]] = {}
    for place in sorted((p for p in places if p.free), key=lambda place: tuple(unit.int for unit in place.units)):
        found.setdefault(_place_key(place, paired), []).append(place)
    return list(found.values())


def _place_key(p: Place, paired: set[UUID]) -> PlaceKey:
    if p.units[0] in paired or len(p.units) > 1 or (p.rule is None and p.kind is Kind.DORMITORY):
        return p.units
    beds = p.capacity if p.kind is Kind.ROOM else 0
    has = sum(1 << i for i, feature in enumerate(Feature) if feature in p.features)
    return p.shelter, p.kind, beds, p.rule, has, p.latitude, p.longitude, p.arrive_before, p.nights_max


def _mask(needs: Iterable[Iterable[Need]]) -> Ints:
    return np.array([sum(NEED[need] for need in set(one)) for one in needs], np.int64)


def _features(places: Sequence[Place]) -> Ints:
    return np.array([sum(bit for feature, bit in FEATURE.items() if feature in p.features) for p in places], np.int64)


def _protected(places: Sequence[Place]) -> Bools:
    return np.array([Feature.PROTECTED in p.features for p in places], bool)


def _codes(ids: Sequence[UUID | None], places: Sequence[Place]) -> Ints:
    code = {shelter: i for i, shelter in enumerate(dict.fromkeys(p.shelter for p in places))}
    return np.array([-1 if id is None else code.get(id, -1) for id in ids], np.int64)


def _waste(persons: Ints, places: Sequence[Place], needs: Ints, has: Ints, rules: Rules) -> Ints:
    """Σ(c − s) of rooms, and what has a feature that nobody asked for; as model.waste."""
    room = np.array([p.kind is Kind.ROOM for p in places], bool)
    beds = np.array([p.capacity for p in places], np.int64)[None, :] - persons[:, None]
    step_free = (has & NEED[Need.STEP_FREE] > 0)[None, :] & (needs & NEED[Need.STEP_FREE] == 0)[:, None]
    protected = _protected(places)[None, :] & (needs & PROTECTED == 0)[:, None]
    return np.where(room, beds, 0) + rules.step_free_waste * step_free + rules.protected_waste * protected


def _km(households: Sequence[Household], places: Sequence[Place]) -> Floats:
    """Great-circle distances as compatible.distance gives them, 0 where one of the two did not say where it is."""
    spots = [dict.fromkeys((one.latitude, one.longitude) for one in side) for side in (households, places)]
    (a, b), (c, d) = (np.radians(np.array(list(side), float).reshape(-1, 2)).T for side in spots)
    half = np.sin((c[None] - a[:, None]) / 2) ** 2 + np.cos(a)[:, None] * np.cos(c)[None] * np.sin((d[None] - b[:, None]) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(half))
    said = ~np.isnan(km)
    km[~said] = 0.0
    halves = km * TENTHS * 2
    from_spots, to_spots = (list(side) for side in spots)
    for i, j in zip(*np.nonzero(said & (np.abs(halves - np.rint(halves)) < DOUBTFUL_KM * TENTHS))):
        km[i, j] = compatible.kilometres(*from_spots[i], *to_spots[j])  # type: ignore[arg-type]
    rows, columns = ([{spot: i for i, spot in enumerate(side)}[one.latitude, one.longitude] for one in those]
                     for side, those in zip(spots, (households, places)))  # fmt: skip
    return km[np.ix_(rows, columns)]


def _fits(h: Sequence[Household], places: Sequence[Sequence[Place]], needs: Ints, has: Ints, km: Floats, now: datetime) -> Bools:
    p = [one[0] for one in places]
    asked = needs & sum(FEATURE.values())
    persons = np.array([one.persons for one in h], np.int64)
    largest = np.array([max(place.capacity for place in one) for one in places], np.int64)
    dormitory = np.array([one.kind is Kind.DORMITORY for one in p], bool)
    private = np.array([compatible._needs_a_room(one) for one in h], bool)
    fits = (asked[:, None] & ~has[None, :]) == 0
    fits &= persons[:, None] <= largest[None, :]
    fits &= ~(dormitory[None, :] & (private | (persons > DORMITORY_PERSONS_MAX))[:, None])
    fits &= _stays(h, p) & _near(h, p, km) & _before_the_door(p, km, now)
    return fits & np.stack([_under(h, p, needs, dormitory, rule) for rule in range(len(RULES))])


def _stays(h: Sequence[Household], p: Sequence[Place]) -> Bools:
    most = np.array([np.inf if one.nights_max is None else one.nights_max for one in p])
    return np.array([one.nights for one in h])[:, None] <= most[None, :]


def _near(h: Sequence[Household], p: Sequence[Place], km: Floats) -> Bools:
    most = np.array([np.inf if one.max_km is None or one.latitude is None else one.max_km for one in h])
    return km <= most[:, None]


def _before_the_door(p: Sequence[Place], km: Floats, now: datetime) -> Bools:
    """HOUR, with timedelta's own rounding to a microsecond."""
    left = [np.inf if one.arrive_before is None else (one.arrive_before - now - SETTING_OUT).total_seconds() for one in p]
    return np.rint(km * SECONDS_A_KM * 1e6) <= np.rint(np.array(left)[None, :] * 1e6)


def _under(h: Sequence[Household], p: Sequence[Place], needs: Ints, dormitory: Bools, night: int) -> Bools:
    """SEX and PROTECTED, under a rule of the night for dormitories that have none yet."""
    side = np.array([SIDE[one.side] for one in h], np.int64)[:, None]
    rule = np.array([RULE[one.rule] for one in p], np.int64)
    rule = np.where((rule == ANY) & dormitory, night, rule)[None, :]
    shared = dormitory[None, :] & (rule == MIXED)
    women_only = (needs & NEED[Need.WOMEN_ONLY] > 0)[:, None]
    admits = np.where(rule >= MIXED, ~(women_only & shared), (side == rule) | (side == MINORS))
    protects = _protected(p)[None, :] & ~shared
    return admits & (protects | (needs & PROTECTED == 0)[:, None])
