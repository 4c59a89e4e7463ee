"""Whether somebody who reads all that remains can tell which commune a household wanted to stay around."""

from datetime import time, timedelta
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import asdict, replace

import city
from city import CODE, EVENING, STAFF, do, later, shelter, unit
from siao.core.people import CLOCK
from siao.core.placements import (
    Accept,
    Hold,
    HouseholdRefusal,
    Lapse,
    Offer,
    Placement,
    RefuseHousehold,
    RefuseShelter,
    Release,
    ShelterRefusal,
    State,
)
from siao.core.requests import Ask, Asked, CloseUnmet, Closing, Request, Withdraw
from siao.core.stays import Arrive, Depart, Departure, NoShow
from siao.core.territories import Commune
from siao.core.units import Shelter

HERE, REQUEST, PLACE = shelter(), UUID(int=1), UUID(int=2)
CODE_SAID = city.code()
KM_A_DEGREE = 111.2
KILOMETRES = (0.0, 0.3, 0.9, 1.7, 2.4, 3.1, 3.9, 4.2, 5.8, 7.5, 9.1, 11.0, 13.7, 16.4, 19.9, 24.0)
"""How far the communes of the park lie from the shelter."""
ACCEPTED = EVENING + timedelta(minutes=4, seconds=17, microseconds=123_456)
STEP_KM = 2.0
ENDINGS: dict[str, tuple[tuple[Any, Any], ...]] = {
    "arrived": ((Arrive(PLACE), STAFF),),
    "in part": ((Arrive(PLACE, 1), STAFF),),
    "departed": ((Arrive(PLACE), STAFF), (Depart(PLACE, Departure.HOUSING), STAFF)),
    "not come": ((NoShow(PLACE), STAFF), (CloseUnmet(REQUEST, Closing.NO_PLACE), city.COORDINATOR)),
    "late": ((NoShow(PLACE), STAFF), (Arrive(PLACE), STAFF)),
    "released": ((Release(PLACE), city.OPERATOR), (Withdraw(REQUEST), city.OPERATOR)),
    "refused by the shelter": ((RefuseShelter(PLACE, ShelterRefusal.NO_STAFF), STAFF), (Withdraw(REQUEST), city.OPERATOR)),
    "refused": ((RefuseHousehold(PLACE, HouseholdRefusal.TOO_FAR), city.OPERATOR), (Withdraw(REQUEST), city.OPERATOR)),
    "withdrawn": ((Withdraw(REQUEST), city.OPERATOR),),
}


def names() -> list[str]:
    return [f"{km} km away" for km in KILOMETRES]


class Evening:
    """One household of two men, expected from `zone`; every entry of it, and every hour that was answered."""

    def __init__(self, zone: str | None) -> None:
        self.here, self.entries = city.city(), list[dict[str, Any]]()
        self.answered: list[Any] = []
        house = self.here.get(Shelter, HERE)
        assert house.latitude is not None
        for name, km in zip(names(), KILOMETRES, strict=True):
            self.here.put(Commune(CODE, name, "Grenoble", house.latitude + km / KM_A_DEGREE, house.longitude))
        self.act(Ask(REQUEST, CODE, CODE_SAID, Asked(men=2, zone=zone)), city.OPERATOR)
        self.act(Hold(PLACE, (unit("Dortoir hommes"),), request=REQUEST), city.OPERATOR)
        self.act(Offer(PLACE), city.OPERATOR, later(minutes=1))
        self.act(Accept(PLACE), STAFF, ACCEPTED)

    def act(self, what: Any, by: Any, now: Any = EVENING) -> None:
        told = do(self.here, what, by, now)
        self.entries += [{**asdict(entry), "salt": b"", "hash": b""} for entry in told.entries]
        self.answered.append(told.changes[-1].until)

    def remains(self) -> Any:
        """Of the household, once its request closed; what was answered before went with it (`tests/actions/test_keys.py`)."""
        rows = [self.here.get(Placement, PLACE), self.here.get(Request, REQUEST)]
        return [asdict(row) for row in rows], self.here.claims_last(PLACE), self.entries, self.answered[-1]


def ended(zone: str | None, ending: str) -> Evening:
    evening = Evening(zone)
    for what, by in ENDINGS[ending]:
        evening.act(what, by, later(minutes=20))
    return evening


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_remains_of_a_household_is_the_same_from_wherever_it_came(ending: str) -> None:
    remains = {zone: ended(zone, ending).remains() for zone in (*names(), None)}
    for one, other in combinations(remains, 2):
        assert remains[one] == remains[other], (one, other)


def hours(zone: str | None) -> Any:
    placement = Evening(zone).here.get(Placement, PLACE)
    return placement.expected_until, placement.until


def test_while_it_is_expected_the_hour_tells_a_ring_of_two_kilometres_and_no_more() -> None:
    for (one, near), (other, far) in combinations(zip(names(), KILOMETRES, strict=True), 2):
        same = max(1, -(-near // STEP_KM)) == max(1, -(-far // STEP_KM))
        assert (hours(one) == hours(other)) == same, (one, other)


def test_the_hour_is_a_quarter_of_the_clock_whenever_it_was_accepted() -> None:
    quarter = timedelta(minutes=15)
    for seconds in range(0, 3600, 97):
        evening = Evening("3.1 km away")
        evening.here.put(replace(evening.here.get(Placement, PLACE), state=State.OFFERED))
        now = ACCEPTED + timedelta(seconds=seconds)
        evening.here.put(replace(evening.here.get(Placement, PLACE), until=now + quarter))
        evening.act(Accept(PLACE), STAFF, now)
        at = evening.here.get(Placement, PLACE).expected_until
        assert at is not None
        assert (at - EVENING) % quarter == timedelta() and timedelta() <= at - now - timedelta(minutes=30 + 60) < quarter


def test_the_door_s_hour_stays_the_last() -> None:
    evening = Evening(None)
    evening.here.put(replace(evening.here.get(Shelter, HERE), arrive_before=time(20, 7)))
    evening.here.put(replace(evening.here.get(Placement, PLACE), state=State.OFFERED, until=later(hours=1)))
    evening.act(Accept(PLACE), STAFF, ACCEPTED)
    assert evening.here.get(Placement, PLACE).expected_until == EVENING + timedelta(hours=1, minutes=7)


def test_what_the_clock_says_of_who_did_not_come_tells_the_ring_and_no_more() -> None:
    left: dict[Any, list[float]] = {}
    for zone, km in zip(names(), KILOMETRES, strict=True):
        evening = Evening(zone)
        until = evening.here.get(Placement, PLACE).until
        evening.act(Lapse(PLACE), CLOCK, until)
        left.setdefault(evening.entries[-1]["at"], []).append(km)
    assert all(max(found) - min(found) <= STEP_KM for found in left.values())
    assert len(left) < len(KILOMETRES)
