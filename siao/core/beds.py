"""A bed: what the staff see of it. What is promised on it is a claim (placements.py), never stored here twice."""

from uuid import UUID

from msgspec import Struct

from siao.core.coded import Coded


class Physical(Coded):
    """Written by staff, import, arrival and departure alone."""

    VACANT = "vacant", "libre", "vacant"
    OCCUPIED = "occupied", "occupé", "occupied"
    OUT = "out", "hors service", "out of service"


class OutReason(Coded):
    """Why a bed or a unit cannot be used tonight. Always said."""

    WORKS = "works", "travaux", "works"
    PEST_CONTROL = "pest_control", "désinsectisation", "pest control"
    REFURBISHMENT = "refurbishment", "remise en état", "refurbishment"
    STAFF_SHORTAGE = "staff_shortage", "manque de personnel", "staff shortage"
    UNDER_OCCUPATION = "under_occupation", "sous-occupation", "under-occupation"
    SAFETY = "safety", "sécurité", "safety"
    OTHER = "other", "autre motif", "other"


class Source(Coded):
    """Who told us; shown beside the freshness of every count."""

    SCREEN = "screen", "par la structure", "by the shelter"
    PHONE = "phone", "par téléphone", "by telephone"
    IMPORT = "import", "par import", "by import"
    PARTNER = "partner", "par un partenaire", "by a partner"


class Bed(Struct, frozen=True, gc=False):
    """`to_check`: vacant after a no-show, nobody has looked yet. `version` rises with each physical change."""

    id: UUID
    territory: str
    unit: UUID
    number: int
    physical: Physical
    out_reason: OutReason | None
    to_check: bool
    version: int
