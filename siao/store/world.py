"""What a batch of commands is decided on, loaded in one statement."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from siao.core.allocation.compatible import DORMITORY_PERSONS_MAX
from siao.core.beds import Bed
from siao.core.claims import Claim
from siao.core.closing import Night
from siao.core.placements import Holds, Placement
from siao.core.requests import Criteria, Request
from siao.core.rules import Edition
from siao.core.territories import Commune, Service, Territory
from siao.core.units import Plan, Shelter, Unit
from siao.core.world import Part
from siao.store.db import STATEMENTS_MAX, Connection, deleted
from siao.store.rows import reader

ALWAYS = [reader(kind) for kind in (Territory, Part, Shelter, Unit, Bed, Claim, Placement, Request, Criteria, Plan, Commune)]
IF_NAMED = (("night", reader(Night)), ("rules", reader(Edition)), ("services", reader(Service)), ("agents", reader(Holds)))
read_territory = reader(Territory)
LEFT_OUT, PARAMETER = re.compile(r"-- (\w+)$"), re.compile(r"{(\w+)}")


class Wanted(Struct, frozen=True):
    """Ids that commands name; what hangs on them is loaded along. `rules`: territories whose rules are needed, `night`: whose
    waiting requests are, and one unit with room where there is one: a night's close asks no more of 25,000 beds.

    `units` are loaded whole. `places` are units to take a place in, once a command: of a dormitory no more than these may take, since
    who sleeps in the other beds is nothing to them. `beds` are asked for by name; `late` are placements that may arrive too late.
    """

    shelters: Sequence[UUID] = ()
    units: Sequence[UUID] = ()
    places: Sequence[UUID] = ()
    beds: Sequence[UUID] = ()
    late: Sequence[UUID] = ()
    placements: Sequence[UUID] = ()
    requests: Sequence[UUID] = ()
    plans: Sequence[UUID] = ()
    agents: Sequence[UUID] = ()
    services: Sequence[UUID] = ()
    communes: Sequence[str] = ()
    night: Sequence[str] = ()
    rules: Sequence[str] = ()


class Loaded(Struct, frozen=True):
    """What a batch is decided on: the database's clock, the rows, and MAC and answer of the keys already served."""

    now: datetime
    rows: list[Struct]
    known: dict[UUID, tuple[bytes, bytes]]


async def lock(db: Connection, territories: Sequence[str]) -> list[Territory]:
    """The territories with number and hash of their last entries, locked in the order of their codes, so that two desks
    cannot deadlock."""
    rows = await db.fetch("SELECT * FROM territory WHERE code = ANY($1::text[]) ORDER BY code FOR UPDATE", territories)
    return [read_territory(row) for row in rows]


LOAD = """
WITH named AS MATERIALIZED (
    SELECT ARRAY(
        SELECT id FROM placement WHERE id = ANY({placements}::uuid[])
        UNION SELECT id FROM (SELECT id, state FROM placement WHERE request = ANY({requests}::uuid[]) OFFSET 0) asked  -- requests
            WHERE state IN ('held', 'offered', 'expected', 'present', 'no_show')  -- requests
    ) AS ids
), units AS MATERIALIZED (
    SELECT ARRAY(
        SELECT unnest({units}::uuid[])
        UNION SELECT unit FROM placement_bed WHERE placement = ANY((SELECT ids FROM named)::uuid[])
        UNION SELECT unnest({places}::uuid[])  -- places
        UNION SELECT id FROM unit WHERE shelter = ANY({shelters}::uuid[])  -- shelters
        UNION SELECT id FROM unit WHERE plan = ANY({plans}::uuid[])  -- plans
        UNION SELECT roomy.id FROM unnest({night}::text[]) code CROSS JOIN LATERAL (  -- night
            SELECT id FROM unit n WHERE territory = code AND open  -- night
                AND EXISTS (SELECT FROM bed b WHERE b.unit = n.id AND physical = 'vacant'  -- night
                    AND NOT EXISTS (SELECT FROM placement_bed p WHERE p.bed = b.id AND p.live))  -- night
                AND (kind = 'dormitory' OR NOT EXISTS (SELECT FROM bed b WHERE b.unit = n.id AND physical <> 'out'  -- night
                    AND (physical <> 'vacant' OR EXISTS (SELECT FROM placement_bed p WHERE p.bed = b.id AND p.live))))  -- night
            LIMIT 1) roomy  -- night
    ) AS ids
), u AS MATERIALIZED (
    SELECT * FROM unit WHERE id = ANY((SELECT ids FROM units)::uuid[])
), whole AS MATERIALIZED (
    SELECT ARRAY(
        SELECT id FROM u WHERE kind = 'room' OR rule = 'switchable' OR id = ANY({units}::uuid[])
            OR shelter = ANY({shelters}::uuid[])  -- shelters
            OR plan = ANY({plans}::uuid[])  -- plans
            OR territory = ANY({night}::text[])  -- night
        UNION SELECT unit FROM placement_bed JOIN placement p ON p.id = placement  -- late
            WHERE p.id = ANY({late}::uuid[]) AND (state = 'no_show' OR until <= statement_timestamp())  -- late
    ) AS ids
), placements AS MATERIALIZED (
    SELECT ARRAY(
        SELECT placement FROM placement_bed WHERE live AND unit = ANY((SELECT ids FROM whole)::uuid[])
        UNION SELECT unnest(ids) FROM named
        UNION SELECT placement FROM placement_bed WHERE live AND bed = ANY({beds}::uuid[])  -- beds
        UNION SELECT p.id FROM placement p WHERE territory = ANY({territories}::text[]) AND until <= statement_timestamp()  -- places
            AND EXISTS (SELECT FROM placement_bed WHERE placement = p.id AND live AND unit = ANY({places}::uuid[]))  -- places
    ) AS ids
), t AS MATERIALIZED (
    SELECT * FROM placement WHERE id = ANY((SELECT ids FROM placements)::uuid[])
), beds AS MATERIALIZED (
    SELECT ARRAY(
        SELECT bed FROM placement_bed WHERE live AND placement = ANY((SELECT ids FROM placements)::uuid[])
        UNION SELECT unnest({beds}::uuid[])  -- beds
        UNION SELECT free.id FROM (  -- places
            SELECT unit, DORMITORY_PERSONS_MAX * count(*) AS most FROM unnest({places}::uuid[]) unit GROUP BY unit) p  -- places
            CROSS JOIN LATERAL (SELECT id FROM bed b WHERE b.unit = p.unit AND physical = 'vacant'  -- places
                AND NOT EXISTS (SELECT FROM placement_bed c WHERE c.bed = b.id AND c.live) ORDER BY number LIMIT p.most) free  -- places
    ) AS ids
), requests AS MATERIALIZED (
    SELECT ARRAY(
        SELECT request FROM t WHERE request IS NOT NULL
        UNION SELECT unnest({requests}::uuid[])  -- requests
        UNION SELECT id FROM request WHERE closing IS NULL AND territory = ANY({night}::text[])  -- night
    ) AS ids
)
SELECT clock_timestamp(),
    ARRAY(SELECT x FROM command x WHERE key = ANY({keys}::uuid[])),
    ARRAY(SELECT x FROM territory x WHERE code = ANY({territories}::text[])),
    ARRAY(SELECT (id, territory, false
            OR EXISTS (SELECT FROM placement_bed b WHERE b.unit = u.id AND b.live AND bed <> ALL((SELECT ids FROM beds)::uuid[]))  -- places
        ) FROM u WHERE id <> ALL((SELECT ids FROM whole)::uuid[])),
    ARRAY(SELECT x FROM shelter x WHERE id = ANY(ARRAY(SELECT shelter FROM u) || ARRAY(SELECT shelter FROM t)
        || {shelters}::uuid[]  -- shelters
    )),
    ARRAY(SELECT u::unit FROM u),
    ARRAY(SELECT x FROM bed x WHERE unit = ANY((SELECT ids FROM whole)::uuid[]) OR id = ANY((SELECT ids FROM beds)::uuid[])),
    ARRAY(SELECT x FROM placement_bed x WHERE live AND placement = ANY((SELECT ids FROM placements)::uuid[])
        UNION ALL SELECT x FROM placement_bed x WHERE NOT live AND placement = ANY({late}::uuid[])  -- late
    ),
    ARRAY(SELECT t::placement FROM t),
    ARRAY(SELECT x FROM request x WHERE id = ANY((SELECT ids FROM requests)::uuid[])),
    ARRAY(SELECT x FROM criteria x WHERE request = ANY((SELECT ids FROM requests)::uuid[])),
    ARRAY(SELECT x FROM plan x WHERE id = ANY(ARRAY(SELECT plan FROM u)
        || {plans}::uuid[]  -- plans
    )),
    ARRAY(SELECT x FROM commune x WHERE (territory, name) IN (
        SELECT territory, zone FROM criteria WHERE request = ANY((SELECT ids FROM requests)::uuid[]))
        OR name = ANY({communes}::text[])  -- communes
    )
    , ARRAY(SELECT x FROM night x WHERE territory = ANY({night}::text[]))  -- night
    , ARRAY(SELECT x FROM rules x WHERE territory = ANY({rules}::text[]))  -- rules
    , ARRAY(SELECT x FROM service x WHERE id = ANY({services}::uuid[]))  -- services
    , ARRAY(SELECT (agent, array_agg(id))::holds FROM (  -- agents
        SELECT p.id, (SELECT j.agent FROM journal j WHERE j.territory = p.territory AND j.seq = p.opened_seq  -- agents
            AND j.outcome <> 'planned') AS agent  -- agents
        FROM placement p WHERE p.state = 'held'  -- agents
    ) held WHERE agent = ANY({agents}::uuid[]) GROUP BY agent)  -- agents
""".replace("DORMITORY_PERSONS_MAX", str(DORMITORY_PERSONS_MAX))
"""A line that ends in a name is left out where nothing of that name is wanted: each of them costs 10 to 50 µs to start, of 500. Ids go
as arrays: a plan made while a table was small then still uses its index, and costs a third."""


@lru_cache(STATEMENTS_MAX)
def _load(named: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """The statement for what is wanted, and the names of its parameters in their order."""
    lines = [line for line in LOAD.splitlines() if not (end := LEFT_OUT.search(line)) or end[1] in named]
    text = "\n".join(lines)
    names = tuple(dict.fromkeys(PARAMETER.findall(text)))
    return text.format(**{name: f"${n}" for n, name in enumerate(names, 1)}), names


async def load(db: Connection, territories: Sequence[str], wanted: Wanted, keys: Sequence[UUID]) -> Loaded:
    """The territories, the rows wanted with what hangs on them, and what was answered under these keys; after the lock, since a
    statement that waited for it would have a snapshot older than the lock."""
    given = {**asdict(wanted), "keys": keys, "territories": territories}
    named = frozenset(name for name, ids in given.items() if ids)
    statement, parameters = _load(named)
    row: Any = await db.fetchrow(statement, *(given[name] for name in parameters))
    now, commands, *kinds = tuple(row)
    readers = [*ALWAYS, *(read for name, read in IF_NAMED if name in named)]
    rows: list[Struct] = [read(r) for read, found in zip(readers, kinds, strict=True) for r in found]
    return Loaded(now, rows, {command[0]: (command[3], command[4]) for command in commands})


async def forget(db: Connection, hours: int) -> int:
    """Drops the answers to commands older than `hours`, in the territories of this transaction; gives how many."""
    return await deleted(db, "DELETE FROM command WHERE at < clock_timestamp() - make_interval(hours => $1)", hours)
