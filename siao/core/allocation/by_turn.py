"""One household after the other, as it is done by hand: what the best plan is compared with.

`first_fit` is today's practice: who asked first takes the first place that fits. `best_fit` goes by level, then by wait, and
takes the closest place.
"""

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from msgspec.structs import replace

from siao.core.allocation import model
from siao.core.allocation.compatible import Household, Place, excluded
from siao.core.allocation.model import SIDES, Given, Instance, Waiting
from siao.core.requests import Side
from siao.core.units import Kind, Rule


def first_fit(instance: Instance) -> tuple[Given, ...]:
    """In the order of asking, the first place in the order of ids."""
    return tuple(_by_turn(instance, sorted(instance.waiting, key=_asked), lambda h, p: ()))


def best_fit(instance: Instance) -> tuple[Given, ...]:
    """By level, then in the order of asking; the place that ranks first."""

    def turn(one: Waiting) -> tuple[object, ...]:
        return model.level(one.household, instance.rules, instance.now), *_asked(one)

    return tuple(_by_turn(instance, sorted(instance.waiting, key=turn), lambda h, p: _closest(h, p, instance)))


def _closest(h: Household, p: Place, instance: Instance) -> tuple[float, ...]:
    return model.waste(h, p, instance.rules), -(p.shelter == h.last_shelter), model.tenths(h, p)


def _asked(one: Waiting) -> tuple[object, ...]:
    return one.household.waiting_since, one.request.int


def _by_turn(instance: Instance, turns: Iterable[Waiting], cost: Callable[[Household, Place], tuple[float, ...]]) -> Iterator[Given]:
    free = {place.units: place for place in sorted(instance.places, key=lambda p: tuple(unit.int for unit in p.units)) if place.free}
    for one in turns:
        fits = [p for p in free.values() if not excluded(one.household, p, instance.now) and _night(one.household, p, instance) is not None]
        if fits:
            place = min(fits, key=lambda p: (cost(one.household, p), tuple(unit.int for unit in p.units)))
            _take(free, one.household, place, instance)
            yield Given(one.request, place.units)


def _night(h: Household, p: Place, instance: Instance) -> Rule | None:
    """The rule of a place for this household: in a switchable dormitory its own side, as whoever comes first decides it."""
    if p.rule is not None or p.kind is Kind.ROOM:
        return p.rule or Rule.MIXED
    own = Rule.MIXED if h.side is Side.MIXED else Rule(h.side.value)
    return next((rule for rule in (own, *SIDES) if not excluded(h, replace(p, rule=rule), instance.now)), None)


def _take(free: dict[tuple[UUID, ...], Place], h: Household, place: Place, instance: Instance) -> None:
    if place.kind is Kind.DORMITORY and place.capacity > h.persons:
        free[place.units] = replace(place, capacity=place.capacity - h.persons, rule=_night(h, place, instance))
        return
    for units in [units for units in free if set(units) & set(place.units)]:
        del free[units]
