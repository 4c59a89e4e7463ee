"""On a real browser: the advice beside the list, one key to wait as advised, and the place held back on the other desk."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import city
from chairs import House
from siao.actions.advice import Adviser
from siao.core.allocation.decision import Decision, Ground, Say, ends
from siao.core.night import night
from siao.develop import chromium
from stage import DESK, PHONE, sideways, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")


async def test_no_button_moves_when_the_advice_comes_and_none_comes_for_a_household_that_is_no_longer_typed(
    house: House, browser: Any, monkeypatch: Any
) -> None:
    """The operator's finger is on its way to "Hold" when it comes; and a late advice to wait would ask the next household for a reason."""
    back = datetime.now(UTC) + timedelta(minutes=30)
    said = Decision(Say.HOLD_BACK, Ground.NEEDED_LATER, (city.unit("Chambre 6"),), 9, 12, 1, back - timedelta(minutes=10), back)
    asked: list[asyncio.Future[Decision]] = []

    async def decide(*_: Any, **__: Any) -> Decision:
        asked.append(asyncio.get_running_loop().create_future())
        return await asked[-1]

    monkeypatch.setattr(Adviser, "decide", decide)
    outside: list[str] = []
    for size, n in ((DESK, 0), (PHONE, 3)):
        page = await sit(browser, house, "operator", size, outside)
        await page.fill("#composition", "1h")
        advice = await _at_its(n + 1, asked)
        buttons = page.locator(".ranked .acts button")
        before = [await button.bounding_box() for button in await buttons.all()]
        advice.set_result(said)
        await page.locator(".ranked .advice b").wait_for()
        assert before == [await button.bounding_box() for button in await buttons.all()]
        await page.fill("#composition", "2h")
        late = await _at_its(n + 2, asked)
        await page.fill("#composition", "1h")
        late.set_result(said)
        own = await _at_its(n + 3, asked)
        assert await page.locator(".ranked .advice b").count() == 0, "it was for two men"
        own.set_result(said)
    assert outside == []


async def _at_its(advice: int, asked: list[Any]) -> Any:
    """Waits until the server is at that advice."""
    async with asyncio.timeout(15):
        while len(asked) < advice:
            await asyncio.sleep(0.01)
    return asked[advice - 1]


async def test_waiting_as_advised_is_one_key_and_is_seen_on_the_other_desk(house: House, browser: Any, monkeypatch: Any) -> None:
    now = datetime.now(UTC)
    if now + timedelta(hours=1) > ends(night(now, city.ZONE), city.ZONE):
        pytest.skip("the end of the evening: nothing is held back")
    until, back = now + timedelta(minutes=20), now + timedelta(minutes=30)
    said = Decision(Say.HOLD_BACK, Ground.NEEDED_LATER, (city.unit("Chambre 6"),), 9, 12, 1, until, back)

    async def decide(*_: Any, **__: Any) -> Decision:
        return said

    monkeypatch.setattr(Adviser, "decide", decide)
    outside: list[str] = []
    operator, second = [await sit(browser, house, login, DESK, outside) for login in ("operator", "second")]
    await operator.fill("#composition", "1h 1f")
    line = operator.locator(".ranked .advice")
    await line.locator("b").wait_for()
    assert "dans 9 soirées semblables sur 12" in await line.inner_text()
    assert "rappeler à" in await operator.locator(".ranked .acts button.primary").inner_text()
    await operator.keyboard.press("Enter")
    await operator.locator("h2", has_text="gardée pour plus tard").wait_for()
    await operator.keyboard.press("Escape")
    await operator.keyboard.press("Alt+a")
    await operator.locator(".waited", has_text="Rappelle à").wait_for()
    kept = second.locator(".kept", has_text="gardée pour le niveau 1")
    await kept.wait_for()
    assert "Chambre 6" in await kept.inner_text()
    phone = await sit(browser, house, "second", PHONE, outside)
    await phone.fill("#composition", "1h 1f")
    await phone.locator(".ranked .advice b").wait_for()
    assert await sideways(phone) <= 0
    await second.fill("#composition", "1h 1f")
    await second.locator(".ranked .advice b").wait_for()
    assert outside == []
