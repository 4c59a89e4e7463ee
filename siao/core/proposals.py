"""What a plan is made from, read off the board: all who wait and all that is free at one position of the journal."""

from collections.abc import Mapping
from datetime import datetime

from siao.core import asking
from siao.core.allocation.model import Instance, Rules, Waiting
from siao.core.board import Board
from siao.core.requests import State
from siao.core.territories import Commune


def instance(board: Board, communes: Mapping[str, Commune], rules: Rules, now: datetime) -> Instance:
    """Open requests with their needs, and the free places of open units; nothing that is promised or contested."""
    waiting = (
        Waiting(id, asking.seen(c, communes.get(c.zone or ""), board.requests[id].first_asked))
        for id, c in sorted(board.criteria.items())
        if id in board.requests and board.requests[id].state is State.OPEN
    )
    return Instance(tuple(waiting), tuple(place for place in board.places(now) if place.free), now, rules)
