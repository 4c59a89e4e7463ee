"""The keys that commands carry: under one key one effect and one answer, and neither the body nor a password can be read from what is
kept of them."""

import hashlib
import hmac
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from siao.actions.verbs import Command
from siao.core.refused import Refusal, Refused

ADDED = frozenset({"code", "standing", "advice", "held_back"})
"""What the server adds to a command: the code drawn for a new request, where a place stood when it was chosen, what was advised."""
SALT_BYTES = 16


def mac(secret: bytes, command: Command) -> bytes:
    """An HMAC: a composition has few values, so a plain hash of the body could be reversed. Of whose command it was, too: a key
    that another account learnt tells it nothing."""
    whose = f"{type(command.what).__name__}/{command.territory}/{command.by.agent}/"
    return hmac.new(secret, whose.encode() + _canonical(command.what), hashlib.sha256).digest()


def again(kept: tuple[bytes, bytes], mac: bytes) -> bytes:
    """The answer that was kept beside a MAC; refused where that was of another body."""
    before, answer = kept
    if not hmac.compare_digest(before, mac):
        raise Refused(Refusal.KEY_REUSED, "Idempotency-Key")
    return answer


def salt(secret: bytes, key: UUID) -> bytes:
    """For the hash of a password that came under this key: sent again it hashes to the same, and nobody else's does."""
    return hmac.new(secret, b"salt/" + key.bytes, hashlib.sha256).digest()[:SALT_BYTES]


def _canonical(what: Struct) -> bytes:
    """The body as it was sent, in one form whatever order its maps came in."""
    sent = {name: value for name, value in _told(what).items() if name not in ADDED}
    return msgspec.json.encode(msgspec.to_builtins(sent, str_keys=True), order="deterministic")


def _told(what: Any) -> Any:
    """Without the fields that hold their defaults: what was sent before a command gained a field is still the same body after."""
    if isinstance(what, tuple):
        return [_told(one) for one in what]
    if not isinstance(what, Struct):
        return what
    fields = ((name, getattr(what, name), usual) for name, usual in _usual(type(what)))
    return {name: _told(value) for name, value, usual in fields if value != usual}


@cache
def _usual(kind: type[Struct]) -> tuple[tuple[str, Any], ...]:
    """The fields, with the default of each; NODEFAULT, which no value equals, where there is none."""
    names, defaults = kind.__struct_fields__, kind.__struct_defaults__
    return tuple(zip(names, (msgspec.NODEFAULT,) * (len(names) - len(defaults)) + defaults, strict=True))
