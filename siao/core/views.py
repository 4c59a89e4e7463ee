"""What each chair sees of the board (STATES, Rights). A view gives rows ready for the wire, or None for what it may not see.

A confidential shelter has no address, zone, distance or map point in any row but its own staff's; nor house rules, which are free to say
where its door is: they come with the recorded read of the address.
"""

from typing import Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import Struct

from siao.core import board as boards
from siao.core.board import Board, Touched
from siao.core.journal import Entry
from siao.core.placements import LIVE, Placement, State
from siao.core.requests import Request
from siao.core.requests import State as Asked
from siao.core.units import Shelter, Unit

Row = dict[str, Any]
MASKED = ("commune", "zone", "latitude", "longitude", "telephone", "house_rules")


def plain(row: Struct, *without: str) -> Row:
    return {name: getattr(row, name) for name in row.__struct_fields__ if name not in without}


def outside(row: Shelter) -> Row:
    """A shelter as the 115 sees it."""
    return plain(row, "territory", "address") | (dict.fromkeys(MASKED, None) if row.confidential else {})


class Operator(Struct, frozen=True):
    """The whole territory: operators and coordinators."""

    name: ClassVar[str] = "operator"

    def concerned(self, by: set[UUID]) -> bool:
        return True

    def ids(self, board: Board) -> Touched:
        return Touched(**{kind: set(getattr(board, kind)) for kind in boards.KINDS})

    def shelters(self, board: Board, row: Shelter) -> Row | None:
        return outside(row)

    def units(self, board: Board, row: Unit) -> Row | None:
        return plain(row, "territory") | {"beds": "".join(boards.letter(board, bed) for bed in board.beds.get(row.id, ()))}

    def placements(self, board: Board, row: Placement) -> Row | None:
        if row.state not in LIVE:
            return None
        request = board.requests.get(row.request) if row.request else None
        fields = ("id", "shelter", "request", "state", "persons", "until", "expected_until", "end_date")
        return {name: getattr(row, name) for name in fields} | {
            "code": request.code if request else None,
            "beds": boards.bed_numbers(board, row),
            "contested": boards.contested(board, row),
        }

    def requests(self, board: Board, row: Request) -> Row | None:
        criteria = board.criteria.get(row.id)
        if criteria is None or not boards.waiting(row):
            return None
        fields = (
            "id",
            "code",
            "state",
            "asked_at",
            "first_asked",
            "nights_unmet",
            "call_back",
            "pause",
            "party",
            "first_in_level",
            "version",
        )
        needs = plain(criteria, "request", "territory", "explanation")
        return {name: getattr(row, name) for name in fields} | {"placement": board.placed.get(row.id)} | needs

    def plans(self, board: Board, row: Any) -> Row | None:
        return plain(row, "territory")


AWAITED = frozenset({State.OFFERED, State.EXPECTED})
"""While a household is on its way to a shelter, the shelter sees what its place must have. Who did not come may wait elsewhere by now."""


class AtShelter(Struct, frozen=True):
    """One shelter's own beds, and the households offered, expected and present there: never level, zone, waiting or refusals."""

    shelter: UUID
    by_phone: bool = False
    """The 115 looks on, speaking for it on the telephone: at a confidential address it is no staff."""
    name: ClassVar[str] = "shelter"

    def concerned(self, by: set[UUID]) -> bool:
        return self.shelter in by

    def ids(self, board: Board) -> Touched:
        return Touched(
            shelters={self.shelter},
            units={id for id, unit in board.units.items() if unit.shelter == self.shelter},
            placements={id for id, placement in board.placements.items() if placement.shelter == self.shelter},
        )

    def shelters(self, board: Board, row: Shelter) -> Row | None:
        if row.id != self.shelter:
            return None
        return outside(row) if self.by_phone else plain(row, "territory")

    def units(self, board: Board, row: Unit) -> Row | None:
        if row.shelter != self.shelter:
            return None
        beds = board.beds.get(row.id, ())
        letters = "".join(boards.letter(board, bed) for bed in beds)
        return plain(row, "territory", "kept_until", "kept_level") | {"beds": letters, "bed_list": [self._bed(board, bed) for bed in beds]}

    def _bed(self, board: Board, bed: Any) -> Row:
        claim = board.claim_on(bed.unit, bed.id)
        placement = board.placements.get(claim.placement) if claim else None
        state = placement.state if placement else None
        return plain(bed, "territory", "unit") | {
            "claim": state,
            "placement": placement.id if placement and state is not State.HELD else None,
        }

    def placements(self, board: Board, row: Placement) -> Row | None:
        if row.shelter != self.shelter or row.state is State.HELD:
            return None
        request = board.requests.get(row.request) if row.request else None
        criteria = board.criteria.get(row.request) if row.request and row.state in AWAITED else None
        fields = ("id", "state", "persons", "until", "expected_until", "end_date")
        who = ("men", "women", "children", "infants", "needs", "nights")
        return {
            **{name: getattr(row, name) for name in fields},
            **{name: getattr(criteria, name) if criteria else None for name in who},
            "code": request.code if request else None,
            "beds": boards.bed_numbers(board, row),
            "contested": boards.contested(board, row),
        }

    def requests(self, board: Board, row: Request) -> Row | None:
        return None

    def plans(self, board: Board, row: Any) -> Row | None:
        return None


STEPS = {State.HELD: "held", State.OFFERED: "offered", State.EXPECTED: "expected", State.PRESENT: "arrived"}
CLOSED = {Asked.MET: "arrived", Asked.UNMET: "unmet", Asked.WITHDRAWN: "withdrawn", Asked.PAUSED: "paused"}


class AtService(Struct, frozen=True):
    """The requests of one service: state, hour, next step, last coded refusal; the shelter's name from acceptance on."""

    service: UUID
    name: ClassVar[str] = "worker"

    def concerned(self, by: set[UUID]) -> bool:
        return self.service in by

    def ids(self, board: Board) -> Touched:
        return Touched(requests={id for id, request in board.requests.items() if request.service == self.service})

    def shelters(self, board: Board, row: Shelter) -> Row | None:
        return None

    def units(self, board: Board, row: Unit) -> Row | None:
        return None

    def placements(self, board: Board, row: Placement) -> Row | None:
        return None

    def plans(self, board: Board, row: Any) -> Row | None:
        return None

    def requests(self, board: Board, row: Request) -> Row | None:
        return followed(board, row) if row.service == self.service else None


def followed(board: Board, row: Request) -> Row:
    """A request as its social worker follows it."""
    placement = board.placements.get(board.placed.get(row.id, row.id))
    shelter = board.shelters.get(placement.shelter) if placement else None
    told = placement is not None and placement.state in (State.EXPECTED, State.PRESENT)
    fields = (
        "id",
        "code",
        "state",
        "closing",
        "asked_at",
        "first_asked",
        "call_back",
        "last_refusal",
        "nights_unmet",
        "night",
        "closed_at",
    )
    return {name: getattr(row, name) for name in fields} | {
        "step": CLOSED.get(row.state) or (STEPS[placement.state] if placement else "waiting"),
        "until": (placement.expected_until or placement.until) if placement else None,
        "end_date": placement.end_date if placement else None,
        "shelter_name": shelter.name if told and shelter and not shelter.confidential else None,
        "confidential": bool(told and shelter and shelter.confidential),
        "band": board.band.get(row.id),
    }


View = Operator | AtShelter | AtService


def rows(view: View, board: Board, touched: Touched) -> tuple[dict[str, list[Row]], dict[str, list[UUID]]]:
    """The rows this view sees of what was touched, and the ids that are no longer there for it."""
    seen: dict[str, list[Row]] = {}
    gone: dict[str, list[UUID]] = {}
    for kind in boards.KINDS:
        here: dict[UUID, Any] = getattr(board, kind)
        for id in getattr(touched, kind):
            row = getattr(view, kind)(board, here[id]) if id in here else None
            if row is not None:
                seen.setdefault(kind, []).append(row)
            else:
                gone.setdefault(kind, []).append(id)
    return seen, gone


def encode(value: Any) -> bytes:
    return msgspec.json.encode(value)


def line(board: Board, entry: Entry) -> Row:
    """One line of the last ten minutes, for operators; never who acted."""
    request = board.requests.get(entry.request) if entry.request else None
    return {
        "seq": entry.seq,
        "at": entry.at,
        "verb": entry.verb,
        "outcome": entry.outcome or None,
        "source": entry.source,
        "shelter": entry.shelter,
        "code": request.code if request else None,
        "units": entry.units,
    }
