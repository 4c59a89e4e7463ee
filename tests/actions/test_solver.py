"""The solver's child: it answers, it is stopped by the clock, and its death is nobody else's."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from siao.actions.answers import Unavailable
from siao.actions.solver import WAITING_MAX, Solver
from siao.core.allocation import model
from siao.core.allocation.compatible import Household, Place
from siao.core.allocation.jobs import Propose, Reply
from siao.core.allocation.model import Instance, Rules, Waiting
from siao.core.units import Kind, Rule

NOW = datetime(2026, 1, 20, 18, tzinfo=UTC)


def man(i: int, level: int = 4) -> Waiting:
    return Waiting(UUID(int=i), Household(1, 0, 0, 0, (), None, None, None, 1, level, NOW, None))


def room(i: int, capacity: int) -> Place:
    return Place((UUID(int=i),), UUID(int=1000), Kind.ROOM, capacity, True, Rule.MIXED, (), None, None, None, None, None)


SMALL = Propose(Instance((man(1), man(2), man(3, level=1)), (room(11, 2), room(12, 1)), NOW, Rules()), 1_000)


@pytest.fixture
async def solver() -> AsyncIterator[Solver]:
    solver = Solver()
    yield solver
    await solver.stop()


async def last(solver: Solver, job: Propose = SMALL, seconds: float = 20) -> Reply:
    return [reply async for reply in solver.run(job, seconds)][-1]


async def test_a_plan_is_the_best_and_stands_beside_first_come(solver: Solver) -> None:
    reply = await last(solver)
    plan = reply.result
    assert reply.last and plan.proven and plan.checked
    assert list(model.faults(SMALL.instance, plan.given)) == []
    assert UUID(int=3) in {one.request for one in plan.given}, "level 1 first"
    assert plan.summary.vector == model.vector(SMALL.instance, plan.given) == plan.bound
    assert plan.summary.vector < plan.first_fit.vector, "first come, first served leaves level 1 outside"


async def test_the_child_stays_warm(solver: Solver) -> None:
    await last(solver)
    first = solver.child
    await last(solver)
    assert first is not None and solver.child is first


async def test_a_child_that_died_is_replaced(solver: Solver) -> None:
    await last(solver)
    assert solver.child is not None
    solver.child.kill()
    await solver.child.wait()
    assert (await last(solver)).last


async def test_a_death_in_the_middle_is_told_and_forgotten(solver: Solver) -> None:
    await last(solver)
    child = solver.child
    assert child is not None
    os.kill(child.pid, 19)  # SIGSTOP: it takes the job and says nothing
    job = asyncio.create_task(last(solver))
    await asyncio.sleep(0.2)
    child.kill()
    with pytest.raises(Unavailable):
        await job
    assert (await last(solver)).last


async def test_time_over_stops_the_child(solver: Solver) -> None:
    await last(solver)
    child = solver.child
    assert child is not None
    os.kill(child.pid, 19)
    with pytest.raises(Unavailable):
        await last(solver, seconds=0.3)
    assert child.returncode is not None
    assert (await last(solver)).last


async def test_whoever_asked_and_left_stops_it(solver: Solver) -> None:
    await last(solver)
    child = solver.child
    assert child is not None
    os.kill(child.pid, 19)
    job = asyncio.create_task(last(solver))
    await asyncio.sleep(0.1)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert child.returncode is not None


async def test_too_many_askers_are_told_to_come_back(solver: Solver) -> None:
    solver.waiting = WAITING_MAX
    with pytest.raises(Unavailable):
        await last(solver)


async def test_a_turn_that_does_not_come_is_not_waited_for(solver: Solver) -> None:
    async with solver.turn:
        with pytest.raises(Unavailable):
            await last(solver, seconds=0.05)
    assert (solver.waiting, solver.child) == (0, None)
    assert (await last(solver)).last
