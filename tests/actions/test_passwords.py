"""Argon2's line: two hashes at once whatever is sent, so many waiting, the rest told so."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

import chairs
from chairs import House
from siao.actions import passwords
from siao.actions.passwords import Line
from siao.core.refused import Refusal, Refused


@asynccontextmanager
async def full(line: Line) -> AsyncIterator[None]:
    """Every place is taken, until the block ends."""
    over = threading.Event()

    async def stand() -> None:
        with line.place():
            await line.run(over.wait)

    standing = [asyncio.create_task(stand()) for _ in range(line.waiting_max)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*standing)


async def test_a_full_line_says_so_by_name_and_when_to_come_again(
    house: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "line", line := Line(3))
    worker = await house.chair("worker")
    async with chairs.Chair(base_url=house.base) as anybody:
        async with full(line):
            told = await anybody.post("/api/session", json={"login": "operator", "password": chairs.PASSWORD})
            awake = await worker.put("/api/session", json={"password": chairs.PASSWORD})
            assert (await worker.do("/api/requests", {"men": 1})).status_code == 201, "a desk that is open goes on"
        for answer in (told, awake):
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert await owner.fetchval("SELECT count(*) FROM login_failure") == 0, "who was not heard has not tried"
        assert (await anybody.post("/api/session", json={"login": "operator", "password": chairs.PASSWORD})).status_code == 200
    assert line.waiting == 0


async def test_a_new_password_stands_in_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "line", line := Line(1))
    async with full(line):
        with pytest.raises(Refused) as no:
            await passwords.made("long enough")
    assert no.value.why is Refusal.BUSY
    hash = await passwords.made("long enough")
    assert await passwords.right(hash, "long enough") and not await passwords.right(hash, "long enough?")
    assert not await passwords.right(None, "long enough")


async def test_two_hash_at_once_also_when_nobody_waits_for_them_any_more() -> None:
    line, over, running = Line(9), threading.Event(), list[int]()

    def work() -> None:
        running.append(1)
        over.wait()

    left = [asyncio.create_task(line.run(work)) for _ in range(2)]
    while len(running) < 2:
        await asyncio.sleep(0.01)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    third = asyncio.create_task(line.run(work))
    await asyncio.sleep(0.1)
    assert len(running) == 2, "the memory of the two is still taken"
    over.set()
    await third
    assert len(running) == 3


async def test_its_threads_let_a_click_go_first() -> None:
    nice = await Line(1).run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert nice == min(19, here + passwords.KIND)
