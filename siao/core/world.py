"""The rows a batch of commands may touch, and what was decided on them so far. Pure memory, no I/O.

A command is decided on a `fork`: refused, the fork is dropped and nothing happened; decided, it is `merge`d and the
commands behind it see the world as it left it.
"""

from collections import ChainMap, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

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
    if isinstance(row, Claim):
        return row.placement, row.bed
    return getattr(row, getattr(row, "KEY", "id"))


class Change(Struct, frozen=True):
    """One decided verb: the rows as they will be, and what its entry tells.

    `gone`: requests whose criteria are deleted with it; `tally`: what the statistics keep of them.
    """

    verb: Verb
    rows: tuple[Struct, ...]
    outcome: str = ""
    shelter: UUID | None = None
    units: tuple[UUID, ...] = ()
    placement: UUID | None = None
    request: UUID | None = None
    plan: UUID | None = None
    gone: tuple[UUID, ...] = ()
    tally: tuple[Tally, ...] = ()
    until: datetime | None = None
    """When the clock of the new state runs out, for the answer; no part of the entry."""


class World:
    """Rows by kind and key. Live claims are also found by bed and by placement, beds by unit, units by shelter."""

    def __init__(self, rows: Iterable[Struct]) -> None:
        self.rows: ChainMap[tuple[type[Any], Any], Any] = ChainMap({})
        self.claim: ChainMap[UUID, Claim | None] = ChainMap({})
        self.claimed: ChainMap[UUID, tuple[Claim, ...]] = ChainMap({})
        self.beds_of: defaultdict[UUID, list[UUID]] = defaultdict(list)
        for row in rows:
            self.put(row)
            if isinstance(row, Bed):
                self.beds_of[row.unit].append(row.id)

    def put(self, row: Struct) -> None:
        self.rows[type(row), key(row)] = row
        if isinstance(row, Claim):
            self._index(row)

    def _index(self, claim: Claim) -> None:
        others = tuple(c for c in self.claimed.get(claim.placement, ()) if c.bed != claim.bed)
        self.claimed[claim.placement] = (*others, claim)
        before = self.claim.get(claim.bed)
        if claim.live or (before is not None and before.placement == claim.placement):
            self.claim[claim.bed] = claim if claim.live else None

    def find(self, kind: type[R], id: Any) -> R | None:
        return self.rows.get((kind, id))

    def get(self, kind: type[R], id: Any, field: str | None = None) -> R:
        """The row, or `Refused(UNKNOWN)`: other territories' rows are never loaded, so they are unknown here."""
        row = self.find(kind, id)
        if row is None:
            raise Refused(Refusal.UNKNOWN, field or kind.__name__.lower())
        return row

    def all(self, kind: type[R]) -> list[R]:
        return [row for (k, _), row in self.rows.items() if k is kind and row is not None]

    def territory(self, code: str) -> Territory:
        return self.get(Territory, code)

    def beds(self, unit: UUID) -> list[Bed]:
        """The unit's beds by number."""
        return sorted((self.get(Bed, id) for id in self.beds_of[unit]), key=lambda bed: bed.number)

    def claim_on(self, bed: UUID) -> Claim | None:
        return self.claim.get(bed)

    def claims(self, placement: UUID) -> tuple[Claim, ...]:
        """The live claims of a placement, in the order of their beds' numbers."""
        return tuple(claim for claim in self.claims_ever(placement) if claim.live)

    def claims_ever(self, placement: UUID) -> tuple[Claim, ...]:
        return tuple(sorted(self.claimed.get(placement, ()), key=lambda c: (c.unit, self.get(Bed, c.bed).number)))

    def fork(self) -> "World":
        child = World(())
        child.rows, child.claim, child.claimed = self.rows.new_child(), self.claim.new_child(), self.claimed.new_child()
        child.beds_of = self.beds_of
        return child

    def merge(self, child: "World") -> None:
        """Takes over what was decided on a fork of this world."""
        self.rows.update(child.rows.maps[0])
        self.claim.update(child.claim.maps[0])
        self.claimed.update(child.claimed.maps[0])

    def apply(self, change: Change) -> None:
        """Makes a decided change true for what is decided behind it."""
        for row in change.rows:
            self.put(row)
        for request in change.gone:
            self.rows[Criteria, request] = None


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
    )
    return replace(bare, hash=link(head.head, bare))
