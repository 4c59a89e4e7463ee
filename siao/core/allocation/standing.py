"""Where one place stands for one household among all there are, at one position of the journal: the facts of an explanation."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from siao.core.allocation.compatible import HARD, Household
from siao.core.allocation.model import Rules
from siao.core.allocation.rank import NAMES, Look
from siao.core.allocation.stock import GONE, Stock
from siao.core.allocation.weigh import Weighed, Why, why
from siao.core.coded import Coded


class Engine(Coded):
    """What proposed the place."""

    RANK = "rank", "le classement des places pour ce ménage", "the ranking of places for this household"
    PLAN = "plan", "le plan pour tous ceux qui attendent", "the plan for all who wait"
    PRICES = "prices", "les soirées passées semblables (prix)", "similar past evenings (prices)"
    VOTE = "vote", "les soirées passées semblables (vote)", "similar past evenings (vote)"


class Position(Struct, frozen=True):
    """Which board was looked at, and when: true there, whatever came after."""

    epoch: str
    seq: int
    at: datetime


class Standing(Struct, frozen=True):
    """`rank`: 1 is the first, None where a wish had to be given up (`despite`: which). `beside`: the first, or for the first
    the second. `decided`: at which level the better of the two wins, None where there is none or a wish was given up.

    `request`: the version of the request whose criteria were looked at; `rules`: the version of the rules.
    """

    engine: Engine
    position: Position
    request: int
    rules: int
    rank: int | None
    compatible: int
    mine: Weighed
    beside: Weighed | None
    decided: Why | None
    despite: tuple[str, ...]
    excluded: dict[str, int]
    only: dict[str, int]

    @property
    def passed_over(self) -> bool:
        """Another place fits better: taking this one is a person's decision, with a reason."""
        return self.rank is not None and self.rank > 1 and self.decided is not Why.EQUAL


def of(
    stock: Stock, h: Household, units: tuple[UUID, ...], position: Position, rules: Rules, request: int, engine: Engine = Engine.RANK
) -> Standing | None:
    """None where the place cannot be had: not there, not free, or not for this household whatever is given up."""
    look, row = Look(stock, h, position.at, rules), stock.find(units)
    if row is None or (pattern := int(look.patterns[row])) & (HARD | GONE):
        return None
    rank = None if pattern else look.rank(row)
    other = next((other for other in look.best(2) if other != row), None)
    mine, *beside = look.weighed([row] if other is None else [row, other])
    excluded, only = look.counts()
    return Standing(
        engine=engine,
        position=position,
        request=request,
        rules=rules.version,
        rank=rank,
        compatible=len(look.fits),
        mine=mine,
        beside=next(iter(beside), None),
        decided=decided(mine, next(iter(beside), None), rank, rules),
        despite=NAMES[pattern],
        excluded=excluded,
        only=only,
    )


def decided(mine: Weighed, beside: Weighed | None, rank: int | None, rules: Rules) -> Why | None:
    """At which level the first beats what it is compared with."""
    if rank is None:
        return None
    if beside is None:
        return Why.ONLY
    return why(mine, beside, rules, 2) if rank == 1 else why(beside, mine, rules, 2)
