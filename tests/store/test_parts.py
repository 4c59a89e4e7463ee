"""What is loaded of a dormitory is enough: whatever is decided on a part of it is what would be decided on all of it."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

import city
from hotline import Hotline
from siao.actions.verbs import RULES, Command, wanted
from siao.core import rights, world
from siao.core.beds import Bed, Physical
from siao.core.openings import OpenPlan
from siao.core.people import CLOCK, By, Role
from siao.core.placements import Accept, Hold, Lapse, Offer, Placement, RefuseHousehold, RefuseShelter, Release, ShelterRefusal
from siao.core.placements import HouseholdRefusal as No
from siao.core.refused import Refusal, Refused
from siao.core.reports import Count, Report, Seen
from siao.core.requests import Criteria, Side
from siao.core.stays import Arrive, Depart, Departure, Extend, Move, NoShow, Shrink
from siao.core.units import Rule
from siao.core.world import Part, World
from siao.store import db as database
from siao.store import world as store
from siao.store.world import Loaded

HERE = [city.unit(name) for name in ("Dortoir hommes", "Dortoir du soir", "Renfort", "Chambre 4")]
EVERYWHERE = [city.unit(unit.name, shelter.name) for shelter in city.PARK.shelters for unit in shelter.units]
OPERATORS = [By(UUID(int=n), Role.OPERATOR) for n in range(1, 7)]
STEPS = 60


def decided(found: Loaded, commands: Sequence[Command]) -> list[Any]:
    """What each command comes to on what was loaded, one after the other, as the desk decides them; the clock is given apart."""
    here, told = world.apart(found.rows)[city.CODE], list[Any]()
    for command in commands:
        trial, changes = here.fork(), list[Any]()
        try:
            rights.allow(trial, command.what, command.by)
            for change in RULES[type(command.what)](trial, command.what, command.by, found.now):
                world.absorb(trial, city.CODE, change, command.by, found.now, bytes(16))
                changes.append(change)
        except Refused as no:
            told.append((no.why, no.field, no.about))
        else:
            here.merge(trial)
            told.append(changes)
    return told


class Walk:
    """A random evening, each of whose steps is decided twice before it is done."""

    def __init__(self, hotline: Hotline, pool: database.Pool, owner: asyncpg.Connection, seed: int) -> None:
        self.hotline, self.pool, self.owner, self.draw = hotline, pool, owner, random.Random(seed)

    async def step(self) -> list[Any]:
        placements = [row[0] for row in await self.owner.fetch("SELECT id FROM placement ORDER BY opened_seq DESC LIMIT 12")]
        requests = [row[0] for row in await self.owner.fetch("SELECT id FROM request WHERE state = 'open'")]
        beds = await self.owner.fetch("SELECT id, unit, version FROM bed WHERE unit = ANY($1)", HERE)
        versions = dict(await self.owner.fetch("SELECT id, version FROM unit"))
        commands = [self.command(placements, requests, beds, versions) for _ in range(self.draw.randint(1, 5))]
        names, keys = wanted(commands), [command.key for command in commands]
        async with self.pool.acquire() as db, database.locked(db, [city.CODE]):
            part = await store.load(db, [city.CODE], names, keys)
            whole = await store.load(db, [city.CODE], replace(names, units=[*names.units, *EVERYWHERE]), keys)
        told = decided(part, commands)
        assert told == decided(Loaded(part.now, whole.rows, {}), commands)
        await asyncio.gather(*(self.hotline.desk.submit(command) for command in commands), return_exceptions=True)
        return told

    def command(self, placements: list[UUID], requests: list[UUID], beds: list[Any], versions: dict[UUID, int]) -> Command:
        draw = self.draw
        placement, (bed, unit, version) = draw.choice(placements or [uuid4()]), draw.choice(beds)
        who = {"request": draw.choice(requests)} if requests and draw.random() < 0.6 else {"persons": draw.randint(1, 3), "side": Side.MEN}
        physical, rule = draw.choice([Physical.VACANT, Physical.OCCUPIED]), draw.choice([None, Rule.MEN])
        key, office = uuid4(), draw.choice(OPERATORS)
        what: Any = draw.choice([
            *[Hold(key, (draw.choice(HERE),), **who)] * 6, Hold(key, (unit,), beds=(bed,), **who), city.asks(men=draw.randint(1, 2)),
            Offer(placement), Accept(placement), Arrive(placement, rule=rule), Arrive(placement), Release(placement), NoShow(placement),
            RefuseShelter(placement, draw.choice(list(ShelterRefusal))), RefuseHousehold(placement, draw.choice(list(No))),
            Depart(placement, Departure.OTHER), Move(placement, (draw.choice(HERE),)), Shrink(placement, (bed,)), Lapse(placement),
            Count(unit, draw.randint(0, 3), versions[unit], rule), Report(unit, (Seen(bed, physical, version),), rule),
            Extend(placement, city.EVENING.date()),
        ])  # fmt: skip
        return Command(key, city.CODE, CLOCK if isinstance(what, Lapse) else office, what)

    async def wait(self) -> None:
        """Some clocks run out, one of them this very moment."""
        await self.owner.execute("UPDATE placement SET until = until - interval '2 hours' WHERE until IS NOT NULL AND random() < 0.3")


@pytest.mark.parametrize("seed", range(4))
async def test_a_part_decides_as_the_whole_would(hotline: Hotline, pool: database.Pool, owner: asyncpg.Connection, seed: int) -> None:
    await hotline.do(OpenPlan(city.PLAN), city.COORDINATOR)
    walk, told = Walk(hotline, pool, owner, seed), list[Any]()
    for turn in range(STEPS):
        told += await walk.step()
        if turn % 5 == 4:
            await walk.wait()
    assert sum(isinstance(one, list) for one in told) > STEPS // 2, "an evening on which something happens"


async def test_a_hold_loads_nothing_of_those_who_sleep_there(hotline: Hotline, pool: database.Pool) -> None:
    await hotline.do(OpenPlan(city.PLAN), city.COORDINATOR)
    for _ in range(3):
        await hotline.do(Accept(await hotline.hold(await hotline.ask(), "Renfort")))
    hold = Command(uuid4(), city.CODE, city.OPERATOR, Hold(uuid4(), (city.unit("Renfort"),), persons=1, side=Side.MEN))
    async with pool.acquire() as db, database.locked(db, [city.CODE]):
        rows = (await store.load(db, [city.CODE], wanted([hold]), [hold.key])).rows
    assert [row for row in rows if isinstance(row, Placement | Criteria)] == []
    assert [row.number for row in rows if isinstance(row, Bed)] == [4, 5]
    assert [row for row in rows if isinstance(row, Part)] == [Part(city.unit("Renfort"), city.CODE, promised=True)]


def test_all_the_beds_of_a_part_are_not_there_to_ask_for() -> None:
    unit = city.unit("Dortoir hommes")
    here = World([*city.city().rows.values(), Part(unit, city.CODE, promised=False)])
    assert len(here.fork().free(unit)) == 3
    with pytest.raises(LookupError, match="in part"):
        here.fork().beds(unit)


async def test_where_nothing_is_free_it_is_told_whether_it_was_promised(hotline: Hotline, look: asyncpg.Connection) -> None:
    unit = city.unit("Dortoir hommes")

    async def free(count: int) -> None:
        version = await look.fetchval("SELECT version FROM unit WHERE id = $1", unit)
        await hotline.do(Count(unit, count, version), city.STAFF)

    await free(0)
    with pytest.raises(Refused, match=Refusal.NOT_FREE):
        await hotline.hold(await hotline.ask())
    await free(3)
    for _ in range(3):
        await hotline.hold(await hotline.ask())
    with pytest.raises(Refused, match=Refusal.TAKEN):
        await hotline.hold(await hotline.ask())
