"""What a service may learn of its evenings (GUARANTEES, 19), and the ghosts drawn from it.

Demand is counted per (side, size band, level, 2 h) and week. A need is added only to a cell that already holds CELL_MIN
requests over 28 nights; `protected` never, a zone never (no decision here uses it). Ghosts are drawn from these rates with a
seed: nobody is remembered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from siao.core import night as nights
from siao.core.allocation.compatible import Household, Place
from siao.core.coded import Coded
from siao.core.requests import Criteria, Need, Side
from siao.core.units import Kind, Rule

CELL_MIN = 11
"""Requests over 28 nights: the least that a cell holds before a need is kept beside it (GUARANTEES, 19), and of whom a wait is learned
(past.py). What is published has a floor of its own in published.py, which is another rule and only happens to be as high."""
NIGHTS = 28
WEEKS_KEPT = 5
"""The running week and the four before it."""
CELL_HOURS = 2
NEVER = frozenset({Need.PROTECTED})
SMALL = CELL_MIN * NIGHTS
"""A territory with fewer requests in 28 nights than this borrows the shape of the others' evenings."""


class Size(Coded):
    """Size bands of households: what a place's capacity must tell apart, no finer."""

    ONE = "1", "1 personne", "1 person"
    TWO = "2", "2 personnes", "2 persons"
    FEW = "3-4", "3 ou 4 personnes", "3 or 4 persons"
    MANY = "5-6", "5 ou 6 personnes", "5 or 6 persons"
    MORE = "7+", "7 personnes ou plus", "7 persons or more"


PERSONS = {Size.ONE: (1, 1), Size.TWO: (2, 2), Size.FEW: (3, 4), Size.MANY: (5, 6), Size.MORE: (7, 8)}
"""Smallest and largest size that a ghost of the band is drawn with."""

Cell = tuple[Side, Size, int, int]


class Demand(Struct, frozen=True):
    """Requests of one week in one cell, a whole number but where pooled. `week`: its Monday; `hours`: the local hour at which
    the two begin; `need` None: all of the cell."""

    territory: str
    week: date
    side: Side
    size: Size
    level: int
    hours: int
    need: Need | None
    requests: float

    @property
    def cell(self) -> Cell:
        return self.side, self.size, self.level, self.hours


class Supply(Struct, frozen=True):
    """Rooms, or beds of dormitories, that were declared free. `capacity`: persons, 1 for a bed."""

    territory: str
    week: date
    kind: Kind
    capacity: int
    rule: Rule
    hours: int
    units: int


class Rates(Struct, frozen=True):
    """What is known of `nights` nights, at most 28. No night, no rate: the policies fall back to the batch."""

    nights: int = 0
    demand: tuple[Demand, ...] = ()
    supply: tuple[Supply, ...] = ()

    @property
    def few(self) -> bool:
        """Too little to have a shape of its own."""
        return _requests(self.demand) < SMALL


def size(persons: int) -> Size:
    return next((band for band, (_, most) in PERSONS.items() if persons <= most), Size.MORE)


def week(at: datetime, zone: str) -> date:
    """The Monday of the night's week."""
    night = nights.night(at, zone)
    return night - timedelta(days=night.weekday())


def hours(at: datetime, zone: str) -> int:
    hour = at.astimezone(ZoneInfo(zone)).hour
    return hour - hour % CELL_HOURS


def asked(territory: str, zone: str, h: Household | Criteria, at: datetime) -> tuple[Demand, ...]:
    """What one request adds: its cell, then its cell with each need that may be counted where the cell is large enough."""
    base = Demand(territory, week(at, zone), h.side, size(h.persons), h.level, hours(at, zone), None, 1)
    return (base, *(replace(base, need=need) for need in sorted(set(h.needs) - NEVER)))


def declared(territory: str, zone: str, p: Place, units: int, at: datetime) -> Supply:
    """What a report that frees a room (1) or beds of a dormitory adds; an empty switchable dormitory has no rule yet."""
    capacity = p.capacity if p.kind is Kind.ROOM else 1
    return Supply(territory, week(at, zone), p.kind, capacity, p.rule or Rule.SWITCHABLE, hours(at, zone), units)


def kept(added: Iterable[tuple[Demand, ...]]) -> tuple[Demand, ...]:
    """What is kept of requests in the order in which they close: a need only where its cell held CELL_MIN in 28 nights before."""
    found: Counter[Demand] = Counter()
    held: defaultdict[Cell, Counter[date]] = defaultdict(Counter)
    for base, *needs in added:
        recent = sum(n for week, n in held[base.cell].items() if week > base.week - timedelta(days=NIGHTS))
        found.update([replace(base, requests=0), *(replace(one, requests=0) for one in needs if recent >= CELL_MIN)])
        held[base.cell][base.week] += 1
    return tuple(replace(one, requests=n) for one, n in found.items())


def added(changes: Iterable[Demand]) -> list[Demand]:
    """What one batch adds, one row a cell."""
    found: Counter[Demand] = Counter(replace(one, requests=0) for one in changes)
    return [replace(one, requests=n) for one, n in found.items()]


def supplied(added: Iterable[Supply]) -> tuple[Supply, ...]:
    found: Counter[Supply] = Counter()
    for one in added:
        found[replace(one, units=0)] += one.units
    return tuple(replace(one, units=n) for one, n in found.items())


def counted(running: date, nights: Sequence[date], demand: Sequence[Demand], supply: Sequence[Supply]) -> Rates:
    """Whole weeks before the running one (`running`: its Monday), over those of their `nights` that were closed: what was counted
    tonight, of a night that is not over, would raise a rate. In its first week a territory has that week alone, tonight with it.
    """
    whole = sum(night < running for night in nights)
    if not whole:
        return Rates(len(nights) + 1, tuple(demand), tuple(supply)) if nights else Rates()
    return Rates(whole, tuple(one for one in demand if one.week < running), tuple(one for one in supply if one.week < running))


def pooled(own: Rates, others: Iterable[Rates]) -> Rates:
    """A small territory's evening has the shape of all territories together and the size of its own."""
    mine = _requests(own.demand)
    if not own.few or not own.nights:
        return own
    shapes = [one for one in others if one.nights]
    total = sum(_requests(one.demand) / one.nights for one in shapes)
    if not total:
        return own
    share = mine / own.nights / total
    demand = (replace(d, requests=d.requests * share * own.nights / one.nights) for one in shapes for d in one.demand)
    return Rates(own.nights, tuple(demand), own.supply)


def _requests(demand: Iterable[Demand]) -> float:
    return sum(one.requests for one in demand if one.need is None)


def cells(demand: Iterable[Demand]) -> Iterator[tuple[Cell, float, dict[Need, float]]]:
    """Each cell with its requests and the share of them that has each need; a need is said of cells of CELL_MIN alone."""
    total: defaultdict[Cell, float] = defaultdict(float)
    needs: defaultdict[Cell, defaultdict[Need, float]] = defaultdict(lambda: defaultdict(float))
    for one in demand:
        if one.need is None:
            total[one.cell] += one.requests
        elif one.need not in NEVER:
            needs[one.cell][one.need] += one.requests
    for cell, n in sorted(total.items()):
        yield cell, n, {need: min(1.0, k / n) for need, k in sorted(needs[cell].items())} if n >= CELL_MIN else {}
