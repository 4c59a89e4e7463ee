"""Escape and Back: each closes what lies on top, nothing below it, and Back never leaves siao from inside a task."""

from typing import Any

import pytest

from chairs import House
from siao.develop import chromium
from stage import DESK, PHONE, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")


async def _held(browser: Any, house: House, outside: list[str]) -> Any:
    page = await sit(browser, house, "operator", DESK, outside)
    await page.fill("#composition", "1h")
    await page.locator(".ranked button.primary:enabled").click()
    await page.locator(".hold button.primary:enabled").wait_for()
    return page


async def test_escape_closes_the_top_layer_and_only_the_last_one_gives_the_bed_back(house: House, browser: Any) -> None:
    outside: list[str] = []
    page = await _held(browser, house, outside)
    hold = page.locator(".hold")
    place = (await hold.locator(".pl").inner_text()).split(",")[1].strip()
    await hold.locator("button", has_text="Voir la structure").click()
    await page.locator(".drawer .bedb.l").first.click()  # it is off until the answer: the focus is nowhere
    await page.locator(".drawer .units").wait_for()
    await page.keyboard.press("Escape")
    await page.locator(".drawer").wait_for(state="detached")
    assert await hold.count() == 1, "the drawer is closed, the bed is held"
    await hold.locator("button", has_text="Notice").click()
    await hold.locator("button", has_text="Pourquoi").click()
    await hold.locator(".notice").wait_for()
    for folded in (".notice", ".aloud"):
        await page.keyboard.press("Escape")
        await hold.locator(folded).wait_for(state="detached")
        assert await hold.count() == 1
    await page.keyboard.press("Escape")
    await hold.wait_for(state="detached")
    assert f"{place}, Les Tilleuls" in await page.locator(".given").inner_text()
    await page.keyboard.press("Alt+z")
    await page.locator(".hold", has_text=place).wait_for()
    rows = await (await house.chair("second")).rows("operator")
    assert [p["state"] for p in rows["placements"]] == ["held"]
    assert outside == []


async def test_what_was_given_back_is_not_taken_for_the_next_household(house: House, browser: Any) -> None:
    page = await _held(browser, house, [])
    await page.keyboard.press("Escape")
    await page.locator(".given").wait_for()
    await page.fill("#composition", "1f 1e")
    await page.locator(".undo button:enabled").click()
    await page.locator(".ranked li", has_text="Chambre").first.wait_for()
    assert await page.locator(".hold").count() == 0
    assert (await (await house.chair("second")).rows("operator")).get("placements", []) == []


async def test_back_closes_a_sheet_then_the_offer_then_the_tab_in_a_shelter(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    await operator.do(f"/api/placements/{await operator.hold(await operator.ask(men=1))}/offer")
    page = await sit(browser, house, "shelter", PHONE, [])
    await page.locator(".tabs button", has_text="Arrivées").click()
    await page.locator(".incoming").click()
    await page.locator(".offer button", has_text="Refuser").click()
    await page.locator(".sheet").wait_for()
    for gone, there in ((".sheet", ".offer"), (".offer", ".arr"), (".arr", ".state")):
        await page.go_back()
        await page.locator(gone).wait_for(state="detached")
        await page.locator(there).wait_for()
    await page.locator(".tabs button", has_text="Arrivées").click()
    await page.locator(".arr").wait_for()
    await page.locator(".tabs button", has_text="Lits").click()
    await page.locator(".state").wait_for()
    await page.wait_for_function("() => history.state === null")  # what a tap closed, Back does not close again
    assert await page.evaluate("loads") == 1


async def test_back_leads_a_social_worker_from_a_form_to_the_list(house: House, browser: Any) -> None:
    await (await house.chair("worker")).ask(women=1)
    page = await sit(browser, house, "worker", PHONE, [])
    for button, there in ((".w-list h2 button", ".w-new"), (".reqs button", ".w-one .ttl")):
        await page.locator(button).first.click()
        await page.locator(there).wait_for()
        await page.go_back()
        await page.locator(there).wait_for(state="hidden")
        await page.locator(".w-list").wait_for()
    assert await page.evaluate("loads") == 1


async def test_a_second_enter_takes_no_reason(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.fill("#composition", "1f 1e")
    rows = page.locator(".ranked ol li")
    await rows.nth(1).wait_for()
    await rows.last.locator("button").click()
    await page.locator("#composition").press("Enter")
    await page.locator(".sheet").wait_for()
    await page.keyboard.press("Enter")
    assert await page.locator(".sheet").count() == 1
    assert await page.locator(".hold").count() == 0, "nobody chose a reason"
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.locator(".hold").wait_for()
