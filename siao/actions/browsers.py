"""Browsers that a login has signed in from before, known again by a signed cookie (OWASP calls it a device cookie).

Wrong passwords are counted for each of these apart, and for all other browsers of the world together. So whoever guesses a password
shuts the door on strangers alone: a post that was used before still opens. What remains is that a browser new to a login can be kept out
as long as somebody goes on guessing; it is let in from a post that is known, or by a password that an administrator sets for a new login.
No address is looked at: behind a proxy all have one, and none is kept.

The cookie holds a random number of the browser and, for each login, its MAC with it under the service's secret: any process can check it
and nobody else can make it. It opens nothing: stolen, it is worth as many guesses as any browser has.
"""

import hmac
import re
from hashlib import sha256
from secrets import token_hex

NUMBER_BYTES = MAC_BYTES = 16
LOGINS_MAX = 8
"""Of one browser; the one that has not signed in for longest is forgotten."""
KEPT_DAYS = 90
STRANGER = b""
FORM = re.compile(rf"[0-9a-f]{{32}}(\.[0-9a-f]{{32}}){{1,{LOGINS_MAX}}}").fullmatch


def counted_as(secret: bytes, cookie: str | None, login: str) -> bytes:
    """The browser's number where this login has signed in there before, else STRANGER."""
    number, macs = _read(cookie)
    known = any([hmac.compare_digest(mac, _mac(secret, number, login)) for mac in macs])
    return bytes.fromhex(number) if known else STRANGER


def cookie(secret: bytes, before: str | None, login: str) -> str:
    """The browser's cookie now that this login has signed in there: the newest first, others as they were."""
    number, macs = _read(before)
    number = number or token_hex(NUMBER_BYTES)
    mine = _mac(secret, number, login)
    return ".".join((number, mine, *[mac for mac in macs if mac != mine][: LOGINS_MAX - 1]))


def _read(cookie: str | None) -> tuple[str, list[str]]:
    """Number and MACs; nothing where it is not of this form."""
    if cookie is None or not FORM(cookie):
        return "", []
    number, *macs = cookie.split(".")
    return number, macs


def _mac(secret: bytes, number: str, login: str) -> str:
    return hmac.new(secret, f"browser/{number}/{login}".encode(), sha256).digest()[:MAC_BYTES].hex()
