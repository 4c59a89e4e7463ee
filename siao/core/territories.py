"""A territory (département): the unit of numbering, locking, feeding and rights. It carries its own clocks."""

from typing import ClassVar
from uuid import UUID

from msgspec import Struct


class Territory(Struct, frozen=True, gc=False):
    """`seq` and `head`: number and hash of the last journal entry. Lengths in seconds are configuration (STATES)."""

    KEY: ClassVar[str] = "code"

    code: str
    name: str
    time_zone: str
    telephone: str
    seq: int
    head: bytes
    hold_seconds: int
    answer_seconds: int
    travel_seconds: int
    grace_seconds: int
    call_back_seconds: int
    holds_max: int


class Commune(Struct, frozen=True, gc=False):
    """A place people name on the telephone; `zone` groups communes on the board."""

    KEY: ClassVar[str] = "name"

    territory: str
    name: str
    zone: str
    latitude: float
    longitude: float


class Service(Struct, frozen=True, gc=False):
    """Where a social worker sits: day centre, hospital, outreach team."""

    id: UUID
    territory: str
    name: str
