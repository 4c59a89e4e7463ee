"""What an operator needs at hour seven: the call ends as its household ends it, and no screen forgets or withholds what it knows."""

from typing import Any

import asyncpg
import pytest

import city
from chairs import House
from siao.develop import chromium
from stage import DESK, PATIENCE_MS, PHONE, sideways, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
LIST = "button:has-text('Mettre en attente')"


async def _box(button: Any) -> tuple[float, float, float, float]:
    await button.wait_for()
    box = await button.bounding_box()
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


async def _closed(look: asyncpg.Connection, request: str) -> tuple[str, str | None]:
    return tuple(await look.fetchrow("SELECT state, closing FROM request WHERE id = $1", request))


async def _open(page: Any, who: str) -> None:
    await page.locator(".queue li button", has_text=who).click()
    await page.locator(".opened").wait_for()


async def test_a_request_is_closed_by_keys_and_no_key_closes_it_twice(house: House, browser: Any, look: asyncpg.Connection) -> None:
    request = await (await house.chair("second")).ask(women=1, men=0)
    page = await sit(browser, house, "operator", DESK, [])
    await _open(page, "1 F")
    await page.keyboard.press("Alt+x")
    await page.locator(".sheet button").first.wait_for()
    for key in ("1", "1", "Enter"):  # the reason; once more; and the key that has the focus: it keeps the request
        await page.keyboard.press(key)
    await page.locator(".closing").wait_for(state="detached")
    assert await _closed(look, request) == ("open", None)
    await page.keyboard.press("Alt+x")
    await page.locator(".sheet button").first.wait_for()
    await page.keyboard.press("3")
    await page.locator(".closing", has_text="30 jours").wait_for()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator(".waited", has_text="n’a pas rappelé").wait_for()
    assert await _closed(look, request) == ("unmet", "did_not_call_back")
    assert await page.input_value("#composition") == "", "the next call may begin"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_household_with_a_place_leaves_by_its_own_word(
    house: House, browser: Any, look: asyncpg.Connection, size: dict[str, int]
) -> None:
    """Its bed is free in the same breath; the tap that chose the reason does not lie on the one that closes."""
    second = await house.chair("second")
    request = await second.ask()
    await second.hold(request)
    page = await sit(browser, house, "operator", size, [])
    await _open(page, "1 H")
    await page.locator(".opened button").click()
    reasons = page.locator(".sheet li button")
    assert await reasons.count() == 2, "the 115 does not say of a place in hand that there was none"
    taps = [await _box(reason) for reason in await reasons.all()]
    await reasons.first.click()
    end = page.locator(".closing .end")
    left, top, right, bottom = await _box(end)
    assert all(right <= a or c <= left or bottom <= b or d <= top for a, b, c, d in taps), "one tap, one meaning"
    await end.click()
    await page.locator(".waited", has_text="autre solution").wait_for()
    assert await _closed(look, request) == ("withdrawn", "other_solution")
    assert await look.fetchval("SELECT count(*) FROM placement_bed WHERE live") == 0


async def test_what_was_typed_out_of_contact_is_looked_up_once_there_is_contact(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator(".lease .on").wait_for()
    await page.context.set_offline(True)
    await page.fill("#composition", "1h")
    silence = page.locator(".call > .said", has_text="ne répond pas")
    await silence.wait_for()
    await page.locator("body.perime").wait_for(timeout=2 * PATIENCE_MS)
    await page.context.set_offline(False)
    await page.locator(".ranked .acts button:enabled").first.wait_for(timeout=2 * PATIENCE_MS)
    assert await silence.count() == 0
    await page.locator(".ranked .acts button").first.click()
    await page.locator(".hold").wait_for()


async def test_one_look_that_was_not_answered_is_looked_again(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator(".lease .on").wait_for()
    await page.route("**/api/places?*", lambda route: route.abort(), times=1)
    await page.fill("#composition", "1h")
    await page.locator(".call > .said", has_text="ne répond pas").wait_for()
    await page.locator(".ranked .acts button:enabled").first.wait_for()


async def test_a_request_of_the_list_says_its_code_and_waits_on_by_itself(
    house: House, browser: Any, owner: asyncpg.Connection, look: asyncpg.Connection
) -> None:
    second = await house.chair("second")
    request = await second.ask(women=1, men=0, children=1)
    await owner.execute("UPDATE request SET first_asked = first_asked - interval '95 minutes'")
    await second.do(f"/api/requests/{request}/revision", {"women": 1, "children": 1})  # its row is read again
    page = await sit(browser, house, "operator", DESK, [])
    await _open(page, "1 F, 1 E")
    code = await look.fetchval("SELECT code FROM request WHERE id = $1", request)
    told = await page.locator(".opened").inner_text()
    assert code in told
    assert "attend depuis 1 h 3" in told
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    assert await page.locator(LIST).count() == 0
    await page.keyboard.press("Alt+a")
    await page.locator("#composition").type(" n2")
    await page.locator(f".ranked {LIST}:enabled").click()
    await page.locator(".waited output", has_text=code).wait_for()
    assert await look.fetchval("SELECT level FROM criteria WHERE request = $1", request) == 2


async def test_a_paused_request_says_its_code_and_why_it_waits(house: House, browser: Any, look: asyncpg.Connection) -> None:
    second = await house.chair("second")
    request = await second.ask()
    held = await second.hold(request)
    for step in ("offer", "acceptance", "no-show"):
        await second.do(f"/api/placements/{held}/{step}")
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator(".queue h3 button", has_text="en pause").click()
    await _open(page, "1 H")
    assert await look.fetchval("SELECT code FROM request") in await page.locator(".opened").inner_text()
    assert "En pause" in await page.locator(".status .big").inner_text()
    assert "ne s’est pas présenté" in await page.locator(".status .big").inner_text()


async def test_a_household_may_ring_back_although_there_are_places(house: House, browser: Any, look: asyncpg.Connection) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1h")
    await page.locator(".ranked .call-line button:enabled").first.click()
    await page.locator(".waited", has_text="Rappelle à").wait_for()
    assert await look.fetchval("SELECT call_back IS NOT NULL FROM request")


async def test_a_hold_outlives_the_screen_on_which_it_was_made(house: House, browser: Any) -> None:
    """The panel opens with it; the list says which holds are made here, and the code of each."""
    second = await house.chair("second")
    await second.hold(await second.ask(women=1, men=0, children=1), "Chambre 4")
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1h")
    await page.locator(".ranked .acts button:enabled").first.click()
    await page.locator(".hold").wait_for()
    code = await page.locator(".hold output").inner_text()
    own, other = [page.locator(".queue li button", has_text=who) for who in ("1 H", "1 F, 1 E")]
    for _ in range(2):
        await page.locator(".hold output", has_text=code).wait_for()
        assert "bloquée ici" in await own.inner_text()
        assert code in await own.inner_text()
        assert "bloquée ici" not in await other.inner_text()
        assert "bloquée" in await other.inner_text()
        await page.reload()
    assert "Proposer" in await page.locator(".hold button.primary").inner_text()


async def test_who_gives_a_place_back_has_the_request_on_the_list_already(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    waiting = page.locator(f".ranked {LIST}")
    await page.fill("#composition", "1h")
    await waiting.wait_for()
    await page.locator(".ranked .acts button:enabled").first.click()
    await page.locator(".hold button", has_text="Libérer").click()
    await page.locator(".given").wait_for()
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    assert await waiting.count() == 0
    assert await page.locator(".opened").count() == 1, "its code and since when it waits"
    await page.locator("#composition").type(" n2")
    await waiting.wait_for()


async def test_a_bed_for_persons_who_are_not_recorded(house: House, browser: Any, look: asyncpg.Connection) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "?2f")
    await page.locator("#readback", has_text="Sans enregistrement").wait_for()
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    assert await page.locator(LIST).count() == 0, "whoever is not recorded is put on no list"
    await page.keyboard.press("Alt+a")
    await page.keyboard.press("Enter")
    await page.locator(".hold").wait_for()
    assert "Sans enregistrement : 2 personnes, ni demande, ni code" in (await page.locator(".call").inner_text()).replace("\u00a0", " ")
    assert await page.locator(".hold output").count() == 0
    assert tuple(await look.fetchrow("SELECT request, persons FROM placement")) == (None, 2)
    assert await look.fetchval("SELECT count(*) FROM request") == 0
    await page.keyboard.press("/")  # to the next call, and back
    await page.locator(".hold").wait_for(state="detached")
    await page.locator(".queue li button", has_text="2 pers.").click()
    await page.locator(".hold button", has_text="Libérer").click()
    await page.locator(".hold").wait_for(state="detached")
    assert await look.fetchval("SELECT state FROM placement") == "released"


async def test_what_is_typed_and_not_understood_is_said_beside_the_field(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    readback = page.locator("#readback")
    for typed, said in (
        ("1f 2e xyz", "2 enfants · pas compris : xyz"),
        ("1h @zzz", "commune inconnue : @zzz"),
        ("zut", "Ni un ménage ni un code entier"),
        ("7k3m9qxfc", "Entrée ouvre la demande 7K3M-9QXF-C"),
        ("1h1f2e2b3", "Entrée ouvre la demande 1H1F-2E2B-3"),
    ):
        await page.fill("#composition", typed)
        await page.wait_for_function(
            "(said) => document.querySelector('#readback')?.innerText.replaceAll('\\u00a0', ' ').includes(said)", arg=said
        )
    await page.locator(".ranked").wait_for(state="detached")  # Enter opens the code: no list says that it holds
    await page.fill("#composition", "1h @voi")
    await page.locator(".ranked").wait_for()
    assert "inconnue" not in await readback.inner_text()


async def test_a_click_whose_answer_the_page_did_not_live_to_hear_is_told(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    asked: list[str] = []
    await page.route("**/api/**", lambda route: asked.append(route.request.url) if route.request.method == "POST" else route.continue_())
    await page.fill("#composition", "1h")
    await page.locator(".ranked .acts button:enabled").first.click()
    await page.wait_for_function("() => sessionStorage.getItem('siao.pending') !== null")
    assert await page.locator(".cut").count() == 0, "it is under way"
    await page.reload()
    await page.locator(".cut", has_text="avant la réponse").wait_for()
    assert asked and not await sideways(page)
    await page.locator(".cut button").click()
    await page.locator(".cut").wait_for(state="detached")
    await page.reload()
    await page.locator(".lease .on").wait_for()
    assert await page.locator(".cut").count() == 0


async def test_the_advice_says_of_which_house_its_place_is(house: House, browser: Any) -> None:
    said = {
        "say": "give", "ground": "voted", "why": "sur 12 soirées", "units": [str(city.unit("Chambre 4"))], "shelter": str(city.shelter()), "evenings": 12,
        "of": 12, "level": None, "until": None, "call_back": None, "seq": 1, "token": "",
    }  # fmt: skip
    page = await sit(browser, house, "operator", DESK, [])
    await page.route("**/api/advice?*", lambda route: route.fulfill(json=said))
    await page.fill("#composition", "1f 1e")
    await page.locator(".advice", has_text="Chambre 4, Les Tilleuls").wait_for()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_who_chooses_a_level_reads_whom_it_is_for(
    house: House, browser: Any, owner: asyncpg.Connection, size: dict[str, int]
) -> None:
    """As it is published: by the operator at his call, by the social worker in the form, by everybody among the rules."""
    chair = await house.chair("coordinator")
    first = (await chair.get("/api/rules")).json()["earliest"]
    grid = ["bébé de moins de 3 mois", "moins de 3 ans", "plus de 65 ans", "toutes les autres situations"]
    await chair.do("/api/rules", {"effective": first, "grid": grid})
    await owner.execute("UPDATE rules SET effective = effective - 2")
    await chair.do("/api/rules", {"effective": first, "grid": grid})  # the board is read anew, and with it what is in force
    page = await sit(browser, house, "operator", size, [])
    await page.fill("#composition", "1f n3")
    await page.locator(".whom", has_text=grid[2]).wait_for()
    page = await sit(browser, house, "worker", size, [])
    await page.locator("button", has_text="Nouvelle demande").first.click()
    await page.locator(".note", has_text=f"Niveau 4 : {grid[3]}").wait_for()
    await page.goto(f"{house.base}/regles")
    lines = page.locator("section").first.locator("ul.grid li")
    await lines.nth(3).wait_for()
    assert [line in said for line, said in zip(grid, await lines.all_inner_texts(), strict=True)] == [True] * 4
