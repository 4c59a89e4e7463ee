"""An advice on its way through a browser: sealed, so that what comes back is what was said, for this household, by whichever process."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from siao.core.allocation.decision import BOUND, Decision
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, Criteria

MAC_BYTES = 16
TEXT_MAX = 1_000
GIVE_FOR = timedelta(minutes=5)
"""How long an advice to give stands; one to hold back says until when itself."""


class Said(Struct, frozen=True):
    """What was advised, where and when. `household`: for whom, as a code that says nothing without the secret."""

    territory: str
    at: datetime
    household: bytes
    decision: Decision


def seal(secret: bytes, territory: str, now: datetime, asked: Asked | Criteria, decision: Decision) -> str:
    text = msgspec.msgpack.encode(Said(territory, now, _household(secret, now, asked), decision))
    return base64.urlsafe_b64encode(_mac(secret, b"advice", text) + text).decode()


def unseal(secret: bytes, territory: str, asked: Asked | Criteria | None, text: str | None, now: datetime) -> Decision | None:
    """None where nothing was advised, too long ago, or for another household than `asked`, which may have said something else
    since. Refuses what was never said here."""
    if text is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        raise Refused(Refusal.INVALID, "advice") from None
    if not hmac.compare_digest(raw[:MAC_BYTES], _mac(secret, b"advice", raw[MAC_BYTES:])):
        raise Refused(Refusal.INVALID, "advice")
    said = msgspec.msgpack.decode(raw[MAC_BYTES:], type=Said)
    if said.territory != territory:
        raise Refused(Refusal.INVALID, "advice")
    if asked is None or not hmac.compare_digest(said.household, _household(secret, said.at, asked)):
        return None
    until = said.decision.until or said.at + GIVE_FOR
    return said.decision if said.at <= now < min(until, said.at + BOUND) else None


def _household(secret: bytes, at: datetime, asked: Asked | Criteria) -> bytes:
    """All that an advice looks at; with the instant, so that two households that ask alike do not show it."""
    counts = asked.men, asked.women, asked.children, asked.infants, asked.nights, asked.level
    return _mac(secret, b"household", msgspec.msgpack.encode((at, counts, sorted(set(asked.needs)), asked.zone, asked.max_km)))


def _mac(secret: bytes, what: bytes, text: bytes) -> bytes:
    return hmac.new(secret, what + text, hashlib.sha256).digest()[:MAC_BYTES]
