"""A plan that is read and held: a line that was refused goes on, and what was held is undone by nothing that stands there."""

from typing import Any

import pytest

import city
from chairs import House
from siao.develop import chromium
from stage import DESK, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")


async def test_a_line_whose_place_is_taken_finds_another(house: House, browser: Any) -> None:
    second = await house.chair("second")
    for level, who in ((4, {"women": 1, "men": 0, "children": 1}), (1, {"men": 1})):
        await second.ask(level=level, **who)
    page = await sit(browser, house, "coordinator", DESK, [])
    await page.locator(".planp button.primary:enabled", has_text="Calculer").click()
    await page.locator(".planp button:enabled", has_text="Relire").click()
    lines = page.locator(".lines tbody tr")
    await lines.nth(1).wait_for()
    assert [(await line.locator("th").inner_text()).split("\u00a0")[0].rsplit(" ", 1)[0] for line in await lines.all()] == [
        "1 H",
        "1 F, 1 E",
    ]
    family = lines.nth(1)
    planned = (await family.locator("td").nth(2).inner_text()).split(" · ")[1]
    await second.hold(await second.ask(women=1, men=0, children=1), planned)
    await page.locator(".planp button.primary:enabled", has_text="Bloquer (2)").click()
    await family.locator(".wrong").wait_for()
    assert await page.locator(".planp .acts button").all_inner_texts() == ["Terminer"]
    assert "1 ligne bloquée, 1 refusée" in await page.locator(".planp [role=status]").inner_text()
    await family.locator("button", has_text="Autre place").click()
    sheet = page.locator(".sheet li button")
    await sheet.first.click()
    await page.locator(".sheet h2", has_text="pourquoi").wait_for()
    await sheet.first.click()
    await family.locator(".on-b").wait_for()
    assert planned not in await family.locator("td").nth(2).inner_text(), "the line says where the household is"
    await page.locator(".planp .acts button", has_text="Terminer").click()
    assert len([p for p in (await second.rows("operator"))["placements"] if p["state"] == "held"]) == 3


async def test_a_surge_plan_that_is_not_closed_says_who_is_there(house: House, browser: Any) -> None:
    """Each household by its code, with the way to ring its shelter; the list empties as the places are given back."""
    second, coordinator = await house.chair("second"), await house.chair("coordinator")
    await coordinator.do(f"/api/plans/{city.PLAN}/opening")
    placement = await second.hold(await second.ask(), "Renfort")
    page = await sit(browser, house, "coordinator", DESK, [])
    await page.locator(".surge button:enabled", has_text="Fermer").click()
    await page.locator(".surge button:enabled", has_text="Oui, fermer").click()
    there = page.locator(".there tr")
    await there.wait_for()
    assert (await second.rows("operator"))["placements"][0]["code"] in await there.inner_text()
    assert "bloquée" in await there.inner_text()
    await there.locator("button").click()
    await page.locator(".drawer h1").wait_for()
    await page.keyboard.press("Escape")
    await second.do(f"/api/placements/{placement}/release")
    await there.wait_for(state="detached")
    await page.locator(".surge button:enabled", has_text="Fermer").click()
    await page.locator(".surge button", has_text="Oui, fermer").wait_for()
    assert await page.locator(".surge .on-l").count() == 1, "said once, nothing is done"
    await page.locator(".surge button:enabled", has_text="Oui, fermer").click()
    await page.locator(".surge button", has_text="Ouvrir").wait_for()
    assert await page.locator(".side .said").count() == 0


async def test_a_second_word_is_for_what_the_first_one_read(house: House, browser: Any) -> None:
    """Opened by somebody else between the two, a plan is not closed by the hand that meant to open it; nor opened by a double click."""
    coordinator = await house.chair("coordinator")
    page = await sit(browser, house, "coordinator", DESK, [])
    button = page.locator(".surge button:enabled")
    await button.dblclick()
    await page.locator(".surge button", has_text="Oui, ouvrir").wait_for()
    assert await page.locator(".surge .on-l").count() == 0
    await coordinator.do(f"/api/plans/{city.PLAN}/opening")
    await page.locator(".surge .on-l").wait_for()
    assert await button.inner_text() == "Fermer"


async def test_an_answer_that_is_awaited_moves_no_button_of_the_coordinator(house: House, browser: Any) -> None:
    second = await house.chair("second")
    page = await sit(browser, house, "coordinator", DESK, [])
    button = page.locator(".surge button")
    where = await button.bounding_box()
    for name in ("Chambre 4", "Chambre 5"):
        await second.do(f"/api/placements/{await second.hold(await second.ask(women=1, children=1), name)}/offer")
    await page.locator(".watch h2", has_text="Réponses attendues").wait_for()
    assert await button.bounding_box() == where
