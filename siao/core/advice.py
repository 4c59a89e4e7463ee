"""What a decision for the caller on the line is made from, read off the board, and what it comes to in rows."""

from datetime import datetime

from siao.core import places, proposals
from siao.core.allocation.decision import Decision, Say
from siao.core.allocation.jobs import History
from siao.core.allocation.rates import Rates
from siao.core.board import Board
from siao.core.requests import HeldBack


def history(board: Board, known: Rates, now: datetime) -> History:
    """The night is the seed: all of it, and in every process, the same ghosts."""
    night = places.night(board.territory, now)
    return History(known, tuple(proposals.park(board, now)), night, board.territory.time_zone, night.toordinal())


def held_back(d: Decision | None) -> HeldBack | None:
    """What a household that follows the advice leaves for others; nothing where it is not known for whom."""
    if d is None or d.say is not Say.HOLD_BACK or d.level is None or d.until is None or not d.units:
        return None
    return HeldBack(d.units, d.until, d.level)
