"""A screen at rest: decisions wait for the password, the board stays live, the session goes on."""

from uuid import uuid4

import asyncpg

import chairs
from chairs import House


async def rest(house: House, owner: asyncpg.Connection, login: str) -> None:
    """Nobody touched this screen for 31 minutes."""
    await house.chair(login)
    await owner.execute(
        "UPDATE session SET human_at = clock_timestamp() - interval '31 minutes' FROM account a WHERE a.id = account AND a.login = $1",
        login,
    )
    await (await house.chair("second")).put("/api/me/language", json={"language": "fr"})  # what is known of sessions is looked up anew


async def test_the_password_in_place_and_the_same_command_is_done(house: House, owner: asyncpg.Connection) -> None:
    operator, key = await house.chair("operator"), uuid4()
    await rest(house, owner, "operator")
    assert (await operator.get("/api/me")).json()["idle"] is True
    refused = await operator.do("/api/requests", {"men": 1}, key=key)
    assert (refused.status_code, refused.json()["code"]) == (401, "idle")
    assert (await operator.post("/api/session/presence")).json()["code"] == "idle", "presence does not wake"
    assert (await operator.get("/api/board", params={"view": "operator"})).status_code == 200, "the board stays"
    cookie = house.cookie("operator")
    assert (await operator.put("/api/session", json={"password": "not this one"})).json()["code"] == "wrong_password"
    assert (await operator.put("/api/session", json={"password": chairs.PASSWORD})).status_code == 204
    assert house.cookie("operator") == cookie, "the sockets of this session stay open"
    assert (await operator.do("/api/requests", {"men": 1}, key=key)).status_code == 201


async def test_a_password_cannot_be_tried_for_ever(house: House, owner: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    codes = [(await operator.put("/api/session", json={"password": "wrong"})).json()["code"] for _ in range(9)]
    assert codes[:8] == ["wrong_password"] * 8
    assert codes[8] == "paused"


async def test_presence_is_human_input(house: House, owner: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    await owner.execute("UPDATE session SET human_at = clock_timestamp() - interval '20 minutes'")
    await operator.put("/api/me/language", json={"language": "fr"})
    assert (await operator.post("/api/session/presence")).status_code == 204
    quiet = await owner.fetchval("SELECT max(clock_timestamp() - human_at) < interval '1 minute' FROM session")
    assert quiet is True


async def test_a_shelter_s_screen_never_rests(house: House, owner: asyncpg.Connection) -> None:
    shelter = await house.chair("shelter")
    await rest(house, owner, "shelter")
    assert (await shelter.get("/api/me")).json()["idle"] is False
