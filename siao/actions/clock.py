"""What the clock does: claims lapse, nights close. Supervised loops; correctness never depends on them."""

import asyncio
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from siao.actions.answers import Unavailable
from siao.actions.desk import Desk
from siao.actions.verbs import Command
from siao.core import night
from siao.core.allocation import rates
from siao.core.closing import CloseNight
from siao.core.people import CLOCK
from siao.core.placements import Lapse
from siao.core.refused import Refused
from siao.core.requests import CloseUnmet, Closing
from siao.store import board as boards
from siao.store import db as database
from siao.store import nights as nightly
from siao.store import rates as learned
from siao.store import requests as store
from siao.store import world as worlds

log = logging.getLogger("siao.clock")
SWEEP_SECONDS = 1.0
NIGHT_SECONDS = 20.0
SWEEP_MAX = 200
KEYS_HOURS = 48
"""How long a command's key answers again."""
KEYS = UUID("5140115a-0000-4000-8000-0000000c10c4")


async def sweep(desk: Desk, pool: database.Pool) -> None:
    """Claims whose clock ran out lapse, arrivals that did not come become no-shows. Two sweepers send the same keys."""
    while True:
        try:
            for territory, placement, version in await _due(pool):
                await _do(desk, Command(uuid5(KEYS, f"{placement}/{version}"), territory, CLOCK, Lapse(placement)))
        except (*database.LOST, asyncpg.PostgresError, Unavailable):
            log.debug("the database is away")
        await asyncio.sleep(SWEEP_SECONDS)


async def _due(pool: database.Pool) -> list[tuple[str, UUID, int]]:
    codes = list(await database.tops(pool))
    if not codes:
        return []
    async with database.reading(pool, codes) as db:
        return await store.due(db, SWEEP_MAX)


async def nights(desk: Desk, pool: database.Pool) -> None:
    """At 04:00 of each territory's own clocks the night that ended is closed; at noon nobody's needs are left from it."""
    while True:
        try:
            for code in await database.tops(pool):
                await close(desk, pool, code)
        except (*database.LOST, asyncpg.PostgresError, Unavailable):
            log.debug("the database is away")
        await asyncio.sleep(NIGHT_SECONDS)


async def close(desk: Desk, pool: database.Pool, code: str) -> None:
    async with database.reading(pool, [code]) as db:
        territory = await boards.territory(db, code)
        now = await database.clock(db)
        tonight = night.night(now, territory.time_zone)
        last = tonight - timedelta(days=1)
        closed = await nightly.night_closed(db, code, last)
        over = now >= night.criteria_end(last, territory.time_zone)
        left = await store.left_over(db, code, tonight, SWEEP_MAX) if over and closed else []
    async with database.acting(pool, [code]) as db:
        await worlds.forget(db, KEYS_HOURS)
        await learned.forget(db, rates.WEEKS_KEPT)
    if not closed:
        await _do(desk, Command(uuid5(KEYS, f"{code}/{last}"), code, CLOCK, CloseNight(code, last)))
    for request, version in left:
        await _do(desk, Command(uuid5(KEYS, f"{request}/{version}"), code, CLOCK, CloseUnmet(request, Closing.NO_PLACE)))


async def _do(desk: Desk, command: Command) -> Any:
    try:
        return await desk.submit(command)
    except Refused as no:  # somebody was first
        log.debug("clock: %s", no.why)
