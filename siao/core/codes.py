"""Reference codes: 40 random bits in Crockford's base 32 with its check symbol, as 7K3M-9QXF-C.

Said on the telephone and at the door. Not derived from anything, not a credential. Codes whose check symbol is one of
`* ~ $ = U` are drawn again, so that every code can be said aloud.
"""

from siao.core.refused import Refusal, Refused

SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = SYMBOLS + "*~$=U"
BITS = 40
LENGTH = BITS // 5
MISREAD = str.maketrans("OIL", "011")


def code(bits: int) -> str | None:
    """The code of 40 bits, or None where its check symbol cannot be said: draw again."""
    symbols = "".join(SYMBOLS[bits >> shift & 31] for shift in range(BITS - 5, -1, -5))
    check = CHECKS[bits % len(CHECKS)]
    return f"{symbols[:4]}-{symbols[4:]}-{check}" if check in SYMBOLS else None


def read(text: str) -> str:
    """A code as somebody typed it: any case, with or without dashes, O for 0, I and L for 1. Refuses a wrong check symbol."""
    heard = "".join(c for c in text.upper() if c.isalnum()).translate(MISREAD)
    if len(heard) != LENGTH + 1 or any(c not in SYMBOLS for c in heard):
        raise Refused(Refusal.CODE_TYPO, "code")
    bits = 0
    for symbol in heard[:-1]:
        bits = bits << 5 | SYMBOLS.index(symbol)
    written = code(bits)
    if written is None or written[-1] != heard[-1]:
        raise Refused(Refusal.CODE_TYPO, "code")
    return written
