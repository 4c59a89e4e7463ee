"""The caller on the line: give a place now, or hold it back for those who are likely to call later; and why, in closed words.

Pure and bounded: at most QUEUE_MAX households, GHOSTS evenings, one assignment each. It takes tens of milliseconds, so it
runs in a child process or a thread, never in the event loop. The machine proposes; a person overrides with a coded reason.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from siao.core import night as nights
from siao.core.allocation import outlook, prices, vote
from siao.core.allocation.compatible import Place, excluded
from siao.core.allocation.decision import BOUND, LAST, Decision, Ground, Say, ends
from siao.core.allocation.ghosts import Evening
from siao.core.allocation.model import Rules, Waiting
from siao.core.allocation.outlook import Bools, Floats, Ints
from siao.core.allocation.prices import assignment
from siao.core.units import Kind

QUEUE_MAX = 400
CELLS_MAX, STEP = 5_000_000, 4
"""Where there are many places an evening is dear to solve, and one tells nearly what the next does: four or eight are asked, as
many as fit into so many cells of households × places. A département is asked all twelve.
"""


class Scene(Struct, frozen=True):
    """All that a decision is made from. `waiting`: the queue, the caller in it; `places`: those free now; `ghosts`: sampled."""

    waiting: tuple[Waiting, ...]
    places: tuple[Place, ...]
    ghosts: tuple[Evening, ...]
    night: date
    time_zone: str
    rules: Rules
    now: datetime

    @property
    def ends(self) -> datetime:
        """02:00: from 45 minutes before, everything is given."""
        return ends(self.night, self.time_zone)


def decide(scene: Scene, caller: UUID, *, may_wait: bool) -> Decision:
    """Give or hold back, for one household of the queue: by sampled prices on the line, by the vote where it may wait."""
    everything, scene = scene.places, _single(scene, caller)
    mine = [one.request for one in scene.waiting].index(caller)
    here = _Here(scene)
    worth = here.value[mine]
    if not worth.any():
        return _together(scene, everything, mine)
    best = int(worth.argmax())
    if alone := _forced(scene, here, mine):
        return alone
    if not scene.ghosts:
        return _batch(scene, here, mine, best)
    return _sampled(scene, here, mine, may_wait)


def _together(scene: Scene, everything: Sequence[Place], mine: int) -> Decision:
    """Nothing single fits: adjoining rooms are not sampled, and are given as soon as they fit."""
    pairs = (place for place in everything if len(place.units) > 1 and not excluded(scene.waiting[mine].household, place, scene.now))
    chosen = next((place.units for place in pairs), ())
    return Decision(Say.GIVE, Ground.TOGETHER, chosen) if chosen else Decision(Say.HOLD_BACK, Ground.NOTHING, ())


def _single(scene: Scene, caller: UUID) -> Scene:
    """Rooms and dormitories one by one, ghosts still to come, at most QUEUE_MAX households: the caller and the first in order."""
    order = sorted(scene.waiting, key=lambda one: (one.request != caller, one.household.level, one.household.waiting_since))
    places = tuple(place for place in scene.places if len(place.units) == 1 and place.free)
    minute = minutes(scene.now, nights.opens(scene.night, scene.time_zone))
    ghosts = tuple(one.after(minute) for one in scene.ghosts)
    asked = _asked(len(order[:QUEUE_MAX]), sum(1 if place.kind is Kind.ROOM else place.capacity for place in places), ghosts)
    return replace(scene, waiting=tuple(order[:QUEUE_MAX]), places=places, ghosts=ghosts[:asked])


def _asked(queue: int, free: int, ghosts: Sequence[Evening]) -> int:
    """How many evenings are solved; of a part, a quarter is a whole number."""
    cells = max(((queue + one.value.shape[0]) * (free + one.value.shape[1]) for one in ghosts), default=0)
    most = CELLS_MAX // max(1, cells)
    return len(ghosts) if most >= len(ghosts) else max(STEP, most - most % STEP)


class _Here:
    """The queue and what is free, as arrays; `slots.place` says of which place."""

    def __init__(self, scene: Scene) -> None:
        opens = nights.opens(scene.night, scene.time_zone)
        minute = self.minute = minutes(scene.now, opens)
        households = [one.household for one in scene.waiting]
        since = [min(minute, max(0.0, minutes(h.waiting_since, opens))) for h in households]
        doors = [np.inf if p.arrive_before is None else minutes(p.arrive_before, opens) for p in scene.places]
        self.callers = outlook.callers(households, since, [np.inf] * len(households), scene.rules, scene.now)
        self.slots = outlook.slots(scene.places, [0.0] * len(scene.places), doors)
        self.value = outlook.values(self.callers, self.slots, scene.rules)
        latest = self.slots.until - outlook.SETTING_OUT_MINUTES - outlook.kilometres(self.callers, self.slots) * outlook.MINUTES_PER_KM
        beds = np.array([p.capacity for p in scene.places], np.int64)[self.slots.place]
        self.value[(minute > latest) | (self.callers.persons[:, None] > beds)] = 0.0
        self.types, self.count = types(self.slots)
        self.theirs = [outlook.anywhere(one.callers, self.slots, scene.rules) for one in scene.ghosts]


def minutes(at: datetime, opens: datetime) -> float:
    return (at - opens).total_seconds() / 60


def types(s: outlook.Slots) -> tuple[Ints, int]:
    """The type of each room or bed (kind, capacity, rule, features, door), and how many types there are."""
    rows = np.stack([s.room, s.capacity, s.rule, s.features, s.until])
    found = np.unique(rows, axis=1, return_inverse=True)[1].reshape(-1)
    return found, int(found.max(initial=-1)) + 1


def _forced(scene: Scene, here: _Here, mine: int) -> Decision | None:
    """What no sample is asked for: the last 45 minutes, of the evening or of a door, and a place that nobody else can use."""
    worth = here.value[mine]
    last = minutes(scene.ends, nights.opens(scene.night, scene.time_zone))
    closing = np.minimum(here.slots.until, last) - LAST.total_seconds() / 60 <= here.minute
    for ground, among in ((Ground.LAST_MINUTES, closing), (Ground.NOBODY_ELSE, ~_wanted(scene, here, mine))):
        if (worth * among).any():
            return Decision(Say.GIVE, ground, _units(scene, here, int((worth * among).argmax())))
    return None


def _wanted(scene: Scene, here: _Here, mine: int) -> Bools:
    """Whether somebody else who waits, or a ghost of any evening who is still to call, could have each place."""
    if not scene.ghosts:
        return np.ones(here.types.size, np.bool_)
    return np.logical_or.reduce([one.any(axis=0) for one in (np.delete(here.value, mine, axis=0), *here.theirs)])


def _batch(scene: Scene, here: _Here, mine: int, best: int) -> Decision:
    """Without history: what the optimum of those who wait gives; alone, the best in the ranking."""
    if len(scene.waiting) == 1:
        return Decision(Say.GIVE, Ground.RANKED, _units(scene, here, best))
    mate = assignment(here.value)
    if mate[mine] >= 0:
        return Decision(Say.GIVE, Ground.BATCH, _units(scene, here, int(mate[mine])))
    level = next((int(here.callers.level[row]) + 1 for row in np.flatnonzero(mate == best)), None)
    return _hold(scene, here, best, Ground.BATCH, 0, 0, level)


def _sampled(scene: Scene, here: _Here, mine: int, may_wait: bool) -> Decision:
    values = [_evening(scene, here, one, theirs) for one, theirs in zip(scene.ghosts, here.theirs)]
    if not may_wait:
        for value in values:
            value[mine] = 0.0  # a price is what the others lose, so the caller does not bid
    mates = [assignment(value) for value in values]
    ballot = vote.cast(mates, len(scene.waiting), here.types, here.count)
    chosen, now = _elected(here, mine, ballot) if may_wait else _priced(here, mine, values, mates), int(ballot.types[mine].sum())
    if chosen is not None:
        return Decision(Say.GIVE, Ground.VOTED if may_wait else Ground.WORTH, _units(scene, here, chosen), now, len(mates))
    best = int(here.value[mine].argmax())
    ground, level, n = _needed(scene, here, mine, mates, int(here.types[best]))
    return _hold(scene, here, best, ground, n, len(mates), level)


def _evening(scene: Scene, here: _Here, one: Evening, theirs: Floats) -> Floats:
    """(queue + ghosts still to call) × (free + places still to be declared)."""
    return np.block([[here.value, outlook.values(here.callers, one.slots, scene.rules)], [theirs, one.value]])


def _elected(here: _Here, mine: int, ballot: vote.Ballot) -> int | None:
    kind = next((kind for row, kind in vote.elected(ballot) if row == mine), None)
    return None if kind is None else int((here.value[mine] * (here.types == kind)).argmax())


def _priced(here: _Here, mine: int, values: Sequence[Floats], mates: Sequence[Ints]) -> int | None:
    """The free place with the largest value less price, if that is positive."""
    price = prices.sampled(values, mates, [here.types] * len(values), here.count, prices.losses)
    gain = np.where(here.value[mine] > 0, here.value[mine] - price[here.types], 0.0)
    best = int(gain.argmax())
    return best if gain[best] > 0 else None


def _needed(scene: Scene, here: _Here, mine: int, mates: Sequence[Ints], kind: int) -> tuple[Ground, int | None, int]:
    """Who has the places of this type in most evenings: ghosts of which level, or others who wait now."""
    found: Counter[tuple[Ground, int]] = Counter()
    queue = here.callers.level.size
    for one, mate in zip(scene.ghosts, mates):
        level = np.concatenate([here.callers.level, one.callers.level]) + 1
        rows = np.flatnonzero((mate >= 0) & (mate < here.types.size))
        rows = rows[(here.types[mate[rows]] == kind) & (rows != mine)].tolist()
        found.update({(Ground.NEEDED_LATER if row >= queue else Ground.NEEDED_NOW, int(level[row])) for row in rows})
    if not found:
        return Ground.LATER_SUITS, None, sum(int(mate[mine] >= here.types.size) for mate in mates)
    (ground, level), n = min(found.items(), key=lambda item: (-item[1], item[0][1], item[0][0]))
    return ground, level, n


def _hold(scene: Scene, here: _Here, best: int, ground: Ground, n: int, of: int, level: int | None) -> Decision:
    """Held back half an hour at most, and never into the last 45 minutes of the evening or of its door."""
    door = scene.places[int(here.slots.place[best])].arrive_before or scene.ends
    until = min(scene.now + BOUND, min(scene.ends, door) - LAST)
    return Decision(Say.HOLD_BACK, ground, _units(scene, here, best), n, of, level, until, half_hour(until))


def half_hour(at: datetime) -> datetime:
    """The half hour in which the caller rings back: the next full or half hour, not before."""
    over = timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)
    return at if not over else at - over + timedelta(minutes=30)


def _units(scene: Scene, here: _Here, slot: int) -> tuple[UUID, ...]:
    return scene.places[int(here.slots.place[slot])].units
