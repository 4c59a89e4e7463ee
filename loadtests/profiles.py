"""How many sit where, and how often they act, in the proportions of a real evening.

A real evening in a large territory, at its peak: 15 operators with a call every three minutes each, 900 shelters that speak
three times between 17:00 and 22:00, 30 social workers who ask 30 times an hour and look four times each. `paris` is ten times that;
`rehearsal` is for the tests: a few seconds of as many boards as must be open at least.
"""

from msgspec import Struct

OPERATORS_MIN = 115
"""Never fewer operators' boards are open, however small the territory."""


class Seats(Struct, frozen=True):
    """`acting` people are Locust's, each with the own board; the other screens of that role only listen (screens.py)."""

    acting: int
    listening: int = 0

    @property
    def screens(self) -> int:
        return self.acting + self.listening


class Profile(Struct, frozen=True):
    """`…_every_seconds`: the mean time between two acts of one acting person. `waiting`: households that wait as it begins."""

    name: str
    territories: int
    places: int
    shelters: int
    operators: Seats
    staff: Seats
    workers: Seats
    call_every_seconds: float
    tell_every_seconds: float
    look_every_seconds: float
    waiting: int = 550
    plan_every_seconds: float = 300.0
    services: int = 5

    @property
    def screens(self) -> int:
        """Coordinator's own included."""
        return self.operators.screens + self.staff.screens + self.workers.screens + 1


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("rehearsal", 1, 300, 15, Seats(115), Seats(2), Seats(2), 12, 3, 4, waiting=20),
        Profile("small", 1, 1_400, 60, Seats(115), Seats(40, 20), Seats(10, 10), 45, 40, 30),
        Profile("paris", 1, 25_000, 900, Seats(150), Seats(300, 600), Seats(30, 270), 180, 200, 60, services=40),
        Profile("france", 101, 203_000, 10_000, Seats(303), Seats(202, 2_192), Seats(101, 201), 180, 200, 60),
    )
}
