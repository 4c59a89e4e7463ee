"""A household that is here goes to another room: whoever sees them says how many they are."""

from typing import Any

import asyncpg
import pytest

import city
from chairs import House
from siao.develop import chromium
from stage import DESK, PHONE, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
PLACES = ".sheet li button"


async def _present(house: House, room: str) -> str:
    second = await house.chair("second")
    held = await second.hold(await second.ask(), room)
    for step in ("offer", "acceptance", "arrival"):
        assert (await second.do(f"/api/placements/{held}/{step}", {})).is_success
    return held


async def _move(page: Any) -> None:
    await page.locator(".tabs button").nth(1).click()
    await page.locator("article.thin button", has_text="Déplacer").click()
    await page.locator(".sheet").wait_for()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_one_in_a_room_of_four_is_moved_to_a_smaller_one(
    house: House, browser: Any, look: asyncpg.Connection, size: dict[str, int]
) -> None:
    """As many beds as they have, until somebody says how many they are; a figure there chooses no room."""
    held = await _present(house, "Chambre 4")
    page = await sit(browser, house, "shelter", size, [])
    await _move(page)
    sheet = page.locator(".sheet")
    assert await page.locator(".howmany [aria-pressed=true]").inner_text() == "4"
    await page.locator(PLACES, has_text="Chambre 5 + Chambre 6, entières, 5 lits").wait_for()
    assert await page.locator(PLACES).count() == 1
    await page.locator(".howmany button").first.focus()
    await page.keyboard.press("2")
    await page.locator(PLACES, has_text="Chambre 6").wait_for()
    assert await page.locator(".howmany [aria-pressed=true]").inner_text() == "2"
    assert await look.fetchval("SELECT count(*) FROM placement_bed WHERE live") == 4, "nothing was chosen yet"
    await page.locator(".howmany button").first.click()
    await page.locator(PLACES, has_text="Chambre 6").click()
    await sheet.wait_for(state="detached")
    await page.locator("article.thin", has_text="Chambre 6").wait_for()
    rows = await look.fetch("SELECT unit FROM placement_bed WHERE live AND placement = $1", held)
    assert {row["unit"] for row in rows} == {city.unit("Chambre 6")}


async def test_where_nothing_is_offered_the_sheet_says_why(house: House, browser: Any) -> None:
    await _present(house, "Chambre 4")
    for room in ("Chambre 5", "Chambre 6"):
        await _present(house, room)
    page = await sit(browser, house, "shelter", PHONE, [])
    await page.locator(".tabs button").nth(1).click()
    await page.locator("article.thin", has_text="Chambre 4").locator("button", has_text="Déplacer").click()
    note = (await page.locator(".sheet > p").inner_text()).replace("\u00a0", " ").replace("\u202f", " ")
    assert note == "Ce qui est libre ici ne convient pas : trop petit pour 4, règle hommes / femmes, pas en dortoir."
    assert await page.locator(PLACES).count() == 0
