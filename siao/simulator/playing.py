"""One evening played by one policy, minute by minute, under a referee that trusts no policy.

The referee reads the scalar rules (`compatible.excluded`), not the matrices the policies decide by.
"""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec.structs import replace

from siao.core.allocation import outlook
from siao.core.allocation.compatible import Place, excluded
from siao.core.allocation.model import Rules
from siao.core.allocation.outlook import MIXED, NEEDS, RULES, SETTING_OUT_MINUTES, Floats, Ints
from siao.core.requests import Need
from siao.core.units import Kind, Rule
from siao.simulator import evenings
from siao.simulator.clock import BEGINS, ENDS, instant
from siao.simulator.evenings import Evening

NO_TABLE = Rules()
SWITCHABLE = RULES[Rule.SWITCHABLE]
RULE_OF = {code: rule for rule, code in RULES.items()}
NOT_MIXED = NEEDS[Need.WOMEN_ONLY] | NEEDS[Need.PROTECTED]


class Foul(Exception):
    """A policy gave what cannot be given."""


class Kinds:
    """Types of places: kind, capacity, rule, features, door. `of_places`: of the city's, `of_slots`: of tonight's rooms and beds."""

    def __init__(self, evening: Evening) -> None:
        s = outlook.slots(evening.city.places, [0.0] * len(evening.city.places), evenings.doors(evening.city))
        of_rows = np.unique(np.stack([s.room, s.capacity, s.rule, s.features, s.until]), axis=1, return_inverse=True)[1].reshape(-1)
        self.of_places = np.zeros(len(evening.city.places), np.int64)
        self.of_places[s.place] = of_rows
        self.of_slots = self.of_places[evening.slots.place]
        self.count = int(of_rows.max(initial=-1)) + 1


class Table:
    """What a policy sees at a minute: the queue, what is free, what is worth what; and where it gives.

    `queue`: households that wait, by hour of call; `free`: rooms and beds that are free, by hour of declaration.
    """

    def __init__(self, evening: Evening) -> None:
        self.evening = evening
        c, s = evening.callers, evening.slots
        self.worth = outlook.values(replace(c, until=np.full_like(c.until, np.inf)), s, NO_TABLE)
        self.latest = s.until - SETTING_OUT_MINUTES - outlook.kilometres(c, s) * outlook.MINUTES_PER_KM
        self.kinds = Kinds(evening)
        self.restart()

    def restart(self) -> None:
        households, slots = len(self.evening.households), self.evening.slots.room.size
        self.now = float(BEGINS)
        self.served = np.full(households, np.nan)
        self.got = np.full(households, -1, np.int64)
        self.taken = np.zeros(slots, np.bool_)
        self.rule = self.evening.slots.rule.copy()
        self.queue, self.free = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def at(self, minute: float) -> None:
        c, s = self.evening.callers, self.evening.slots
        self.now = minute
        self.queue = np.flatnonzero((c.since <= minute) & (minute < c.until) & np.isnan(self.served))
        self.free = np.flatnonzero((s.since <= minute) & ~self.taken)

    def values(self) -> Floats:
        """queue × free, as things are now: doors that are still open, the rules that dormitories have taken."""
        value = self.worth[np.ix_(self.queue, self.free)]
        value[self.now > self.latest[np.ix_(self.queue, self.free)]] = 0.0
        return self.ruled(value, self.evening.callers.side[self.queue], self.evening.callers.needs[self.queue])

    def ruled(self, value: Floats, side: Ints, needs: Ints) -> Floats:
        """Takes from switchable dormitories that have their rule those whom it excludes; columns begin with what is free."""
        for j in np.flatnonzero((self.evening.slots.rule[self.free] == SWITCHABLE) & (self.rule[self.free] != SWITCHABLE)):
            rule = self.rule[self.free[j]]
            stays = (needs & NOT_MIXED) == 0 if rule == MIXED else side == rule
            value[: side.size, j] *= stays
        return value

    def beds(self, household: int, slot: int) -> tuple[int, ...] | None:
        """The rooms or beds that giving this slot takes: two beds of the same dormitory for two persons, if there are two."""
        s, persons = self.evening.slots, int(self.evening.callers.persons[household])
        if s.room[slot] or persons == 1:
            return (slot,)
        same = [int(one) for one in self.free if s.place[one] == s.place[slot] and not self.taken[one]]
        return tuple(same[:persons]) if len(same) >= persons else None

    def give(self, household: int, slot: int) -> bool:
        """Gives a room or the beds of a dormitory; False where a dormitory has too few left. Raises `Foul`."""
        beds = self.beds(household, slot)
        if beds is None:
            return False
        self._referee(household, beds)
        self.taken[list(beds)] = True
        self.served[household], self.got[household] = self.now, slot
        if self.rule[slot] == SWITCHABLE:
            self.rule[self.evening.slots.place == self.evening.slots.place[slot]] = self.evening.callers.side[household]
        return True

    def _referee(self, household: int, beds: Sequence[int]) -> None:
        c, s = self.evening.callers, self.evening.slots
        if not (c.since[household] <= self.now < c.until[household]) or not np.isnan(self.served[household]):
            raise Foul(f"household {household} does not wait at minute {self.now:g}")
        for bed in beds:
            if self.taken[bed] or s.since[bed] > self.now:
                raise Foul(f"place {bed} is not free at minute {self.now:g}")
        reasons = excluded(self.evening.households[household], self._place(beds), instant(self.now))
        if reasons:
            raise Foul(f"household {household} does not fit place {beds}: {reasons!r}")

    def _place(self, beds: Sequence[int]) -> Place:
        """What is given, as the scalar rules see it."""
        place = self.evening.city.places[int(self.evening.slots.place[beds[0]])]
        rule = RULE_OF[int(self.rule[beds[0]])]
        return replace(
            place,
            capacity=place.capacity if place.kind is Kind.ROOM else len(beds),
            rule=None if rule is Rule.SWITCHABLE else rule,
        )


Policy = Callable[[Table], None]
"""Gives what it wants to give at the table's minute."""


def play(table: Table, policy: Policy) -> None:
    """From 17:00 to 02:00; the policy is asked each minute."""
    table.restart()
    for minute in range(BEGINS, ENDS):
        table.at(float(minute))
        policy(table)
