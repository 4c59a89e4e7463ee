"""What was written on paper while no screen was there comes back: a code that was said, and the journal's head beside it."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

import city
from chairs import House
from siao.core import codes

CODE = "7K3M-9QXF-C"


async def test_a_code_from_a_sheet_becomes_the_request_s(house: House) -> None:
    operator, key = await house.chair("operator"), uuid4()
    body = {"women": 1, "children": 2, "code": "7k3m 9qxf c"}
    asked = await operator.do("/api/requests", body, key)
    assert (asked.status_code, asked.json()["code"]) == (201, CODE)
    assert (await operator.do("/api/requests", body, key)).json() == asked.json(), "sent again it is the same request"
    other = await operator.do("/api/requests", {**body, "code": "0000-0000-0"}, key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    found = await (await house.chair("worker")).get("/api/requests", params={"code": CODE})
    assert found.json()["id"] == asked.json()["id"]


async def test_a_code_that_somebody_has_is_refused_and_nothing_changed(house: House, look: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    assert (await operator.do("/api/requests", {"men": 1, "code": CODE})).status_code == 201
    again = await operator.do("/api/requests", {"women": 1, "code": CODE})
    assert (again.status_code, again.json()["code"], again.json()["field"]) == (409, "code_taken", "code")
    assert await look.fetchval("SELECT count(*) FROM request WHERE code = $1", CODE) == 1


async def test_of_two_who_type_the_same_code_at_once_one_is_refused(house: House) -> None:
    first, second = await house.chair("operator"), await house.chair("second")
    for bits in range(8):
        body = {"men": 1, "code": codes.code(bits)}
        answers = await asyncio.gather(*[chair.do("/api/requests", body) for chair in (first, second, first)])
        assert sorted((answer.status_code, answer.json().get("field")) for answer in answers) == [(201, None), (409, "code"), (409, "code")]


async def test_who_asks_for_nobody_does_not_learn_which_codes_there_are(house: House) -> None:
    operator = await house.chair("operator")
    assert (await operator.do("/api/requests", {"men": 1, "code": CODE})).status_code == 201
    answers = [await operator.do("/api/requests", {"men": 0, "code": code}) for code in (CODE, "0000-0000-0")]
    assert answers[0].status_code == 400 and answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("code", "status", "said"), [("7K3M-9QXF-D", 400, "code_typo"), ("nobody", 400, "code_typo"), ("x" * 31, 400, "invalid")]
)
async def test_a_code_that_was_misread_is_refused(still: House, unchanged: None, code: str, status: int, said: str) -> None:
    answer = await (await still.chair("operator")).do("/api/requests", {"men": 1, "code": code})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, said, "code")


async def test_a_social_worker_has_no_sheet(still: House, unchanged: None) -> None:
    answer = await (await still.chair("worker")).do("/api/requests", {"men": 1, "code": CODE})
    assert (answer.status_code, answer.json()["field"]) == (403, "code")


async def test_the_journal_s_last_number_and_hash_are_told_for_the_sheet(house: House, look: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    await operator.ask(men=1)
    told = (await operator.get("/api/night")).json()["journal"]
    seq, digest = await look.fetchrow("SELECT seq, hash FROM journal WHERE territory = $1 ORDER BY seq DESC LIMIT 1", city.CODE)  # pyright: ignore[reportGeneralTypeIssues]
    assert told == {"seq": seq, "head": digest.hex()}
