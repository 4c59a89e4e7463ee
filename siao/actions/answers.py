"""What the desk says: what a command did, that it cannot be known now, or what the database objected, in our words."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from siao.core.refused import Refusal, Refused
from siao.store import db as database


class Answer(Struct, frozen=True):
    """What a command did: whose id, at which position of the journal. Kept under its key."""

    id: UUID
    seq: int
    epoch: str
    until: datetime | None = None
    code: str | None = None


class Unavailable(Exception):
    """The desk is full, or the database away. The outcome may be unknown: send the same key again."""

    retry_after_seconds = 1


REFUSALS = {
    "command_pkey": (Refusal.KEY_REUSED, "Idempotency-Key"),  # in another territory, which this one does not see
    "placement_bed_one_live": (Refusal.TAKEN, "beds"),
    "placement_bed_room_whole": (Refusal.TAKEN, "units"),
    "placement_bed_rule": (Refusal.ANOTHER_RULE, "units"),
    "placement_request_one_live": (Refusal.ALREADY_PLACED, "request"),
    "request_code": (Refusal.CODE_TAKEN, "code"),  # said from a sheet of paper, and somebody's already
    "night_pkey": (Refusal.NIGHT_CLOSED, "date"),
    "request_service_fkey": (Refusal.UNKNOWN, "service"),
    "account_login_key": (Refusal.TAKEN, "login"),
    "criteria_last_shelter_fkey": (Refusal.UNKNOWN, "last_shelter"),
}
"""The database's own objections, by the name of the constraint."""


def translated(no: Exception, what: Any) -> Exception:
    """What the database objects to this command, in our words; anything else as it is."""
    name = database.constraint(no)
    if isinstance(no, database.OUT_OF_SIGHT):  # the id that the key would make is a row of another territory
        return Refused(Refusal.KEY_REUSED, "Idempotency-Key")
    if name == "request_code" and not what.said:
        return Unavailable()  # one in 2^40 each: the same key sent again draws another code
    return Refused(*REFUSALS[name]) if name in REFUSALS else no
