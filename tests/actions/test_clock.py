"""The clock: claims lapse by themselves, nights close at four, nobody's needs outlive the next noon."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

import city
from hotline import Hotline
from siao.actions import clock, verbs
from siao.actions.answers import Unavailable
from siao.core import night, promises
from siao.core.people import By
from siao.core.placements import Accept, Lapse, Offer
from siao.core.requests import Withdraw
from siao.core.units import Unit
from siao.core.world import Change, World
from siao.store import db as database
from siao.store import world as worlds


async def until(look: asyncpg.Connection, statement: str, wanted: object) -> None:
    for _ in range(200):
        if await look.fetchval(statement) == wanted:
            return
        await asyncio.sleep(0.03)
    raise AssertionError((statement, await look.fetchval(statement), wanted))


async def test_what_ran_out_lapses_within_two_seconds(hotline: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    held, offered, expected = [await hotline.hold(await hotline.ask()) for _ in range(3)]
    await hotline.do(Offer(offered))
    await hotline.do(Accept(expected))
    await look.execute("UPDATE placement SET until = clock_timestamp() + interval '300 ms'")
    sweeper = asyncio.create_task(clock.sweep(hotline.desk, pool))
    await until(look, "SELECT count(*) FROM placement WHERE until IS NOT NULL", 0)
    sweeper.cancel()
    found = dict(await look.fetch("SELECT id, state FROM placement"))
    assert found == {held: "lapsed", offered: "lapsed", expected: "no_show"}
    assert await look.fetchval("SELECT count(*) FROM placement_bed WHERE live") == 0
    assert await look.fetchval("SELECT to_ring_since IS NOT NULL FROM shelter WHERE id = $1", city.shelter()), "an offer went unanswered"
    assert dict(await look.fetch("SELECT state, count(*) FROM request GROUP BY 1")) == {"open": 2, "paused": 1}
    assert await look.fetchval("SELECT count(*) FROM bed WHERE to_check") == 1, "the bed of a no-show is looked at first"


async def test_two_sweepers_do_it_once(hotline: Hotline, another: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    await hotline.hold(await hotline.ask())
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second'")
    sweepers = [asyncio.create_task(clock.sweep(desk, pool)) for desk in (hotline.desk, another.desk)]
    await until(look, "SELECT state FROM placement", "lapsed")
    await asyncio.sleep(0.3)
    for sweeper in sweepers:
        sweeper.cancel()
    assert await look.fetchval("SELECT count(*) FROM journal WHERE verb = 'lapse'") == 1


@pytest.mark.parametrize("no", [KeyError("3 women"), asyncpg.CheckViolationError("3 women")], ids=["in core", "by the database"])
async def test_what_fails_by_itself_holds_up_no_other_and_is_let_lie(
    hotline: Hotline, pool: database.Pool, look: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, caplog: Any, no: Exception
) -> None:
    poisoned, *others = [await hotline.hold(await hotline.ask()) for _ in range(3)]
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second'")
    await look.execute("UPDATE placement SET until = until - interval '1 minute' WHERE id = $1", poisoned)
    tried: list[UUID] = []

    def lapse(world: World, what: Lapse, by: By, now: datetime) -> Iterator[Change]:
        tried.append(what.placement)
        if what.placement == poisoned:
            raise no
        yield from promises.lapse(world, what, by, now)

    monkeypatch.setitem(verbs.RULES, Lapse, lapse)
    monkeypatch.setattr(clock, "SWEEP_SECONDS", 0.01)
    with caplog.at_level(logging.INFO, "siao"):
        sweeper = asyncio.create_task(clock.sweep(hotline.desk, pool))
        await until(look, "SELECT count(*) FROM placement WHERE state = 'lapsed'", len(others))
        await asyncio.sleep(0.2)
    sweeper.cancel()
    assert tried.count(poisoned) == 1 and set(tried) == {poisoned, *others}, "it is let lie for a minute"
    assert await look.fetchval("SELECT state FROM placement WHERE id = $1", poisoned) == "held"
    assert f"a Lapse failed: {type(no).__name__}" in caplog.text and "3 women" not in caplog.text


async def test_a_territory_that_is_held_up_holds_up_no_other(
    hotline: Hotline, pool: database.Pool, look: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('05', 'Hautes-Alpes', 'Europe/Paris', '115')")
    await hotline.hold(await hotline.ask())
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second'")
    away, due, submit, before = 0, clock._due, hotline.desk.submit, verbs.Command(UUID(int=1), "05", clock.CLOCK, Lapse(UUID(int=2)))

    async def and_elsewhere(pool: database.Pool) -> list[verbs.Command]:
        return [before, *await due(pool)]

    def held_up(command: verbs.Command) -> Any:
        nonlocal away
        if command.territory == "05":
            away += 1
            raise Unavailable
        return submit(command)

    monkeypatch.setattr(clock, "_due", and_elsewhere)
    monkeypatch.setattr(hotline.desk, "submit", held_up)
    sweeper = asyncio.create_task(clock.sweep(hotline.desk, pool))
    await until(look, "SELECT state FROM placement", "lapsed")
    sweeper.cancel()
    assert away >= 1


async def test_a_night_that_cannot_be_closed_holds_up_no_other(
    hotline: Hotline, pool: database.Pool, look: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    await look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('05', 'Nowhere', 'Europe/Nowhere', '115')")
    closer = asyncio.create_task(clock.nights(hotline.desk, pool))
    await until(look, "SELECT count(*) FROM night", 1)
    await asyncio.sleep(0.1)
    closer.cancel()
    assert "a night failed: ZoneInfoNotFoundError" in caplog.text and "Nowhere" not in caplog.text


async def test_last_night_is_closed_once_with_a_reason_for_each(hotline: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    waiting, placed = await hotline.ask(), await hotline.ask()
    await hotline.hold(placed)
    tonight = await hotline.ask()
    last = night.night(await look.fetchval("SELECT clock_timestamp()"), city.ZONE) - timedelta(days=1)
    await look.execute("UPDATE request SET night = $1 WHERE id <> $2", last, tonight)
    await asyncio.gather(*(clock.close(hotline.desk, pool, city.CODE) for _ in range(3)))
    assert await look.fetchval("SELECT closing FROM request WHERE id = $1", waiting) == "no_suitable_place"
    assert await look.fetchval("SELECT count(*) FROM criteria WHERE request = $1", waiting) == 0
    assert {await look.fetchval("SELECT state FROM request WHERE id = $1", id) for id in (placed, tonight)} == {"placed", "open"}
    assert await look.fetchval("SELECT count(*) FROM night WHERE date = $1", last) == 1
    assert await look.fetchval("SELECT count(*) FROM journal WHERE verb = 'close_night'") == 1


@pytest.mark.parametrize(
    ("taken", "reason"),
    [
        ("true", "no_place"),
        ("unit NOT IN (SELECT id FROM unit WHERE name = 'Chambre 5')", "no_suitable_place"),
        ("unit NOT IN (SELECT id FROM unit WHERE name = 'Chambre 5') OR number = 1", "no_place"),
        ("unit NOT IN (SELECT id FROM unit WHERE name = 'Dortoir hommes') OR number = 1", "no_suitable_place"),
    ],
    ids=["none", "a room", "half a room", "beds of a dormitory"],
)
async def test_a_night_s_close_looks_for_one_place_with_room(
    hotline: Hotline, pool: database.Pool, look: asyncpg.Connection, taken: str, reason: str
) -> None:
    request = await hotline.ask()
    last = night.night(await look.fetchval("SELECT clock_timestamp()"), city.ZONE) - timedelta(days=1)
    await look.execute("UPDATE request SET night = $1", last)
    await look.execute(f"UPDATE bed SET physical = 'occupied' WHERE {taken}")
    async with database.acting(pool, [city.CODE]) as db:
        loaded = await worlds.load(db, [city.CODE], worlds.Wanted(night=(city.CODE,)), [])
    assert sum(isinstance(row, Unit) for row in loaded.rows) == (reason == "no_suitable_place")
    await clock.close(hotline.desk, pool, city.CODE)
    assert await look.fetchval("SELECT closing FROM request WHERE id = $1", request) == reason


async def test_a_key_is_forgotten_after_two_days(hotline: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    await hotline.ask()
    await hotline.do(Withdraw(await hotline.ask()))
    await look.execute("UPDATE command SET at = at - interval '49 hours'")
    await hotline.ask()
    await clock.close(hotline.desk, pool, city.CODE)
    assert await look.fetchval("SELECT count(*) FROM command WHERE at < clock_timestamp() - interval '48 hours'") == 0
    assert await look.fetchval("SELECT count(*) FROM command WHERE request IS NOT NULL") == 1


async def test_nobody_s_needs_outlive_the_next_noon(hotline: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    request = await hotline.ask()
    held = await hotline.hold(request)
    await clock.close(hotline.desk, pool, city.CODE)
    await look.execute("UPDATE request SET night = night - 3")
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second' WHERE id = $1", held)
    sweeper = asyncio.create_task(clock.sweep(hotline.desk, pool))
    await until(look, "SELECT state FROM request", "open")
    sweeper.cancel()
    now = await look.fetchval("SELECT clock_timestamp()")
    tonight = night.night(now, city.ZONE)
    past_noon = now >= night.criteria_end(tonight - timedelta(days=1), city.ZONE)
    await clock.close(hotline.desk, pool, city.CODE)
    assert await look.fetchval("SELECT count(*) FROM criteria") == (0 if past_noon else 1)
    if not past_noon:  # the same, as it is in the afternoon
        await look.execute("UPDATE territory SET time_zone = $1", _where_it_is_evening(now))
        await clock.close(hotline.desk, pool, city.CODE)
        assert await look.fetchval("SELECT count(*) FROM criteria") == 0


def _where_it_is_evening(now: object) -> str:
    zones = ("Pacific/Noumea", "Indian/Reunion", "Europe/Paris", "America/Cayenne", "America/Los_Angeles", "Pacific/Honolulu")
    from datetime import datetime
    from zoneinfo import ZoneInfo

    assert isinstance(now, datetime)
    return next(zone for zone in zones if 13 <= now.astimezone(ZoneInfo(zone)).hour <= 23)
