"""The one frame of RFC 6455 that a server tells its screens with."""

import struct


def framed(text: bytes) -> bytes:
    """One unmasked server text frame (RFC 6455, 5.2)."""
    size = len(text)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + text
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + text
    return struct.pack("!BBQ", 0x81, 127, size) + text
