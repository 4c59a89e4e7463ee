"""A placement: one place for one household, from held to ended. The law of the house, as data.

TRANSITIONS is the whole of it (STATES.md): every pair (state, verb) that is not there is refused. The rules that walk it
are in `promises` (held, offered, expected) and `stays` (from the door on).
"""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from siao.core.allocation.decision import Decision
from siao.core.allocation.standing import Engine, Standing
from siao.core.allocation.weigh import Why
from siao.core.coded import Coded
from siao.core.journal import Verb
from siao.core.refused import Refusal, Refused
from siao.core.requests import Side
from siao.core.units import Rule


class State(Coded):
    HELD = "held", "bloquée", "held"
    OFFERED = "offered", "proposée", "offered"
    EXPECTED = "expected", "attendue", "expected"
    PRESENT = "present", "présente", "present"
    RELEASED = "released", "libérée", "released"
    REFUSED_SHELTER = "refused_shelter", "refusée par la structure", "refused by the shelter"
    REFUSED_HOUSEHOLD = "refused_household", "refusée par le ménage", "refused by the household"
    LAPSED = "lapsed", "délai passé", "lapsed"
    NO_SHOW = "no_show", "ne s’est pas présenté", "no-show"
    ENDED = "ended", "terminée", "ended"


LIVE = frozenset({State.HELD, State.OFFERED, State.EXPECTED, State.PRESENT})

TRANSITIONS: dict[tuple[State, Verb], frozenset[State]] = {
    (State.HELD, Verb.OFFER): frozenset({State.OFFERED, State.EXPECTED}),
    (State.HELD, Verb.ACCEPT): frozenset({State.EXPECTED}),
    (State.OFFERED, Verb.ACCEPT): frozenset({State.EXPECTED}),
    **{(state, Verb.RELEASE): frozenset({State.RELEASED}) for state in LIVE - {State.PRESENT}},
    **{(state, Verb.REFUSE_HOUSEHOLD): frozenset({State.REFUSED_HOUSEHOLD}) for state in LIVE - {State.PRESENT}},
    (State.OFFERED, Verb.REFUSE_SHELTER): frozenset({State.REFUSED_SHELTER}),
    (State.EXPECTED, Verb.REFUSE_SHELTER): frozenset({State.REFUSED_SHELTER}),
    (State.HELD, Verb.LAPSE): frozenset({State.LAPSED}),
    (State.OFFERED, Verb.LAPSE): frozenset({State.LAPSED}),
    (State.EXPECTED, Verb.ARRIVE): frozenset({State.PRESENT}),
    (State.EXPECTED, Verb.NO_SHOW): frozenset({State.NO_SHOW}),
    (State.NO_SHOW, Verb.ARRIVE): frozenset({State.PRESENT}),
    **{(state, Verb.MOVE): frozenset({state}) for state in LIVE},
    (State.PRESENT, Verb.EXTEND): frozenset({State.PRESENT}),
    (State.PRESENT, Verb.SHRINK): frozenset({State.PRESENT}),
    (State.PRESENT, Verb.DEPART): frozenset({State.ENDED}),
}

TAKE_OVER_SECONDS = 5
"""Another household may take a bed this long after the claim's clock ran out."""


class ShelterRefusal(Coded):
    BED_NOT_FREE = "bed_not_free", "La place n’est pas libre", "The place is not free"
    OUT_OF_SERVICE = "out_of_service", "La place est hors service", "The place is out of service"
    DOES_NOT_FIT = "does_not_fit_unit", "Ne convient pas à l’unité", "Does not fit the unit"
    TOO_LATE = "too_late", "L’heure d’arrivée est trop tardive", "Arrival would be too late"
    NO_STAFF = "no_staff", "Pas assez de personnel cette nuit", "Not enough staff tonight"
    OTHER = "other", "Autre motif", "Other"


class HouseholdRefusal(Coded):
    TOO_FAR = "too_far", "Trop loin", "Too far"
    NOT_TOGETHER = "not_together", "Pas ensemble", "Not together"
    NOT_THIS_KIND = "not_this_kind", "Pas ce genre de lieu", "Not this kind of place"
    ANIMAL = "animal", "Animal", "Animal"
    FOUND_ANOTHER = "found_another", "A trouvé ailleurs", "Found another"
    SAYS_NO_REASON = "says_no_reason", "Ne dit pas de motif", "Says no reason"
    OTHER = "other", "Autre motif", "Other"


class Override(Coded):
    """Why a person took another place than the first ranked."""

    CONTINUITY = "continuity", "Continuité", "Continuity"
    TRANSPORT = "transport", "Transport", "Transport"
    WISH = "wish", "Souhait du ménage", "Wish of the household"
    ASKED_BY_SHELTER = "asked_by_shelter", "Demande de la structure", "Asked by the shelter"
    LOCAL_KNOWLEDGE = "local_knowledge", "Connaissance du lieu", "Local knowledge of the place"
    OTHER = "other", "Autre motif", "Other"


class Placement(Struct, frozen=True, gc=False):
    """`until`: when the clock of the present state runs out. `persons`: how many are to come, `expected_until`: until when. All three
    are None once nobody is awaited: present, gone, or not come.

    `request`: None where the household was not recorded. `opened_seq`: the journal entry that knows who held it.
    `accepted`: a shelter's later refusal is counted apart. `end_date`: shown, never booked, never ended by software.
    `rules_version`, `engine`, `decided`, `compatible`, `override`: all that remains of its explanation; None where there was none.
    """

    id: UUID
    territory: str
    request: UUID | None
    shelter: UUID
    state: State
    persons: int | None
    night: date
    until: datetime | None
    expected_until: datetime | None
    end_date: date | None
    accepted: bool
    outcome: str | None
    override: Override | None
    opened_seq: int
    version: int
    rules_version: int | None = None
    engine: Engine | None = None
    decided: Why | None = None
    compatible: int | None = None


class Holds(Struct, frozen=True, gc=False):
    """The placements an agent holds now, read from the journal; never stored."""

    id: UUID
    placements: tuple[UUID, ...]


Persons = Annotated[int, Meta(ge=1, le=20)]


class Hold(Struct, frozen=True):
    """Takes one room, adjoining rooms, or beds of one dormitory, whole or not at all. `beds`: staff's choice, else the first.

    `standing`: where the place stood among all when it was chosen, as the server read it off its own board. `advice`: what it
    had advised for this household, where it had.
    """

    id: UUID
    units: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=2)]
    request: UUID | None = None
    beds: Annotated[tuple[UUID, ...], Meta(max_length=2)] = ()
    persons: Persons | None = None
    side: Side | None = None
    override: Override | None = None
    standing: Standing | None = None
    advice: Decision | None = None


class HoldPlanned(Hold, frozen=True):
    """A line of a plan that a coordinator accepted; it does not count among the coordinator's own holds.

    `rule`: what the plan makes of a switchable dormitory that is empty, so that all its households find the same.
    """

    rule: Rule | None = None


class Offer(Struct, frozen=True):
    placement: UUID


class Accept(Struct, frozen=True):
    placement: UUID


class Release(Struct, frozen=True):
    placement: UUID


class RefuseShelter(Struct, frozen=True):
    placement: UUID
    reason: ShelterRefusal


class RefuseHousehold(Struct, frozen=True):
    placement: UUID
    reason: HouseholdRefusal


class Lapse(Struct, frozen=True):
    """The clock's verb: a hold or an offer that nobody answered, an arrival that did not come."""

    placement: UUID


def step(placement: Placement, verb: Verb) -> None:
    """Refuses every pair (state, verb) that is not in the law."""
    if (placement.state, verb) not in TRANSITIONS:
        raise Refused(Refusal.NOT_NOW, "state", (placement.id,), (placement.state, verb))


def in_time(placement: Placement, now: datetime) -> None:
    if placement.until is not None and now >= placement.until:
        raise Refused(Refusal.EXPIRED, "until", (placement.id,))


def overdue(placement: Placement, now: datetime) -> bool:
    """The clock ran out, and long enough ago that another household may take the beds."""
    return placement.state in LIVE and placement.until is not None and now >= placement.until + timedelta(seconds=TAKE_OVER_SECONDS)
