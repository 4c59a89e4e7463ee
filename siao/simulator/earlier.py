"""Who waited already when the demo's doors opened: asked at the desk like everybody, then dated to their place in the evening."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

from msgspec import convert

from siao.actions.desk import Desk
from siao.actions.verbs import Command
from siao.core import codes
from siao.core import night as nights
from siao.core.parks import Park
from siao.core.people import By, Role
from siao.core.requests import Ask, Asked
from siao.simulator.evening import household
from siao.store import db as database
from siao.store import requests as store

WAITING_MINUTES = (2, 6, 9, 14, 21, 25, 38, 41, 52, 72, 78, 104, 118, 140, 154, 171, 185, 212, 231, 255)
"""A list as it stands in the middle of an evening: many have just rung, some have waited since the lines opened."""


async def wait(owner: database.Connection, app_url: str, park: Park, operator: UUID, seed: int) -> None:
    """Only into a territory that nobody has used. Whoever would have rung before this night began rang as it began."""
    pool = await database.pool(app_url)
    try:
        asked = await _ask(Desk(pool, secrets.token_bytes(16), lambda *_: None), park, operator, Random(seed))
    finally:
        await pool.close()
    now = await database.clock(owner)
    opened = nights.opens(nights.night(now, park.time_zone), park.time_zone)
    async with owner.transaction():
        await database.here(owner, [park.code])
        for id, minutes in zip(asked, WAITING_MINUTES, strict=True):
            await store.date_back(owner, id, max(opened, now - timedelta(minutes=minutes)))


async def _ask(desk: Desk, park: Park, operator: UUID, dice: Random) -> Sequence[UUID]:
    by, communes = By(operator, Role.OPERATOR), [commune.name for commune in park.communes]
    households = [convert(household(dice, communes), Asked) for _ in WAITING_MINUTES]
    return [(await desk.submit(Command(uuid4(), park.code, by, Ask(uuid4(), park.code, _code(), one)))).id for one in households]


def _code() -> str:
    while (code := codes.code(secrets.randbits(codes.BITS))) is None:
        pass
    return code
