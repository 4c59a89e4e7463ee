"""What is kept of a night once its requests are closed: counts, never rows about a household.

Counted in households and in persons, flow and not stock. Cells under 11 are not shown (GUARANTEES, 22).
"""

from datetime import date, datetime

from msgspec import Struct

from siao.core.coded import Coded
from siao.core.requests import Closing, Criteria, Side


class Composition(Coded):
    """The compositions counted nationally."""

    MAN = "man", "homme seul", "man alone"
    WOMAN = "woman", "femme seule", "woman alone"
    COUPLE = "couple", "couple sans enfant", "couple without children"
    WOMAN_CHILDREN = "woman_children", "femme avec enfants", "woman alone with children"
    MAN_CHILDREN = "man_children", "homme avec enfants", "man alone with children"
    COUPLE_CHILDREN = "couple_children", "couple avec enfants", "couple with children"
    GROUP = "group", "groupe d’adultes", "group of adults"
    GROUP_CHILDREN = "group_children", "groupe avec enfants", "group with children"
    MINOR = "minor", "mineur seul", "minor alone"
    MINORS = "minors", "mineurs ensemble", "minors together"


class Band(Coded):
    """How long the household had waited when its request closed."""

    UNDER_1_H = "under_1_h", "moins d’une heure", "under an hour"
    UNDER_3_H = "under_3_h", "1 à 3 heures", "1 to 3 hours"
    UNDER_6_H = "under_6_h", "3 à 6 heures", "3 to 6 hours"
    OVER_6_H = "over_6_h", "plus de 6 heures", "over 6 hours"


class Tally(Struct, frozen=True, gc=False):
    """One closed request, as it is counted. `persons` as arrived where met."""

    territory: str
    night: date
    outcome: Closing
    side: Side
    composition: Composition
    level: int
    band: Band
    persons: int


BANDS_HOURS = ((1, Band.UNDER_1_H), (3, Band.UNDER_3_H), (6, Band.UNDER_6_H))


def band(asked: datetime, closed: datetime) -> Band:
    hours = (closed - asked).total_seconds() / 3600
    return next((band for limit, band in BANDS_HOURS if hours < limit), Band.OVER_6_H)


def composition(c: Criteria) -> Composition:
    adults, minors = c.men + c.women, c.children + c.infants
    if adults == 0:
        return Composition.MINOR if minors == 1 else Composition.MINORS
    if adults == 1 and minors:
        return Composition.WOMAN_CHILDREN if c.women else Composition.MAN_CHILDREN
    if adults == 1:
        return Composition.WOMAN if c.women else Composition.MAN
    couple = c.men == 1 and c.women == 1
    if minors:
        return Composition.COUPLE_CHILDREN if couple else Composition.GROUP_CHILDREN
    return Composition.COUPLE if couple else Composition.GROUP
