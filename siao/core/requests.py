"""A request: a household that asks for a place tonight. What it needs (Criteria) lives only while it is open."""

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from siao.core.coded import Coded
from siao.core.journal import Verb


class State(Coded):
    OPEN = "open", "en attente", "open"
    PLACED = "placed", "orientée", "placed"
    PAUSED = "paused", "en pause", "paused"
    MET = "met", "pourvue", "met"
    UNMET = "unmet", "non pourvue", "unmet"
    WITHDRAWN = "withdrawn", "retirée", "withdrawn"


WAITING = frozenset({State.OPEN, State.PLACED, State.PAUSED})
"""The states in which a request has criteria."""

TRANSITIONS: dict[tuple[State, Verb], frozenset[State]] = {
    (State.OPEN, Verb.HOLD): frozenset({State.PLACED}),
    (State.OPEN, Verb.REVISE): frozenset({State.OPEN}),
    (State.PAUSED, Verb.RESUME): frozenset({State.OPEN}),
    **{(state, Verb.WITHDRAW): frozenset({State.WITHDRAWN}) for state in WAITING},
    **{(State.PLACED, verb): frozenset({State.OPEN}) for verb in (Verb.RELEASE, Verb.REFUSE_SHELTER, Verb.REFUSE_HOUSEHOLD)},
    (State.PLACED, Verb.LAPSE): frozenset({State.OPEN, State.PAUSED}),
    (State.PLACED, Verb.NO_SHOW): frozenset({State.PAUSED}),
    **{(state, Verb.ARRIVE): frozenset({State.MET}) for state in WAITING},
    (State.OPEN, Verb.UNMET): frozenset({State.UNMET}),
    (State.PAUSED, Verb.UNMET): frozenset({State.UNMET}),
    (State.UNMET, Verb.RENEW): frozenset({State.OPEN}),
}

RENEW_DAYS = 30
"""How long a code may be renewed after its request ended unmet."""


class Pause(Coded):
    """Why a request waits for its household to call."""

    NO_SHOW = "no_show", "ne s’est pas présenté", "did not come"
    DID_NOT_CALL_BACK = "did_not_call_back", "n’a pas rappelé", "did not call back"


class Closing(Coded):
    """How a request ended. Says nothing about a person."""

    MET = "met", "pourvue", "met"
    NO_PLACE = "no_place", "pas de place", "no place"
    NO_SUITABLE_PLACE = "no_suitable_place", "pas de place adaptée", "no suitable place"
    REFUSED_BY_HOUSEHOLD = "refused_by_household", "refusée par le ménage", "refused by the household"
    DID_NOT_CALL_BACK = "did_not_call_back", "n’a pas rappelé", "did not call back"
    OTHER_SOLUTION = "other_solution", "autre solution trouvée", "found another solution"
    WITHDRAWN = "withdrawn", "retirée", "withdrawn"


class Need(Coded):
    """What the place must have; never why."""

    STEP_FREE = "step_free", "plain-pied", "step-free"
    ANIMALS = "animals", "animaux", "animals"
    PROTECTED = "protected", "protégée", "protected"
    COTS = "cots", "lit bébé", "cot"
    PRIVATE_ROOM = "private_room", "chambre seule", "private room"
    WOMEN_ONLY = "women_only", "non mixte femmes", "women only"


class Side(Coded):
    MEN = "men", "hommes", "men"
    WOMEN = "women", "femmes", "women"
    MIXED = "mixed", "mixte", "mixed"
    MINORS = "minors", "mineurs", "minors"


class Request(Struct, frozen=True, gc=False):
    """`first_asked` and `nights_unmet` outlive the night for 30 days; `first_in_level` after a shelter refused it.

    `night`: the night it was asked in. `party`: requests shown together by the households' own wish.
    `last_refusal`: the last coded refusal, for the social worker.
    """

    id: UUID
    territory: str
    code: str
    state: State
    closing: Closing | None
    pause: Pause | None
    night: date
    first_asked: datetime
    asked_at: datetime
    nights_unmet: int
    call_back: datetime | None
    service: UUID | None
    party: UUID | None
    first_in_level: bool
    last_refusal: str | None
    closed_at: datetime | None
    version: int


class Criteria(Struct, frozen=True, gc=False):
    """The one list of what a household needs; deleted in the transaction that closes its request.

    men and women in adults, children 3–17, infants under 3; level 1 (first) to 4; `zone` a commune to stay around.
    """

    KEY: ClassVar[str] = "request"

    request: UUID
    territory: str
    men: int
    women: int
    children: int
    infants: int
    needs: tuple[Need, ...]
    zone: str | None
    max_km: int | None
    nights: int
    last_shelter: UUID | None
    level: int
    explanation: bytes | None

    @property
    def persons(self) -> int:
        return self.men + self.women + self.children + self.infants

    @property
    def side(self) -> Side:
        if self.men + self.women == 0:
            return Side.MINORS
        if self.men and self.women:
            return Side.MIXED
        return Side.MEN if self.men else Side.WOMEN


PERSONS_MAX = 20
PLAIN = r"^[^\u0000-\u001f]*$"
"""A line of text: no control characters, of which the database refuses one."""
Count = Annotated[int, Meta(ge=0, le=PERSONS_MAX)]


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked on the telephone, and nothing more. All but the counts may be left out, and ranks as no wish."""

    men: Count = 0
    women: Count = 0
    children: Count = 0
    infants: Count = 0
    needs: Annotated[tuple[Need, ...], Meta(max_length=len(Need))] = ()
    zone: Annotated[str, Meta(max_length=80, pattern=PLAIN)] | None = None
    max_km: Annotated[int, Meta(ge=1, le=300)] | None = None
    nights: Annotated[int, Meta(ge=1, le=30)] = 1
    level: Annotated[int, Meta(ge=1, le=4)] = 4
    last_shelter: UUID | None = None


class HeldBack(Struct, frozen=True):
    """A place that the household who waits was not given, since evenings like this one need it for `level`."""

    units: tuple[UUID, ...]
    until: datetime
    level: int


class Ask(Struct, frozen=True):
    """A new request. `code` was drawn by the caller: core has no randomness. `said`: the same, where it was given from a sheet of
    paper while no screen was there; then it is a part of what was sent."""

    id: UUID
    territory: str
    code: str
    asked: Asked
    call_back: datetime | None = None
    service: UUID | None = None
    party: UUID | None = None
    held_back: HeldBack | None = None
    said: str | None = None


class Renew(Struct, frozen=True):
    """The household gives its code another night; what it needs is asked again."""

    request: UUID
    asked: Asked
    call_back: datetime | None = None
    service: UUID | None = None
    party: UUID | None = None
    held_back: HeldBack | None = None


class Revise(Struct, frozen=True):
    """Another wish in the household's own word: further away, one need less, another composition."""

    request: UUID
    asked: Asked
    call_back: datetime | None = None
    held_back: HeldBack | None = None


class Resume(Struct, frozen=True):
    """A paused household called."""

    request: UUID


class Withdraw(Struct, frozen=True):
    """`reason` WITHDRAWN or OTHER_SOLUTION; what is live is released with it."""

    request: UUID
    reason: Closing = Closing.WITHDRAWN


class CloseUnmet(Struct, frozen=True):
    """A person says why the request stays unmet."""

    request: UUID
    reason: Closing
