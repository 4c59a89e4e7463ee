"""What a batch of commands is loaded from and saved to: one statement each, so that a batch costs five round trips."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from siao.core.beds import Bed
from siao.core.claims import Claim
from siao.core.closing import Night
from siao.core.journal import Entry
from siao.core.placements import Holds, Placement
from siao.core.requests import Criteria, Request
from siao.core.statistics import Tally
from siao.core.territories import Commune, Territory
from siao.core.units import Plan, Shelter, Unit
from siao.store.db import Connection
from siao.store.rows import reader, values

KINDS = (Shelter, Unit, Bed, Claim, Placement, Request, Criteria, Commune, Plan, Night)
READERS = [reader(kind) for kind in KINDS]
read_territory = reader(Territory)
read_holds = reader(Holds)


class Wanted(Struct, frozen=True):
    """Ids that commands name; what hangs on them is loaded along. `night`: territories whose whole evening is needed."""

    shelters: tuple[UUID, ...] = ()
    units: tuple[UUID, ...] = ()
    placements: tuple[UUID, ...] = ()
    requests: tuple[UUID, ...] = ()
    plans: tuple[UUID, ...] = ()
    agents: tuple[UUID, ...] = ()
    communes: tuple[str, ...] = ()
    night: tuple[str, ...] = ()


class Saved(Struct, frozen=True):
    """All that a batch changed. `answers`: key, territory, mac, answer, request (None once it is closed)."""

    rows: tuple[Struct, ...]
    gone: tuple[UUID, ...]
    tallies: tuple[Tally, ...]
    entries: tuple[Entry, ...]
    heads: tuple[Territory, ...]
    answers: tuple[tuple[UUID, str, datetime, bytes, bytes, UUID | None], ...]


async def lock(db: Connection, territories: Sequence[str]) -> list[Territory]:
    """The territories with number and hash of their last entries, locked in the order of their codes, so that two desks
    cannot deadlock."""
    rows = await db.fetch("SELECT * FROM territory WHERE code = ANY($1::text[]) ORDER BY code FOR UPDATE", territories)
    return [read_territory(row) for row in rows]


async def load(db: Connection, wanted: Wanted) -> tuple[datetime, str, list[Struct]]:
    """The database's clock, its epoch, and the rows wanted with what hangs on them, after the lock (a statement that waited for it
    would have a snapshot older than the lock)."""
    row: Any = await db.fetchrow(
        """
        WITH named AS (
            SELECT id, request FROM placement WHERE id = ANY($3::uuid[])
            UNION SELECT id, request FROM placement WHERE request = ANY($4::uuid[])
                AND state IN ('held', 'offered', 'expected', 'present', 'no_show')
        ), units AS MATERIALIZED (
            SELECT unnest($2::uuid[]) AS id
            UNION SELECT unit FROM placement_bed WHERE placement IN (SELECT id FROM named)
            UNION SELECT id FROM unit WHERE shelter = ANY($1::uuid[])
            UNION SELECT id FROM unit WHERE plan = ANY($5::uuid[])
            UNION SELECT id FROM unit WHERE territory = ANY($8::text[])
        ), claims AS MATERIALIZED (
            SELECT placement, bed FROM placement_bed WHERE live AND unit IN (SELECT id FROM units)
            UNION SELECT placement, bed FROM placement_bed WHERE placement IN (SELECT id FROM named)
        ), placements AS MATERIALIZED (
            SELECT id, request, shelter FROM placement WHERE id IN (SELECT placement FROM claims UNION SELECT id FROM named)
        ), requests AS MATERIALIZED (
            SELECT unnest($4::uuid[]) AS id UNION SELECT request FROM placements
            UNION SELECT id FROM request WHERE closing IS NULL AND territory = ANY($8::text[])
        )
        SELECT clock_timestamp(), epoch(),
            ARRAY(SELECT t FROM shelter t WHERE id = ANY($1::uuid[]) OR id IN (SELECT shelter FROM unit WHERE id IN (SELECT id FROM units))
                OR id IN (SELECT shelter FROM placements)),
            ARRAY(SELECT t FROM unit t WHERE id IN (SELECT id FROM units)),
            ARRAY(SELECT t FROM bed t WHERE unit IN (SELECT id FROM units)),
            ARRAY(SELECT t FROM placement_bed t JOIN claims USING (placement, bed)),
            ARRAY(SELECT t FROM placement t WHERE id IN (SELECT id FROM placements)),
            ARRAY(SELECT t FROM request t WHERE id IN (SELECT id FROM requests)),
            ARRAY(SELECT t FROM criteria t WHERE request IN (SELECT id FROM requests)),
            ARRAY(SELECT t FROM commune t WHERE name = ANY($7::text[])
                OR (territory, name) IN (SELECT territory, zone FROM criteria WHERE request IN (SELECT id FROM requests))),
            ARRAY(SELECT t FROM plan t WHERE id = ANY($5::uuid[]) OR id IN (SELECT plan FROM unit WHERE id IN (SELECT id FROM units))),
            ARRAY(SELECT t FROM night t WHERE territory = ANY($8::text[])),
            ARRAY(SELECT (j.agent, array_agg(p.id))::holds FROM placement p
                JOIN journal j ON j.territory = p.territory AND j.seq = p.opened_seq
                WHERE p.state = 'held' AND j.outcome <> 'planned' AND j.agent = ANY($6::uuid[]) GROUP BY j.agent)
        """,
        wanted.shelters,
        wanted.units,
        wanted.placements,
        wanted.requests,
        wanted.plans,
        wanted.agents,
        wanted.communes,
        wanted.night,
    )
    rows: list[Struct] = [read(r) for read, found in zip(READERS, tuple(row)[2:-1], strict=True) for r in found]
    return row[0], row[1], rows + [read_holds(r) for r in row[len(row) - 1]]


async def answered(db: Connection, keys: Sequence[UUID]) -> dict[UUID, tuple[bytes, bytes]]:
    """MAC of the body and answer of the commands already done under these keys."""
    rows = await db.fetch("SELECT key, mac, answer FROM command WHERE key = ANY($1::uuid[])", keys)
    return {key: (mac, answer) for key, mac, answer in rows}


async def forget(db: Connection, hours: int) -> None:
    """Drops the answers to commands older than `hours`, in the territories of this transaction."""
    await db.execute("DELETE FROM command WHERE at < clock_timestamp() - make_interval(hours => $1)", hours)


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
                confirmed_at = n.confirmed_at, confirmed_source = n.confirmed_source
            FROM unnest($2::unit[]) n WHERE t.id = n.id
        ), s AS (
            UPDATE shelter t SET to_ring_since = n.to_ring_since FROM unnest($3::shelter[]) n WHERE t.id = n.id
        ), l AS (
            UPDATE plan t SET open = n.open FROM unnest($4::plan[]) n WHERE t.id = n.id
        ), r AS (
            INSERT INTO request SELECT (n).* FROM unnest($5::request[]) n ON CONFLICT (id) DO UPDATE SET
                state = excluded.state, closing = excluded.closing, pause = excluded.pause, night = excluded.night,
                asked_at = excluded.asked_at, nights_unmet = excluded.nights_unmet, call_back = excluded.call_back,
                service = excluded.service, first_in_level = excluded.first_in_level, last_refusal = excluded.last_refusal,
                closed_at = excluded.closed_at, version = excluded.version
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
        ), t AS (
            INSERT INTO tally SELECT (n).* FROM unnest($11::tally[]) n
            ON CONFLICT (territory, night, outcome, side, composition, level, band) DO UPDATE SET
                households = tally.households + excluded.households, persons = tally.persons + excluded.persons
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
