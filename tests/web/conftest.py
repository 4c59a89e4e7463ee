"""One Chromium for the tests of the screens; each person in them has a context of one's own."""

from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest

from siao.develop import chromium
from siao.embedded import screens
from stage import QUIET, told

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Any]:
    playwright = pytest.importorskip("playwright.async_api")
    screens.build()
    async with playwright.async_playwright() as machine:
        browser = await machine.chromium.launch(executable_path=chromium(), args=QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def browser(chrome: Any, request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    yield chrome
    for context in chrome.contexts:
        if request.node.stash.get(FAILED, False):
            for page in context.pages:
                print(await told(page))
        await context.close()
