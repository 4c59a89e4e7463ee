"""Hands and answers that cross: what comes by itself moves nothing under a finger, and no late answer decides for another household."""

import asyncio
from typing import Any

import asyncpg
import pytest

from chairs import House
from siao.develop import chromium
from stage import DESK, PATIENCE_MS, PHONE, SMALL, sideways, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
UNDER = """([x, y, selector]) => {
    const under = () => document.elementFromPoint(x, y)?.closest('button')?.textContent ?? 'no button';
    window.under = new Promise((found) => new MutationObserver((_, eye) => {
        if (!document.querySelector(selector)) return;
        eye.disconnect();
        found(under());
    }).observe(document.body, { subtree: true, childList: true }));
}"""
"""What stands where the finger is, at the very moment at which something else has come to stand there."""
STROKES = """() => {
    const start = OscillatorNode.prototype.start;
    window.strokes = 0;
    OscillatorNode.prototype.start = function (at) { window.strokes++; start.call(this, at); };
}"""


async def _middle(button: Any) -> list[float]:
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    return [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_the_second_half_of_a_double_click_finds_no_button(house: House, browser: Any, size: dict[str, int]) -> None:
    """Where "offer" was, "accepted by phone" comes to stand; where "accept" was, beds."""
    operator, shelter = [await sit(browser, house, login, size, []) for login in ("operator", "shelter")]
    await operator.fill("#composition", "1h")
    await operator.locator(".ranked button.primary").click()
    offer = operator.locator(".hold button.primary")
    await offer.wait_for()
    await operator.evaluate(UNDER, [*await _middle(offer), ".status"])
    await offer.click()
    assert await operator.evaluate("window.under") == "no button"
    await shelter.locator(".incoming").click()
    accept = shelter.locator(".offer button.primary")
    await shelter.evaluate(UNDER, [*await _middle(accept), ".told"])
    await accept.click()
    assert await shelter.evaluate("window.under") == "no button"
    await operator.locator(".status button.go").click()  # half a second later there is one


async def test_enter_before_the_places_have_come_holds_the_first_of_what_is_typed(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1h")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    come = asyncio.Event()

    async def late(route: Any) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/api/places?*", late)
    await page.fill("#composition", "1f 2e 1b")
    await page.locator("#composition").press("Enter")
    await page.locator("#composition[readonly]").wait_for()
    await page.locator("#composition").press("p")  # for what comes of it
    assert await page.locator(".hold").count() == 0, "the place on the screen is another household's"
    come.set()
    await page.locator(".status", has_text="Proposée").wait_for()
    rows = await (await house.chair("second")).rows("operator")
    assert [placement["persons"] for placement in rows["placements"]] == [4]
    assert [(r["women"], r["children"], r["infants"]) for r in rows["requests"]] == [(1, 2, 1)]


async def test_what_is_known_of_one_household_does_not_stand_beside_the_next(house: House, browser: Any) -> None:
    """Why this place, and a question that was asked about it."""
    chair = await house.chair("second")
    for who, name in (({"men": 0, "women": 1, "children": 1}, "Chambre 4"), ({"men": 1}, "Dortoir hommes")):
        await chair.hold(await chair.ask(**who), name)
    page = await sit(browser, house, "operator", DESK, [])
    one, other = page.locator(".queue li button", has_text="1 F, 1 E"), page.locator(".queue li button", has_text="1 H")
    await one.click()
    await page.locator(".hold button", has_text="Pourquoi").click()
    await page.locator(".hold .notice").wait_for()
    await page.locator(".hold button", has_text="Refus").click()
    await page.locator(".sheet").wait_for()
    await other.dispatch_event("click")
    await page.locator(".hold", has_text="Dortoir hommes").wait_for()
    assert await page.locator(".hold .notice, .sheet").count() == 0


async def test_an_offer_at_three_in_the_morning_rings_and_moves_nothing(house: House, browser: Any) -> None:
    shelter = await sit(browser, house, "shelter", PHONE, [])
    await shelter.evaluate(STROKES)
    await shelter.locator(".state button[aria-pressed=false]").click()
    told = await shelter.evaluate("window.strokes")
    assert told > 0, "whoever turns it on hears it"
    where = "[...document.querySelectorAll('.units > *')].map((e) => e.getBoundingClientRect().y)"
    before = await shelter.evaluate(where)
    operator = await house.chair("operator")
    for name in ("Chambre 4", "Chambre 5"):
        await operator.do(f"/api/placements/{await operator.hold(await operator.ask(women=1, children=1), name)}/offer")
    await shelter.locator(".incoming").nth(1).wait_for()
    await shelter.wait_for_function("(told) => window.strokes > told", arg=told)
    assert (await shelter.title()).startswith("(!)")
    assert await shelter.evaluate(where) == before
    await shelter.locator(".hush").click()
    await shelter.locator(".hush").wait_for(state="detached")
    await shelter.locator(".tabs button").nth(1).click()
    assert await shelter.locator(".incoming:visible").count() == 2, "it is said in every part of the screen"
    assert (await shelter.title()).startswith("(!)"), "in silence too"


async def test_cards_stay_where_they_were_tapped(house: House, browser: Any) -> None:
    """A room that is taken, and free again, is neither sorted elsewhere nor lower than before."""
    shelter = await sit(browser, house, "shelter", PHONE, [])
    await shelter.locator(".units h2").first.wait_for()
    where = "[...document.querySelectorAll('.units > *')].map((e) => [e.querySelector('h2').textContent, e.getBoundingClientRect().y + scrollY])"
    before = await shelter.evaluate(where)
    for _ in ("taken", "free"):
        await shelter.locator(".unit.row .seg label:has(input:not(:checked))").first.click()
        await shelter.locator(".saying").wait_for(state="detached")
        await shelter.locator(".unit.row .seg input:enabled").first.wait_for()
        assert await shelter.evaluate(where) == before


async def test_a_social_worker_is_told_when_a_request_moves(house: House, browser: Any) -> None:
    worker, operator = await house.chair("worker"), await house.chair("operator")
    request = await worker.ask(women=1)
    page = await sit(browser, house, "worker", PHONE, [])
    await page.evaluate(STROKES)
    await page.locator(".reqs button").first.click()
    await page.locator(".w-foot button", has_text="Me prévenir").click()
    await page.locator(".w-foot button[aria-pressed=true]").wait_for()
    told = await page.evaluate("window.strokes")
    assert told > 0
    await operator.hold(request, "Chambre 4")
    moved = page.locator(".foot .incoming", has_text="Place trouvée et bloquée")
    await moved.wait_for()
    await page.wait_for_function("(told) => window.strokes > told", arg=told)
    assert (await page.title()).startswith("(!)")
    await moved.click()
    await moved.wait_for(state="detached")
    assert not (await page.title()).startswith("(!)")
    assert await sideways(page) <= 0


async def test_the_board_moves_no_button_of_the_call_and_a_tap_chooses_another_place(house: House, browser: Any) -> None:
    """The list is as long as the places that fit; "Hold" stands above it. A place that goes leaves the chosen one chosen."""
    second = await house.chair("second")
    for size in (DESK, PHONE):
        page = await sit(browser, house, "operator", size, [])
        await page.fill("#composition", "1f 1e")
        rows = page.locator(".ranked ol li")
        await rows.nth(1).wait_for()
        before, buttons = await rows.count(), page.locator(".ranked .acts button")
        where = [await button.bounding_box() for button in await buttons.all()]
        await rows.nth(1).locator("button").click()
        chosen = await rows.nth(1).locator("strong").inner_text(), await rows.nth(1).locator(".un").inner_text()
        assert await rows.nth(1).get_attribute("aria-current") == "true"
        units = [u["name"] for u in (await second.rows("operator"))["units"] if u["kind"] == "room" and not set(u["beds"]) - set("lc")]
        gone = next(name for name in units if name not in chosen[1])
        placement = await second.hold(await second.ask(women=1, children=1, men=0), gone)
        await page.wait_for_function("(n) => document.querySelectorAll('.ranked ol li').length < n", arg=before)
        assert [await button.bounding_box() for button in await buttons.all()] == where
        still = page.locator(".ranked li[aria-current] .un")
        assert await still.inner_text() == chosen[1]
        await second.do(f"/api/placements/{placement}/release")
        await page.context.close()


async def test_enter_after_a_tap_on_a_place_holds_it(house: House, browser: Any) -> None:
    """As the line above the list says: the focus is on the place that was tapped."""
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1f 1e")
    second = page.locator(".ranked ol li").nth(1)
    await second.locator("button").click()
    where = (await second.locator(".un").inner_text()).split(" · ")[0]
    await page.keyboard.press("Enter")
    title = page.locator(".sheet h2")
    await title.wait_for()
    assert where in await title.inner_text(), "another comes first: the sheet says which one it asks about"
    await page.keyboard.press("1")
    assert where in await page.locator(".hold .pl").inner_text()


async def test_a_bed_that_is_put_out_of_service_is_named(house: House, browser: Any) -> None:
    page = await sit(browser, house, "shelter", PHONE, [])
    unit = page.locator(".unit", has_text="Dortoir hommes")
    await unit.locator("button", has_text="Un lit hors service").click()
    bed = unit.locator(".bedb:enabled").first
    number = await bed.locator(".nr").inner_text()
    await bed.click()
    assert f"Dortoir hommes, lit {number}" in await page.locator(".sheet h2").inner_text()


async def test_what_comes_by_itself_stands_at_the_foot_of_a_short_page(house: House, browser: Any) -> None:
    """Under the tabs' own edge, over nothing; the menu below it stays where it was, and a code is not broken at the end of a line."""
    operator = await house.chair("operator")
    page = await sit(browser, house, "shelter", PHONE, [])
    await page.locator(".tabs button", has_text="Arrivées").click()
    menu = page.locator("footer .menu")
    where = await menu.bounding_box()
    placement = await operator.hold(await operator.ask(women=1, children=1), "Chambre 4")
    await operator.do(f"/api/placements/{placement}/offer")
    await page.locator(".foot .incoming").click()
    assert await menu.bounding_box() == where
    await page.locator(".offer button.primary").click()
    told = await page.locator(".foot .told").inner_text()
    assert "-\u2060" in told and told.count("-") == 2


async def test_a_social_worker_out_of_contact_is_told_so(house: House, browser: Any) -> None:
    worker = await house.chair("worker")
    await worker.ask(women=1)
    page = await sit(browser, house, "worker", PHONE, [])
    await page.locator(".reqs button").first.click()
    await page.context.set_offline(True)
    await page.locator(".banner", has_text="Hors contact depuis").wait_for(timeout=2 * PATIENCE_MS)
    assert await page.locator(".nextbox").evaluate("e => getComputedStyle(e).filter") == "grayscale(1)"
    assert await sideways(page) <= 0
    await page.context.set_offline(False)
    await page.locator(".banner").wait_for(state="detached", timeout=2 * PATIENCE_MS)


async def test_an_old_count_is_said_where_its_place_is_proposed_and_held(house: House, browser: Any, look: asyncpg.Connection) -> None:
    await look.execute("UPDATE unit SET confirmed_at = now() - interval '5 hours' WHERE name = 'Chambre 4'")
    second = await house.chair("second")
    await second.do(f"/api/placements/{await second.hold(await second.ask(women=1, men=0, children=1), 'Chambre 4')}/release")  # read again
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1f 1e")
    row = page.locator(".ranked li", has_text="Chambre 4").first
    assert "appeler avant d’envoyer" in await row.inner_text()
    await row.locator("button").click()
    await page.locator(".ranked .acts button").first.click()
    reason = page.locator(".sheet li button").first
    held = page.locator(".hold .old")
    await reason.or_(held).first.wait_for()
    if await reason.count():
        await reason.click()
    assert "Confirmée il y a 5 h 0" in await held.inner_text()


async def test_another_service_s_request_says_when_it_was_read(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    asked = (await operator.do("/api/requests", {"women": 1})).json()
    page = await sit(browser, house, "worker", PHONE, [])
    await page.fill("#code", asked["code"])
    await page.locator(".follow button").click()
    await page.locator(".once", has_text="Demande d’un autre service").wait_for()
    assert "change seule." not in await page.locator(".nextbox").inner_text(), "it does not, for this one"
    await operator.hold(asked["id"], "Chambre 4")
    await page.locator(".once button").click()
    await page.locator(".nextbox", has_text="Place trouvée et bloquée").wait_for()


async def test_the_drawer_says_which_house_it_speaks_for_and_how_old_its_count_is(
    house: House, browser: Any, look: asyncpg.Connection
) -> None:
    await look.execute("UPDATE unit SET confirmed_at = now() - interval '5 hours' WHERE name = 'Chambre 4'")
    second = await house.chair("second")
    await second.do(f"/api/placements/{await second.hold(await second.ask(women=1, men=0, children=1), 'Chambre 4')}/release")  # read again
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator(".name button", has_text="Les Tilleuls").click()
    head, count = page.locator(".drawer .ph-top"), page.locator(".drawer .huge > span").first
    await count.wait_for()
    assert "Les Tilleuls" in await head.inner_text()
    assert await head.locator("a").get_attribute("href") == "tel:0476000001"
    assert (await count.inner_text()).startswith("(")
    assert "à confirmer" in await page.locator(".drawer .conf").inner_text()
    await page.locator(".drawer button.yes").click()
    await page.wait_for_function("() => !document.querySelector('.drawer .huge > span').textContent.startsWith('(')")
    await page.keyboard.press("Escape")
    await page.locator(".name button", has_text="Le Refuge").click()
    await head.locator("h1", has_text="Le Refuge").wait_for()
    assert "numéro protégé" in await head.inner_text()


async def test_one_hour_only_is_the_household_s_and_the_door_s_is_called_so(house: House, browser: Any, look: asyncpg.Connection) -> None:
    await look.execute("UPDATE shelter SET arrive_before = '23:45' WHERE name = 'Les Tilleuls'")
    operator = await house.chair("operator")
    placement = await operator.hold(await operator.ask(women=1, children=1), "Chambre 4")
    await operator.do(f"/api/placements/{placement}/offer")
    shelter, desk = [await sit(browser, house, login, size, []) for login, size in (("shelter", PHONE), ("operator", DESK))]
    await shelter.locator(".incoming").click()
    offer = (await shelter.locator(".offer dl").inner_text()).replace("\u00a0", " ")
    assert "30 min après votre accord" in offer
    assert "avant 23:45" not in offer
    assert "porte fermée à 23:45" in offer
    await desk.locator(".queue li button", has_text="1 F").click()
    await operator.do(f"/api/placements/{placement}/acceptance")
    card = desk.locator(".status", has_text="attendu avant")
    await card.wait_for()
    assert "avant 23:45" not in await card.locator(".pl").inner_text()
    assert "porte fermée à 23:45" in await card.locator(".pl").inner_text()


async def test_a_sheet_says_whom_it_is_about(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    placement = await operator.hold(await operator.ask(women=1, children=1), "Chambre 4")
    await operator.do(f"/api/placements/{placement}/offer")
    await operator.do(f"/api/placements/{placement}/acceptance")
    page = await sit(browser, house, "shelter", PHONE, [])
    await page.locator(".tabs button", has_text="Arrivées").click()
    code = await page.locator("article .bigcode").inner_text()
    await page.locator("article button", has_text="Pas tous").click()
    title = page.locator(".sheet h2")
    assert [code in await title.inner_text(), "Chambre 4" in await title.inner_text()] == [True, True]
    await page.keyboard.press("Escape")
    await page.locator("article button.go").click()
    for button in ("Prolonger", "Sortie"):
        await page.locator("article.thin button", has_text=button).click()
        assert f"{code} · Chambre 4" in await title.inner_text()
        assert await title.evaluate("e => getComputedStyle(e).fontSize") == "20px", "as large as any title of a sheet"
        await page.keyboard.press("Escape")


async def test_the_second_tap_on_came_late_finds_no_button(house: House, browser: Any) -> None:
    """The card of whoever did not come goes, and those present move up, in the same order as before."""
    operator = await house.chair("operator")
    for name, nights, came in (("Chambre 4", 1, "no-show"), ("Chambre 5", 7, "arrival")):
        placement = await operator.hold(await operator.ask(women=1, children=1, nights=nights), name)
        for verb in ("offer", "acceptance", came):
            await operator.do(f"/api/placements/{placement}/{verb}")
    page = await sit(browser, house, "shelter", PHONE, [])
    await page.locator(".tabs button", has_text="Arrivées").click()
    late = page.locator("article button", has_text="Est arrivé tard")
    await late.wait_for()
    x, y = await _middle(late)
    await page.evaluate(UNDER, [x - 60, y + 20, "article.thin:nth-of-type(2) .second"])  # where "Prolonger" comes to stand
    await late.click()
    assert await page.evaluate("window.under") == "no button"


async def test_a_room_says_that_nobody_has_looked_since_a_no_show(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    placement = await operator.hold(await operator.ask(women=1, children=1), "Chambre 4")
    await operator.do(f"/api/placements/{placement}/offer")
    await operator.do(f"/api/placements/{placement}/acceptance")
    await operator.do(f"/api/placements/{placement}/no-show")
    page = await sit(browser, house, "shelter", PHONE, [])
    room = page.locator(".unit.row", has_text="Chambre 4")
    await room.locator("b", has_text="à vérifier").wait_for()
    await room.locator("label", has_text="Libre").click()
    await room.locator("b", has_text="à vérifier").wait_for(state="detached")
    assert await room.locator("input:checked + span").inner_text() == "Libre"


async def test_free_places_stand_first_and_a_row_stays_in_its_group_until_that_is_chosen_again(house: House, browser: Any) -> None:
    second = await house.chair("second")
    for name in ("Chambre 5", "Chambre 6"):
        await second.hold(await second.ask(men=0, women=1, children=1), name)
    shelter = await house.chair("shelter")
    for unit in (await shelter.rows("shelter"))["units"]:
        if unit["name"] in ("Dortoir hommes", "Dortoir du soir"):
            told = await shelter.do(f"/api/units/{unit['id']}/report", {"count": 0, "version": unit["version"], "rule": "men"})
            assert told.status_code == 200, told.text
    last = await second.hold(await second.ask(men=0, women=1, children=1), "Chambre 4")
    page = await sit(browser, house, "operator", DESK, [])
    full = page.locator("tbody:has(.zone:has-text('Sans place')) tr", has_text="Les Tilleuls")
    await page.locator(".shelters .name").first.wait_for()
    await page.locator(".bar-top label", has_text="Libres").click()
    await full.locator("strong", has_text="0").wait_for()
    assert await page.locator(".zone button").all_inner_texts() == ["Avec des places", "Sans place"]
    await second.do(f"/api/placements/{last}/release")
    await full.locator("strong", has_text="4").wait_for()
    await page.locator(".bar-top label", has_text="Libres").click()
    await full.wait_for(state="detached")


async def test_the_smallest_telephone_keeps_its_gutter_and_the_tab_says_where_one_is(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    await operator.do(f"/api/placements/{await operator.hold(await operator.ask(men=1))}/offer")
    page = await sit(browser, house, "shelter", SMALL, [])
    await page.locator(".incoming").wait_for()
    edges = "[...document.querySelectorAll('.state, .unit')].map((e) => Math.round(e.getBoundingClientRect().right))"
    assert set(await page.evaluate(edges)) == {320 - 12}
    await page.locator(".incoming").click()
    await page.locator(".offer").wait_for()
    assert await page.locator(".tabs [aria-current]").all_inner_texts() == ["Propositions\n1"]


async def test_what_the_server_says_of_the_places_follows_the_language(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1h")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    async with page.expect_request(lambda asked: "/api/places" in asked.url and asked.headers["accept-language"] == "en"):
        await page.locator(".top .langs", has_text="English").click()


async def test_nothing_stands_between_the_head_and_a_request(house: House, browser: Any) -> None:
    await (await house.chair("worker")).ask(women=1)
    page = await sit(browser, house, "worker", DESK, [])
    await page.locator(".reqs button").first.click()
    await page.locator(".w-one .ttl").wait_for()
    assert (
        await page.evaluate("document.querySelector('.w-list').getBoundingClientRect().top - document.querySelector('.w-top').offsetHeight")
        == 0
    )
