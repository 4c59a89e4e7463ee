"""The auditor's chair, and accounts with several: each is reached from the head of the screen."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import chairs
import city
from chairs import House
from siao.core.people import Right, Role
from siao.develop import chromium
from siao.store import db as database
from siao.store import people as store
from stage import DESK, PHONE, sideways, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
HOUSES = [Right(Role.SHELTER, city.CODE, shelter=city.shelter(name)) for name in ("Les Tilleuls", "Le Refuge")]
COUNTIES = [Right(Role.OPERATOR, code) for code in (city.CODE, "69")]


async def _post(owner: asyncpg.Connection, login: str, rights: list[Right]) -> None:
    async with owner.transaction():
        await database.here(owner, [city.CODE, "69"])
        account = store.Account(uuid4(), login, chairs.HASH, "fr", active=True)
        await store.add(owner, account)
        await store.grant(owner, account.id, rights)


async def test_the_auditor_reads_who_read_what(house: House, browser: Any, look: asyncpg.Connection) -> None:
    operator, admin = await house.chair("operator"), await house.chair("admin")
    request = await operator.ask()
    await operator.get("/api/requests", params={"code": await look.fetchval("SELECT code FROM request")})
    await (await house.chair("worker")).get("/api/requests", params={"code": "7K3M-9QXF-C"})
    assert (await admin.do("/api/services", {"name": "Accueil du soir"})).status_code == 201
    page = await sit(browser, house, "auditor", DESK, [])
    rows = page.locator("tbody tr")
    await rows.nth(1).wait_for()
    assert await rows.count() == 2
    assert request in await rows.nth(1).inner_text()
    await page.locator(".seek input[list]").fill("worker")
    await page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 1")
    assert "code inconnu" in await rows.first.inner_text()
    await page.locator(".tablist button", has_text="Changements").click()
    await page.locator(".seek input[list]").fill("admin")
    await page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 1")
    assert "structure modifiée" in await rows.first.inner_text()
    await page.locator(".seek input[type=date]").fill("2020-01-01")
    await page.locator("tbody", has_text="Aucun changement").wait_for()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_one_account_at_two_doors(house: House, browser: Any, owner: asyncpg.Connection, size: dict[str, int]) -> None:
    await _post(owner, "both-doors", HOUSES)
    page = await sit(browser, house, "both-doors", size, [])
    post = page.locator(".seats")
    other = "Le Refuge" if await post.locator("option:checked").inner_text() == "Les Tilleuls" else "Les Tilleuls"
    await post.select_option(label=other)
    await page.locator("h1", has_text=other).wait_for()
    await page.reload()
    await page.locator("h1", has_text=other).wait_for()
    assert await sideways(page) <= 0
    await page.context.set_offline(True)
    await page.locator(".state .yes").click()
    await page.locator(".queued").wait_for()
    assert await post.is_disabled(), "what is not sent yet would be sent from the other door"


async def test_one_account_in_two_territories(house: House, browser: Any, owner: asyncpg.Connection) -> None:
    await _post(owner, "two-counties", COUNTIES)
    page = await sit(browser, house, "two-counties", DESK, [])
    for name in ("Rhône", "Isère"):
        await page.locator(".seats").select_option(label=name)
        await page.locator(".where h1", has_text=name).wait_for()
        await page.locator(".lease .on").wait_for()
    await page.fill("#composition", "1h")
    await page.locator(".ranked .acts button:enabled").first.wait_for()


async def test_whoever_has_one_post_is_shown_no_choice(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator(".lease .on").wait_for()
    assert await page.locator(".seats").count() == 0
