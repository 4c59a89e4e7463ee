"""One Chromium for the tests of the screens; each person in them has a context of one's own."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from siao.develop import chromium
from siao.embedded import screens
from stage import QUIET


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Any]:
    playwright = pytest.importorskip("playwright.async_api")
    screens.build()
    async with playwright.async_playwright() as machine:
        browser = await machine.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def browser(chrome: Any) -> AsyncIterator[Any]:
    yield chrome
    for context in chrome.contexts:
        await context.close()
