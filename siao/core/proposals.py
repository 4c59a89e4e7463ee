"""What a plan is made from, read off the board: all who wait and all that is free at one position of the journal."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from siao.core import households, places
from siao.core.allocation.compatible import Place
from siao.core.allocation.model import Instance, Rules, Waiting
from siao.core.beds import Physical
from siao.core.board import Board
from siao.core.requests import Side, State
from siao.core.units import Kind, Rule


def rules_tonight(board: Board, lines: Iterable[tuple[UUID, tuple[UUID, ...]]]) -> dict[UUID, Rule]:
    """What the lines of a plan (request, units) make of the switchable dormitories that are empty: one side's, else mixed."""
    sides: defaultdict[UUID, set[Side]] = defaultdict(set)
    for request, units in lines:
        unit, criteria = board.units.get(units[0]), board.criteria.get(request)
        if unit and criteria and unit.kind is Kind.DORMITORY and unit.rule_tonight is None:
            sides[unit.id].add(criteria.side)
    return {unit: Rule(found.pop()) if len(found) == 1 else Rule.MIXED for unit, found in sides.items()}


def instance(board: Board, rules: Rules, now: datetime) -> Instance:
    """Open requests with their needs, and the free places of open units; nothing that is promised or contested."""
    waiting = (
        Waiting(id, households.seen(c, board.communes.get(c.zone or ""), board.requests[id].first_asked))
        for id, c in sorted(board.criteria.items())
        if id in board.requests and board.requests[id].state is State.OPEN
    )
    return Instance(tuple(waiting), tuple(board.stocked(now).free()), now, rules)


def park(board: Board, now: datetime) -> Iterator[Place]:
    """The open rooms and dormitories with all their beds in service, as if nobody slept there: what may be declared on an evening."""
    for unit in board.units.values():
        shelter = board.shelters.get(unit.shelter)
        if shelter is not None and unit.open:
            beds = [bed if bed.physical is Physical.OUT else replace(bed, physical=Physical.VACANT) for bed in board.beds.get(unit.id, ())]
            yield places.of(shelter, (unit,), beds, lambda bed: None, places.door(board.territory, shelter, now))
