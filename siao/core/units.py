"""Shelters and their units: a room goes whole to one household, a dormitory bed by bed under a rule."""

from datetime import datetime, time
from uuid import UUID

from msgspec import Struct

from siao.core.beds import OutReason, Source
from siao.core.coded import Coded


class Scheme(Coded):
    CHU = "chu", "CHU", "emergency shelter"
    CHRS = "chrs", "CHRS", "reintegration shelter"
    HOTEL = "hotel", "Hôtel", "hotel"
    NIGHT_SHELTER = "night_shelter", "Abri de nuit", "night shelter"
    NIGHT_STOP = "night_stop", "Halte de nuit", "night stop"
    RHVS = "rhvs", "RHVS", "social residence hotel"
    LHSS = "lhss", "LHSS", "medical respite beds"
    WINTER = "winter", "Hivernal", "winter shelter"
    GYMNASIUM = "gymnasium", "Gymnase", "gymnasium"


class Kind(Coded):
    ROOM = "room", "chambre", "room"
    DORMITORY = "dormitory", "dortoir", "dormitory"


class Rule(Coded):
    """Who may sleep there. SWITCHABLE takes the rule of the first who comes tonight (dormitories only)."""

    MEN = "men", "hommes", "men"
    WOMEN = "women", "femmes", "women"
    MIXED = "mixed", "mixte", "mixed"
    SWITCHABLE = "switchable", "selon la nuit", "set each night"


class Feature(Coded):
    """What a place has."""

    STEP_FREE = "step_free", "PMR", "step-free"
    ANIMALS = "animals", "animaux", "animals"
    PROTECTED = "protected", "protégée", "protected"
    COTS = "cots", "lits bébé", "cots"


class Mode(Coded):
    """Who answers an offer: the shelter, or nobody because the 115 disposes of the place."""

    ON_ACCEPTANCE = "on_acceptance", "sur accord de la structure", "on acceptance"
    DIRECT = "direct", "à disposition du 115", "at the 115's disposal"


class Shelter(Struct, frozen=True, gc=False):
    """`arrive_before`: local time of the door, None for day and night. `by_phone`: it never looks at a screen.

    `to_ring_since`: an offer went unanswered; somebody should telephone.
    """

    id: UUID
    territory: str
    name: str
    scheme: Scheme
    commune: str
    zone: str
    latitude: float | None
    longitude: float | None
    address: str | None
    telephone: str | None
    house_rules: str | None
    arrive_before: time | None
    confidential: bool
    by_phone: bool
    to_ring_since: datetime | None


class Unit(Struct, frozen=True, gc=False):
    """`nominal` counts installed places; those in service are its beds not out. `suite`: rooms that adjoin share it.

    `rule_tonight`: the rule in force, None only while a switchable dormitory is empty. `confirmed_at`: when somebody
    last said what is here. A unit with a `plan` opens and closes with it. `kept_until`, `kept_level`: held back for whoever of
    that level or above calls until then, half an hour at most; whose request it was is not said.
    """

    id: UUID
    territory: str
    shelter: UUID
    name: str
    kind: Kind
    nominal: int
    rule: Rule
    rule_tonight: Rule | None
    features: tuple[Feature, ...]
    mode: Mode
    open: bool
    closed_reason: OutReason | None
    plan: UUID | None
    suite: UUID | None
    nights_max: int | None
    version: int
    confirmed_at: datetime | None
    confirmed_source: Source | None
    kept_until: datetime | None = None
    kept_level: int | None = None

    def kept(self, now: datetime) -> bool:
        return self.kept_until is not None and now < self.kept_until


class Plan(Struct, frozen=True, gc=False):
    """A surge plan: extra places that open and close together, by level."""

    id: UUID
    territory: str
    name: str
    level: int
    open: bool
