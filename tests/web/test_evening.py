"""A whole evening on four real browsers, no reload: each step is on the other screens within a second."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

import chairs
from chairs import House
from siao.develop import chromium
from siao.embedded import screens

playwright = pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SECOND_MS = 1_000


@pytest.fixture
async def browser() -> AsyncIterator[Any]:
    screens.build()
    async with playwright.async_playwright() as machine:
        browser = await machine.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        await browser.close()


async def sit(browser: Any, house: House, login: str, size: dict[str, int], outside: list[str]) -> Any:
    """A browser of one's own, signed in; whatever it asks of other servers is noted."""
    context = await browser.new_context(viewport=size, locale="fr-FR")
    page = await context.new_page()
    page.on("request", lambda request: outside.append(request.url) if not request.url.startswith((house.base, "data:", "blob:")) else None)
    page.on("pageerror", lambda error: outside.append(str(error)))
    await page.goto(house.base)
    await page.fill("input[autocomplete=username]", login)
    await page.fill("input[type=password]", chairs.PASSWORD)
    await page.click("button.yes")
    return page


async def shows(page: Any, selector: str, text: str) -> None:
    """Within a second, this is on the screen."""
    began = time.monotonic()
    await page.locator(selector, has_text=text).first.wait_for(state="visible", timeout=SECOND_MS)
    assert time.monotonic() - began <= 1


async def test_an_evening_on_four_screens(house: House, browser: Any) -> None:
    outside: list[str] = []
    operator, second = [await sit(browser, house, login, DESK, outside) for login in ("operator", "second")]
    shelter, worker = [await sit(browser, house, login, PHONE, outside) for login in ("shelter", "worker")]
    for page in (operator, second):
        await page.locator("#composition").wait_for()
    await shelter.locator(".tabs").wait_for()
    await worker.locator(".w-list h2 button").wait_for()

    await worker.click(".w-list h2 button")
    wide = await worker.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "a phone's page does not move sideways"
    await worker.click("[aria-label='Plus, Hommes']")
    await worker.click(".w-new button.yes")
    await shows(operator, ".queue li button", "1 H")
    await shows(second, ".queue li button", "1 H")

    await operator.locator(".queue li button", has_text="1 H").first.click()
    await operator.locator(".ranked button.primary").click()
    await shows(operator, ".hold", "Place bloquée")
    await shows(worker, ".nextbox", "Place trouvée et bloquée")
    await operator.locator(".hold button.primary").click()
    await shows(shelter, ".incoming", "Un ménage est proposé")
    await shows(worker, ".nextbox", "Place proposée")

    await shelter.click(".incoming")
    await shelter.locator(".offer button.primary").click()
    await shows(operator, ".status", "Acceptée")
    await shows(worker, ".nextbox", "Attendu avant")

    await shelter.locator(".tabs button").nth(1).click()
    await shelter.locator("article button.go").first.click()
    await shows(worker, ".nextbox", "Arrivé")

    await operator.keyboard.press("Escape")
    for page in (operator, second):
        await page.fill("#composition", "1h 1f 2e")
        await page.locator(".ranked li").first.wait_for()
    await asyncio.gather(*(page.locator(".ranked button.primary").click() for page in (operator, second)))
    for page in (operator, second):
        await page.locator(".hold, .conflict").first.wait_for(timeout=SECOND_MS)
    lost = [page for page in (operator, second) if await page.locator(".conflict").count()]
    assert len(lost) == 1, "one has it, the other is told"
    await shows(lost[0], ".conflict", "Déjà prise")
    await lost[0].locator(".conflict button.primary").click()
    await shows(lost[0], ".hold", "Place bloquée")
    assert outside == []
