"""The rows a batch of commands may touch, and what was decided on them so far. Pure memory, no I/O.

A command is decided on a `fork`: refused, the fork is dropped and nothing happened; decided, it is `merge`d and the
commands behind it see the world as it left it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core import claims
from siao.core.allocation.rates import Demand, Supply
from siao.core.beds import Bed
from siao.core.claims import Claim
from siao.core.journal import Entry, Verb, link
from siao.core.people import By
from siao.core.refused import Refusal, Refused
from siao.core.requests import Criteria
from siao.core.statistics import Tally
from siao.core.territories import Territory

R = TypeVar("R")


def key(row: Struct) -> Any:
    """What the world knows a row by: its `KEY` field, else its `id`; a claim by its placement and bed."""
    return _known_by(type(row))(row)


@cache
def _known_by(kind: type[Struct]) -> Callable[[Struct], Any]:
    return attrgetter("placement", "bed") if kind is Claim else attrgetter(getattr(kind, "KEY", "id"))


_number: Callable[[Bed], int] = attrgetter("number")


class Change(Struct, frozen=True):
    """One decided verb: the rows as they will be, and what its entry tells.

    `gone`: requests whose criteria are deleted with it; `tally`: what the statistics keep of them.
    `learned`: what it adds to the rates of evenings.
    """

    verb: Verb
    rows: tuple[Struct, ...]
    outcome: str = ""
    shelter: UUID | None = None
    units: tuple[UUID, ...] = ()
    placement: UUID | None = None
    request: UUID | None = None
    plan: UUID | None = None
    account: UUID | None = None
    service: UUID | None = None
    gone: tuple[UUID, ...] = ()
    tally: tuple[Tally, ...] = ()
    learned: tuple[Demand | Supply, ...] = ()
    until: datetime | None = None
    """When the clock of the new state runs out, for the answer; no part of the entry."""


class Part(Struct, frozen=True, gc=False):
    """A dormitory of which some beds are here: those that the placements here lie on, and as many free ones as may be taken, the
    first by number. `promised`: whether any of the others is."""

    KEY: ClassVar[str] = "unit"

    unit: UUID
    territory: str
    promised: bool


class World:
    """Rows by kind and key. Live claims are also found by bed and by placement, beds by unit, free beds by unit.

    A fork keeps only what it changed, and asks the world it was made from for the rest.
    """

    def __init__(self, rows: Iterable[Struct] = (), base: "World | None" = None) -> None:
        self.base = base
        self.rows: dict[tuple[type[Any], Any], Any] = {}
        self.claim: dict[UUID, Claim | None] = {}
        self.claimed: dict[UUID, tuple[Claim, ...]] = {}
        self.beds_of: dict[UUID, tuple[UUID, ...]] = {}
        self.free_of: dict[UUID, list[Bed]] = {}
        self.touched: set[UUID] = set()
        self.kept: dict[Any, Any] = {}
        if base is None:
            self._fill(rows)

    def _fill(self, rows: Iterable[Struct]) -> None:
        beds: defaultdict[UUID, list[Bed]] = defaultdict(list)
        for row in rows:
            self.rows[type(row), key(row)] = row
            if isinstance(row, Bed):
                beds[row.unit].append(row)
            elif isinstance(row, Claim):
                self._index(row)
        self.beds_of = {unit: tuple(bed.id for bed in sorted(found, key=_number)) for unit, found in beds.items()}

    def put(self, row: Struct) -> None:
        if isinstance(row, Bed) and self.find(Bed, row.id) is None:  # installed behind those that are there
            self.beds_of[row.unit] = (*self._bed_ids(row.unit), row.id)
        self.rows[type(row), key(row)] = row
        if isinstance(row, Claim):
            self._index(row)
        elif isinstance(row, Bed):
            self._refree(row.unit, row.id)

    def _index(self, claim: Claim) -> None:
        others = tuple(c for c in self._claimed(claim.placement) if c.bed != claim.bed)
        self.claimed[claim.placement] = (*others, claim)
        before = self.claim_on(claim.bed)
        if claim.live or (before is not None and before.placement == claim.placement):
            self.claim[claim.bed] = claim if claim.live else None
            self._refree(claim.unit, claim.bed)

    def _refree(self, unit: UUID, id: UUID) -> None:
        """Keeps the free beds of a unit, where they were asked for: a batch may hold a hundred of one dormitory's 500."""
        self.touched.add(unit)
        known = self._known_free(unit)
        if known is None:
            return
        bed: Bed = self.get(Bed, id)
        free, at = known.copy(), bisect_left(known, bed.number, key=_number)
        free[at : at + (at < len(free) and free[at].id == id)] = [bed] if self._is_free(bed) else []
        self.free_of[unit] = free

    def _known_free(self, unit: UUID) -> "list[Bed] | None":
        if unit in self.free_of or self.base is None:
            return self.free_of.get(unit)
        return self.base._known_free(unit)

    def _is_free(self, bed: Bed) -> bool:
        return claims.bed_is_free(bed, self.claim_on(bed.id))

    def free(self, unit: UUID) -> Sequence[Bed]:
        """The unit's beds that are vacant and promised to nobody, by number; of a `Part`, those that are here."""
        if unit in self.free_of:
            return self.free_of[unit]
        if self.base is not None and unit not in self.touched:
            return self.base.free(unit)
        self.free_of[unit] = [bed for bed in self._beds(unit) if self._is_free(bed)]
        return self.free_of[unit]

    def once(self, name: Any, make: "Callable[[World], R]") -> R:
        """What is looked up once for all commands of a batch, in the world as they all found it or left it."""
        if self.base is not None:
            return self.base.once(name, make)
        if name not in self.kept:
            self.kept[name] = make(self)
        return self.kept[name]

    def find(self, kind: type[R], id: Any) -> R | None:
        if (kind, id) in self.rows or self.base is None:
            return self.rows.get((kind, id))
        return self.base.find(kind, id)

    def get(self, kind: type[R], id: Any, field: str | None = None) -> R:
        """The row, or `Refused(UNKNOWN)`."""
        row = self.find(kind, id)
        if row is None:
            raise Refused(Refusal.UNKNOWN, field or kind.__name__.lower())
        return row

    def unused(self, kind: type[Any], id: UUID) -> None:
        """Refuses a key that made a row: it makes no second one, nor that one anew, also when its answer is no longer kept."""
        if self.find(kind, id) is not None:
            raise Refused(Refusal.KEY_REUSED, "Idempotency-Key", (id,))

    def all(self, kind: type[R]) -> list[R]:
        return [row for (k, _), row in self._everything().items() if k is kind and row is not None]

    def _everything(self) -> dict[tuple[type[Any], Any], Any]:
        return self.rows if self.base is None else self.base._everything() | self.rows

    def territory(self, code: str) -> Territory:
        return self.get(Territory, code)

    def beds(self, unit: UUID) -> list[Bed]:
        """The unit's beds by number, all of them: to ask for those of a `Part` is an error of ours."""
        if self.find(Part, unit) is not None:
            raise LookupError(f"unit {unit} is here in part")
        return self._beds(unit)

    def _beds(self, unit: UUID) -> list[Bed]:
        return [self.get(Bed, id) for id in self._bed_ids(unit)]

    def _bed_ids(self, unit: UUID) -> tuple[UUID, ...]:
        if unit in self.beds_of or self.base is None:
            return self.beds_of.get(unit, ())
        return self.base._bed_ids(unit)

    def claims_in(self, unit: UUID) -> list[Claim]:
        """The live claims on the unit's beds that are here."""
        return [claim for id in self._bed_ids(unit) if (claim := self.claim_on(id))]

    def promised(self, unit: UUID) -> bool:
        """Whether any bed of it is promised, or somebody is there by a promise."""
        part = self.find(Part, unit)
        return bool(self.claims_in(unit)) or (part is not None and part.promised)

    def claim_on(self, bed: UUID) -> Claim | None:
        if bed in self.claim or self.base is None:
            return self.claim.get(bed)
        return self.base.claim_on(bed)

    def claims(self, placement: UUID) -> tuple[Claim, ...]:
        """The live claims of a placement, in the order of their beds' numbers."""
        return self._in_order(claim for claim in self._claimed(placement) if claim.live)

    def claims_last(self, placement: UUID) -> tuple[Claim, ...]:
        """Those that it has, or had as it ended: of a placement that may arrive too late."""
        return self._in_order(claim for claim in self._claimed(placement) if not claim.moved)

    def _in_order(self, found: Iterable[Claim]) -> tuple[Claim, ...]:
        return tuple(sorted(found, key=lambda c: (c.unit, self.get(Bed, c.bed).number)))

    def _claimed(self, placement: UUID) -> tuple[Claim, ...]:
        if placement in self.claimed or self.base is None:
            return self.claimed.get(placement, ())
        return self.base._claimed(placement)

    def fork(self) -> "World":
        return World(base=self)

    def merge(self, child: "World") -> None:
        """Takes over what was decided on a fork of this world."""
        self.rows |= child.rows
        self.beds_of |= child.beds_of
        self.claim |= child.claim
        self.claimed |= child.claimed
        self.free_of |= child.free_of
        self.touched |= child.touched

    def apply(self, change: Change) -> None:
        """Makes a decided change true for what is decided behind it."""
        for row in change.rows:
            self.put(row)
        for request in change.gone:
            self.rows[Criteria, request] = None


def apart(rows: Iterable[Struct]) -> dict[str, World]:
    """A world for each territory. Territories that fly together are loaded together, so this is what keeps the rows of one unknown
    to the commands of another. What belongs to none (whose holds are whose) is in each."""
    territories: defaultdict[str | None, list[Struct]] = defaultdict(list)
    for row in rows:
        territories[row.code if isinstance(row, Territory) else getattr(row, "territory", None)].append(row)
    everywhere = territories.pop(None, [])
    return {code: World([*found, *everywhere]) for code, found in territories.items() if code is not None}


def absorb(world: World, territory: str, change: Change, by: By, now: datetime, salt: bytes) -> Entry:
    """Makes one decided change true for what is decided behind it, and numbers it. Gives its entry."""
    head = world.territory(territory)
    entry = numbered(head, change, by, now, salt)
    world.apply(change)
    world.put(replace(head, seq=entry.seq, head=entry.hash))
    return entry


def numbered(head: Territory, change: Change, by: By, now: datetime, salt: bytes) -> Entry:
    """The journal entry of a change: the next number of its territory, linked to the hash of the last one."""
    bare = Entry(
        territory=head.code,
        seq=head.seq + 1,
        at=now,
        agent=by.agent,
        role=by.role,
        source=by.source,
        verb=change.verb,
        outcome=change.outcome,
        shelter=change.shelter,
        units=change.units,
        placement=change.placement,
        request=change.request,
        plan=change.plan,
        salt=salt,
        hash=b"",
        account=change.account,
        service=change.service,
    )
    return replace(bare, hash=link(head.head, bare))
