"""What a change makes free, for the rates of evenings: places and nothing of whoever left them (GUARANTEES, 19).

A report that frees a bed, a departure, of all or of some, a no-show: after each of them a household that calls later can be placed.
What only goes back where it came from a moment ago, a hold that lapses or is refused, is no supply.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from siao.core.allocation import rates
from siao.core.allocation.rates import Supply
from siao.core.beds import Physical
from siao.core.units import Kind, Unit
from siao.core.world import Change, World


def learned(world: World, change: Change, now: datetime) -> Change:
    """The change, with what it makes free."""
    return replace(change, learned=(*change.learned, *supply(world, change.rows, change.units, now)))


def supply(world: World, rows: Iterable[Struct], units: Iterable[UUID], now: datetime) -> Iterator[Supply]:
    """Beds of dormitories, and rooms once all their beds are free, that `rows` make free in these units."""
    after = world.fork()
    for row in rows:
        after.put(row)
    for id in units:
        unit, (_, before), (size, free) = after.get(Unit, id), _free(world, id), _free(after, id)
        if free > before:
            zone, rule = world.territory(unit.territory).time_zone, unit.rule_tonight or unit.rule
            yield Supply(unit.territory, rates.week(now, zone), unit.kind, size, rule, rates.hours(now, zone), free - before)


def _free(world: World, id: UUID) -> tuple[int, int]:
    """Persons that a place of the unit takes, and how many are free: the room with its beds in service, or beds of a dormitory, which
    may be here in part: what is not here does not change."""
    free = len(world.free(id))
    if world.get(Unit, id).kind is Kind.DORMITORY:
        return 1, free
    size = sum(bed.physical is not Physical.OUT for bed in world.beds(id))
    return size, int(0 < size == free)
