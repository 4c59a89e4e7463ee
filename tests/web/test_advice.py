"""On a real browser: the advice beside the list, one key to wait as advised, and the place held back on the other desk."""

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
    await line.wait_for()
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
    await phone.locator(".ranked .advice").wait_for()
    assert await sideways(phone) <= 0
    await second.fill("#composition", "1h 1f")
    await second.locator(".ranked .advice").wait_for()
    assert outside == []
