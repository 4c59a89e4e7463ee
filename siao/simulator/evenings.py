"""Evenings of a city, drawn with a seed: who calls when and for how long they try, which rooms and beds are declared when.

Invented. Households that call later are more urgent (outreach teams, hospitals, police call in the night), which is why
"first come, first served" costs what it costs.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.random import Generator

from siao.core.allocation import outlook, rates
from siao.core.allocation.compatible import Household
from siao.core.allocation.model import Rules
from siao.core.allocation.outlook import Callers, Slots
from siao.core.allocation.rates import NIGHTS, Rates
from siao.core.requests import Need
from siao.simulator.cities import LATITUDE, LONGITUDE, SPREAD_DEGREES, City
from siao.simulator.clock import BEGINS, ENDS, TURN, ZONE, instant

REQUESTS = 700
NIGHT_TO_NIGHT = 0.08
DECLARED_SHARE = 0.95
FREE_AT_FIRST = 0.2
PATIENT_SHARE, PATIENCE_MINUTES = 0.85, (60, 240)
"""Most try until the end; the others give up after one to four hours."""
NEAR_SHARE, NEAR_KM = 0.25, (8, 15, 30)
PEAKS = ((17.6, 0.8, 0.5), (19.6, 1.3, 0.35), (23.0, 1.3, 0.15))
"""Calls: (hour, width in hours, share)."""
DECLARATIONS = ((18.5, 1.0, 0.4), (20.5, 1.2, 0.4), (23.0, 1.0, 0.2))
COMPOSITIONS = (
    ((1, 0, 0, 0), 46), ((0, 1, 0, 0), 15), ((1, 1, 0, 0), 7), ((0, 1, 1, 0), 7), ((0, 1, 0, 1), 4), ((0, 1, 2, 0), 5), ((1, 1, 1, 0), 3),
    ((1, 1, 2, 0), 4), ((1, 1, 2, 1), 2), ((0, 1, 3, 0), 2), ((2, 0, 0, 0), 3), ((1, 0, 1, 0), 1), ((1, 1, 4, 0), 0.7), ((0, 0, 1, 0), 0.3),
)  # fmt: skip
"""(men, women, children, infants) and how many in a hundred."""
LEVELS = {"family": (0.35, 0.35, 0.20, 0.10), "woman": (0.30, 0.30, 0.25, 0.15), "other": (0.12, 0.20, 0.28, 0.40)}
LATE_HOUR, LATE_ODDS, EARLY_ODDS = 20.5, (4.0, 1.5, 0.7, 0.5), (0.5, 0.9, 1.1, 1.1)
NEEDS = ((Need.STEP_FREE, 0.05), (Need.ANIMALS, 0.05), (Need.PRIVATE_ROOM, 0.04), (Need.PROTECTED, 0.01))


class Evening(Struct, frozen=True, eq=False):
    """`slots`: the rooms and beds declared tonight, `slots.place` says of which of the city's places."""

    city: City
    households: tuple[Household, ...]
    callers: Callers
    slots: Slots


def draw(city: City, seed: Sequence[int], requests: int = REQUESTS) -> Evening:
    """The same seed draws the same evening, whatever the policy."""
    dice = np.random.default_rng(seed)
    n = int(dice.poisson(requests * np.exp(dice.normal(0, NIGHT_TO_NIGHT))))
    since = np.sort(_minutes(PEAKS, n, dice))
    said = any(place.features for place in city.places)
    households = tuple(_household(minute, said, dice) for minute in since.tolist())
    patience = np.where(dice.random(n) < PATIENT_SHARE, ENDS, since + dice.uniform(*PATIENCE_MINUTES, n))
    callers = outlook.callers(households, since.tolist(), np.minimum(patience, ENDS).tolist(), Rules(), TURN)
    return Evening(city, households, callers, _declared(city, dice))


def _minutes(peaks: Sequence[tuple[float, float, float]], n: int, dice: Generator) -> outlook.Floats:
    """n instants between 17:00 and 02:00, from a mixture of peaks."""
    which = dice.choice(len(peaks), n, p=[share for _, _, share in peaks])
    hours = dice.normal([peaks[i][0] for i in which], [peaks[i][1] for i in which])
    minutes = (hours - TURN.hour) * 60
    outside = (minutes < BEGINS) | (minutes >= ENDS)
    return np.where(outside, dice.uniform(BEGINS, ENDS, n), minutes)


def _household(minute: float, features: bool, dice: Generator) -> Household:
    weights = np.array([weight for _, weight in COMPOSITIONS])
    men, women, children, infants = COMPOSITIONS[int(dice.choice(len(COMPOSITIONS), p=weights / weights.sum()))][0]
    kind = "family" if children + infants else "woman" if women and not men else "other"
    odds = np.array(LEVELS[kind]) * (LATE_ODDS if minute / 60 + TURN.hour > LATE_HOUR else EARLY_ODDS)
    needs = [need for need, chance in NEEDS if dice.random() < chance and (features or need is Need.PRIVATE_ROOM)]
    if infants and features and dice.random() < 0.6:
        needs.append(Need.COTS)
    near = dice.random() < NEAR_SHARE
    where = dice.normal((LATITUDE, LONGITUDE), SPREAD_DEGREES)
    return Household(
        men=men,
        women=women,
        children=children,
        infants=infants,
        needs=tuple(needs),
        latitude=float(where[0]) if near else None,
        longitude=float(where[1]) if near else None,
        max_km=int(dice.choice(NEAR_KM)) if near else None,
        nights=1,
        level=1 + int(dice.choice(4, p=odds / odds.sum())),
        waiting_since=instant(minute),
        last_shelter=None,
    )


def _declared(city: City, dice: Generator) -> Slots:
    """Rooms one by one, a dormitory's beds in up to three reports; some are not declared at all tonight."""
    all_slots = outlook.slots(city.places, [0.0] * len(city.places), doors(city))
    report = np.zeros(all_slots.room.size, np.int64)
    report[:] = np.where(all_slots.room, 0, dice.integers(0, 3, report.size))
    key = all_slots.place * 3 + report
    times = np.where(dice.random(len(city.places) * 3) < FREE_AT_FIRST, BEGINS, _minutes(DECLARATIONS, len(city.places) * 3, dice))
    slots = replace(all_slots, since=times[key])
    return outlook.in_time(outlook.take(slots, dice.random(report.size) < DECLARED_SHARE))


def doors(city: City) -> list[float]:
    """The minute at which each place's door closes."""
    return [np.inf if p.arrive_before is None else (p.arrive_before - TURN).total_seconds() / 60 for p in city.places]


def learned(evenings: Sequence[Evening]) -> Rates:
    """What the service would have kept of these evenings, and nothing else."""
    asked = (rates.asked("SIM", ZONE, h, h.waiting_since) for evening in evenings for h in evening.households)
    return Rates(len(evenings), rates.kept(asked), rates.supplied(one for evening in evenings for one in _supply(evening)))


def _supply(evening: Evening) -> Iterator[rates.Supply]:
    for place, minute in zip(evening.slots.place.tolist(), evening.slots.since.tolist()):
        yield rates.declared("SIM", ZONE, evening.city.places[place], 1, instant(minute))


def history(city: City, seed: int, requests: int = REQUESTS) -> Rates:
    """28 training evenings, apart from any evening that is played."""
    return learned([draw(city, (seed, TRAINING, night), requests) for night in range(NIGHTS)])


TRAINING, PLAYED = 1, 2
