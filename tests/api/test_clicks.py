"""The short way of a click and the long one are one: same answers, same refusals, same headers, whatever is sent."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, post

import city
from chairs import House
from siao import app
from siao.actions.answers import Answer
from siao.api import clicks
from siao.api.clicks import Clicks
from siao.settings import Settings

NOBODY = {"cookie": "siao=nobody"}
ROOM = {"units": [str(city.unit("Chambre 4"))], "persons": 1, "side": "women"}
CASES: dict[str, dict[str, Any]] = {
    "unknown": {"path": "/api/placements/{}/offer"},
    "no body": {"path": "/api/placements/{}/refusal"},
    "no such reason": {"path": "/api/placements/{}/refusal", "json": {"reason": "weather"}},
    "a field too many": {"path": "/api/placements/{}/refusal", "json": {"reason": "other", "name": "x"}},
    "no JSON": {"path": "/api/placements/{}/arrival", "content": b"{"},
    "no text": {"path": "/api/placements/{}/arrival", "content": b'{"persons": "\xff"}'},
    "nested without end": {"path": "/api/placements/{}/arrival", "content": b"[" * 40_000},
    "too long": {"path": "/api/placements/{}/arrival", "content": b" " * (app.BODY_BYTES_MAX + 1)},
    "too long, though it fits": {"path": "/api/placements/{}/arrival", "content": b"{%*s}" % (app.BODY_BYTES_MAX, b"")},
    "as long as may be": {"path": "/api/placements/{}/arrival", "content": b"{%*s}" % (app.BODY_BYTES_MAX - 2, b"")},
    "a list of nothing": {"path": "/api/requests/{}/placement", "json": {"units": []}},
    "a place for nobody known": {"path": "/api/requests/{}/placement", "json": {"units": ROOM["units"]}},
    "no key": {"path": "/api/placements/{}/release", "headers": {"idempotency-key": ""}},
    "nobody": {"path": "/api/placements/{}/release", "headers": NOBODY},
    "in English": {"path": "/api/placements/{}/release", "headers": NOBODY | {"accept-language": "en"}},
    "another page's": {"path": "/api/placements/{}/release", "headers": {"origin": "http://elsewhere.example"}},
    "another territory": {"path": "/api/placements/{}/release", "params": {"territory": "69"}},
}


def known() -> set[str]:
    made = app.build(Settings("x", "x", b"x" * 32, ("http://x",)))
    return set(Clicks(made, app.BODY_BYTES_MAX).known)


def test_every_command_is_a_click() -> None:
    schema = app.build(Settings("x", "x", b"x" * 32, ("http://x",))).openapi_schema.to_schema()
    commands = {path for path, methods in schema["paths"].items() if _says(methods.get("post", {})) == "#/components/schemas/Answer"}
    assert known() == commands - {"/api/nights/{day}/closing"}, "that one has a day in its path, and is sent once a night"


def _says(operation: dict[str, Any]) -> str:
    good: dict[str, Any] = next((answer for status, answer in operation.get("responses", {}).items() if status < "300"), {})
    return good.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")


def _seen(answer: httpx.Response) -> tuple[Any, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, answer.content


@pytest.mark.parametrize("name", CASES)
async def test_a_refusal_is_the_same_by_the_long_way(still: House, name: str) -> None:
    """An id without hyphens goes the long way."""
    operator, case, id = await still.chair("operator"), dict(CASES[name]), uuid4()
    path, headers = case.pop("path"), {"idempotency-key": str(uuid4()), **case.pop("headers", {})}
    short, long = [await operator.post(path.format(form), headers=headers, **case) for form in (id, id.hex)]
    assert short.status_code >= 400
    assert _seen(short) == _seen(long)


async def test_a_lost_race_is_told_the_same_by_the_long_way(house: House) -> None:
    """It tells what is free now, which is long: compressed."""
    first, second = await house.chair("operator"), await house.chair("second")
    await first.hold(await first.ask(), "Chambre 4")
    request, wanted = await second.ask(), {"units": ROOM["units"], "override": "other"}
    short, long = [await second.do(f"/api/requests/{form}/placement", wanted) for form in (request, request.replace("-", ""))]
    assert short.status_code == 409 and short.headers["content-encoding"] == "gzip"
    assert _seen(short) == _seen(long)


@pytest.mark.parametrize("path", [f"/api/placements/{uuid4()}/arrival", "/api/session"], ids=["a click", "another way"])
async def test_a_body_that_does_not_end_is_not_waited_for(still: House, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(clicks, "BODY_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", still.settings.port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{{".encode())
    async with asyncio.timeout(10):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 503 ") and b"application/problem+json" in answer, "a browser keeps what it said, and says it again"
    writer.close()
    await writer.wait_closed()


async def test_what_stands_before_a_handler_is_not_passed_by() -> None:
    async def none(*_: Any) -> None: ...

    @post("/plain")
    async def plain(request: Request[Any, Any, Any]) -> Answer: ...

    @post("/guarded", guards=[none])
    async def guarded(request: Request[Any, Any, Any]) -> Answer: ...

    @post("/before", before_request=none)
    async def before(request: Request[Any, Any, Any]) -> Answer: ...

    assert set(Clicks(Litestar([plain, guarded, before]), app.BODY_BYTES_MAX).known) == {"/plain"}


async def test_a_command_sent_by_one_way_and_again_by_the_other_is_done_once(house: House) -> None:
    operator, key = await house.chair("operator"), uuid4()
    held = (await operator.do("/api/placements", ROOM)).json()
    headers = {"idempotency-key": str(key)}
    first, again = [
        await operator.post(f"/api/placements/{form}/release", headers=headers) for form in (held["id"], held["id"].replace("-", ""))
    ]
    assert first.status_code == 200 and _seen(first) == _seen(again)


async def test_a_body_in_pieces_is_read_whole(house: House) -> None:
    async def pieces() -> Any:
        for byte in b'{"units": ["%s"], "persons": 1, "side": "women"}' % ROOM["units"][0].encode():
            yield bytes([byte])
            await asyncio.sleep(0)

    operator = await house.chair("operator")
    held = await operator.post("/api/placements", headers={"idempotency-key": str(uuid4())}, content=pieces())
    assert held.status_code == 201, held.text
    assert (await operator.do(f"/api/placements/{held.json()['id']}/release")).is_success


async def test_who_leaves_before_the_end_of_a_body_has_said_nothing(house: House) -> None:
    operator = await house.chair("operator")
    held = (await operator.do("/api/placements", ROOM)).json()
    given_back = (await operator.do(f"/api/placements/{held['id']}/release")).json()
    _, writer = await asyncio.open_connection("127.0.0.1", house.settings.port)
    head = f"POST /api/placements HTTP/1.1\r\nHost: x\r\nCookie: {house.settings.cookie}={house.cookie('operator')}\r\n"
    writer.write(f"{head}Idempotency-Key: {uuid4()}\r\nContent-Length: 500\r\n\r\n".encode() + msgspec.json.encode(ROOM))
    await writer.drain()
    await operator.get("/api/me")  # by now the server waits for the rest
    writer.transport.abort()
    for _ in range(3):
        await operator.get("/api/me")
    assert (await operator.do("/api/placements", ROOM)).json()["seq"] == given_back["seq"] + 1
