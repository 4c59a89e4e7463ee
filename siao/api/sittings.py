"""Who sits at an open socket, looked at again each second: a right that was taken away is felt within 5 s, also by a screen that
never pings. Costs no query of its own: who holds which session is kept up to date for all (siao/api/known.py)."""

import asyncio

import asyncpg

from siao.api import seat
from siao.api.seat import Connection, Sitting
from siao.core.refused import Refused
from siao.core.views import View
from siao.live.socket import NO_RIGHT, SESSION_OVER, Wire
from siao.store import db as database

LOOK_SECONDS = 1.0
AT_ONCE_MAX = 200
"""Looked at between two turns of the loop: ten thousand screens must not hold up a click."""


async def keep(sittings: dict[Wire, Sitting]) -> None:
    """A supervised loop."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await look(sittings)
        except (*database.LOST, asyncpg.PostgresError):
            continue  # the screens grey by themselves


async def look(sittings: dict[Wire, Sitting]) -> None:
    for number, (wire, sitting) in enumerate(tuple(sittings.items()), 1):
        if code := await still(*sitting):
            wire.hang_up(code)
        if number % AT_ONCE_MAX == 0:
            await asyncio.sleep(0)


async def still(socket: Connection, code: str, view: View) -> int | None:
    """The code to hang up with where the session is over or the right is gone."""
    person = await seat.find(socket)
    if person is None:
        return SESSION_OVER
    ids = {"shelter": getattr(view, "shelter", None), "service": getattr(view, "service", None)}
    try:
        return None if seat.view(person, code, view.name, **ids) == view else NO_RIGHT
    except Refused:
        return NO_RIGHT
