"""What the closed requests left behind: counts by night, never rows about a household."""

from datetime import date

from siao.core.published import Count
from siao.store.db import Connection, scalar

NAMES = ("outcome", "level", "composition", "band")


async def counts(db: Connection, territory: str, first: date, before: date) -> list[Count]:
    """The tallies of the nights from `first` on, before `before`."""
    rows = await db.fetch(
        """SELECT night, outcome, level::text, composition, band, sum(households)::int, sum(persons)::int FROM tally
        WHERE territory = $1 AND night >= $2 AND night < $3 GROUP BY 1, 2, 3, 4, 5""",
        territory,
        first,
        before,
    )
    return [Count(row[0], dict(zip(NAMES, row[1:5])), row[5], row[6]) for row in rows]


async def waiting(db: Connection, territory: str) -> date | None:
    """The first night of whoever waits still: what is counted when they are closed is counted there."""
    return await scalar(db, "SELECT min(night) FROM request WHERE territory = $1 AND closing IS NULL", territory)
