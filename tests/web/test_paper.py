"""The paper board: printed while nothing answers, and its codes typed in when the screen is back."""

from typing import Any

import pytest

from chairs import House
from siao.core import codes
from siao.develop import chromium
from stage import DESK, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
A4 = {"width": 718, "height": 1040}
"""What is left of a page between its margins, in CSS pixels."""
PALE = """() => [...document.querySelectorAll('.paper *')].filter((e) => e.textContent && getComputedStyle(e).color !== 'rgb(0, 0, 0)').length"""


async def _printed(page: Any) -> Any:
    """The page as it goes to a printer: what a browser says before it prints, then its print styles."""
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.emulate_media(media="print")
    await page.set_viewport_size(A4)
    return page.locator(".paper")


async def _back(page: Any) -> None:
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    await page.emulate_media(media="screen")
    await page.set_viewport_size(DESK)


async def test_out_of_contact_a_sheet_is_printed_and_later_typed_in(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [], "dark")
    await page.locator(".shelters .name").first.wait_for()
    await page.route("**/api/**", lambda route: route.abort())
    await page.context.set_offline(True)
    await page.locator(".offline").wait_for()
    paper = await _printed(page)
    text = await paper.inner_text()
    assert "Les Tilleuls" in text
    assert "hors contact" in text
    assert await page.evaluate("[...document.body.children].filter((e) => e.getClientRects().length).length") == 1, (
        "the sheet and nothing else"
    )
    assert await page.evaluate(PALE) == 0, "black on white, from a screen by night, too"
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "as wide as the page"
    given = [code.strip() for code in await paper.locator(".codes li").all_inner_texts()]
    assert given == [codes.read(code) for code in given]
    await _back(page)
    again = await _printed(page)
    assert not set(given) & set(await again.locator(".codes li").all_inner_texts()), "two sheets never say the same code"
    await _back(page)
    await page.context.set_offline(False)
    await page.unroute("**/api/**")
    await page.locator(".offline").wait_for(state="detached")
    await page.fill("#composition", f"{given[0].lower()} 1f 2e")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    await page.keyboard.press("Enter")
    await page.locator(".hold .bigcode", has_text=given[0]).wait_for()


async def test_a_sheet_says_nothing_that_a_screen_may_not(house: House, browser: Any) -> None:
    """A hidden shelter stands on it without commune and number; nobody who waits does at all."""
    operator = await house.chair("operator")
    code = (await operator.do("/api/requests", {"women": 1, "needs": ["protected"]})).json()["code"]
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator(".queue li", has_text=code).wait_for()
    paper = await _printed(page)
    row = paper.locator("tr", has_text="Le Refuge")
    assert "par la régulation" in await row.inner_text()
    assert "adresse masquée" in await row.inner_text()
    text = await paper.inner_text()
    assert code not in text
    for hidden in ("Voiron", "04 "):
        assert hidden not in await row.inner_text()
    assert "journal n°" in text
