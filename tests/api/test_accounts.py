"""Who may do what is part of the chain: each change of an account, a right or a rule, told in the transaction that makes it."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

import chairs
import city
from chained import chain
from chairs import Chair, House
from siao.actions import keys
from siao.actions.accounts import AddAccount
from siao.actions.verbs import Command
from siao.core.beds import Source
from siao.core.journal import ADMINISTERED, Entry, Verb, link
from siao.core.people import By, Right, Role
from siao.store import db as database
from siao.store import keys as served
from siao.store import people as store

SECRET = "a secret that nobody may read"
OPERATOR = {"role": "operator", "shelter": None, "service": None}
SHELTER = {"role": "shelter", "shelter": str(city.shelter()), "service": None}
WORKER = {"role": "worker", "shelter": None, "service": str(city.DAY_CENTRE)}


async def add(admin: Chair, login: str = "night-desk", *rights: dict[str, Any]) -> str:
    answer = await admin.do("/api/accounts", {"login": login, "password": SECRET, "rights": rights or (OPERATOR,)})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def change(admin: Chair, id: str, **what: Any) -> list[Any]:
    answer = await admin.do(f"/api/accounts/{id}", what, method="PUT")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(look: asyncpg.Connection) -> list[tuple[Any, ...]]:
    entries = [entry for entry in await chain(look) if entry.account is not None]
    return [(entry.verb, entry.outcome, entry.shelter, entry.service) for entry in entries]


async def test_each_change_of_an_account_is_an_entry_of_the_chain(house: House, look: asyncpg.Connection) -> None:
    admin = await house.chair("admin")
    id = await add(admin, "night-desk", OPERATOR, SHELTER)
    await change(admin, id, rights=[OPERATOR, WORKER])
    await change(admin, id, password=SECRET + " too", active=False)
    await change(admin, id, active=True)
    await change(admin, id, active=True, rights=[WORKER, OPERATOR])
    assert await told(look) == [
        (Verb.ADD_ACCOUNT, "", None, None),
        (Verb.GRANT, "operator", None, None),
        (Verb.GRANT, "shelter", city.shelter(), None),
        (Verb.REVOKE, "shelter", city.shelter(), None),
        (Verb.GRANT, "worker", None, city.DAY_CENTRE),
        (Verb.CLOSE_ACCOUNT, "", None, None),
        (Verb.SET_PASSWORD, "", None, None),
        (Verb.OPEN_ACCOUNT, "", None, None),
        (Verb.END_SESSIONS, "", None, None),
    ]
    who = await look.fetchval("SELECT id FROM account WHERE login = 'admin'")
    entries = [entry for entry in await chain(look) if entry.account is not None]
    assert {(entry.agent, entry.role, entry.account) for entry in entries} == {(who, Role.ADMIN, UUID(id))}
    assert not await look.fetchval("SELECT count(*) FROM journal j WHERE j::text LIKE '%night-desk%' OR j::text LIKE '%secret%'")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"rights": [{**SHELTER, "shelter": str(uuid4())}]}, "invalid"),
        ({"rights": [OPERATOR, OPERATOR]}, "invalid"),
        ({"rights": [{**OPERATOR, "role": "clock"}]}, "invalid"),
        ({"password": "short"}, "invalid"),
    ],
)
async def test_what_is_refused_is_neither_done_nor_told(house: House, look: asyncpg.Connection, what: dict[str, Any], code: str) -> None:
    admin = await house.chair("admin")
    id, before = await add(admin), await told(look)
    answer = await admin.do(f"/api/accounts/{id}", what | {"active": False}, method="PUT")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["field"] in what
    assert await look.fetchval("SELECT active FROM account WHERE id = $1", id) is True
    taken = await admin.do("/api/accounts", {"login": "night-desk", "password": SECRET, "rights": []})
    assert (taken.status_code, taken.json()["field"]) == (409, "login")
    assert await told(look) == before


async def test_whoever_finds_the_territory_held_too_long_may_come_again(house: House, look: asyncpg.Connection) -> None:
    admin = await house.chair("admin")
    async with look.transaction():
        await look.execute("SELECT FROM territory WHERE code = $1 FOR UPDATE", city.CODE)
        held_up = await admin.do("/api/accounts", {"login": "night-desk", "password": SECRET, "rights": []})
    assert (held_up.status_code, held_up.json()["code"]) == (503, "unavailable")
    assert int(held_up.headers["retry-after"]) >= 1
    await add(admin)


async def test_a_key_makes_one_account_and_tells_it_to_nobody_else(house: House, look: asyncpg.Connection) -> None:
    admin, key = await house.chair("admin"), uuid4()
    body = {"login": "night-desk", "password": SECRET, "rights": [OPERATOR, SHELTER]}
    first = await admin.do("/api/accounts", body, key)
    before = await told(look)
    assert (first.status_code, len(before)) == (201, 3)
    for other in ({"login": "day-desk"}, {"password": SECRET + " too"}, {"language": "en"}, {"rights": [SHELTER]}):
        again = await admin.do("/api/accounts", body | other, key)
        assert (again.status_code, again.json()["code"], again.json()["field"]) == (422, "key_reused", "Idempotency-Key"), other
    assert (await admin.do("/api/services", {"name": "Accueil du soir"}, key)).json()["code"] == "key_reused"
    rights = [Right(Role.ADMIN, city.CODE)]
    async with look.transaction():
        await store.add(look, second := store.Account(uuid4(), "second-admin", chairs.HASH, "fr", active=True))
        await store.grant(look, second.id, rights)
    assert (await (await house.chair("second-admin")).do("/api/accounts", body, key)).json()["code"] == "key_reused"
    again = await admin.do("/api/accounts", body, key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert await told(look) == before


async def test_what_is_sent_again_while_the_first_is_under_way_makes_one_account(house: House, look: asyncpg.Connection) -> None:
    admin, key = await house.chair("admin"), uuid4()
    body = {"login": "night-desk", "password": SECRET, "rights": [OPERATOR]}
    answers = await asyncio.gather(*[admin.do("/api/accounts", body, key) for _ in range(4)])
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.text for answer in answers}) == 1
    assert len(await told(look)) == 2


async def test_a_key_of_another_territory_makes_no_account(house: House, look: asyncpg.Connection) -> None:
    admin, key = await house.chair("admin"), uuid4()
    await look.execute("SET siao.territories = '38,69'")
    await served.keep(look, key, "69", b"mac", b"answer")
    await look.execute("SET siao.territories = '38'")
    answer = await admin.do("/api/accounts", {"login": "night-desk", "password": SECRET, "rights": []}, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert await look.fetchval("SELECT count(*) FROM account WHERE login = 'night-desk'") == 0


async def test_a_change_that_is_sent_again_ends_no_session_twice(house: House, look: asyncpg.Connection) -> None:
    """The answer was lost, and whoever it is about has signed in again meanwhile."""
    admin, key = await house.chair("admin"), uuid4()
    id, change = await add(admin), {"password": SECRET + " too", "rights": [OPERATOR, SHELTER]}
    first = await admin.do(f"/api/accounts/{id}", change, key, method="PUT")
    before = await told(look)
    person = Chair(base_url=house.base)
    assert (await person.post("/api/session", json={"login": "night-desk", "password": SECRET + " too"})).status_code == 200
    again = await admin.do(f"/api/accounts/{id}", change, key, method="PUT")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert await told(look) == before and (await person.get("/api/me")).status_code == 200
    for other in ({"password": SECRET}, {"active": False}, {"rights": [OPERATOR]}):
        answer = await admin.do(f"/api/accounts/{id}", change | other, key, method="PUT")
        assert (answer.status_code, answer.json()["code"]) == (422, "key_reused"), other
    await person.aclose()


async def test_a_password_is_no_easier_guessed_from_its_key_than_from_its_account(house: House, look: asyncpg.Connection) -> None:
    """By somebody who has the database and the server's secret: the MAC is of the hash, so each guess costs one of Argon2id."""
    admin, key = await house.chair("admin"), uuid4()
    await admin.do("/api/accounts", {"login": "night-desk", "password": SECRET, "rights": []}, key)
    hashed = await look.fetchval("SELECT password FROM account WHERE login = 'night-desk'")
    kept = await look.fetchval("SELECT mac FROM command WHERE key = $1", key)
    by = By(await look.fetchval("SELECT id FROM account WHERE login = 'admin'"), Role.ADMIN)

    def mac(password: str) -> bytes:
        asked = AddAccount("night-desk", password, "fr", ())
        return keys.mac(house.settings.secret, Command(key, city.CODE, by, asked))

    assert (mac(hashed) == kept, mac(SECRET) == kept) == (True, False)


async def test_an_account_without_a_key_is_not_made(house: House, look: asyncpg.Connection) -> None:
    answer = await (await house.chair("admin")).post("/api/accounts", json={"login": "night-desk", "password": SECRET, "rights": []})
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")
    assert await told(look) == []


async def test_the_accounts_of_here_and_of_nowhere_are_listed_with_their_rights(house: House, look: asyncpg.Connection) -> None:
    admin = await house.chair("admin")
    id = await add(admin, "a-night-desk", OPERATOR, SHELTER)
    for login in ("a-drawer", "z-drawer"):
        await store.add(look, store.Account(uuid4(), login, chairs.HASH, "en", active=False))
    found = (await admin.get("/api/accounts")).json()
    here = {login for login, right in chairs.RIGHTS.items() if right.territory == city.CODE}
    assert [one["login"] for one in found] == sorted({*here, "a-night-desk", "a-drawer", "z-drawer"}), "nobody of elsewhere alone"
    assert found[:2] == [
        {"id": found[0]["id"], "login": "a-drawer", "language": "en", "active": False, "rights": []},
        {
            "id": id,
            "login": "a-night-desk",
            "language": "fr",
            "active": True,
            "rights": [{**r, "territory": "38"} for r in (OPERATOR, SHELTER)],
        },
    ]
    few = await store.posts(look, city.CODE, len(found) - 2)
    assert [one.login for one in few] == sorted({*here, "a-night-desk"}), "who has no right is left out first"


async def test_an_account_with_a_right_elsewhere_is_not_changed_from_here(house: House, owner: asyncpg.Connection) -> None:
    admin = await house.chair("admin")
    async with owner.transaction():
        await database.here(owner, [city.CODE, "69"])
        account = store.Account(uuid4(), "both", chairs.HASH, "fr", active=True)
        await store.add(owner, account)
        await store.grant(owner, account.id, [Right(Role.OPERATOR, city.CODE), Right(Role.OPERATOR, "69")])
    assert (await admin.do(f"/api/accounts/{account.id}", {"active": False}, method="PUT")).status_code == 403
    assert (await admin.do(f"/api/accounts/{uuid4()}", {"active": False}, method="PUT")).status_code == 404
    assert await owner.fetchval("SELECT active FROM account WHERE id = $1", account.id) is True


async def test_whoever_touches_whose_account_it_was_breaks_the_chain(house: House, look: asyncpg.Connection) -> None:
    await add(await house.chair("admin"), "night-desk", OPERATOR, WORKER)
    entries = await chain(look)
    for before, entry in pairwise(entries):
        for touched in ({"account": uuid4()}, {"service": uuid4()}, {"agent": uuid4()}, {"outcome": "admin"}):
            assert link(before.hash, replace(entry, **touched)) != entry.hash, (entry.verb, touched)


def test_an_entry_of_before_has_the_link_that_it_had() -> None:
    """Written down before accounts were told: what has neither account nor service hashes as it did."""
    at = datetime(2026, 1, 20, 19, 30, tzinfo=UTC)
    entry = Entry("38", 7, at, UUID(int=1), Role.OPERATOR, Source.SCREEN, Verb.HOLD, "", None, (UUID(int=2),), UUID(int=3), None, None, bytes(16), b"")  # fmt: skip
    assert link(bytes(32), entry).hex() == "02f99aca0af2a1ce749521f057a1e34cb75d66d61e4c124ad228238cc9fa3e85"


async def test_the_administrator_and_the_auditor_look_back_and_operators_hear_nothing(house: House, look: asyncpg.Connection) -> None:
    admin, operator = await house.chair("admin"), await house.chair("operator")
    await add(admin, "night-desk", SHELTER)
    assert (await admin.do("/api/services", {"name": "Accueil du soir"})).status_code == 201
    night = (datetime.now(UTC) + timedelta(days=3)).date()
    assert (await admin.do("/api/rules", {"effective": night.isoformat()})).status_code == 201
    await operator.ask()
    seen = (await admin.get("/api/changes")).json()
    assert [(one["by"], one["verb"], one["outcome"], one["account"], one["shelter"]) for one in seen[:4]] == [
        ("admin", "set_rules", "2", None, None),
        ("admin", "administer", "", None, None),
        ("admin", "grant", "shelter", "night-desk", str(city.shelter())),
        ("admin", "add_account", "", "night-desk", None),
    ]
    assert seen[1]["service"] == str(await look.fetchval("SELECT id FROM service WHERE name = 'Accueil du soir'"))
    assert {one["verb"] for one in seen} <= set(ADMINISTERED), "and of households nothing"
    board = (await operator.get("/api/board?view=operator")).json()
    assert board["to"] == await look.fetchval("SELECT seq FROM territory WHERE code = '38'"), "the number is everybody's"
    assert not {line["verb"] for line in board["news"]} & {"add_account", "grant"}
