"""What was seen of each journal, written outside the database (GUARANTEES, 15): lines `time territory seq head`, only ever added.

A history that is written anew, every link of it, is then another than the one that was seen. Kept where the database's people cannot
write, it is their witness as well.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from siao.core.chain import Link

FIELDS = 4
HASH_HEX = 64
BROKEN_OFF = " broken off\n"
"""What is put behind a line that a power cut left half, so that the next one begins on its own."""


class Unreadable(Exception):
    """A line that is none of ours."""


def read(path: Path) -> dict[str, Link]:
    """The last of each territory; nothing where the file is not there yet. A last line that a power cut broke off is passed over."""
    known: dict[str, Link] = {}
    if not path.exists():
        return known
    with path.open(encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):
                break
            if line.strip() and not line.endswith(BROKEN_OFF):
                code, link = _link(line, f"{path}, line {number}")
                known[code] = link
    return known


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Which file it is and how it was left: another stamp, and somebody else wrote in it, cut it or put another there."""
    if not path.exists():
        return None
    now = path.stat()
    return now.st_ino, now.st_size, now.st_mtime_ns


def _link(line: str, where: str) -> tuple[str, Link]:
    fields = line.split()
    try:
        _, code, seq, head = fields if len(fields) == FIELDS else (None, "", "", "")
        if len(head) != HASH_HEX:
            raise ValueError
        return code, Link(int(seq), bytes.fromhex(head))
    except ValueError:
        raise Unreadable(f"{where} is not `time territory seq head`") from None


def add(path: Path, at: datetime, known: Mapping[str, Link], heads: Mapping[str, Link]) -> None:
    """A line for each journal that moved, on the disk when this returns."""
    moved = [(code, link) for code, link in heads.items() if known.get(code) != link]
    if not moved:
        return
    with path.open("ab+") as file:
        if file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            file.write(BROKEN_OFF.encode())
        file.write("".join(f"{at.isoformat()} {code} {link.seq} {link.hash.hex()}\n" for code, link in moved).encode("ascii"))
        file.flush()
        os.fsync(file.fileno())
