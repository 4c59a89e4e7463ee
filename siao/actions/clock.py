"""What the clock does: claims lapse, nights close. Supervised loops; correctness never depends on them."""

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID, uuid5

from siao import traced
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
HINDERED = (Unavailable, *database.LOST, *database.STANDBY, *database.AHEAD)
"""No command's own fault: the database is away, held up, a standby, or ahead of this worker. The next round tries again."""
ASIDE_SECONDS = 60.0
"""How long what failed by itself is let lie: it would be first again each second."""

Aside = dict[UUID, float]
"""Keys of commands that failed, and until when they are let lie."""


async def sweep(desk: Desk, pool: database.Pool) -> None:
    """Claims whose clock ran out lapse, arrivals that did not come become no-shows. Two sweepers send the same keys.

    Each territory by itself: what fails or waits in one holds up no other.
    """
    aside: Aside = {}
    while True:
        try:
            by_territory = groupby(sorted(await _due(pool), key=attrgetter("territory")), attrgetter("territory"))
            await asyncio.gather(*[_in_turn(desk, list(commands), aside) for _, commands in by_territory])
        except (Unavailable, *database.AWAY):
            log.debug("the database is away")
        await asyncio.sleep(SWEEP_SECONDS)


async def _due(pool: database.Pool) -> list[Command]:
    codes = list(await database.tops(pool))
    if not codes:
        return []
    async with database.reading(pool, codes) as db:
        due = await store.due(db, SWEEP_MAX)
    return [Command(uuid5(KEYS, f"{id}/{version}"), territory, CLOCK, Lapse(id)) for territory, id, version in due]


async def nights(desk: Desk, pool: database.Pool) -> None:
    """At 04:00 of each territory's own clocks the night that ended is closed; at noon nobody's needs are left from it."""
    while True:
        try:
            for code in await database.tops(pool):
                await _close(desk, pool, code)
        except (Unavailable, *database.AWAY):
            log.debug("the database is away")
        await asyncio.sleep(NIGHT_SECONDS)


async def _close(desk: Desk, pool: database.Pool, code: str) -> None:
    """One territory's night that cannot be closed holds up no other's."""
    try:
        await close(desk, pool, code)
    except Unavailable:
        log.debug("the database is away")
    except HINDERED:
        raise
    except Exception as no:
        log.error("clock: a night failed: %s\n%s", type(no).__name__, traced.where(no))


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
    whole = [] if closed else [Command(uuid5(KEYS, f"{code}/{last}"), code, CLOCK, CloseNight(code, last))]
    each = [Command(uuid5(KEYS, f"{id}/{version}"), code, CLOCK, CloseUnmet(id, Closing.NO_PLACE)) for id, version in left]
    await _in_turn(desk, [*whole, *each], {})


async def _in_turn(desk: Desk, commands: Iterable[Command], aside: Aside) -> None:
    """Commands of one territory. One that fails by itself is told and let lie, and the next is done."""
    for command in commands:
        if aside.get(command.key, 0.0) > time.monotonic():
            continue
        try:
            await desk.submit(command)
        except Refused as no:  # somebody was first
            log.debug("clock: %s", no.why)
        except HINDERED:
            return
        except Exception as no:  # its kind and where, never what it says: that may repeat a row
            _let_lie(aside, command.key)
            kind = type(command.what).__name__
            log.error("clock: a %s failed: %s\n%s", kind, type(no).__name__, traced.where(no))


def _let_lie(aside: Aside, key: UUID) -> None:
    now = time.monotonic()
    for lain in [one for one, until in aside.items() if until <= now]:
        del aside[lain]
    aside[key] = now + ASIDE_SECONDS
