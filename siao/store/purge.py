"""What the purger deletes, in the territories of its transaction. Each function gives how many rows went."""

from datetime import datetime

from siao.core.journal import Anchor
from siao.store.db import Connection, deleted
from siao.store.people import LOGIN_WINDOW_MINUTES, SESSION_HOURS
from siao.store.rows import values


async def act(db: Connection) -> None:
    """From here on with the purger's rights alone, until the transaction ends."""
    await db.execute("SET LOCAL ROLE siao_purger")


async def territories(db: Connection) -> list[str]:
    return [row[0] for row in await db.fetch("SELECT code FROM territory ORDER BY code")]


async def unlink(db: Connection, territory: str, days: int) -> int:
    """Requests closed for so many days, with their codes and placements; a stay that goes on keeps its beds and nothing else."""
    await db.execute(
        """UPDATE placement SET request = NULL WHERE EXISTS (SELECT FROM placement_bed b WHERE b.placement = placement.id AND b.live)
            AND request IN (SELECT id FROM request WHERE closed_at < clock_timestamp() - make_interval(days => $1))""",
        days,
    )
    over = await db.fetch(
        """SELECT p.id FROM placement p LEFT JOIN request r ON r.id = p.request
            WHERE p.territory = $2 AND NOT EXISTS (SELECT FROM placement_bed b WHERE b.placement = p.id AND b.live)
                AND CASE WHEN p.request IS NOT NULL THEN r.closed_at < clock_timestamp() - make_interval(days => $1)
                    ELSE coalesce(p.end_date, p.night) < current_date - $1 END""",
        days,
        territory,
    )
    ids = [row[0] for row in over]
    await db.execute("DELETE FROM placement_bed WHERE placement = ANY($1::uuid[])", ids)
    await db.execute("DELETE FROM placement WHERE id = ANY($1::uuid[])", ids)
    return await deleted(
        db,
        """DELETE FROM request WHERE closed_at < clock_timestamp() - make_interval(days => $1)
            AND NOT EXISTS (SELECT FROM placement WHERE request = request.id)""",
        days,
    )


async def access(db: Connection, months: int) -> int:
    return await deleted(db, "DELETE FROM access_log WHERE at < clock_timestamp() - make_interval(months => $1)", months)


async def sessions(db: Connection) -> int:
    """Of all territories: sessions past their day, and failed logins past their window."""
    await db.execute("DELETE FROM login_failure WHERE at < clock_timestamp() - make_interval(mins => $1)", LOGIN_WINDOW_MINUTES)
    return await deleted(db, "DELETE FROM session WHERE began < clock_timestamp() - make_interval(hours => $1)", SESSION_HOURS)


async def last_of_past_months(db: Connection, territory: str, months: int) -> tuple[int, bytes, datetime] | None:
    """Number, hash and instant of the last entry before the month that began `months` ago; None where there is none."""
    row = await db.fetchrow(
        """SELECT seq, hash, at FROM journal
            WHERE territory = $1 AND at < date_trunc('month', clock_timestamp() - make_interval(months => $2)) ORDER BY seq DESC LIMIT 1""",
        territory,
        months,
    )
    return tuple(row) if row else None  # pyright: ignore[reportReturnType]


async def cut(db: Connection, anchor: Anchor) -> int:
    """The journal up to and with the entry of this anchor, which stays."""
    await db.execute("INSERT INTO anchor SELECT ($1::anchor).*", *values((anchor,)))
    return await deleted(db, "DELETE FROM journal WHERE territory = $1 AND seq <= $2", anchor.territory, anchor.seq)
