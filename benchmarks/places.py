"""One household against 10,000 units: the arrays beside the same query in SQL and in plain Python; and what one bed costs.

CPU seconds of whoever answers: this process, or PostgreSQL's backend (from /proc, so Linux). Each answer is compared first.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from benchmarks import plainly
from siao import figures
from siao.core import board as boards
from siao.core import parks
from siao.core.allocation import rank
from siao.core.allocation.compatible import Household, Place, Reason
from siao.core.allocation.model import Rules
from siao.core.allocation.stock import Stock
from siao.core.beds import Bed, Physical, Source
from siao.core.board import Board, Facts, Touched
from siao.core.requests import Need
from siao.core.territories import Territory
from siao.core.units import Feature, Kind, Rule, Shelter, Unit
from siao.embedded.stack import passing, stack
from siao.exchange import invented

UNITS, SHELTERS, SHOWN = 10_000, 900, 5
NOW = datetime(2026, 1, 20, 20, 10, tzinfo=UTC)
RULES = Rules()
WRITES = 20_000
SCHEMA = """
CREATE TABLE site (id int PRIMARY KEY, latitude float8, longitude float8, door timestamptz);
CREATE TABLE place (turn int PRIMARY KEY, site int NOT NULL REFERENCES site, dormitory bool NOT NULL, beds int NOT NULL, free bool NOT NULL,
    rule text, step_free bool NOT NULL, animals bool NOT NULL, protected bool NOT NULL, cots bool NOT NULL, nights_max int)
"""
QUERY = """
WITH near AS MATERIALIZED (
    SELECT id, km, (km > $9)::int * 256 AS far,
        (door < $10::timestamptz + interval '15 min' + make_interval(secs => coalesce(km, 0) * 300))::int * 512 AS late
    FROM (SELECT id, door, 2 * 6371 * asin(sqrt(sin(radians(latitude - $7) / 2) ^ 2
        + cos(radians($7)) * cos(radians(latitude)) * sin(radians(longitude - $8) / 2) ^ 2)) AS km FROM site) s
), seen AS MATERIALIZED (
    SELECT turn, site, CASE WHEN dormitory THEN 0 ELSE beds - $1 END
            + 3 * (step_free AND NOT $3)::int + 2 * (protected AND NOT $5)::int AS waste, site = $12 AS same, coalesce(km, 0) AS km,
        (NOT free)::int
        | CASE WHEN rule IS NULL OR rule = 'mixed' THEN ($14 AND dormitory AND coalesce(rule = 'mixed', false))::int * 2
            ELSE ($2 <> 'minors' AND rule <> $2)::int * 2 END
        | (beds < $1 OR (dormitory AND $1 > 2))::int * 4
        | ($3 AND NOT step_free)::int * 8 | ($4 AND NOT animals)::int * 16
        | ($5 AND NOT (protected AND NOT (dormitory AND coalesce(rule = 'mixed', false))))::int * 32
        | (dormitory AND $13)::int * 64 | ($6 AND NOT cots)::int * 128
        | coalesce(far, 0) | coalesce(late, 0) | coalesce(nights_max < $11, false)::int * 1024 AS why
    FROM place JOIN near ON near.id = place.site
), counts AS (
    SELECT why, count(*) AS n FROM seen GROUP BY why
)
SELECT ARRAY(SELECT turn FROM seen WHERE why = 0 ORDER BY waste, same DESC, round(km * 10), turn LIMIT 5),
    (SELECT coalesce(sum(n), 0)::int FROM counts WHERE why = 0),
    ARRAY(SELECT coalesce(sum(n) FILTER (WHERE why & (1 << bit) > 0), 0)::int
        FROM generate_series(0, 10) bit, counts GROUP BY bit ORDER BY bit),
    ARRAY(SELECT coalesce(sum(n) FILTER (WHERE why = 1 << bit), 0)::int
        FROM generate_series(0, 10) bit, counts GROUP BY bit ORDER BY bit),
    ARRAY(SELECT array[site, why] FROM
        (SELECT DISTINCT ON (site) site, why FROM seen ORDER BY site, why & 1, bit_count(why::bit(16)), why) w WHERE why > 0)
"""


def park(dice: Random) -> list[Place]:
    """Rooms and dormitories of 900 shelters, 6 in 100 of them free; no pairs, which SQL would have to make."""
    sites = [(48.7 + dice.random() / 2, 2.1 + dice.random(), _door(dice)) for _ in range(SHELTERS)]
    return [_place(dice, id, dice.randrange(SHELTERS), sites) for id in range(UNITS)]


def _door(dice: Random) -> datetime | None:
    return NOW + timedelta(minutes=dice.randint(10, 300)) if dice.random() < 0.6 else None


def _place(dice: Random, id: int, site: int, sites: Sequence[tuple[float, float, datetime | None]]) -> Place:
    kind = dice.choices(tuple(Kind), (4, 1))[0]
    rules = (Rule.MEN, Rule.WOMEN, Rule.MIXED, None) if kind is Kind.DORMITORY else (Rule.MIXED, Rule.MIXED, Rule.WOMEN)
    features = tuple(f for f in Feature if dice.random() < 0.3)
    latitude, longitude, door = sites[site]
    return Place(
        (UUID(int=id),), UUID(int=site), kind, dice.randint(1, 6), dice.random() < 0.06, dice.choice(rules), features,
        latitude, longitude, door, dice.choice((None, None, 7)), None,
    )  # fmt: skip


def household(dice: Random) -> Household:
    men, women, children = dice.choice(((1, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 1, 2), (1, 1, 2), (2, 0, 0)))
    needs = tuple(need for need in Need if dice.random() < 0.1)
    where = (48.8 + dice.random() / 4, 2.2 + dice.random() / 2)
    return Household(
        men, women, children, int(dice.random() < 0.1), needs, *where, dice.choice((None, 10, 30)), dice.choice((1, 1, 3, 10)), 4, NOW,
        UUID(int=dice.randrange(SHELTERS)),
    )  # fmt: skip


def asked(h: Household) -> tuple[Any, ...]:
    """The household as the SQL query's arguments."""
    wants = [need in h.needs for need in (Need.STEP_FREE, Need.ANIMALS, Need.PROTECTED, Need.COTS)]
    family = h.side == "minors" or h.children + h.infants > 0 or Need.PRIVATE_ROOM in h.needs
    at = h.last_shelter.int if h.last_shelter else -1
    return (h.persons, h.side, *wants, h.latitude, h.longitude, h.max_km, NOW, h.nights, at, family, Need.WOMEN_ONLY in h.needs)


async def furnish(db: asyncpg.Connection, places: Sequence[Place]) -> None:
    await db.execute(SCHEMA)
    sites = {p.shelter.int: (p.shelter.int, p.latitude, p.longitude, p.arrive_before) for p in places}
    await db.copy_records_to_table("site", records=list(sites.values()))
    has = (Feature.STEP_FREE, Feature.ANIMALS, Feature.PROTECTED, Feature.COTS)
    rows = [
        (p.units[0].int, p.shelter.int, p.kind is Kind.DORMITORY, p.capacity, p.free, p.rule, *(f in p.features for f in has), p.nights_max)
        for p in places
    ]
    await db.copy_records_to_table("place", records=rows)
    await db.execute("ANALYZE")
    await db.execute("SET jit = off; SET max_parallel_workers_per_gather = 0; SET work_mem = '64MB'")


def same(found: rank.Found, row: Any) -> bool:
    """Whether SQL said the same in all five parts."""
    best, fitting, excluded, only, nearest = row
    names = [str(reason.name) for reason in Reason]
    told = {str(UUID(int=site)): tuple(n for i, n in enumerate(names) if why & 1 << i) for site, why in nearest}
    return (
        [one.place.units[0].int for one in found.places] == best
        and found.compatible == fitting
        and [found.excluded.get(name, 0) for name in names] == (excluded or [0] * len(names))
        and [found.only.get(name, 0) for name in names] == (only or [0] * len(names))
        and found.nearest == told
    )


def on_cpu_us(pid: int | str) -> float:
    """What a process spent on the processor, by the kernel's own account."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1000


async def rounds(url: str, rounds: int, queries: int) -> dict[str, list[float]]:
    """Microseconds of CPU a query, of each engine, in each round."""
    dice = Random(10_000)  # noqa: S311 - an invented park
    places = park(dice)
    stock = Stock(places)
    spent: dict[str, list[float]] = {"arrays": [], "sql": [], "python": []}
    db = await asyncpg.connect(url)
    try:
        await furnish(db, places)
        query, pid = await db.prepare(QUERY), await db.fetchval("SELECT pg_backend_pid()")
        for number in range(rounds):
            figures.progress(f"round {number + 1} of {rounds}")
            households = [household(dice) for _ in range(queries)]
            for h in households[:10]:
                if not same(rank.find(stock, h, NOW, RULES, SHOWN), await query.fetchrow(*asked(h))):
                    raise AssertionError(f"SQL and the arrays disagree on {h}")
            spent["arrays"].append(_cpu_us(lambda hs=households: [rank.find(stock, h, NOW, RULES, SHOWN) for h in hs]) / queries)
            few = households[: max(1, queries // 20)]
            spent["python"].append(_cpu_us(lambda hs=few: [plainly.find(places, h, NOW, RULES, SHOWN) for h in hs]) / len(few))
            before = on_cpu_us(pid)
            for h in households:
                await query.fetchrow(*asked(h))
            spent["sql"].append((on_cpu_us(pid) - before) / queries)
    finally:
        await db.close()
    spent["write"] = [_write_us(stock, places, dice) for _ in range(rounds)]
    spent["fold"] = [_fold_us() for _ in range(rounds)]
    return spent


def _cpu_us(what: Callable[[], Any]) -> float:
    before = time.thread_time()
    what()
    return (time.thread_time() - before) * 1e6


def _write_us(stock: Stock, places: Sequence[Place], dice: Random) -> float:
    """One bed of one place taken or given back, in the arrays alone."""
    some = [(p.units[0], not p.free, max(0, p.capacity - 1), p.rule) for p in dice.choices(places, k=WRITES)]
    write = stock.write

    def all_of_them() -> None:
        for one in some:
            write(*one)

    return _cpu_us(all_of_them) / WRITES


def _fold_us() -> float:
    """One bed reported, from its row to the board and its arrays."""
    rows = list(parks.rows(invented.park(), NOW, Source.IMPORT))
    [territory] = [row for row in rows if isinstance(row, Territory)]
    beds = [row for row in rows if isinstance(row, Bed)]
    units = {row.id: row for row in rows if isinstance(row, Unit)}
    board = Board(territory)
    facts = Facts([row for row in rows if isinstance(row, Shelter)], list(units.values()), beds)
    board.fold(facts, boards.touched_by(facts))
    board.stocked(NOW)
    news = []
    for bed in beds:
        there = [replace(b, physical=Physical.OCCUPIED) if b is bed else b for b in board.beds[bed.unit]]
        news.append((Facts(units=[units[bed.unit]], beds=there), Touched(units={bed.unit})))
    return _cpu_us(lambda: [board.fold(facts, touched) for facts, touched in news]) / len(news)


def main(argv: list[str]) -> int:
    options = figures.parser("bench places", str(__doc__).splitlines()[0]).parse_args(argv)
    with passing("bench") as folder, stack(folder, durable=False) as servers:
        spent = asyncio.run(rounds(servers.owner_url(), *(3, 40) if options.quick else (7, 200)))
    ratio = {name: [a / b for a, b in zip(spent[name], spent["arrays"])] for name in ("sql", "python")}
    return figures.tell(
        [
            figures.measured("one household, 10,000 units, arrays", spent["arrays"], "µs CPU", at_most=1000, aim=500),
            figures.measured("the same in SQL", spent["sql"], "µs CPU"),
            figures.measured("SQL / arrays", ratio["sql"], "× CPU", at_least=15),
            figures.measured("plain Python / arrays", ratio["python"], "× CPU"),
            figures.measured("one bed changed in the arrays", spent["write"], "µs CPU", at_most=1),
            figures.measured("one bed reported, folded into board and arrays", spent["fold"], "µs CPU"),
        ],
        options.json,
    )
