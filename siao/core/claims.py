"""What is promised on beds. A claim is a placement's line on a bed; a bed has at most one live one.

The database makes sure of it: `placement_bed_one_live`, `placement_bed_room_whole`, `placement_bed_rule` (db/schema.sql).
"""

from uuid import UUID

from msgspec import Struct

from siao.core.beds import Bed, Physical
from siao.core.units import Rule


class Claim(Struct, frozen=True, gc=False):
    """`whole`: the bed goes with its whole room. `rule`: the dormitory's rule it relies on, while live; None for a room.
    `moved`: it ended by a move, not with its placement."""

    placement: UUID
    bed: UUID
    unit: UUID
    territory: str
    live: bool
    whole: bool
    rule: Rule | None
    moved: bool = False


def bed_is_free(bed: Bed, claim: Claim | None) -> bool:
    return bed.physical is Physical.VACANT and claim is None
