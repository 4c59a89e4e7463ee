"""The administrator's forms on the screen: what they carry, and what is seen where another was quicker."""

from typing import Any

import asyncpg
import pytest

from chairs import House
from siao.develop import chromium
from stage import DESK, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")


async def _open(page: Any, name: str) -> None:
    await page.locator(f"td.right button[aria-label='Modifier {name}']").click()


async def _save(page: Any, says: str) -> None:
    await page.locator("form button.primary", has_text="Enregistrer").first.click()
    await page.locator("[role=status], [role=alert]", has_text=says).first.wait_for()


async def test_who_was_slower_sees_the_form_filled_anew(house: House, browser: Any, look: asyncpg.Connection) -> None:
    outside: list[str] = []
    page = await sit(browser, house, "admin", DESK, outside)
    await _open(page, "Les Tilleuls")
    name, telephone = page.locator("form label", has_text="Nom").locator("input").first, page.locator("input[type=tel]")
    admin = await house.chair("admin")
    shown = next(one for one in (await admin.get("/api/shelters")).json() if one["name"] == "Les Tilleuls")
    body = {key: shown[key] for key in shown if key not in ("id", "units")} | {"name": "Les Tilleuls bleus"}
    assert (await admin.do(f"/api/shelters/{shown['id']}", body, method="PUT")).status_code == 200
    await telephone.fill("04 76 11 11 11")
    await _save(page, "L’état a changé depuis")
    await page.wait_for_function("() => document.querySelector('form input').value === 'Les Tilleuls bleus'")
    assert await telephone.input_value() == shown["telephone"]
    for number in ("04 76 11 11 11", "04 76 11 11 12"):  # a form saved is filled anew too
        await telephone.fill(number)
        await _save(page, "Structure modifiée")
        assert await telephone.input_value() == number
    assert await name.input_value() == "Les Tilleuls bleus"
    row = await look.fetchrow("SELECT name, telephone FROM shelter WHERE id = $1", shown["id"])
    assert tuple(row) == ("Les Tilleuls bleus", "04 76 11 11 12")
    assert outside == []


async def test_units_services_and_a_hidden_place_are_saved(house: House, browser: Any, look: asyncpg.Connection) -> None:
    page = await sit(browser, house, "admin", DESK, [])
    await _open(page, "Le Refuge")
    await page.locator("form input").first.fill("Le Refuge d’hiver")
    await _save(page, "Structure modifiée")
    await page.locator("button[aria-label='Modifier Chambre 1']").click()
    await page.locator("td form input").first.fill("Chambre 1 bis")
    await page.locator("td form button.primary").click()
    await page.locator("[role=status]", has_text="Unité modifiée").wait_for()
    await page.locator(".tablist button", has_text="Services").click()
    await page.locator("button[aria-label='Renommer Accueil de jour']").click()
    await page.locator("th form input").fill("Accueil du soir")
    await page.locator("th form button.primary").click()
    await page.locator("[role=status]", has_text="Service renommé").wait_for()
    where = "SELECT s.commune, u.name, v.name FROM shelter s JOIN unit u ON u.shelter = s.id, service v WHERE s.name = 'Le Refuge d’hiver'"
    assert ("Voiron", "Chambre 1 bis", "Accueil du soir") in [tuple(row) for row in await look.fetch(where)]
