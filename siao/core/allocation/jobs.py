"""What the solver's child is asked and what it answers: plain values, so that whoever asks need not load a solver."""

import struct
from datetime import date
from uuid import UUID

from msgspec import Struct

from siao.core.allocation.comparison import Summary
from siao.core.allocation.compatible import Place
from siao.core.allocation.cost import Cost
from siao.core.allocation.decision import Decision
from siao.core.allocation.effect import Effect
from siao.core.allocation.model import Given, Instance, Rules, Vector
from siao.core.allocation.past import Past
from siao.core.allocation.rates import Rates

LENGTH = struct.Struct("!I")
"""Each message goes with its length in bytes before it."""


class Propose(Struct, frozen=True, tag="propose"):
    """A plan for all who wait against all that is free. `nodes_max` bounds the search; seconds are the asker's to keep."""

    instance: Instance
    nodes_max: int


class Proposal(Struct, frozen=True, tag="proposal"):
    """A plan for all who wait, beside what first come, first served would give.

    `bound`: no plan can be better than this, level by level; `proven`: this one reaches it. `checked`: its certificate was
    verified without the solver.
    """

    given: tuple[Given, ...]
    bound: Vector
    proven: bool
    checked: bool
    engine: str
    nodes: int
    summary: Summary
    first_fit: Summary


class Weigh(Struct, frozen=True, tag="weigh"):
    """What other rules would have changed, on evenings drawn with a seed; `nodes_max` bounds each search."""

    before: Rules
    after: Rules
    past: Past
    seed: int
    nodes_max: int


class Change(Struct, frozen=True, tag="change"):
    """What it costs at least to give `units` to `request` against the plan; no hard reason forbids it."""

    instance: Instance
    request: UUID
    units: tuple[UUID, ...]
    nodes_max: int


class History(Struct, frozen=True):
    """What tonight's ghosts are drawn from. `park`: all units one by one, with their beds in service; nobody who waits."""

    known: Rates
    park: tuple[Place, ...]
    night: date
    time_zone: str
    seed: int


class Advise(Struct, frozen=True, tag="advise"):
    """Give or hold back, for one household of `instance`. `history`: a `History`, encoded once a night."""

    instance: Instance
    caller: UUID
    may_wait: bool
    night: date
    time_zone: str
    history: bytes


Job = Propose | Weigh | Change | Advise
Result = Proposal | Effect | Cost | Decision


class Reply(Struct, frozen=True):
    """`last`: the job is done; before that, each better result as it is found."""

    last: bool
    result: Result
