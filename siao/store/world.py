"""What a batch of commands is loaded from and saved to: one statement each, so that a batch costs five round trips."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from siao.core.allocation import rates
from siao.core.allocation.rates import Demand, Supply
from siao.core.beds import Bed
from siao.core.claims import Claim
from siao.core.closing import Night
from siao.core.journal import Entry
from siao.core.placements import Holds, Placement
from siao.core.requests import Criteria, Request
from siao.core.rules import Edition
from siao.core.statistics import Tally
from siao.core.territories import Commune, Territory
from siao.core.units import Plan, Shelter, Unit
from siao.store.db import Connection, deleted
from siao.store.rows import reader, values

KINDS = (Territory, Shelter, Unit, Bed, Claim, Placement, Request, Criteria, Commune, Plan, Night, Edition)
READERS = [reader(kind) for kind in KINDS]
read_territory = reader(Territory)
read_holds = reader(Holds)


class Wanted(Struct, frozen=True):
    """Ids that commands name; what hangs on them is loaded along. `rules`: territories whose rules are needed, `night`: whose
    waiting requests are, and one unit with room where there is one: a night's close asks no more of 25,000 beds."""

    shelters: tuple[UUID, ...] = ()
    units: tuple[UUID, ...] = ()
    placements: tuple[UUID, ...] = ()
    requests: tuple[UUID, ...] = ()
    plans: tuple[UUID, ...] = ()
    agents: tuple[UUID, ...] = ()
    communes: tuple[str, ...] = ()
    night: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class Loaded(Struct, frozen=True):
    """What a batch is decided on: the database's clock and epoch, the rows, and MAC and answer of the keys already served."""

    now: datetime
    epoch: str
    rows: list[Struct]
    known: dict[UUID, tuple[bytes, bytes]]


class Saved(Struct, frozen=True):
    """All that a batch changed. `answers`: key, territory, mac, answer, request (None once it is closed)."""

    rows: tuple[Struct, ...]
    gone: tuple[UUID, ...]
    tallies: tuple[Tally, ...]
    learned: tuple[Demand | Supply, ...]
    entries: tuple[Entry, ...]
    heads: tuple[Territory, ...]
    answers: tuple[tuple[UUID, str, datetime, bytes, bytes, UUID | None], ...]


async def lock(db: Connection, territories: Sequence[str]) -> list[Territory]:
    """The territories with number and hash of their last entries, locked in the order of their codes, so that two desks
    cannot deadlock."""
    rows = await db.fetch("SELECT * FROM territory WHERE code = ANY($1::text[]) ORDER BY code FOR UPDATE", territories)
    return [read_territory(row) for row in rows]


async def load(db: Connection, territories: Sequence[str], wanted: Wanted, keys: Sequence[UUID]) -> Loaded:
    """The territories, the rows wanted with what hangs on them, and what was answered under these keys; after the lock, since a
    statement that waited for it would have a snapshot older than the lock. Ids go as arrays: a plan made while a table was
    small then still uses its index, and costs a third."""
    row: Any = await db.fetchrow(
        """
        WITH asked AS MATERIALIZED (
            SELECT id, state FROM placement WHERE request = ANY($4::uuid[])
        ), named AS MATERIALIZED (
            SELECT ARRAY(
                SELECT id FROM placement WHERE id = ANY($3::uuid[])
                UNION SELECT id FROM asked WHERE state IN ('held', 'offered', 'expected', 'present', 'no_show')
            ) AS ids
        ), units AS MATERIALIZED (
            SELECT ARRAY(
                SELECT unnest($2::uuid[])
                UNION SELECT unit FROM placement_bed WHERE placement = ANY((SELECT ids FROM named)::uuid[])
                UNION SELECT id FROM unit WHERE shelter = ANY($1::uuid[])
                UNION SELECT id FROM unit WHERE plan = ANY($5::uuid[])
                UNION SELECT roomy.id FROM unnest($8::text[]) code CROSS JOIN LATERAL (
                    SELECT id FROM unit n WHERE territory = code AND open
                        AND EXISTS (SELECT FROM bed b WHERE b.unit = n.id AND physical = 'vacant'
                            AND NOT EXISTS (SELECT FROM placement_bed p WHERE p.bed = b.id AND p.live))
                        AND (kind = 'dormitory' OR NOT EXISTS (SELECT FROM bed b WHERE b.unit = n.id AND physical <> 'out'
                            AND (physical <> 'vacant' OR EXISTS (SELECT FROM placement_bed p WHERE p.bed = b.id AND p.live))))
                    LIMIT 1
                ) roomy
            ) AS ids
        ), placements AS MATERIALIZED (
            SELECT ARRAY(
                SELECT placement FROM placement_bed WHERE live AND unit = ANY((SELECT ids FROM units)::uuid[])
                UNION SELECT unnest(ids) FROM named
            ) AS ids
        ), t AS MATERIALIZED (
            SELECT * FROM placement WHERE id = ANY((SELECT ids FROM placements)::uuid[])
        ), requests AS MATERIALIZED (
            SELECT ARRAY(
                SELECT unnest($4::uuid[]) UNION SELECT request FROM t WHERE request IS NOT NULL
                UNION SELECT id FROM request WHERE closing IS NULL AND territory = ANY($8::text[])
            ) AS ids
        ), u AS MATERIALIZED (
            SELECT * FROM unit WHERE id = ANY((SELECT ids FROM units)::uuid[])
        )
        SELECT clock_timestamp(), epoch(),
            ARRAY(SELECT x FROM territory x WHERE code = ANY($10::text[])),
            ARRAY(SELECT x FROM shelter x WHERE id = ANY($1::uuid[] || ARRAY(SELECT shelter FROM u) || ARRAY(SELECT shelter FROM t))),
            ARRAY(SELECT u::unit FROM u),
            ARRAY(SELECT x FROM bed x WHERE unit = ANY((SELECT ids FROM units)::uuid[])),
            ARRAY(SELECT x FROM placement_bed x WHERE live AND unit = ANY((SELECT ids FROM units)::uuid[])
                UNION SELECT x FROM placement_bed x WHERE placement = ANY((SELECT ids FROM named)::uuid[])),
            ARRAY(SELECT t::placement FROM t),
            ARRAY(SELECT x FROM request x WHERE id = ANY((SELECT ids FROM requests)::uuid[])),
            ARRAY(SELECT x FROM criteria x WHERE request = ANY((SELECT ids FROM requests)::uuid[])),
            ARRAY(SELECT x FROM commune x WHERE name = ANY($7::text[])
                OR (territory, name) IN (SELECT territory, zone FROM criteria WHERE request = ANY((SELECT ids FROM requests)::uuid[]))),
            ARRAY(SELECT x FROM plan x WHERE id = ANY($5::uuid[] || ARRAY(SELECT plan FROM u))),
            ARRAY(SELECT x FROM night x WHERE territory = ANY($8::text[])),
            ARRAY(SELECT x FROM rules x WHERE territory = ANY($11::text[])),
            ARRAY(SELECT x FROM command x WHERE key = ANY($9::uuid[])),
            ARRAY(SELECT (agent, array_agg(id))::holds FROM (
                SELECT p.id, (SELECT j.agent FROM journal j WHERE j.territory = p.territory AND j.seq = p.opened_seq
                    AND j.outcome <> 'planned') AS agent
                FROM placement p WHERE p.state = 'held' AND cardinality($6::uuid[]) > 0
            ) held WHERE agent = ANY($6::uuid[]) GROUP BY agent)
        """,
        wanted.shelters,
        wanted.units,
        wanted.placements,
        wanted.requests,
        wanted.plans,
        wanted.agents,
        wanted.communes,
        wanted.night,
        keys,
        territories,
        wanted.rules,
    )
    now, epoch, *kinds, commands, holds = tuple(row)
    rows: list[Struct] = [read(r) for read, found in zip(READERS, kinds, strict=True) for r in found]
    known = {command[0]: (command[3], command[4]) for command in commands}
    return Loaded(now, epoch, rows + [read_holds(r) for r in holds], known)


async def forget(db: Connection, hours: int) -> int:
    """Drops the answers to commands older than `hours`, in the territories of this transaction; gives how many."""
    return await deleted(db, "DELETE FROM command WHERE at < clock_timestamp() - make_interval(hours => $1)", hours)


async def save(db: Connection, s: Saved) -> None:
    """All that a batch changed, in one statement. Ended claims go before new ones: the unique index on live claims is
    checked row by row."""
    claims = sorted(_of(s.rows, Claim), key=lambda claim: claim.live)
    await db.execute(
        """
        WITH b AS (
            UPDATE bed t SET physical = n.physical, out_reason = n.out_reason, to_check = n.to_check, version = n.version
            FROM unnest($1::bed[]) n WHERE t.id = n.id
        ), u AS (
            UPDATE unit t SET rule_tonight = n.rule_tonight, open = n.open, closed_reason = n.closed_reason, version = n.version,
                confirmed_at = n.confirmed_at, confirmed_source = n.confirmed_source, kept_until = n.kept_until,
                kept_level = n.kept_level
            FROM unnest($2::unit[]) n WHERE t.id = n.id
        ), s AS (
            UPDATE shelter t SET to_ring_since = n.to_ring_since FROM unnest($3::shelter[]) n WHERE t.id = n.id
        ), l AS (
            UPDATE plan t SET open = n.open FROM unnest($4::plan[]) n WHERE t.id = n.id
        ), r AS (
            INSERT INTO request SELECT (n).* FROM unnest($5::request[]) n ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, closing = excluded.closing, pause = excluded.pause, night = excluded.night,
                asked_at = excluded.asked_at, nights_unmet = excluded.nights_unmet, call_back = excluded.call_back,
                service = excluded.service, party = excluded.party, first_in_level = excluded.first_in_level,
                last_refusal = excluded.last_refusal, closed_at = excluded.closed_at, version = excluded.version
        ), c AS (
            INSERT INTO criteria SELECT (n).* FROM unnest($6::criteria[]) n ON CONFLICT (request) DO UPDATE SET
                men = excluded.men, women = excluded.women, children = excluded.children, infants = excluded.infants,
                needs = excluded.needs, zone = excluded.zone, max_km = excluded.max_km, nights = excluded.nights,
                last_shelter = excluded.last_shelter, level = excluded.level, explanation = excluded.explanation
        ), g AS (
            DELETE FROM criteria WHERE request = ANY($7::uuid[])
        ), p AS (
            INSERT INTO placement SELECT (n).* FROM unnest($8::placement[]) n ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, persons = excluded.persons, until = excluded.until, expected_until = excluded.expected_until,
                end_date = excluded.end_date, accepted = excluded.accepted, outcome = excluded.outcome, version = excluded.version
        ), q AS (
            INSERT INTO placement_bed SELECT (n).* FROM unnest($9::placement_bed[]) n ON CONFLICT (placement, bed) DO UPDATE SET
                live = excluded.live, rule = excluded.rule
        ), i AS (
            INSERT INTO night SELECT (n).* FROM unnest($10::night[]) n
        ), e AS (
            INSERT INTO rules SELECT (n).* FROM unnest($19::rules[]) n
        ), t AS (
            INSERT INTO tally SELECT (n).* FROM unnest($11::tally[]) n
            ON CONFLICT (territory, night, outcome, side, composition, level, band) DO UPDATE SET
                households = tally.households + excluded.households, persons = tally.persons + excluded.persons
        ), m AS (
            INSERT INTO demand SELECT (n).* FROM unnest($15::demand[]) n
            WHERE (n).need IS NULL OR $17 <= (
                SELECT sum(d.requests) FROM demand d
                WHERE (d.territory, d.side, d.size, d.level, d.hours) = ((n).territory, (n).side, (n).size, (n).level, (n).hours)
                    AND d.need IS NULL AND d.week > (n).week - $18::integer)
            ON CONFLICT (territory, week, side, size, level, hours, need) DO UPDATE SET requests = demand.requests + excluded.requests
        ), f AS (
            INSERT INTO supply SELECT (n).* FROM unnest($16::supply[]) n
            ON CONFLICT (territory, week, kind, capacity, rule, hours) DO UPDATE SET units = supply.units + excluded.units
        ), j AS (
            INSERT INTO journal SELECT (n).* FROM unnest($12::journal[]) n
        ), d AS (
            DELETE FROM command WHERE request = ANY($7::uuid[])
        ), k AS (
            INSERT INTO command SELECT (n).* FROM unnest($13::command[]) n
        )
        UPDATE territory t SET seq = n.seq, head = n.head FROM unnest($14::territory[]) n WHERE t.code = n.code
        """,
        *(values(_of(s.rows, kind)) for kind in (Bed, Unit, Shelter, Plan, Request, Criteria)),
        s.gone,
        values(_of(s.rows, Placement)),
        values(claims),
        values(_of(s.rows, Night)),
        counted(s.tallies),
        values(s.entries),
        s.answers,
        values(s.heads),
        values(rates.added(_of(s.learned, Demand))),
        values(rates.supplied(_of(s.learned, Supply))),
        rates.CELL_MIN,
        rates.NIGHTS,
        values(_of(s.rows, Edition)),
    )


def _of(rows: Iterable[Struct], kind: type[Any]) -> list[Any]:
    return [row for row in rows if type(row) is kind]


def counted(tallies: Iterable[Tally]) -> list[tuple[Any, ...]]:
    """Tallies of one cell added up: one row a cell, households before persons."""
    cells: dict[tuple[Any, ...], tuple[int, int]] = {}
    for tally in tallies:
        *cell, persons = values((tally,))[0]
        households, before = cells.get(tuple(cell), (0, 0))
        cells[tuple(cell)] = households + 1, before + persons
    return [(*cell, *sums) for cell, sums in cells.items()]
