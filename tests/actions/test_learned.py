"""What closing a request and freeing a bed add to the rates: in the same transaction, and no finer than may be kept."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

import city
from hotline import Hotline
from siao.core.allocation import rates
from siao.core.beds import Physical
from siao.core.people import CLOCK
from siao.core.placements import Accept, Lapse, Release
from siao.core.reports import Count, Report, Seen
from siao.core.requests import Need, Withdraw
from siao.core.stays import Arrive, Depart, Departure, NoShow
from siao.store import db as database
from siao.store import rates as store


async def closed(hotline: Hotline, times: int, *needs: Need) -> None:
    """One after another, so that each sees what the ones before left."""
    for _ in range(times):
        await hotline.do(Withdraw(await hotline.ask(0, women=1, level=2, needs=needs)))


async def kept(look: asyncpg.Connection) -> dict[str | None, int]:
    return {row[0]: row[1] for row in await look.fetch("SELECT need, sum(requests) FROM demand GROUP BY need")}


async def test_nothing_is_learned_of_a_request_that_is_open(hotline: Hotline, look: asyncpg.Connection) -> None:
    await hotline.ask(needs=(Need.COTS,))
    assert await kept(look) == {}


async def test_a_need_is_counted_from_the_twelfth_on_and_protected_never(hotline: Hotline, look: asyncpg.Connection) -> None:
    await closed(hotline, rates.CELL_MIN, Need.STEP_FREE, Need.PROTECTED)
    assert await kept(look) == {None: 11}
    await closed(hotline, 2, Need.STEP_FREE, Need.PROTECTED)
    assert await kept(look) == {None: 13, "step_free": 2}


async def test_the_database_itself_refuses_protected(owner: asyncpg.Connection, hotline: Hotline) -> None:
    await hotline.ask()
    row = "('38', '2026-01-12', 'women', '1', 1, 20, 'protected', 1)"
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(f"SET siao.territories = '38'; INSERT INTO demand VALUES {row}")


async def test_a_count_that_frees_beds_is_supply_and_one_that_takes_them_is_not(hotline: Hotline, look: asyncpg.Connection) -> None:
    dormitory = city.unit("Dortoir hommes")
    await hotline.do(Count(dormitory, 1, await version(look, "unit", dormitory)))
    assert await look.fetch("SELECT * FROM supply") == []
    await hotline.do(Count(dormitory, 3, await version(look, "unit", dormitory)))
    [row] = await look.fetch("SELECT kind, capacity, rule, units FROM supply")
    assert tuple(row) == ("dormitory", 1, "men", 2)


async def test_a_room_is_supply_once_its_last_bed_is_free(hotline: Hotline, look: asyncpg.Connection) -> None:
    room = city.unit("Chambre 4")
    beds = [row["id"] for row in await look.fetch("SELECT id FROM bed WHERE unit = $1 ORDER BY number", room)]

    async def tell(bed: Any, physical: Physical) -> None:
        await hotline.do(Report(room, (Seen(bed, physical, await version(look, "bed", bed)),)))

    await tell(beds[0], Physical.OCCUPIED)
    await tell(beds[1], Physical.OCCUPIED)
    await tell(beds[0], Physical.VACANT)
    assert await look.fetch("SELECT * FROM supply") == []
    await tell(beds[1], Physical.VACANT)
    [row] = await look.fetch("SELECT kind, capacity, rule, units FROM supply")
    assert tuple(row) == ("room", 4, "mixed", 1)


async def test_who_leaves_or_does_not_come_makes_a_place_free(hotline: Hotline, look: asyncpg.Connection) -> None:
    async def stay(*units: str, **asked: Any) -> UUID:
        held = await hotline.hold(await hotline.ask(**asked), *units)
        await hotline.do(Accept(held))
        return held

    async def supply() -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await look.fetch("SELECT kind, capacity, rule, units FROM supply ORDER BY kind")]

    await hotline.do(Release(await hotline.hold(await hotline.ask())))
    assert await supply() == [], "what goes back a moment later is no supply"
    await hotline.do(NoShow(await stay()), city.STAFF)
    assert await supply() == [("dormitory", 1, "men", 1)]
    bed = await stay()
    await hotline.do(Arrive(bed), city.STAFF)
    await hotline.do(Depart(bed, Departure.HOUSING), city.STAFF)
    assert await supply() == [("dormitory", 1, "men", 2)]
    family = await stay("Chambre 4", women=1, men=0, children=2)
    await hotline.do(Arrive(family), city.STAFF)
    assert await supply() == [("dormitory", 1, "men", 2)], "an arrival frees nothing"
    await hotline.do(Depart(family, Departure.OTHER), city.STAFF)
    assert await supply() == [("dormitory", 1, "men", 2), ("room", 4, "mixed", 1)], "a place, whoever slept there"


async def test_a_promise_that_runs_out_frees_its_place(hotline: Hotline, look: asyncpg.Connection, owner: asyncpg.Connection) -> None:
    held = await hotline.hold(await hotline.ask())
    await hotline.do(Accept(held))
    await owner.execute("SET siao.territories = '38'; UPDATE placement SET until = clock_timestamp() - interval '1 minute'")
    await hotline.do(Lapse(held), CLOCK)
    assert await look.fetchval("SELECT units FROM supply") == 1


async def test_rates_are_read_back_and_forgotten_after_five_weeks(hotline: Hotline, look: asyncpg.Connection, pool: database.Pool) -> None:
    await closed(hotline, 1)
    async with database.acting(pool, [city.CODE]) as db:
        assert await store.known(db, city.CODE) == rates.Rates(), "no night is over"
        await db.execute("UPDATE demand SET week = week - 7")
        await db.execute("INSERT INTO night SELECT territory, week, now() FROM demand")
        known = await store.known(db, city.CODE)
        assert [(one.side, one.size, one.level, one.requests) for one in known.demand] == [("women", "1", 2, 1)]
        assert known.nights == 1
        await store.forget(db, rates.WEEKS_KEPT)
        assert len((await store.known(db, city.CODE)).demand) == 1
        await db.execute("UPDATE demand SET week = week - 42")
        await store.forget(db, rates.WEEKS_KEPT)
        assert (await store.known(db, city.CODE)).demand == ()
    assert await look.fetchval("SELECT count(*) FROM demand") == 0


async def version(look: asyncpg.Connection, table: str, id: Any) -> int:
    found: int = await look.fetchval(f"SELECT version FROM {table} WHERE id = $1", id)
    return found
