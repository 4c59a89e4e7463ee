"""An advice on its way through a browser: sealed, so that what comes back is what was said, by whichever process."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from siao.core.allocation.decision import BOUND, Decision
from siao.core.refused import Refusal, Refused

MAC_BYTES = 16
TEXT_MAX = 1_000
GIVE_FOR = timedelta(minutes=5)
"""How long an advice to give stands; one to hold back says until when itself."""


class Said(Struct, frozen=True):
    """What was advised, where and when; nothing of the household."""

    territory: str
    at: datetime
    decision: Decision


def seal(secret: bytes, said: Said) -> str:
    text = msgspec.msgpack.encode(said)
    return base64.urlsafe_b64encode(_mac(secret, text) + text).decode()


def unseal(secret: bytes, territory: str, text: str | None, now: datetime) -> Decision | None:
    """None where nothing was advised, or too long ago. Refuses what was never said here."""
    if text is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        raise Refused(Refusal.INVALID, "advice") from None
    if not hmac.compare_digest(raw[:MAC_BYTES], _mac(secret, raw[MAC_BYTES:])):
        raise Refused(Refusal.INVALID, "advice")
    said = msgspec.msgpack.decode(raw[MAC_BYTES:], type=Said)
    if said.territory != territory:
        raise Refused(Refusal.INVALID, "advice")
    until = said.decision.until or said.at + GIVE_FOR
    return said.decision if said.at <= now < min(until, said.at + BOUND) else None


def _mac(secret: bytes, text: bytes) -> bytes:
    return hmac.new(secret, b"advice" + text, hashlib.sha256).digest()[:MAC_BYTES]
