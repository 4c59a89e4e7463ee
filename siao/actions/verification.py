"""A look at every invariant that a database alone can show: the rows as they are, and the journal from wherever one stood."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from msgspec import Struct

from siao.core import cells, chain, histories, published, register
from siao.core.chain import Link
from siao.core.histories import Record
from siao.core.invariants import NUMBERS_MAX, Broken, Invariant
from siao.core.journal import Anchor, Entry, signed
from siao.core.territories import Territory
from siao.store import db as database
from siao.store import invariants as store
from siao.store.db import Connection

PIECE = 2_000
"""Entries that are read at once, with the histories of what they touched: a few megabytes, however long the journal is."""


class Look(Struct, frozen=True):
    """What one look found. `heads`: where the journal of each territory stands now."""

    at: datetime
    entries: int
    heads: dict[str, Link]
    broken: list[Broken]


async def look(db: Connection, secret: bytes | None, known: Mapping[str, Link], *, whole: bool) -> Look:
    """Behind what is `known` of each territory's journal; `whole`: from its beginning, and that it passes there. Without the
    secret, who signed an anchor is not looked at."""
    codes = [territory.code for territory in await store.territories(db)]
    async with store.looking(db, codes) as here:
        now, broken = await database.clock(here), await _rows(here)
    heads, count = dict[str, Link](), 0
    for code in codes:
        walk = _Walk(db, code, secret, known.get(code))
        heads[code] = await walk.go(whole)
        count += walk.count
        broken += walk.told()
    broken += [Broken(Invariant.REMEMBERED, code, 1, (at.seq,)) for code, at in known.items() if code not in heads]
    return Look(now, count, heads, broken)


async def _rows(db: Connection) -> list[Broken]:
    broken = await store.broken_now(db)
    if missing := await store.guards_missing(db):
        broken.append(Broken(Invariant.GUARD, "", len(missing), names=tuple(missing)))
    declared = {(table, name) for table, kept in register.TABLES.items() for name in kept.names()}
    if strange := sorted(f"{table}.{column}" for table, column in await store.columns(db) - declared):
        broken.append(Broken(Invariant.DECLARED, "", len(strange), names=tuple(strange)))
    return broken


class _Walk:
    """One territory's journal, piece by piece, each in a snapshot of its own."""

    def __init__(self, db: Connection, code: str, secret: bytes | None, known: Link | None) -> None:
        self.db, self.code, self.secret, self.known = db, code, secret, known
        self.found: defaultdict[Invariant, set[int]] = defaultdict(set)
        self.names: defaultdict[Invariant, set[str]] = defaultdict(set)
        self.count = 0

    async def go(self, whole: bool) -> Link:
        async with store.looking(self.db, [self.code]) as here:
            at = await self._begin(here, whole)
            await self._figures(here)
        while True:
            async with store.looking(self.db, [self.code]) as here:
                entries = await store.entries(here, self.code, at.seq, PIECE)
                at = self._follow(at, entries)
                territory = await store.head(here, self.code)
                await self._histories(here, territory, entries)
                if len(entries) < PIECE:  # in one snapshot with the head
                    if (territory.seq, territory.head) != (at.seq, at.hash):
                        self.found[Invariant.HEAD].add(territory.seq)
                    return at

    async def _begin(self, db: Connection, whole: bool) -> Link:
        """Where to go on from: what was known, if it is still so; else the beginning."""
        anchors = await store.anchors(db, self.code)
        start, known = chain.start(anchors), self.known
        self.base = start.seq
        self._anchored(anchors)
        self.found[Invariant.ANCHOR].update(await store.under(db, self.code, start.seq))
        if known is None:
            return start
        links = {start.seq: start, **{anchor.seq: Link(anchor.seq, anchor.hash) for anchor in anchors}}
        there = links.get(known.seq) or await store.link(db, self.code, known.seq)
        if there != known and not (there is None and known.seq < start.seq):
            self.found[Invariant.REMEMBERED].add(known.seq)
            return start
        return known if known.seq >= start.seq and not whole else start

    def _anchored(self, anchors: Iterable[Anchor]) -> None:
        for anchor in anchors:
            if self.secret and not compare_digest(anchor.mac, signed(self.secret, self.code, anchor.seq, anchor.hash)):
                self.found[Invariant.ANCHOR].add(anchor.seq)

    def _follow(self, at: Link, entries: list[Entry]) -> Link:
        followed = chain.follow(at, entries)
        self.found[Invariant.CHAIN].update(followed.breaks)
        self.count += len(entries)
        return followed.end

    async def _histories(self, db: Connection, territory: Territory, entries: list[Entry]) -> None:
        """Everything that ever became of the placements and requests of this piece."""
        placed, asked = _touched(entries)
        ever = await store.histories(db, placed, asked)
        rows, requests = await store.placements(db, placed), await store.requests(db, asked)
        now, purged = await database.clock(db), self.base > 0
        by_placement, by_request = _grouped(ever)
        for id in placed:
            whose = next((entry.request for entry in by_placement[id] if entry.request), None)
            record = Record(by_placement[id], rows.get(id), purged)
            self._note(histories.of_placement(record, requests.get(whose) if whose else None, territory, now))
        for id in asked:
            self._note(histories.of_request(Record(by_request[id], requests.get(id), purged)))

    def _note(self, found: Iterable[histories.Found]) -> None:
        for invariant, number in found:
            self.found[invariant].add(number)

    async def _figures(self, db: Connection) -> None:
        """What would be published, were it asked for now."""
        territory = await store.head(db, self.code)
        last = published.last_monday(await database.clock(db), territory.time_zone)
        for week in published.weeks(await store.counts(db, territory), last):
            self.names[Invariant.CELL].update(f"{week.first.isoformat()} {name}" for name in cells.given_away(week))

    def told(self) -> Iterator[Broken]:
        for invariant, numbers in self.found.items():
            if numbers:
                yield Broken(invariant, self.code, len(numbers), tuple(sorted(numbers)[:NUMBERS_MAX]))
        for invariant, names in self.names.items():
            if names:
                yield Broken(invariant, self.code, len(names), names=tuple(sorted(names)[:NUMBERS_MAX]))


def _touched(entries: Iterable[Entry]) -> tuple[list[UUID], list[UUID]]:
    entries = list(entries)
    return (
        list(dict.fromkeys(entry.placement for entry in entries if entry.placement)),
        list(dict.fromkeys(entry.request for entry in entries if entry.request)),
    )


def _grouped(entries: Iterable[Entry]) -> tuple[dict[UUID, list[Entry]], dict[UUID, list[Entry]]]:
    placed: defaultdict[UUID, list[Entry]] = defaultdict(list)
    asked: defaultdict[UUID, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.placement:
            placed[entry.placement].append(entry)
        if entry.request:
            asked[entry.request].append(entry)
    return placed, asked
