"""Places as they are written down: territory, communes, shelters, units, beds. New rows, or rows of the same id renewed."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from siao.core.beds import Bed
from siao.core.territories import Commune, Service, Territory
from siao.core.units import Plan, Shelter, Unit
from siao.store.db import Connection, scalar
from siao.store.rows import values


async def place(db: Connection, rows: Sequence[Struct]) -> None:
    """Writes a park's rows. A territory that is there keeps its number, head and settings."""
    by: dict[type[Any], list[Struct]] = {}
    for row in rows:
        by.setdefault(type(row), []).append(row)
    await db.execute(
        "INSERT INTO territory SELECT (n).* FROM unnest($1::territory[]) n ON CONFLICT DO NOTHING", values(by.get(Territory, ()))
    )
    await db.execute("INSERT INTO commune SELECT (n).* FROM unnest($1::commune[]) n ON CONFLICT DO NOTHING", values(by.get(Commune, ())))
    await db.execute(
        "INSERT INTO service SELECT (n).* FROM unnest($1::service[]) n ON CONFLICT (id) DO UPDATE SET name = excluded.name",
        values(by.get(Service, ())),
    )
    await db.execute("INSERT INTO plan SELECT (n).* FROM unnest($1::plan[]) n ON CONFLICT DO NOTHING", values(by.get(Plan, ())))
    await shelters(db, [row for row in by.get(Shelter, ()) if isinstance(row, Shelter)])
    await units(db, [row for row in by.get(Unit, ()) if isinstance(row, Unit)])
    await beds(db, [row for row in by.get(Bed, ()) if isinstance(row, Bed)])


async def shelters(db: Connection, rows: Sequence[Shelter]) -> None:
    await db.execute(
        """INSERT INTO shelter SELECT (n).* FROM unnest($1::shelter[]) n ON CONFLICT (id) DO UPDATE SET
            name = excluded.name, scheme = excluded.scheme, commune = excluded.commune, zone = excluded.zone,
            latitude = excluded.latitude, longitude = excluded.longitude, address = excluded.address,
            telephone = excluded.telephone, house_rules = excluded.house_rules, arrive_before = excluded.arrive_before,
            confidential = excluded.confidential, by_phone = excluded.by_phone""",
        values(rows),
    )


async def units(db: Connection, rows: Sequence[Unit]) -> None:
    await db.execute(
        """INSERT INTO unit SELECT (n).* FROM unnest($1::unit[]) n ON CONFLICT (id) DO UPDATE SET
            name = excluded.name, nominal = excluded.nominal, rule = excluded.rule, rule_tonight = excluded.rule_tonight,
            features = excluded.features, mode = excluded.mode, plan = excluded.plan, suite = excluded.suite,
            nights_max = excluded.nights_max, version = unit.version + 1, confirmed_at = excluded.confirmed_at,
            confirmed_source = excluded.confirmed_source""",
        values(rows),
    )


async def beds(db: Connection, rows: Sequence[Bed]) -> None:
    await db.execute(
        """INSERT INTO bed SELECT (n).* FROM unnest($1::bed[]) n ON CONFLICT (id) DO UPDATE SET
            physical = excluded.physical, out_reason = excluded.out_reason, to_check = false, version = bed.version + 1""",
        values(rows),
    )


async def live(db: Connection, territory: str) -> int:
    """How many placements are live there."""
    return await scalar(
        db, "SELECT count(*) FROM placement WHERE territory = $1 AND state IN ('held', 'offered', 'expected', 'present')", territory
    )


async def known(db: Connection, territory: str) -> bool:
    return await scalar(db, "SELECT EXISTS (SELECT FROM territory WHERE code = $1)", territory)
