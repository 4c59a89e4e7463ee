"""The board of a territory, folded from its rows, and what each chair may see of it. Pure; whole rows, so twice is harmless."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from siao.core import places, rules
from siao.core.allocation.compatible import Place
from siao.core.allocation.model import Rules
from siao.core.allocation.stock import Stock
from siao.core.beds import Bed, Physical
from siao.core.claims import Claim
from siao.core.placements import LIVE, Placement, State
from siao.core.refused import Refusal, Refused
from siao.core.requests import WAITING, Criteria, Request
from siao.core.requests import State as Asked
from siao.core.rules import Edition
from siao.core.territories import Commune, Territory
from siao.core.units import Plan, Shelter, Unit

Id = UUID
KINDS = ("shelters", "units", "placements", "requests", "plans")
FOLLOWED_NIGHTS, KEPT_NIGHTS = 3, 1
"""How many nights may close after its own before a closed request leaves the board: on a social worker's list, and where nobody follows
it. A household that did not come leaves with the latter."""
BANDS = ("first", "middle", "later")
"""Which third of the queue a request stands in; nothing finer is told to a social worker."""


class Facts(Struct):
    """Rows as they are now: all of a territory, or what some entries touched. `closed`: the last night that was closed."""

    shelters: list[Shelter] = []
    units: list[Unit] = []
    beds: list[Bed] = []
    claims: list[Claim] = []
    placements: list[Placement] = []
    requests: list[Request] = []
    criteria: list[Criteria] = []
    plans: list[Plan] = []
    closed: date | None = None


class Touched(Struct):
    """Ids whose rows may have changed."""

    shelters: set[Id] = msgspec.field(default_factory=set)
    units: set[Id] = msgspec.field(default_factory=set)
    placements: set[Id] = msgspec.field(default_factory=set)
    requests: set[Id] = msgspec.field(default_factory=set)
    plans: set[Id] = msgspec.field(default_factory=set)

    def add(self, other: "Touched") -> None:
        for kind in KINDS:
            getattr(self, kind).update(getattr(other, kind))


class Board:
    """Rows by id. Criteria live here only while their request waits: a closed request's row comes without them, and leaves as nights
    close. So a board is a matter of its position, whenever it was loaded."""

    def __init__(self, territory: Territory, editions: Iterable[Edition] = (), communes: Iterable[Commune] = ()) -> None:
        self.territory, self.editions = territory, tuple(editions)
        self.communes = {commune.name: commune for commune in communes}
        self.shelters: dict[Id, Shelter] = {}
        self.units: dict[Id, Unit] = {}
        self.beds: dict[Id, list[Bed]] = {}
        self.claims: dict[Id, dict[Id, Claim]] = {}
        self.placements: dict[Id, Placement] = {}
        self.requests: dict[Id, Request] = {}
        self.criteria: dict[Id, Criteria] = {}
        self.plans: dict[Id, Plan] = {}
        self.held: dict[Id, dict[Id, Claim]] = {}
        self.placed: dict[Id, Id] = {}
        self.stock: Stock | None = None
        self.stock_night: date | None = None
        self.band: dict[Id, str] = {}
        self.closed: date | None = None

    def take(self, facts: Facts, touched: Touched) -> tuple[Touched, set[Id]]:
        """Folds the news, and what leaves as a night closes. Gives all that changed, and whom it concerns (`concerned`)."""
        before = self._past(facts.closed)
        before.add(touched)
        told = concerned(self, before)
        changed = self.fold(facts, before)
        return changed, told | concerned(self, changed)

    def _past(self, closed: date | None) -> Touched:
        """What is on the board and leaves it by the close of this night."""
        if closed == self.closed:
            return Touched()
        return Touched(
            placements={id for id, row in self.placements.items() if missed(row, closed)},
            requests={id for id, row in self.requests.items() if over(row, closed)},
        )

    def fold(self, facts: Facts, touched: Touched) -> Touched:
        """Takes the touched rows as they are now; what is touched and not among the facts is gone. Gives all that changed."""
        self.closed = facts.closed
        self._fold_units(facts, touched)
        changed = Touched()
        changed.add(touched)
        for kind, rows in (
            ("shelters", facts.shelters),
            ("plans", facts.plans),
            ("placements", [row for row in facts.placements if not missed(row, facts.closed)]),
            ("requests", [row for row in facts.requests if not over(row, facts.closed)]),
        ):
            self._replace(getattr(self, kind), rows, getattr(touched, kind))
        self._replace(self.criteria, facts.criteria, touched.requests, key="request")
        for id in touched.placements:
            self._index(id)
        for unit in touched.units:
            changed.placements.update(claim.placement for claim in self.claims.get(unit, {}).values())
        changed.placements.update(self.placed[id] for id in touched.requests if id in self.placed and id not in self.requests)
        changed.requests.update(p.request for id in changed.placements if (p := self.placements.get(id)) and p.request)
        if touched.requests:
            changed.requests.update(self._rebanded())
        return changed

    def _rebanded(self) -> set[Id]:
        """The requests that a service follows and that now stand in another third of the queue, by level and seniority."""
        open_ones = [self.requests[id] for id in self.criteria if id in self.requests and self.requests[id].state is Asked.OPEN]
        open_ones.sort(key=lambda request: (self.criteria[request.id].level, request.first_asked))
        before, thirds = self.band, len(open_ones)
        self.band = {r.id: BANDS[i * len(BANDS) // thirds] for i, r in enumerate(open_ones) if r.service is not None}
        return {id for id in before.keys() | self.band.keys() if before.get(id) != self.band.get(id)}

    def _replace(self, here: dict[Id, Any], rows: Iterable[Any], ids: Iterable[Id], key: str = "id") -> None:
        new = {getattr(row, key): row for row in rows}
        for id in ids:
            if id in new:
                here[id] = new[id]
            else:
                here.pop(id, None)

    def _fold_units(self, facts: Facts, touched: Touched) -> None:
        self._replace(self.units, facts.units, touched.units)
        for id in touched.units:
            self.beds[id], before = [], self.claims.pop(id, {})
            for claim in before.values():
                self.held.get(claim.placement, {}).pop(claim.bed, None)
        for bed in sorted(facts.beds, key=lambda bed: bed.number):
            self.beds.setdefault(bed.unit, []).append(bed)
        for claim in facts.claims:
            self.claims.setdefault(claim.unit, {})[claim.bed] = claim
            self.held.setdefault(claim.placement, {})[claim.bed] = claim
        if self.stock is not None:
            self._restock(self.stock, touched.units)

    def _index(self, id: Id) -> None:
        placement = self.placements.get(id)
        if placement is None:
            self.held.pop(id, None)
            return
        if placement.state not in LIVE | {State.NO_SHOW}:
            del self.placements[id]
            self.held.pop(id, None)
        if placement.request and placement.state in LIVE:
            self.placed[placement.request] = id
        elif placement.request and self.placed.get(placement.request) == id:
            del self.placed[placement.request]

    def claim_on(self, unit: Id, bed: Id) -> Claim | None:
        return self.claims.get(unit, {}).get(bed)

    def claims_of(self, placement: Placement) -> Iterable[Claim]:
        """The live claims of a placement."""
        return self.held.get(placement.id, {}).values()

    def commune(self, name: str | None) -> Commune | None:
        """Where a household says it is; None where it does not say."""
        if name is not None and name not in self.communes:
            raise Refused(Refusal.UNKNOWN, "zone")
        return self.communes[name] if name is not None else None

    def rules(self, now: datetime) -> Rules:
        """The rules that decide tonight."""
        return rules.in_force(self.editions, places.night(self.territory, now))

    def places(self, now: datetime) -> Iterator[Place]:
        """All places of the open units, rooms that adjoin also in pairs while both are free."""
        return self.stocked(now).there()

    def stocked(self, now: datetime) -> Stock:
        """The places as arrays, with tonight's doors: made once from the rows, then kept by every fold."""
        night = places.night(self.territory, now)
        if self.stock is None:
            known = [unit for unit in self.units.values() if unit.shelter in self.shelters]
            self.stock = Stock(self._place(unit) for unit in known)
            for unit in known:
                if not unit.open:
                    self.stock.remove(unit.id)
        elif night == self.stock_night:
            return self.stock
        self.stock.night({id: places.door(self.territory, self.shelters[id], now) for id in self.stock.shelters})
        self.stock_night = night
        return self.stock

    def _restock(self, stock: Stock, touched: Iterable[Id]) -> None:
        """The cells of the units that changed; a unit that the arrays do not know has them made anew."""
        for id in touched:
            unit = self.units.get(id)
            if unit is None or id not in stock.row:
                self.stock = None
                return
            if not unit.open:
                stock.remove(id)
                continue
            now = self._place(unit)
            stock.write(id, now.free, now.capacity, now.rule)

    def _place(self, unit: Unit) -> Place:
        """Its door is the stock's to say."""
        claims = self.claims.get(unit.id, {})
        return places.of(self.shelters[unit.shelter], (unit,), self.beds.get(unit.id, ()), claims.get, None)


def touched_by(facts: Facts) -> Touched:
    """Everything: what a first snapshot touches."""
    return Touched(**{kind: {row.id for row in getattr(facts, kind)} for kind in KINDS})


def concerned(board: Board, touched: Touched) -> set[Id]:
    """The shelters and services whose screens have something to learn from what was touched."""
    shelters = {unit.shelter for id in touched.units if (unit := board.units.get(id))}
    shelters |= {placement.shelter for id in touched.placements if (placement := board.placements.get(id))}
    services = {request.service for id in touched.requests if (request := board.requests.get(id)) and request.service}
    return touched.shelters | shelters | services


def over(request: Request, closed: date | None) -> bool:
    """Whether a closed request is past its time on the board, `closed` being the last night that was closed."""
    if closed is None or request.closing is None:
        return False
    return request.night <= closed - timedelta(days=KEPT_NIGHTS if request.service is None else FOLLOWED_NIGHTS)


def missed(placement: Placement, closed: date | None) -> bool:
    """Whether a no-show is past its time on the board."""
    return closed is not None and placement.state is State.NO_SHOW and placement.night <= closed - timedelta(days=KEPT_NIGHTS)


def waiting(request: Request) -> bool:
    return request.state in WAITING


def letter(board: Board, bed: Bed) -> str:
    """One letter a bed: l free, c free but to be checked, o occupied, x out, b held, p offered, a expected; contested in capitals."""
    claim = board.claim_on(bed.unit, bed.id)
    placement = board.placements.get(claim.placement) if claim else None
    if placement is None:
        return {Physical.OUT: "x", Physical.OCCUPIED: "o"}.get(bed.physical, "c" if bed.to_check else "l")
    if placement.state is State.PRESENT:
        return "o" if bed.physical is Physical.OCCUPIED else "O"
    mark = {State.HELD: "b", State.OFFERED: "p", State.EXPECTED: "a"}[placement.state]
    return mark if bed.physical is Physical.VACANT else mark.upper()


def contested(board: Board, placement: Placement) -> bool:
    wanted = Physical.OCCUPIED if placement.state is State.PRESENT else Physical.VACANT
    beds = {bed.id: bed for claim in board.claims_of(placement) for bed in board.beds.get(claim.unit, ())}
    return any(beds[claim.bed].physical is not wanted for claim in board.claims_of(placement) if claim.bed in beds)


def bed_numbers(board: Board, placement: Placement) -> list[tuple[Id, int]]:
    """Where the placement is: unit and bed number."""
    numbers = {bed.id: bed.number for claim in board.claims_of(placement) for bed in board.beds.get(claim.unit, ())}
    return sorted((claim.unit, numbers[claim.bed]) for claim in board.claims_of(placement) if claim.bed in numbers)
