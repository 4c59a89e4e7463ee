"""What the board is folded from: all of a territory, or what came since a number; one statement, so one snapshot."""

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from siao.core import board as boards
from siao.core.beds import Bed
from siao.core.board import Facts, Touched
from siao.core.claims import Claim
from siao.core.journal import Entry, Verb
from siao.core.placements import Placement
from siao.core.requests import Criteria, Request
from siao.core.rules import Edition
from siao.core.territories import Commune, Service, Territory
from siao.core.units import Plan, Shelter, Unit
from siao.store.db import Connection
from siao.store.rows import reader

KINDS = (Shelter, Unit, Bed, Claim, Placement, Request, Criteria, Plan)
READERS = [reader(kind) for kind in KINDS]
read_entry = reader(Entry)
read_territory = reader(Territory)
read_commune = reader(Commune)
read_service = reader(Service)
read_edition = reader(Edition)
NEWS_MAX = 500
"""Entries read at once; the rest follows in the next breath."""
RECENT_MAX = 1_000
"""How far back the last entries are looked for: on a quiet night the whole journal would be walked to find that there are none."""


class Snapshot(Struct, frozen=True):
    epoch: str
    territory: Territory
    at: datetime
    rules: tuple[Edition, ...]
    communes: tuple[Commune, ...]
    facts: Facts


class News(Struct, frozen=True):
    """Entries after a number, in order, and the rows they touched as they are now."""

    epoch: str
    seq: int
    entries: tuple[Entry, ...]
    touched: Touched
    facts: Facts


async def snapshot(db: Connection, territory: str) -> Snapshot:
    row: Any = await db.fetchrow(
        """
        WITH closed AS (SELECT max(date) AS last FROM night WHERE territory = $1)
        SELECT epoch(), t, clock_timestamp(), ARRAY(SELECT x FROM rules x WHERE territory = $1),
            ARRAY(SELECT x FROM commune x WHERE territory = $1 ORDER BY name),
            ARRAY(SELECT x FROM shelter x WHERE territory = $1),
            ARRAY(SELECT x FROM unit x WHERE territory = $1),
            ARRAY(SELECT x FROM bed x WHERE territory = $1),
            ARRAY(SELECT x FROM placement_bed x WHERE territory = $1 AND live),
            ARRAY(SELECT x FROM placement x WHERE territory = $1 AND state IN ('held', 'offered', 'expected', 'present', 'no_show')
                AND (state <> 'no_show' OR night > coalesce((SELECT last FROM closed) - $2::int, '-infinity'))),
            ARRAY(SELECT x FROM request x WHERE territory = $1 AND (closing IS NULL
                OR (closed_at >= coalesce((SELECT last FROM closed) - $3::int, '-infinity')::timestamptz AND night > coalesce(
                    (SELECT last FROM closed) - CASE WHEN service IS NULL THEN $2::int ELSE $3::int END, '-infinity')))),
            ARRAY(SELECT x FROM criteria x WHERE territory = $1),
            ARRAY(SELECT x FROM plan x WHERE territory = $1), (SELECT last FROM closed)
        FROM territory t WHERE code = $1
        """,
        territory,
        boards.KEPT_NIGHTS,
        boards.FOLLOWED_NIGHTS,
    )
    if row is None:
        raise LookupError(territory)
    editions, communes = tuple(map(read_edition, row[3])), tuple(map(read_commune, row[4]))
    return Snapshot(row[0], read_territory(row[1]), row[2], editions, communes, _facts(tuple(row)[5:-1], row[-1]))


async def news(db: Connection, territory: str, since: int) -> News:
    """At most NEWS_MAX entries after `since`, with the rows they touched as they are in the same snapshot."""
    row: Any = await db.fetchrow(
        """
        WITH j AS MATERIALIZED (
            SELECT * FROM journal WHERE territory = $1 AND seq > $2 ORDER BY seq LIMIT $3
        ), units AS MATERIALIZED (
            SELECT DISTINCT unnest(units) AS id FROM j
        ), placements AS MATERIALIZED (
            SELECT placement AS id FROM j WHERE placement IS NOT NULL
        ), requests AS MATERIALIZED (
            SELECT request AS id FROM j WHERE request IS NOT NULL
        )
        SELECT epoch(), (SELECT seq FROM territory WHERE code = $1), ARRAY(SELECT j::journal FROM j ORDER BY seq),
            ARRAY(SELECT x FROM shelter x WHERE id IN (SELECT shelter FROM j)),
            ARRAY(SELECT x FROM unit x WHERE id IN (SELECT id FROM units)),
            ARRAY(SELECT x FROM bed x WHERE unit IN (SELECT id FROM units)),
            ARRAY(SELECT x FROM placement_bed x WHERE live AND unit IN (SELECT id FROM units)),
            ARRAY(SELECT x FROM placement x WHERE id IN (SELECT id FROM placements)),
            ARRAY(SELECT x FROM request x WHERE id IN (SELECT id FROM requests)),
            ARRAY(SELECT x FROM criteria x WHERE request IN (SELECT id FROM requests)),
            ARRAY(SELECT x FROM plan x WHERE id IN (SELECT plan FROM j)), (SELECT max(date) FROM night WHERE territory = $1)
        """,
        territory,
        since,
        NEWS_MAX,
    )
    entries = tuple(read_entry(entry) for entry in row[2])
    facts = _facts(tuple(row)[3:-1], row[-1])
    return News(row[0], row[1], entries, _touched(entries), facts)


def _facts(arrays: tuple[Any, ...], closed: date | None) -> Facts:
    return Facts(*([read(row) for row in rows] for read, rows in zip(READERS, arrays, strict=True)), closed=closed)  # pyright: ignore[reportArgumentType]


def _touched(entries: tuple[Entry, ...]) -> Touched:
    return Touched(
        shelters={entry.shelter for entry in entries if entry.shelter},
        units={unit for entry in entries for unit in entry.units},
        placements={entry.placement for entry in entries if entry.placement},
        requests={entry.request for entry in entries if entry.request},
        plans={entry.plan for entry in entries if entry.plan},
    )


def whole(entries: tuple[Entry, ...]) -> bool:
    """Whether an entry changed more than it names: a park came in, the administration changed structures, rules are new."""
    return any(entry.verb in (Verb.ADMINISTER, Verb.SET_RULES) for entry in entries)


async def services(db: Connection, territory: str) -> list[Service]:
    return [read_service(row) for row in await db.fetch("SELECT * FROM service WHERE territory = $1 ORDER BY name", territory)]


async def recent(db: Connection, territory: str, minutes: int, limit: int) -> list[Entry]:
    """The last entries that tell of places and households, newest first."""
    rows = await db.fetch(
        """SELECT * FROM journal WHERE territory = $1 AND seq > (SELECT seq FROM territory WHERE code = $1) - $4
            AND at > clock_timestamp() - make_interval(mins => $2) AND account IS NULL ORDER BY seq DESC LIMIT $3""",
        territory,
        minutes,
        limit,
        RECENT_MAX,
    )
    return [read_entry(row) for row in rows]


async def territory(db: Connection, code: str) -> Territory:
    row = await db.fetchrow("SELECT * FROM territory WHERE code = $1", code)
    if row is None:
        raise LookupError(code)
    return read_territory(row)
