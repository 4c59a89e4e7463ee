"""What a look at the invariants reads, in one snapshot, with the verifier's rights alone."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from siao.core.chain import Link
from siao.core.histories import PlacementSeen, RequestSeen
from siao.core.invariants import NUMBERS_MAX, Broken, Invariant
from siao.core.journal import Anchor, Entry
from siao.core.published import Count
from siao.core.territories import Territory
from siao.store import db as database
from siao.store import statistics
from siao.store.db import Connection
from siao.store.rows import reader

STATEMENT_TIMEOUT_MS = 120_000
read_entry, read_anchor, read_territory = reader(Entry), reader(Anchor), reader(Territory)
read_placement, read_request = reader(PlacementSeen), reader(RequestSeen)


async def connect(url: str) -> asyncpg.Connection:
    settings = {"application_name": "siao verify", "default_transaction_read_only": "on", "timezone": "UTC"}
    return await asyncpg.connect(
        url,
        timeout=database.CONNECT_SECONDS,
        command_timeout=STATEMENT_TIMEOUT_MS / 1000 + 1,
        server_settings={**settings, "statement_timeout": str(STATEMENT_TIMEOUT_MS)},
    )


async def territories(db: Connection) -> list[Territory]:
    return [read_territory(row) for row in await db.fetch("SELECT * FROM territory ORDER BY code")]


@asynccontextmanager
async def looking(db: Connection, codes: Sequence[str]) -> AsyncGenerator[Connection]:
    """One snapshot of these territories, read only; as siao_verifier, where this login may be it."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        await db.execute("SELECT set_config('role', 'siao_verifier', true) WHERE pg_has_role('siao_verifier', 'SET')")
        if codes:
            await database.here(db, codes)
        yield db


async def head(db: Connection, code: str) -> Territory:
    return read_territory(await db.fetchrow("SELECT * FROM territory WHERE code = $1", code))  # type: ignore[arg-type]


async def anchors(db: Connection, code: str) -> list[Anchor]:
    return [read_anchor(row) for row in await db.fetch("SELECT * FROM anchor WHERE territory = $1 ORDER BY seq", code)]


async def link(db: Connection, code: str, seq: int) -> Link | None:
    row = await db.fetchrow("SELECT seq, hash FROM journal WHERE territory = $1 AND seq = $2", code, seq)
    return Link(*row) if row else None


async def under(db: Connection, code: str, seq: int) -> list[int]:
    """Entries that stand where a month was purged."""
    rows = await db.fetch("SELECT seq FROM journal WHERE territory = $1 AND seq <= $2 ORDER BY seq LIMIT 1000", code, seq)
    return [row[0] for row in rows]


async def entries(db: Connection, code: str, behind: int, limit: int) -> list[Entry]:
    rows = await db.fetch("SELECT * FROM journal WHERE territory = $1 AND seq > $2 ORDER BY seq LIMIT $3", code, behind, limit)
    return [read_entry(row) for row in rows]


async def histories(db: Connection, placements: Sequence[UUID], requests: Sequence[UUID]) -> list[Entry]:
    """Every entry of these placements and requests, in order."""
    rows = await db.fetch(
        """SELECT * FROM journal WHERE placement = ANY($1::uuid[])
        UNION SELECT * FROM journal WHERE request = ANY($2::uuid[]) ORDER BY seq""",
        placements,
        requests,
    )
    return [read_entry(row) for row in rows]


async def placements(db: Connection, ids: Sequence[UUID]) -> dict[UUID, PlacementSeen]:
    rows = await db.fetch("SELECT id, request, state, opened_seq, version FROM placement WHERE id = ANY($1::uuid[])", ids)
    return {row[0]: read_placement(row) for row in rows}


async def requests(db: Connection, ids: Sequence[UUID]) -> dict[UUID, RequestSeen]:
    rows = await db.fetch("SELECT id, state, call_back FROM request WHERE id = ANY($1::uuid[])", ids)
    return {row[0]: read_request(row) for row in rows}


async def counts(db: Connection, territory: Territory) -> list[Count]:
    """All that the figures of a territory are made from."""
    first = await db.fetchrow("SELECT min(night), max(night) + 1 FROM tally WHERE territory = $1", territory.code)
    return await statistics.counts(db, territory.code, first[0], first[1]) if first and first[0] else []


NOW: dict[Invariant, tuple[str, ...]] = {
    Invariant.BED: ("""SELECT b.territory, p.opened_seq FROM placement_bed b JOIN placement p ON p.id = b.placement
        WHERE b.live AND b.bed IN (SELECT bed FROM placement_bed WHERE live GROUP BY bed HAVING count(*) > 1)""",),
    Invariant.ROOM: ("""SELECT b.territory, p.opened_seq FROM placement_bed b JOIN placement p ON p.id = b.placement
        WHERE b.live AND b.unit IN (
            SELECT unit FROM placement_bed WHERE live AND whole GROUP BY unit HAVING count(DISTINCT placement) > 1)""",),
    Invariant.RULE: ("""SELECT b.territory, p.opened_seq FROM placement_bed b JOIN placement p ON p.id = b.placement
        LEFT JOIN unit u ON u.id = b.unit WHERE b.live AND NOT b.whole AND b.rule IS DISTINCT FROM u.rule_tonight""",),
    Invariant.COMMITMENT: (
        """SELECT territory, opened_seq FROM placement p WHERE state IN ('held', 'offered', 'expected', 'present')
            AND NOT EXISTS (SELECT FROM placement_bed b WHERE b.placement = p.id AND b.live)""",
        """SELECT b.territory, p.opened_seq FROM placement_bed b LEFT JOIN placement p ON p.id = b.placement
            LEFT JOIN bed ON bed.id = b.bed WHERE b.live AND (p.state IS NULL
                OR p.state NOT IN ('held', 'offered', 'expected', 'present') OR p.territory IS DISTINCT FROM b.territory
                OR bed.unit IS DISTINCT FROM b.unit OR bed.territory IS DISTINCT FROM b.territory)""",
        """SELECT territory, opened_seq FROM placement p
            WHERE persons > (SELECT count(*) FROM placement_bed b WHERE b.placement = p.id AND b.live)""",
    ),
    Invariant.WAITING: (
        """SELECT r.territory, (SELECT max(seq) FROM journal j WHERE j.request = r.id) FROM request r WHERE r.closing IS NULL
            AND (r.state = 'placed') <> ((SELECT count(*) FROM placement p WHERE p.request = r.id
                AND p.state IN ('held', 'offered', 'expected', 'present')) = 1)""",
        """SELECT p.territory, p.opened_seq FROM placement p JOIN request r ON r.id = p.request
            WHERE p.state IN ('held', 'offered', 'expected', 'present')
                AND r.state <> CASE p.state WHEN 'present' THEN 'met' ELSE 'placed' END""",
    ),
    Invariant.CRITERIA: (
        """SELECT c.territory, (SELECT max(seq) FROM journal j WHERE j.request = c.request) FROM criteria c
            LEFT JOIN request r ON r.id = c.request WHERE r.id IS NULL OR r.closing IS NOT NULL""",
        """SELECT k.territory, (SELECT max(seq) FROM journal j WHERE j.request = k.request) FROM command k
            JOIN request r ON r.id = k.request WHERE r.closing IS NOT NULL""",
        """SELECT r.territory, (SELECT max(seq) FROM journal j WHERE j.request = r.id) FROM request r
            WHERE r.closing IS NULL AND NOT EXISTS (SELECT FROM criteria c WHERE c.request = r.id)""",
    ),
    Invariant.ENTRY: ("""SELECT p.territory, p.opened_seq FROM placement p WHERE state IN ('held', 'offered', 'expected', 'present')
        AND opened_seq > coalesce((SELECT max(seq) FROM anchor a WHERE a.territory = p.territory), 0)
        AND NOT EXISTS (SELECT FROM journal j WHERE j.territory = p.territory AND j.seq = p.opened_seq AND j.placement = p.id
            AND j.verb = 'hold')""",),
    Invariant.EFFECT: ("""WITH k AS (SELECT territory, convert_from(answer, 'UTF8')::jsonb AS said FROM command
                WHERE answer <> ''),
            s AS (SELECT territory, (said->>'seq')::bigint AS seq, (said->>'id')::uuid AS id,
                count(*) OVER (PARTITION BY territory, said->>'seq') AS keys FROM k)
        SELECT s.territory, s.seq FROM s LEFT JOIN journal j ON j.territory = s.territory AND j.seq = s.seq
        WHERE keys > 1 OR j.seq IS NULL OR (s.id = ANY (ARRAY['00000000-0000-0000-0000-000000000000',
            j.placement, j.request, j.plan, j.shelter, j.service, j.account] || j.units)) IS NOT TRUE""",),
}  # fmt: skip
"""For each invariant of the rows as they are now: statements that give territory and number of whatever breaks it."""


async def broken_now(db: Connection) -> list[Broken]:
    """What does not hold in the rows of these territories, counted in the database: however many, a few numbers come back."""
    found: list[Broken] = []
    for invariant, statements in NOW.items():
        for statement in statements:
            rows = await db.fetch(
                f"""SELECT territory, count(*), (array_agg(DISTINCT n))[:{NUMBERS_MAX}] FROM ({statement}) AS f(territory, n)
                WHERE territory IS NOT NULL GROUP BY territory ORDER BY territory"""  # noqa: S608 - our own
            )
            found += [Broken(invariant, code, count, tuple(n for n in numbers if n is not None)) for code, count, numbers in rows]
    return found


GUARDS = ("placement_bed_one_live", "placement_bed_room_whole", "placement_bed_rule", "placement_request_one_live", "command_pkey",
          "journal_pkey", "night_pkey")  # fmt: skip


async def guards_missing(db: Connection) -> list[str]:
    """Constraints and unique indexes that are gone or not valid, tables that other territories can read, roles that may too much."""
    rows = await db.fetch(
        """
        SELECT g FROM unnest($1::text[]) g WHERE NOT EXISTS (
            SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relname = g AND i.indisvalid AND (i.indisunique OR i.indisexclusion))
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conname = g AND k.contype = 'f' AND k.convalidated)
        UNION ALL SELECT c.relname || ' without row-level security' FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'territory' AND NOT a.attisdropped
            AND c.relname <> 'account_right' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
        UNION ALL SELECT tablename || ' policy ' || policyname FROM pg_policies
            WHERE schemaname = 'public' AND (position('territories_here()' IN qual) = 0 OR position('territories_here()' IN with_check) = 0
                OR qual LIKE '% OR %' OR with_check LIKE '% OR %')
        UNION ALL SELECT rolname || ' sees past row-level security' FROM pg_roles
            WHERE rolname LIKE 'siao\\_%' AND (rolsuper OR rolbypassrls)
        UNION ALL SELECT 'siao_app owns ' || relname FROM pg_class WHERE relowner = 'siao_app'::regrole
        UNION ALL SELECT 'siao_app may ' || p || ' journal' FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p
            WHERE has_table_privilege('siao_app', 'journal', p)
        """,
        GUARDS,
    )
    return sorted(row[0] for row in rows)


async def columns(db: Connection) -> set[tuple[str, str]]:
    """Every column of every table there is, whoever may read it."""
    rows = await db.fetch(
        """SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped"""
    )
    return {(row[0], row[1]) for row in rows}
