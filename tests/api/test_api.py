"""Over HTTP: what each role may, what a refusal says, and that bad input changes nothing."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import chairs
import city
from chairs import House
from siao import app
from siao.api import pages
from siao.core.people import Role
from siao.core.rights import MAY
from siao.settings import Settings

ROUTES: dict[str, tuple[str, Any]] = {
    "requests.Ask": ("/api/requests", {"men": 1}),
    "Hold": (f"/api/requests/{uuid4()}/placement", {"units": [str(city.unit("Chambre 4"))]}),
    "Offer": (f"/api/placements/{uuid4()}/offer", None),
    "Release": (f"/api/placements/{uuid4()}/release", None),
    "Accept": (f"/api/placements/{uuid4()}/acceptance", None),
    "Arrive": (f"/api/placements/{uuid4()}/arrival", {}),
    "NoShow": (f"/api/placements/{uuid4()}/no-show", None),
    "Depart": (f"/api/placements/{uuid4()}/departure", {"reason": "other"}),
    "Extend": (f"/api/placements/{uuid4()}/extension", {"until": "2030-01-01"}),
    "Move": (f"/api/placements/{uuid4()}/move", {"units": [str(city.unit("Chambre 4"))]}),
    "Shrink": (f"/api/placements/{uuid4()}/reduction", {"beds": [str(uuid4())]}),
    "RefuseShelter": (f"/api/placements/{uuid4()}/refusal", {"reason": "other"}),
    "RefuseHousehold": (f"/api/placements/{uuid4()}/household-refusal", {"reason": "other"}),
    "Count": (f"/api/units/{city.unit('Dortoir hommes')}/report", {"count": 2, "version": 99}),
    "Confirm": (f"/api/shelters/{city.shelter()}/confirmation", {"units": {str(city.unit("Chambre 4")): 99}}),
    "OpenUnit": (f"/api/units/{city.unit('Chambre 4')}/opening", None),
    "CloseUnit": (f"/api/units/{uuid4()}/closing", {"reason": "works"}),
    "OpenPlan": (f"/api/plans/{uuid4()}/opening", None),
    "ClosePlan": (f"/api/plans/{uuid4()}/closing", None),
    "CloseNight": ("/api/nights/2026-01-20/closing", None),
    "AddShelter": ("/api/shelters", {"name": "A", "scheme": "chu", "commune": "Grenoble", "zone": "Grenoble"}),
    "AddUnit": (f"/api/shelters/{uuid4()}/units", {"name": "A", "kind": "room", "nominal": 1, "rule": "mixed"}),
    "AddService": ("/api/services", {"name": "A"}),
    "requests.Resume": (f"/api/requests/{uuid4()}/resumption", None),
    "requests.Withdraw": (f"/api/requests/{uuid4()}/withdrawal", {"reason": "withdrawn"}),
    "requests.Revise": (f"/api/requests/{uuid4()}/revision", {"men": 1}),
}
KINDS = {kind.__name__: kind for kind in MAY}


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_a_role_may_what_the_table_says_and_nothing_else(house: House, login: str) -> None:
    chair, role = await house.chair(login), chairs.RIGHTS[login].role
    for name, (path, body) in ROUTES.items():
        answer = await chair.do(path, body)
        may = role in MAY[KINDS[name.removeprefix("requests.")]]
        if not may:
            assert answer.status_code == 403, (login, name, answer.text)
        elif login == "elsewhere":
            assert answer.status_code in (200, 201, 400, 404), (login, name, answer.text)
        else:
            assert answer.status_code != 403 or login in ("refuge", "worker"), (login, name, answer.text)


@pytest.mark.parametrize("login", chairs.RIGHTS)
async def test_a_role_reads_its_own_view_alone(still: House, login: str) -> None:
    chair, right = await still.chair(login), chairs.RIGHTS[login]
    own = {
        Role.OPERATOR: {"operator", "shelter"}, Role.COORDINATOR: {"operator", "shelter"}, Role.ADMIN: set[str](),
        Role.SHELTER: {"shelter"}, Role.WORKER: {"worker"}, Role.OBSERVER: set[str](), Role.AUDITOR: set[str](),
    }[right.role]  # fmt: skip
    for view in ("operator", "shelter", "worker"):
        query = {"view": view, "territory": city.CODE}
        if view == "shelter":
            query["shelter"] = str(right.shelter or city.shelter())
        answer = await chair.get("/api/board", params=query)
        assert answer.status_code == (200 if view in own and login != "elsewhere" else 403), (login, view)


async def test_a_shelter_never_reads_another_s_beds(still: House) -> None:
    chair = await still.chair("shelter")
    answer = await chair.get("/api/board", params={"view": "shelter", "shelter": str(city.shelter("Le Refuge"))})
    assert answer.status_code == 403


@pytest.mark.parametrize("login", ["operator", "coordinator"])
@pytest.mark.parametrize("view", ["operator", "shelter"])
async def test_a_confidential_address_is_in_no_board(still: House, login: str, view: str) -> None:
    """Nor where the 115 looks at that shelter's own board, to speak for it on the telephone; nor in what the house says of itself."""
    here = str(city.shelter("Le Refuge"))
    board = await (await still.chair(login)).rows(view, **({"shelter": here} if view == "shelter" else {}))
    refuge = next(s for s in board["shelters"] if s["name"] == "Le Refuge")
    assert "address" not in refuge
    assert {refuge[field] for field in ("commune", "zone", "latitude", "longitude", "telephone", "house_rules")} == {None}


async def test_its_own_staff_sees_where_it_lies(still: House) -> None:
    [refuge] = (await (await still.chair("refuge")).rows("shelter"))["shelters"]
    assert (refuge["address"], refuge["house_rules"]) == ("3 rue cachée", "Sonner deux fois au portail vert.")


async def test_an_open_shelter_says_to_the_115_where_it_lies(still: House) -> None:
    board = await (await still.chair("operator")).rows("shelter", shelter=str(city.shelter()))
    assert board["shelters"][0]["commune"] == "Grenoble"


async def test_an_address_is_read_by_who_acted_and_recorded(house: House, look: asyncpg.Connection) -> None:
    operator, second = await house.chair("operator"), await house.chair("second")
    held = await operator.do("/api/placements", {"units": [str(city.unit("Chambre 1", "Le Refuge"))], "persons": 1, "side": "women"})
    id = held.json()["id"]
    assert (await operator.get(f"/api/placements/{id}/address")).status_code == 403, "not before acceptance"
    await operator.do(f"/api/placements/{id}/offer")
    await operator.rows("operator")
    for _ in range(40):
        answer = await operator.get(f"/api/placements/{id}/address")
        if answer.status_code == 200:
            break
    assert (answer.json()["address"], answer.json()["house_rules"]) == ("3 rue cachée", "Sonner deux fois au portail vert.")
    assert (await second.get(f"/api/placements/{id}/address")).status_code == 403
    assert await look.fetchval("SELECT count(*) FROM access_log WHERE what = 'address'") == 1


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "impossible_composition", "men"),
        ({"infants": 20}, 400, "impossible_composition", "infants"),
        ({"men": 11, "women": 10}, 400, "impossible_composition", "composition"),
        ({"infants": 40}, 400, "invalid", "infants"),
        ({"men": -1}, 400, "invalid", "men"),
        ({"men": 1, "name": "X"}, 400, "invalid", None),
        ({"men": 1, "needs": ["piano"]}, 400, "invalid", "needs"),
        ({"men": 1, "zone": "Atlantis"}, 404, "unknown", "zone"),
        ({"men": 1, "call_back": "2020-01-01T00:00:00Z"}, 400, "invalid", "call_back"),
    ],
)
async def test_bad_input_names_the_field_and_changes_nothing(
    still: House, unchanged: None, body: Any, status: int, code: str, field: str | None
) -> None:
    answer = await (await still.chair("operator")).do("/api/requests", body)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), said
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field is None or field in str(said["field"]), said


@pytest.mark.parametrize(
    "more", [{"code": "7K3M-9QXF-C"}, {"service": str(uuid4())}, {"party": str(uuid4())}], ids=lambda more: next(iter(more))
)
async def test_a_revision_takes_nothing_that_it_would_not_change(still: House, unchanged: None, more: dict[str, str]) -> None:
    answer = await (await still.chair("operator")).do(f"/api/requests/{uuid4()}/revision", {"men": 1, **more})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), answer.text


async def test_a_count_is_refused_for_a_room_and_a_stale_version_says_so(house: House) -> None:
    staff = await house.chair("shelter")
    room = await staff.do(f"/api/units/{city.unit('Chambre 4')}/report", {"count": 1, "version": 1})
    assert (room.status_code, room.json()["code"], room.json()["field"]) == (400, "not_a_dormitory", "count")
    stale = await staff.do(f"/api/units/{city.unit('Dortoir hommes')}/report", {"count": 1, "version": 7})
    assert (stale.status_code, stale.json()["code"], stale.json()["field"]) == (409, "stale_version", "version")


async def test_a_lost_race_answers_with_what_is_free_now(house: House) -> None:
    first, second = await house.chair("operator"), await house.chair("second")
    mine, theirs = await first.ask(men=1, women=1), await second.ask(men=1, women=1)
    await first.hold(mine, "Chambre 4")
    lost = await second.do(f"/api/requests/{theirs}/placement", {"units": [str(city.unit("Chambre 4"))]})
    assert (lost.status_code, lost.json()["code"]) == (409, "taken")
    free = [place["units"] for place in lost.json()["places"]["places"]]
    assert free and [str(city.unit("Chambre 4"))] not in free, "what is free now, and not what was just lost"


async def test_an_expired_hold_cannot_be_offered(house: House, look: asyncpg.Connection) -> None:
    operator = await house.chair("operator")
    held = await operator.hold(await operator.ask())
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '100 ms'")
    late = await operator.do(f"/api/placements/{held}/offer")
    assert (late.status_code, late.json()["code"]) in ((409, "expired"), (409, "not_now"))


@pytest.mark.parametrize(
    ("code", "status", "said"), [("7K3M-9QXF-7", 400, "code_typo"), ("0000-0000-0", 404, "code_unknown"), ("x", 400, "code_typo")]
)
async def test_an_unknown_code(still: House, code: str, status: int, said: str) -> None:
    answer = await (await still.chair("worker")).get("/api/requests", params={"code": code})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (status, said, "code")


async def test_guessing_codes_is_paused(house: House) -> None:
    worker = await house.chair("worker")
    found = [(await worker.get("/api/requests", params={"code": "0000-0000-0"})).status_code for _ in range(7)]
    assert found == [404] * 5 + [429] * 2


async def test_words_come_in_the_user_s_language(house: House) -> None:
    operator = await house.chair("operator")
    french = (await operator.do("/api/requests", {})).json()["detail"]
    assert (await operator.put("/api/me/language", json={"language": "en"})).status_code == 200
    assert {french, (await operator.do("/api/requests", {})).json()["detail"]} == {"Composition impossible.", "Impossible composition."}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1.evil.example"])
async def test_a_write_from_a_foreign_page_is_refused(still: House, origin: str, unchanged: None) -> None:
    operator = await still.chair("operator")
    answer = await operator.post("/api/requests", json={"men": 1}, headers={"Origin": origin, "Idempotency-Key": str(uuid4())})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")


async def test_without_a_session_nothing_is_read(still: House) -> None:
    async with chairs.Chair(base_url=still.base) as nobody:
        for path in (
            "/api/me",
            "/api/board?view=operator",
            "/api/requests?code=x",
            "/api/places",
            "/api/communes",
            "/api/night",
            "/api/shelters",
            "/api/accounts",
        ):
            assert (await nobody.get(path)).status_code == 401, path


async def test_a_name_is_paused_after_eight_failures_and_signing_out_ends_a_session(house: House) -> None:
    async with chairs.Chair(base_url=house.base) as guess:
        found = [(await guess.post("/api/session", json={"login": "admin", "password": f"wrong {i}"})).status_code for i in range(9)]
    assert found == [401] * 8 + [429]
    operator = await house.chair("operator")
    cookie = operator.cookies[house.settings.cookie]
    assert (await operator.delete("/api/session")).status_code == 204
    async with chairs.Chair(base_url=house.base, cookies={house.settings.cookie: cookie}) as stolen:
        assert (await stolen.get("/api/me")).status_code == 401


async def test_a_missing_key_is_named(still: House) -> None:
    answer = await (await still.chair("operator")).post("/api/requests", json={"men": 1})
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


async def test_the_schema_describes_every_route(still: House) -> None:
    async with chairs.Chair(base_url=still.base) as anybody:
        paths = (await anybody.get("/schema/openapi.json")).json()["paths"]
    assert len(paths) > 35 and "/api/requests/{id}/placement" in paths


async def test_pages_load_nothing_from_outside(still: House) -> None:
    async with chairs.Chair(base_url=still.base) as anybody:
        page = await anybody.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "http" not in page.text.replace("http-equiv", "")


def test_what_is_no_page_is_never_answered_by_a_kept_one() -> None:
    """What keeps the screens in a browser stands over every address; it leaves all of the server's own alone."""
    shell = (Path(__file__).parents[2] / "siao/web/src/shell.ts").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"const NO_PAGE = /(.*)/;", shell)
    served = app.build(Settings("x", "x", b"x" * 32, ("http://x",)))
    gets = {route.path for route in served.routes if "GET" in getattr(route, "methods", {"GET"})}
    assert {path for path in gets if not re.search(pattern, path)} - {"/assets", "/assets/{file_path:path}"} == {*pages.PAGES, "/shell.js"}


@pytest.mark.parametrize(("field", "value"), [("men", -1), ("women", 21), ("max_km", 0), ("nights", 31), ("level", 5), ("level", "first")])
async def test_a_query_out_of_its_bounds_names_its_field(still: House, field: str, value: Any) -> None:
    answer = await (await still.chair("operator")).get("/api/places", params={"men": 1, field: value})
    assert (answer.status_code, answer.json()["field"]) == (400, field)
