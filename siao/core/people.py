"""Who may do what, and who sees what (STATES, Rights). Roles are held per territory, shelter or service."""

from uuid import UUID

from msgspec import Struct

from siao.core.beds import Source
from siao.core.coded import Coded


class Role(Coded):
    OPERATOR = "operator", "écoutant 115", "115 operator"
    COORDINATOR = "coordinator", "régulation", "coordinator"
    SHELTER = "shelter", "structure", "shelter"
    WORKER = "worker", "prescripteur", "social worker"
    OBSERVER = "observer", "observateur de l’État", "state observer"
    ADMIN = "admin", "administration", "administrator"
    AUDITOR = "auditor", "audit", "auditor"
    CLOCK = "clock", "horloge", "clock"


class Read(Coded):
    """A read that is recorded, and looked back at by the auditor."""

    CODE_FOUND = "code_found", "code recherché", "code looked up"
    CODE_MISSED = "code_missed", "code inconnu", "unknown code"
    ADDRESS = "address", "adresse lue", "address read"


class Right(Struct, frozen=True, gc=False):
    """One right of one account. `shelter` for the role shelter, `service` for the role worker, else None."""

    role: Role
    territory: str
    shelter: UUID | None = None
    service: UUID | None = None


OFFICE = frozenset({Role.OPERATOR, Role.COORDINATOR})
"""Who sits at the 115; acting for a shelter, they speak on the telephone for it."""


class By(Struct, frozen=True, gc=False):
    """Who acts: the account's id goes into the journal and nowhere else. `agent` is None for the clock."""

    agent: UUID | None
    role: Role
    source: Source = Source.SCREEN
    shelter: UUID | None = None
    service: UUID | None = None


CLOCK = By(agent=None, role=Role.CLOCK)
