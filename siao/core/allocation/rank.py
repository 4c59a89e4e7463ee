"""For one household at once: the places that fit, best first, each with why, and what excluded the others.

The order is that of ALLOCATION's levels which tell places apart for one household: waste (L5), continuity (L6), distance
(L8), then the id, so that two runs explain alike. Levels 1 to 4 and 7 speak of households, not of places.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from siao.core.allocation.compatible import Household, Place, Reason, distance, excluded
from siao.core.allocation.model import Rules, waste
from siao.core.coded import Coded
from siao.core.units import Kind

SHOWN_MAX = 20
RULES = Rules()
Cost = tuple[int, int, float, str]


class Why(Coded):
    """At which level a place beats the next."""

    ONLY = "only", "la seule qui convient", "the only one that fits"
    WASTE = "waste", "la plus juste en taille et en équipement", "the closest in size and equipment"
    CONTINUITY = "continuity", "même structure que la nuit dernière", "same shelter as last night"
    DISTANCE = "distance", "la plus proche", "the nearest"
    EQUAL = "equal", "à égalité avec la suivante", "equal to the next"
    LAST = "last", "après les autres", "after the others"


class Ranked(Struct, frozen=True):
    """One place that fits. `waste` counts beds left empty and features nobody asked for; `distance_km` None where unsaid."""

    rank: int
    place: Place
    waste: int
    same_shelter: bool
    distance_km: float | None
    why: Why


class Found(Struct, frozen=True):
    """`excluded` counts places by reason, `only` those that this reason alone excludes: which wish could be given up.

    `nearest`: for each shelter where nothing fits, the reasons of its place that comes closest.
    """

    places: tuple[Ranked, ...]
    compatible: int
    excluded: dict[str, int]
    only: dict[str, int]
    nearest: dict[UUID, Reason]


def cost(h: Household, p: Place, rules: Rules) -> Cost:
    km = distance(h, p)
    return waste(h, p, rules), -(p.shelter == h.last_shelter), 0.0 if km is None else km, str(p.units[0])


def find(h: Household, places: Iterable[Place], now: datetime, rules: Rules = RULES) -> Found:
    fits: list[tuple[Cost, Place]] = []
    reasons: Counter[str] = Counter()
    only: Counter[str] = Counter()
    nearest: dict[UUID, Reason] = {}
    for place in places:
        why = excluded(h, place, now)
        before = nearest.get(place.shelter)
        if before is None or _far(why) < _far(before):
            nearest[place.shelter] = why
        if not why:
            fits.append((cost(h, place, rules), place))
            continue
        names = [reason.name or "" for reason in Reason if reason & why]
        reasons.update(names)
        if len(names) == 1:
            only.update(names)
    fits.sort(key=lambda fit: fit[0])
    return Found(tuple(_ranked(h, fits)), len(fits), dict(reasons), dict(only), {id: why for id, why in nearest.items() if why})


def _far(why: Reason) -> tuple[bool, int]:
    """A place that is free comes closer than one that is not, then the one with fewer reasons."""
    return bool(why & Reason.FULL), why.bit_count()


def _ranked(h: Household, fits: list[tuple[Cost, Place]]) -> Iterable[Ranked]:
    for i, (mine, place) in enumerate(fits[:SHOWN_MAX]):
        after = fits[i + 1][0] if i + 1 < len(fits) else None
        yield Ranked(i + 1, place, mine[0], mine[1] < 0, distance(h, place), _why(mine, after, len(fits)))


def _why(mine: Cost, after: Cost | None, fitting: int) -> Why:
    if after is None:
        return Why.ONLY if fitting == 1 else Why.LAST
    levels = zip(mine[:3], after[:3], (Why.WASTE, Why.CONTINUITY, Why.DISTANCE))
    return next((why for a, b, why in levels if a < b), Why.EQUAL)


def suites(places: Iterable[Place]) -> dict[UUID, list[Place]]:
    """Rooms that adjoin, by suite."""
    found: dict[UUID, list[Place]] = {}
    for place in places:
        if place.suite is not None and place.kind is Kind.ROOM:
            found.setdefault(place.suite, []).append(place)
    return {suite: rooms for suite, rooms in found.items() if len(rooms) > 1}
