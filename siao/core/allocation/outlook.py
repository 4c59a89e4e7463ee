"""Households against places over an evening, as matrices: rows are households, columns are rooms and single beds.

Minutes count from 04:00, the beginning of the night. The tests are those of `compatible`, all at once; only a couple in a
mixed dormitory counts one bed here, so that a solution is a bound, and two are asked for when the place is given.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from math import inf, nan
from typing import TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from siao.core.allocation.compatible import CITY_KM_H, DORMITORY_PERSONS_MAX, EARTH_KM, SETTING_OUT, Household, Place
from siao.core.allocation.model import Rules, level
from siao.core.requests import Need, Side
from siao.core.units import Feature, Kind, Rule

WORTH = np.array([64.0, 16.0, 4.0, 1.0])
"""What one person of each level is worth to the online policies; the batch compares level by level instead."""
GRAIN = 1 / 32
LOST_MAX = 1 - GRAIN
KM_GRAIN, TIME_GRAIN = 10, 120
"""A bed wasted, 10 km, each two hours waited or empty begun count one grain, together under one person of level 4.

Whole grains, because many ties make the assignment six times faster than values that all differ.
"""
SETTING_OUT_MINUTES = SETTING_OUT.total_seconds() / 60
MINUTES_PER_KM = 60 / CITY_KM_H
DEGREE = np.pi / 180
SIDES = {Side.MEN: 0, Side.WOMEN: 1, Side.MIXED: 2, Side.MINORS: 3}
RULES = {Rule.MEN: 0, Rule.WOMEN: 1, Rule.MIXED: 2, Rule.SWITCHABLE: 3}
MIXED, MINORS = 2, 3
NEEDS = {Need.STEP_FREE: 1, Need.ANIMALS: 2, Need.PROTECTED: 4, Need.COTS: 8, Need.PRIVATE_ROOM: 16, Need.WOMEN_ONLY: 32}
FEATURES = {Feature.STEP_FREE: 1, Feature.ANIMALS: 2, Feature.PROTECTED: 4, Feature.COTS: 8}
"""The same bits as the needs that ask for them."""
OF_A_PLACE = 15

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Callers(Struct, frozen=True, eq=False):
    """Households; `level` from 0, `until` the minute at which each gives up, `max_km` inf and places nan where unsaid."""

    persons: Ints
    side: Ints
    level: Ints
    needs: Ints
    family: Bools
    nights: Ints
    max_km: Floats
    latitude: Floats
    longitude: Floats
    since: Floats
    until: Floats


class Slots(Struct, frozen=True, eq=False):
    """Rooms, and beds of dormitories one by one; `since` declared free, `until` the door. `capacity` of a bed: two persons."""

    place: Ints
    room: Bools
    capacity: Ints
    rule: Ints
    features: Ints
    nights_max: Floats
    latitude: Floats
    longitude: Floats
    since: Floats
    until: Floats


Arrays = TypeVar("Arrays", Callers, Slots)


def callers(households: Sequence[Household], since: Sequence[float], until: Sequence[float], rules: Rules, now: datetime) -> Callers:
    def family(h: Household) -> bool:
        return bool(h.children + h.infants) or h.side is Side.MINORS or Need.PRIVATE_ROOM in h.needs

    return Callers(
        persons=np.array([h.persons for h in households], np.int64),
        side=np.array([SIDES[h.side] for h in households], np.int64),
        level=np.array([level(h, rules, now) - 1 for h in households], np.int64),
        needs=np.array([sum(NEEDS[need] for need in set(h.needs)) for h in households], np.int64),
        family=np.array([family(h) for h in households], np.bool_),
        nights=np.array([h.nights for h in households], np.int64),
        max_km=np.array([inf if h.max_km is None else h.max_km for h in households], np.float64),
        latitude=np.array([nan if h.latitude is None else h.latitude for h in households], np.float64),
        longitude=np.array([nan if h.longitude is None else h.longitude for h in households], np.float64),
        since=np.array(since, np.float64),
        until=np.array(until, np.float64),
    )


def slots(places: Sequence[Place], since: Sequence[float], until: Sequence[float]) -> Slots:
    """One row a room or bed; `place` says of which place of the sequence."""
    beds = [1 if p.kind is Kind.ROOM else p.capacity for p in places]
    one = Slots(
        place=np.arange(len(places)),
        room=np.array([p.kind is Kind.ROOM for p in places], np.bool_),
        capacity=np.array([p.capacity if p.kind is Kind.ROOM else DORMITORY_PERSONS_MAX for p in places], np.int64),
        rule=np.array([RULES[p.rule or Rule.SWITCHABLE] for p in places], np.int64),
        features=np.array([sum(FEATURES[f] for f in set(p.features)) for p in places], np.int64),
        nights_max=np.array([inf if p.nights_max is None else p.nights_max for p in places], np.float64),
        latitude=np.array([nan if p.latitude is None else p.latitude for p in places], np.float64),
        longitude=np.array([nan if p.longitude is None else p.longitude for p in places], np.float64),
        since=np.array(since, np.float64),
        until=np.array(until, np.float64),
    )
    return take(one, np.repeat(np.arange(len(places)), beds))


def take(arrays: Arrays, index: NDArray[np.integer] | Bools | slice) -> Arrays:
    return type(arrays)(*(getattr(arrays, name)[index] for name in arrays.__struct_fields__))


def join(parts: Iterable[Arrays]) -> Arrays:
    parts = list(parts)
    return type(parts[0])(*(np.concatenate([getattr(part, name) for part in parts]) for name in parts[0].__struct_fields__))


def in_time(arrays: Arrays) -> Arrays:
    """In the order in which they call or are declared."""
    return take(arrays, np.argsort(arrays.since, kind="stable"))


def fits(c: Callers, s: Slots) -> Bools:
    """Who could sleep where, whatever the hour and the way."""
    side, rule, needs = c.side[:, None], s.rule[None, :], c.needs[:, None]
    mixed = ~s.room & (s.rule == MIXED)
    offers = np.where(mixed, s.features & ~NEEDS[Need.PROTECTED], s.features)
    ok = c.persons[:, None] <= s.capacity
    ok &= (rule >= MIXED) | (side == rule) | (side == MINORS)
    ok &= ~(mixed & ((needs & NEEDS[Need.WOMEN_ONLY]) != 0))
    ok &= (needs & OF_A_PLACE & ~offers) == 0
    ok &= s.room | ~c.family[:, None]
    return ok & (c.nights[:, None] <= s.nights_max)


def kilometres(c: Callers, s: Slots) -> Floats:
    """Great-circle distances; 0 where one of the two did not say where it is."""
    km = np.zeros((len(c.persons), len(s.room)))
    rows, columns = np.flatnonzero(np.isfinite(c.latitude)), np.flatnonzero(np.isfinite(s.latitude))
    if not (rows.size and columns.size):
        return km
    lat1, lat2 = c.latitude[rows, None] * DEGREE, s.latitude[None, columns] * DEGREE
    turn = (s.longitude[None, columns] - c.longitude[rows, None]) * DEGREE
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(turn / 2) ** 2
    km[np.ix_(rows, columns)] = 2 * EARTH_KM * np.arcsin(np.sqrt(half))
    return km


def values(c: Callers, s: Slots, rules: Rules) -> Floats:
    """What each slot is worth to each household, 0 where it cannot have it: persons × level, less waste, way and time.

    They meet at the later of the call and the declaration, if the household still waits and makes it to the door.
    """
    km = kilometres(c, s)
    meet = np.maximum(c.since[:, None], s.since)
    ok = fits(c, s) & (km <= c.max_km[:, None]) & (meet <= c.until[:, None])
    ok &= meet + SETTING_OUT_MINUTES + km * MINUTES_PER_KM <= s.until
    asked = c.needs[:, None]
    waste = np.where(s.room, s.capacity - c.persons[:, None], 0)
    waste += rules.step_free_waste * ((s.features & ~asked & FEATURES[Feature.STEP_FREE]) != 0)
    waste += rules.protected_waste * ((s.features & ~asked & FEATURES[Feature.PROTECTED]) != 0)
    grains = waste + km // KM_GRAIN + np.ceil((meet - c.since[:, None]) / TIME_GRAIN) + np.ceil((meet - s.since) / TIME_GRAIN)
    return np.where(ok, (WORTH[c.level] * c.persons)[:, None] - np.minimum(GRAIN * grains, LOST_MAX), 0.0)


def anywhere(c: Callers, s: Slots, rules: Rules) -> Floats:
    """`values` for households that do not say where they are, ghosts: places that only their address tells apart are looked at once."""
    rows = np.stack([s.room, s.capacity, s.rule, s.features, s.nights_max, s.since, s.until])
    _, first, back = np.unique(rows, axis=1, return_index=True, return_inverse=True)
    return values(c, take(s, first), rules)[:, back.reshape(-1)]


NOBODY = callers((), (), (), Rules(), datetime.min.replace(tzinfo=UTC))
