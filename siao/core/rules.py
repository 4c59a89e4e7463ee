"""A territory's rules of allocation over time: proposed by a person, effective from a night, never changed afterwards."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import asdict

from siao.core import places
from siao.core.allocation.model import PRIORITY, Counted, Level, Rules
from siao.core.journal import Verb
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.territories import Territory
from siao.core.world import Change, World

AHEAD_DAYS_MAX = 366
Weight = Annotated[int, Meta(ge=0, le=20)]
Floor = Annotated[int, Meta(ge=0, le=1000)]
LINE_MAX = 160
Line = Annotated[str, Meta(max_length=LINE_MAX, pattern=r"^[^\x00-\x1f]*\Z")]
UNSAID = ("", "", "", "")


class Edition(Rules, frozen=True):
    """One version as it is kept. Version 1 is what the software comes with, and is not kept."""

    KEY: ClassVar[str] = "edition"

    territory: str = ""
    grid: tuple[str, str, str, str] = UNSAID
    """Whom each priority level is for, in this territory's words. A person gives a level by it; which line it was is kept nowhere."""

    @property
    def edition(self) -> tuple[str, int]:
        return self.territory, self.version


class Proposed(Struct, frozen=True, forbid_unknown_fields=True):
    """New rules, as a person writes them: what is left out is as the software comes."""

    order: tuple[Level, ...] = tuple(Level)
    floors: tuple[Floor, Floor, Floor, Floor] = (0, 0, 0, 0)
    promote_after_hours: Annotated[int, Meta(ge=1, le=720)] | None = None
    counted: Counted = Counted.PERSONS
    step_free_waste: Weight = Rules().step_free_waste
    protected_waste: Weight = Rules().protected_waste
    grid: tuple[Line, Line, Line, Line] = UNSAID


class SetRules(Struct, frozen=True):
    territory: str
    effective: date
    proposed: Proposed


def possible(proposed: Proposed) -> None:
    """Every level once, and the priority levels in their own order: level 1 before level 2."""
    if set(proposed.order) != set(Level) or len(proposed.order) != len(Level):
        raise Refused(Refusal.INVALID, "order")
    if [level for level in proposed.order if level in PRIORITY] != list(PRIORITY):
        raise Refused(Refusal.INVALID, "order")


def set_rules(world: World, c: SetRules, by: By, now: datetime) -> Iterator[Change]:
    """From the next night on at the earliest: one night is decided by one set of rules, for all who ask in it."""
    possible(c.proposed)
    tonight = places.night(world.get(Territory, c.territory), now)
    if not tonight < c.effective <= tonight + timedelta(days=AHEAD_DAYS_MAX):
        raise Refused(Refusal.INVALID, "effective")
    version = max((e.version for e in editions(world, c.territory)), default=Rules().version) + 1
    edition = Edition(version=version, effective=c.effective, territory=c.territory, **asdict(c.proposed))
    yield Change(Verb.SET_RULES, (edition,), str(version))


def editions(world: World, territory: str) -> list[Edition]:
    return [edition for edition in world.all(Edition) if edition.territory == territory]


def in_force(kept: Iterable[Edition], night: date) -> Rules:
    """The version that decides in this night: of those effective by then, the last to take effect."""
    begun = [edition for edition in kept if edition.effective <= night]
    return max(begun, key=lambda edition: (edition.effective, edition.version), default=Rules())
