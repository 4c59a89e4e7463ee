"""Who flies with whom: at once where nobody else is at it, whole territories, halves of a crowd, and no wait for who stays away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from siao.actions import gathering
from siao.actions.answers import Unavailable
from siao.actions.gathering import BATCH_MAX, HALVED_FROM, SLOTS, WAITING_MAX, Gathering, Waiting
from siao.actions.verbs import Command
from siao.core.people import By, Role

BY = By(uuid4(), Role.OPERATOR)
FOR_EVER = 3_600.0


class Sky:
    """Where batches fly until they are told to land."""

    def __init__(self) -> None:
        self.flown: list[list[str]] = []
        self.up: list[tuple[Sequence[Waiting], asyncio.Event]] = []
        self.gathering = Gathering(self._fly)

    async def _fly(self, batch: Sequence[Waiting]) -> None:
        self.flown.append([command.territory for command, _ in batch])
        down = asyncio.Event()
        self.up.append((batch, down))
        await down.wait()
        for _, answer in batch:
            answer.set_result(None)  # type: ignore[arg-type]

    def add(self, *territories: str) -> list[Any]:
        return [self.gathering.add(Command(uuid4(), territory, BY, None)) for territory in territories]

    async def land(self, which: int = 0) -> None:
        self.up.pop(which)[1].set()
        await turns()


async def turns() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


@pytest.fixture
async def sky() -> AsyncIterator[Sky]:
    made = Sky()
    yield made
    while made.up:
        await made.land()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stays away."""
    monkeypatch.setattr(gathering, "AWAY_SECONDS", FOR_EVER)


async def test_one_alone_goes_at_once_and_so_does_who_comes_next(sky: Sky, patient: None) -> None:
    sky.add("01")
    await turns()
    await sky.land()
    sky.add("02")
    await turns()
    assert sky.flown == [["01"], ["02"]]


async def test_all_of_one_turn_go_together_and_who_comes_meanwhile_gathers(sky: Sky, patient: None) -> None:
    sky.add("01", "01", "02")
    await turns()
    for territory in ("01", "02", "02"):
        sky.add(territory)
        await turns()
    assert sky.flown == [["01", "01", "02"]]  # their territories fly
    await sky.land()
    assert sky.flown[1:] == [["01", "02", "02"]]


async def test_never_two_batches_of_one_territory_nor_more_than_there_are_slots(sky: Sky, patient: None) -> None:
    for territory in ("01", "01", "02", "03"):
        sky.add(territory)
        await turns()
    assert sky.flown == [["01"], ["02"]] and len(sky.up) == SLOTS


async def test_a_crowd_that_comes_back_one_by_one_flies_together_again(sky: Sky, patient: None) -> None:
    crowd = [f"{n:02}" for n in range(HALVED_FROM)]
    sky.add(*crowd)
    await turns()
    await sky.land()
    for territory in crowd:
        assert len(sky.flown) == 1
        sky.add(territory)
        await turns()
    assert sky.flown == [crowd, crowd]


async def test_a_greater_crowd_flies_in_halves(sky: Sky, patient: None) -> None:
    crowd = [f"{n:02}" for n in range(4 * HALVED_FROM)]
    sky.add(*crowd)
    await turns()
    half = len(crowd) // 2
    assert [len(batch) for batch in sky.flown] == [half, half]
    for _ in range(3):
        first = list(sky.flown[-2])
        await sky.land()
        for territory in first:
            sky.add(territory)
            await turns()
        assert sky.flown[-1] == first


async def test_who_stays_away_is_waited_for_no_longer_than_said(sky: Sky) -> None:
    sky.add(*[f"{n:02}" for n in range(HALVED_FROM)])
    await turns()
    await sky.land()
    [answer] = sky.add("01")
    await turns()
    async with asyncio.timeout(30):
        while len(sky.flown) < 2:
            await asyncio.sleep(gathering.AWAY_SECONDS)
    assert sky.flown[1:] == [["01"]]
    await sky.land()
    assert answer.done()


async def test_a_crowd_that_waits_already_waits_for_nobody(sky: Sky, patient: None) -> None:
    """One hot shelter: while a batch flies, as many gather as fly; they go when it lands."""
    sky.add(*["01"] * HALVED_FROM)
    await turns()
    sky.add(*["01"] * HALVED_FROM)
    await turns()
    await sky.land()
    assert [len(batch) for batch in sky.flown] == [HALVED_FROM, HALVED_FROM]


async def test_a_territory_with_more_than_a_batch_holds_goes_in_parts(sky: Sky, patient: None) -> None:
    sky.add(*["01"] * (BATCH_MAX * 3))
    await turns()
    assert [len(batch) for batch in sky.flown] == [BATCH_MAX]
    await sky.land()
    assert [len(batch) for batch in sky.flown] == [BATCH_MAX, BATCH_MAX]


async def test_too_many_are_told_so_and_all_others_are_answered_before_the_house_closes(sky: Sky) -> None:
    answers = sky.add(*["01"] * WAITING_MAX)
    with pytest.raises(Unavailable):
        sky.add("01")
    closing = asyncio.create_task(sky.gathering.drain())
    async with asyncio.timeout(30):
        while not closing.done():
            await turns()
            if sky.up:
                await sky.land()
    assert all(answer.done() for answer in answers)
