"""What is decided for the caller on the line, and its words; apart from the policy, so that whoever asks need load no solver."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from msgspec import Struct

from siao.core import night as nights
from siao.core.coded import Coded

ENDS = time(2)
LAST = timedelta(minutes=45)
BOUND = timedelta(minutes=30)
"""A bed is held back half an hour at most, then it is asked again."""


class Say(Coded):
    GIVE = "give", "donner maintenant", "give now"
    HOLD_BACK = "hold_back", "garder pour plus tard", "hold back for later"


class Ground(Coded):
    """Why now, or why not. {n} of {of} evenings; {level}: the priority level it is needed for."""

    VOTED = (
        "voted",
        "dans {n} soirées semblables sur {of}, le ménage a une place maintenant",
        "in {n} of {of} similar evenings the household has a place now",
    )
    WORTH = (
        "worth",
        "sur {of} soirées semblables, le ménage y gagne plus que les autres n’y perdent",
        "over {of} similar evenings the household gains more than the others lose",
    )
    NEEDED_LATER = (
        "needed_later",
        "dans {n} soirées semblables sur {of}, ce type de place sert plus tard au niveau {level}",
        "in {n} of {of} similar evenings this kind of room is needed later for level {level}",
    )
    NEEDED_NOW = (
        "needed_now",
        "dans {n} soirées semblables sur {of}, ce type de place revient à un ménage de niveau {level} qui attend",
        "in {n} of {of} similar evenings this kind of room goes to a household of level {level} that waits",
    )
    LATER_SUITS = (
        "later_suits",
        "dans {n} soirées semblables sur {of}, le ménage est placé plus tard",
        "in {n} of {of} similar evenings the household is placed later",
    )
    LAST_MINUTES = "last_minutes", "trois derniers quarts d’heure : tout est donné", "last 45 minutes: everything is given"
    NOBODY_ELSE = "nobody_else", "personne d’autre ne peut l’utiliser", "nobody else can use it"
    BATCH = (
        "batch",
        "pas d’autres soirées à comparer : le mieux pour tous ceux qui attendent",
        "no other evenings to compare: the best for all who wait",
    )
    RANKED = "ranked", "pas d’autres soirées à comparer, personne d’autre n’attend", "no other evenings to compare, nobody else waits"
    TOGETHER = "together", "chambres contiguës : données dès qu’elles conviennent", "adjoining rooms: given as soon as they fit"
    NOTHING = "nothing", "rien ne convient maintenant", "nothing fits now"


class Kept(Coded):
    """What the board says of a place that is held back."""

    FOR_LEVEL = "for_level", "gardée pour le niveau {level} jusqu’à {until}", "kept for level {level} until {until}"


class Decision(Struct, frozen=True, tag="decision"):
    """`units`: the place meant; `evenings` of `of`; `until`: when it is asked again at the latest; `call_back`: the half hour
    to agree with the caller."""

    say: Say
    ground: Ground
    units: tuple[UUID, ...]
    evenings: int = 0
    of: int = 0
    level: int | None = None
    until: datetime | None = None
    call_back: datetime | None = None

    def why(self, language: str) -> str:
        return self.ground.words(language).format(n=self.evenings, of=self.of, level=self.level)


def ends(night: date, zone: str) -> datetime:
    """When the evening is over and whoever calls is given what there is."""
    return nights.at(night + timedelta(days=1), ENDS, zone)
