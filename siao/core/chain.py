"""The journal followed link by link, from wherever one stands."""

from collections.abc import Iterable

from msgspec import Struct

from siao.core.journal import GENESIS, Anchor, Entry, link


class Link(Struct, frozen=True):
    """Where one stands: the number and the hash of the last entry that was followed."""

    seq: int = 0
    hash: bytes = GENESIS


class Followed(Struct, frozen=True):
    """`end`: the last entry, as it says of itself, so that one entry that was touched is not every later one's fault.
    `breaks`: numbers that are missing or out of order, or whose hash is not that of what they say on what was before."""

    end: Link
    breaks: tuple[int, ...]


def start(anchors: Iterable[Anchor]) -> Link:
    """Behind what was purged: the last link that was left of it, or the beginning of all."""
    last = max(anchors, key=lambda anchor: anchor.seq, default=None)
    return Link(last.seq, last.hash) if last else Link()


def follow(at: Link, entries: Iterable[Entry]) -> Followed:
    """The entries behind `at`, in the order of their numbers."""
    breaks: list[int] = []
    for entry in entries:
        if entry.seq != at.seq + 1 or entry.hash != link(at.hash, entry):
            breaks.append(entry.seq)
        at = Link(entry.seq, entry.hash)
    return Followed(at, tuple(breaks))
