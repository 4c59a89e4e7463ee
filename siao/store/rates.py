"""What was learned of evenings, read for a forecast and forgotten after five weeks."""

from datetime import timedelta
from typing import Any

from siao.core.allocation import rates
from siao.core.allocation.rates import NIGHTS, Demand, Rates, Supply
from siao.store.db import Connection, clock
from siao.store.rows import reader

read_demand = reader(Demand)
read_supply = reader(Supply)


async def known(db: Connection, territory: str) -> Rates:
    """The rates of the last four whole weeks."""
    zone: Any = await db.fetchval("SELECT time_zone FROM territory WHERE code = $1", territory)
    running = rates.week(await clock(db), zone)
    since = running - timedelta(days=NIGHTS)
    nights = await db.fetch("SELECT date FROM night WHERE territory = $1 AND date >= $2", territory, since)
    demand = await db.fetch("SELECT * FROM demand WHERE territory = $1 AND week >= $2", territory, since)
    supply = await db.fetch("SELECT * FROM supply WHERE territory = $1 AND week >= $2", territory, since)
    return rates.counted(running, [row[0] for row in nights], [*map(read_demand, demand)], [*map(read_supply, supply)])


async def elsewhere(db: Connection, territory: str) -> list[Rates]:
    """Those of the other territories that this transaction sees."""
    rows = await db.fetch("SELECT code FROM territory WHERE code <> $1 ORDER BY code", territory)
    return [await known(db, row[0]) for row in rows]


async def forget(db: Connection, weeks: int) -> None:
    """Drops weeks that are over for longer than a forecast looks back, in the territories of this transaction."""
    await db.execute("DELETE FROM demand WHERE week < clock_timestamp() - make_interval(weeks => $1)", weeks)
    await db.execute("DELETE FROM supply WHERE week < clock_timestamp() - make_interval(weeks => $1)", weeks)
