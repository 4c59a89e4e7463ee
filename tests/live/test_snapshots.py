"""Whole boards: compressed once for all who ask, never older than the question; who comes in, and how often screens are told."""

import asyncio
import zlib
from typing import Any

import brotli
import msgspec
import pytest
import zstandard

import chairs
import city
from chairs import House
from siao.core.people import Role
from siao.core.views import AtShelter, Operator
from siao.live.gate import Full, Gate
from siao.live.pace import GATHER_SECONDS, SHARE, UNWATCHED_SECONDS, Pace, gather
from siao.live.snapshots import CODINGS, TICK_SECONDS, Shelf, coding

DECODE: dict[str, Any] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
    "br": brotli.decompress,
    "gzip": lambda body: zlib.decompress(body, 31),
    "identity": bytes,
}


async def raw(house: House, login: str, accept: str, **headers: str) -> Any:
    """The answer as it is on the wire."""
    chair = await house.chair(login)
    async with chair.stream("GET", "/api/board", params={"view": "operator"}, headers={"Accept-Encoding": accept, **headers}) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


@pytest.mark.parametrize(
    "accept, best",
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("zstd;q=0, gzip", "gzip"),
        ("identity", "identity"),
        ("", "identity"),
    ],
)
async def test_each_coding_says_the_same(house: House, accept: str, best: str) -> None:
    for _ in range(20):  # the clock may write an entry of its own in between
        plain, text = await raw(house, "operator", "identity")
        answer, body = await raw(house, "operator", accept)
        if plain.headers["etag"] == answer.headers["etag"]:
            break
    assert answer.headers.get("content-encoding", "identity") == best == coding(accept.encode())
    assert DECODE[best](body) == text and int(answer.headers["content-length"]) == len(body)
    assert msgspec.json.decode(text)["whole"] and answer.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-security-policy"] and plain.headers["cache-control"] == "no-store"


IMPORTED = 1
"""The number of the entry that brought the city in; the next closes last night."""


async def settled(house: House) -> Any:
    """The board once it is where the database is: the clock closes last night when the house opens."""
    for _ in range(100):
        answer, _ = await raw(house, "operator", "zstd")
        top = answer.headers["siao-top"]
        if top == answer.headers["etag"].strip('"') and int(top.rpartition(":")[2]) > IMPORTED:
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError("the board never caught up")


async def test_where_nothing_moved_nothing_is_sent(house: House) -> None:
    answer = await settled(house)
    again, body = await raw(house, "operator", "zstd", **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, body) == (304, b"") and again.headers["siao-top"] == answer.headers["etag"].strip('"')
    chair = await house.chair("operator")
    request = await chair.ask()
    rows = (await chair.rows("operator"))["requests"]
    assert [row["id"] for row in rows] == [request]
    moved, body = await raw(house, "operator", "zstd", **{"If-None-Match": answer.headers["etag"]})
    assert moved.status_code == 200 and body


async def test_a_board_is_only_read_and_a_bad_question_is_named(house: House) -> None:
    chair = await house.chair("operator")
    assert (await chair.post("/api/board", params={"view": "operator"})).status_code == 405
    assert (await chair.head("/api/board", params={"view": "operator"})).status_code == 200
    answer = await chair.get("/api/board", params={"view": "shelter", "shelter": "x"})
    assert (answer.status_code, answer.json()["field"]) == (400, "shelter")
    async with chairs.Chair(base_url=house.base) as nobody:
        assert (await nobody.get("/api/board", params={"view": "operator"})).status_code == 401


async def test_a_thousand_questions_make_one_board_a_tick_and_none_gets_an_older_one() -> None:
    position, made = 0, 0

    def whole(view: Any) -> tuple[str, bytes]:
        return f"e:{position}", b"x" * 100_000

    def compress(text: bytes) -> bytes:
        nonlocal made
        made += 1
        return zlib.compress(text, 1, 31)

    shelf = Shelf(whole)
    CODINGS["counted"] = compress
    try:
        began = asyncio.get_running_loop().time()
        for number in range(40):
            position = number
            shelf.forget()
            boards = await asyncio.gather(*(shelf.take(Operator(), "counted") for _ in range(25)))
            assert {board.position for board in boards} == {f"e:{number}"}
        ticks = (asyncio.get_running_loop().time() - began) / TICK_SECONDS
        assert made <= ticks + 2
    finally:
        del CODINGS["counted"]


async def test_who_asks_while_a_board_is_being_made_gets_what_came_since() -> None:
    position = 1
    shelf = Shelf(lambda view: (f"e:{position}", b"x" * 1_000_000))
    first = asyncio.create_task(shelf.take(AtShelter(city.shelter()), "gzip"))
    while shelf.making or not shelf.began:
        await asyncio.sleep(0)
    position = 2
    shelf.forget()
    assert (await shelf.take(AtShelter(city.shelter()), "gzip")).position == "e:2"
    assert (await first).position == "e:1"
    assert [whole.position for whole in shelf.ready.values()] == ["e:2"]


async def test_the_door_lets_so_many_in_and_tells_the_rest() -> None:
    gate, inside, most = Gate(at_once=3, waiting_max=5), 0, 0

    async def come() -> bool:
        nonlocal inside, most
        try:
            async with gate.through():
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.01)
                inside -= 1
        except Full:
            return False
        return True

    came = await asyncio.gather(*(come() for _ in range(20)))
    assert most == 3 and came.count(True) == 8 and gate.waiting == 0
    assert await come()


def test_quiet_is_looked_at_once_and_a_crowd_is_gathered() -> None:
    assert gather(0.0, 1000.0) == 0
    assert gather(1000.0, 1000.0) == pytest.approx(GATHER_SECONDS)
    assert gather(1000.0, 1000.0, watched=False) == pytest.approx(UNWATCHED_SECONDS)


def test_after_quiet_a_thousand_screens_are_told_in_one_go_and_in_a_crowd_half_of_the_time() -> None:
    pace, now, waited = Pace(), 1000.0, 0.0
    for _ in range(8):
        waited += pace.wait(now)
        pace.told(now, 0.002)
        now += 0.002
    assert waited == 0, "a thousand screens in eight waves"
    told, began = 0, now
    while now < began + 1.0:
        now += pace.wait(now)
        pace.told(now, 0.004)
        now, told = now + 0.004, told + 1
    assert 0.004 * told == pytest.approx(1 / (1 + SHARE), abs=0.03)
    assert pace.wait(now + 1.0) == 0


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_operations_see_numbers_and_others_nothing(house: House, login: str) -> None:
    answer = await (await house.chair(login)).get("/api/live/status", params={"territory": city.CODE})
    may = chairs.RIGHTS[login].role in (Role.ADMIN, Role.COORDINATOR) and login != "elsewhere"
    assert answer.status_code == (200 if may else 403)
    if may:
        says = answer.json()
        assert says["screens"] == {} and says["behind"] in (0, None) and says["desk"]["waiting"] == 0
