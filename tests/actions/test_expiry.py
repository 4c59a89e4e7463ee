"""At the very instant a claim's clock runs out: whoever accepts or lets in, and whoever takes the bed over, are never both told yes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import city
from chained import chain
from hotline import Hotline
from siao.actions.answers import Answer
from siao.core import placements
from siao.core.placements import Accept, Offer, Release
from siao.core.refused import Refused
from siao.core.stays import Arrive, Depart, Departure

ROUNDS = 70
RUNS_OUT_MS = 30
MEET_MS = ((0, 34), (27, 27), (29, 31), (30, 30), (31, 29), (33, 33), (60, 31))
"""When the one and the other are sent off: before, around and after the instant."""
LAST: dict[str, tuple[Callable[[UUID], Any], tuple[Callable[[UUID], Any], ...]]] = {
    "accept": (Accept, (Offer,)),
    "accept by telephone": (Accept, ()),
    "arrive": (Arrive, (Accept,)),
}
"""The verb that comes at the last instant, and those that lead there."""


async def sent(milliseconds: int, doing: Callable[[], Awaitable[Any]]) -> bool:
    """Whether it was told yes."""
    await asyncio.sleep(milliseconds / 1000)
    try:
        return bool(await doing())
    except Refused:
        return False


async def ended(hotline: Hotline, look: asyncpg.Connection) -> None:
    """The room is free again, whoever has it."""
    for row in await look.fetch("SELECT id, state FROM placement WHERE state IN ('held', 'offered', 'expected', 'present')"):
        what = Depart(row["id"], Departure.OTHER) if row["state"] == "present" else Release(row["id"])
        assert isinstance(await hotline.do(what), Answer)


@pytest.mark.parametrize("last", LAST)
async def test_never_both_at_the_expiry(
    hotline: Hotline, another: Hotline, look: asyncpg.Connection, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the five seconds between: the last instant of the one is the first of the other."""
    monkeypatch.setattr(placements, "TAKE_OVER_SECONDS", 0)
    (verb, before), found = LAST[last], set[tuple[bool, bool]]()
    for number in range(ROUNDS):
        first, second = await hotline.ask(), await hotline.ask()
        place = await hotline.hold(first, "Chambre 4")
        for step in before:
            await hotline.do(step(place))
        await look.execute("UPDATE placement SET until = clock_timestamp() + $2 * interval '1 ms' WHERE id = $1", place, RUNS_OUT_MS)
        mine, theirs = MEET_MS[number % len(MEET_MS)]
        yes, taken = await asyncio.gather(
            sent(mine, lambda place=place: hotline.do(verb(place))),
            sent(theirs, lambda second=second: another.hold(second, "Chambre 4")),
        )
        assert not (yes and taken), number
        live = {row[0] for row in await look.fetch("SELECT placement FROM placement_bed WHERE live AND unit = $1", city.unit("Chambre 4"))}
        assert len(live) <= 1 and (live == {place}) is not taken, number
        found.add((yes, taken))
        await ended(hotline, look)
    assert {(True, False), (False, True)} <= found, "each of them came first at times"
    await chain(look)
