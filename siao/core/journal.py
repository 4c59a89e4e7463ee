"""One entry per verb, numbered per territory without gaps, each carrying the hash of the one before it.

An entry says who, when, which verb, which rows it touched and the coded outcome. It never holds what a household needs.
"""

import hmac
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct

from siao.core.beds import Source
from siao.core.coded import Coded
from siao.core.people import Role

GENESIS = bytes(32)


class Verb(Coded):
    REPORT = "report", "a déclaré ses lits", "reported its beds"
    CONFIRM = "confirm", "a confirmé", "confirmed"
    OPEN_UNIT = "open_unit", "ouvre", "opens"
    CLOSE_UNIT = "close_unit", "ferme", "closes"
    OPEN_PLAN = "open_plan", "plan ouvert", "plan opened"
    CLOSE_PLAN = "close_plan", "plan fermé", "plan closed"
    ASK = "ask", "demande faite", "request made"
    RENEW = "renew", "demande renouvelée", "request renewed"
    REVISE = "revise", "demande modifiée", "request revised"
    RESUME = "resume", "le ménage a rappelé", "the household called back"
    WITHDRAW = "withdraw", "demande retirée", "request withdrawn"
    UNMET = "unmet", "non pourvue", "unmet"
    HOLD = "hold", "place bloquée", "place held"
    MOVE = "move", "déplacée", "moved"
    RELEASE = "release", "place libérée", "place released"
    OFFER = "offer", "proposée à la structure", "offered to the shelter"
    ACCEPT = "accept", "acceptée par la structure", "accepted by the shelter"
    REFUSE_SHELTER = "refuse_shelter", "refusée par la structure", "refused by the shelter"
    REFUSE_HOUSEHOLD = "refuse_household", "refusée par le ménage", "refused by the household"
    ARRIVE = "arrive", "est arrivé", "arrived"
    NO_SHOW = "no_show", "ne s’est pas présenté", "did not come"
    EXTEND = "extend", "séjour prolongé", "stay extended"
    SHRINK = "shrink", "séjour réduit", "stay reduced"
    DEPART = "depart", "sortie", "departure"
    LAPSE = "lapse", "délai passé", "lapsed"
    SET_RULES = "set_rules", "nouvelles règles publiées", "new rules published"
    CLOSE_NIGHT = "close_night", "nuit close", "night closed"
    ADMINISTER = "administer", "structure modifiée", "structure changed"
    ADD_ACCOUNT = "add_account", "compte créé", "account made"
    CLOSE_ACCOUNT = "close_account", "compte fermé", "account closed"
    OPEN_ACCOUNT = "open_account", "compte rouvert", "account reopened"
    SET_PASSWORD = "set_password", "mot de passe changé", "password changed"
    GRANT = "grant", "droit donné", "right given"
    REVOKE = "revoke", "droit retiré", "right taken away"
    END_SESSIONS = "end_sessions", "sessions closes", "sessions ended"


ADMINISTERED = frozenset({Verb.ADMINISTER, Verb.SET_RULES, Verb.ADD_ACCOUNT, Verb.CLOSE_ACCOUNT, Verb.OPEN_ACCOUNT, Verb.SET_PASSWORD,
                          Verb.GRANT, Verb.REVOKE, Verb.END_SESSIONS})  # fmt: skip
"""What an administrator and an auditor look back at: of places, rules, accounts and rights; never of a household."""


class Entry(Struct, frozen=True, gc=False):
    """What the journal keeps, 12 months. `outcome` is a coded reason or empty; of a right, its role.

    `account`: whose account or right was changed, `service`: at which service; never a login, never a secret.
    """

    territory: str
    seq: int
    at: datetime
    agent: UUID | None
    role: Role
    source: Source
    verb: Verb
    outcome: str
    shelter: UUID | None
    units: tuple[UUID, ...]
    placement: UUID | None
    request: UUID | None
    plan: UUID | None
    salt: bytes
    hash: bytes
    account: UUID | None = None
    service: UUID | None = None


SAID = Entry.__struct_fields__[: Entry.__struct_fields__.index("salt")]


def body(entry: Entry) -> bytes:
    """The entry without its hash, in one canonical form: JSON array of its fields in order, salt first. Whose account and service
    where either is said: entries of before these two have the links that they had."""
    fields = [getattr(entry, name) for name in SAID]
    if entry.account is not None or entry.service is not None:
        fields += (entry.account, entry.service)
    return entry.salt + msgspec.json.encode(fields)


def link(previous: bytes, entry: Entry) -> bytes:
    """H(previous ‖ H(salted body)): a month may be purged and leave its last link."""
    return sha256(previous + sha256(body(entry)).digest()).digest()


class Anchor(Struct, frozen=True, gc=False):
    """What a purged month leaves: its last link, and a MAC of it under a key that the database does not know."""

    territory: str
    seq: int
    hash: bytes
    at: datetime
    mac: bytes


def signed(secret: bytes, territory: str, seq: int, hash: bytes) -> bytes:
    """HMAC-SHA-256 of a link: the chain may go on from there, and nobody without the secret can make it do so elsewhere."""
    return hmac.new(secret, f"anchor/{territory}/{seq}/".encode() + hash, sha256).digest()
