"""Every screen, by day and by night, wide and narrow: axe finds nothing, nothing moves sideways, keys are enough."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

import city
from chairs import House
from siao.develop import chromium
from stage import DESK, PHONE, SMALL, sideways, sit

pytest.importorskip("playwright.async_api")
axe = pytest.importorskip("axe_playwright_python.async_playwright")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
THEMES = ("light", "dark")
OVERFLOWING = """[...document.querySelectorAll('th, td')].filter((cell) => cell.getClientRects().length && getComputedStyle(cell).display ===
    'table-cell' && cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent)"""
"""Cells of tables whose words run into the next one's."""
Steps = Callable[[Any], Awaitable[None]]


async def nothing_found(page: Any, what: str) -> None:
    """No violation, by day and by night; and nothing moves sideways."""
    for theme in THEMES:
        await page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = (await axe.Axe().run(page)).response["violations"]
        said = [(v["id"], [node["html"][:140] for node in v["nodes"][:3]]) for v in found]
        assert said == [], (what, theme, said)
    assert await sideways(page) <= 0, what
    assert await page.evaluate(OVERFLOWING) == [], what


async def _compose(page: Any) -> None:
    await page.fill("#composition", "1f 2e pmr")
    await page.locator(".ranked .acts button:enabled").first.wait_for()


async def _nothing(page: Any) -> None:
    await page.fill("#composition", "5h 5f")
    await page.locator(".none").wait_for()


async def _held(page: Any) -> None:
    await page.fill("#composition", "1h")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    await page.locator(".ranked button.primary").click()
    await page.locator(".hold").wait_for()
    await page.locator(".hold button", has_text="Notice").click()


async def _why(page: Any) -> None:
    await page.locator(".hold button", has_text="Refus").click()
    await page.locator(".sheet").wait_for()


async def _keys(page: Any) -> None:
    await page.locator(".sheet .wide").click()
    await page.locator(".hold button", has_text="Libérer").first.click()
    await page.locator(".hold").wait_for(state="detached")
    await page.locator(".top nav button").first.click()
    await page.locator(".keysheet").wait_for()


async def _drawer(page: Any) -> None:
    await page.keyboard.press("Escape")
    await page.locator(".name button").first.click()
    await page.locator(".drawer .units").wait_for()


async def _drawn(page: Any) -> None:
    await page.locator("main").first.wait_for()
    await page.wait_for_timeout(600)


def tab(name: str) -> Steps:
    return lambda page: page.locator(".tabs button, .tablist button", has_text=name).first.click()


async def _new(page: Any) -> None:
    await page.locator(".w-list h2 button").click()


async def _one(page: Any) -> None:
    await page.locator("[aria-label='Plus, Femmes']").click()
    await page.locator(".w-new button.yes").click()
    await page.locator(".w-one .tl li").first.wait_for()
    await page.locator(".w-foot button", has_text="Notice").click()


async def _edit(page: Any) -> None:
    await page.locator("td.right button", has_text="Modifier").first.click()


async def _unit(page: Any) -> None:
    await page.locator(".acts2 .primary").click()
    await page.locator("fieldset.features").wait_for()


async def _plan(page: Any) -> None:
    await page.locator(".planp button.primary", has_text="Calculer").click()
    await page.locator(".planp button", has_text="Relire").click()
    await page.locator(".lines tbody tr").first.wait_for()


async def _another_place(page: Any) -> None:
    await page.locator(".lines button", has_text="Autre place").first.click()
    await page.locator(".sheet li").first.wait_for()


async def _its_cost(page: Any) -> None:
    await page.locator(".sheet li button").last.click()
    await page.locator(".sheet h2", has_text="pourquoi").wait_for()
    assert await page.locator(".sheet p").inner_text(), "what it costs is said before it is held"


async def _effect(page: Any) -> None:
    await page.keyboard.press("Escape")
    await page.goto(await page.evaluate("location.origin") + "/regles")
    await page.locator(".floors input").last.fill("2")
    await page.locator("form button.primary").click()
    await page.locator("#h-effect").wait_for()
    assert "inventées de toutes pièces" in await page.locator(".effect").inner_text(), "invented evenings are said to be"


STORIES: dict[str, list[tuple[str, Steps]]] = {
    "operator": [
        ("calm", _drawn), ("composing", _compose), ("no place", _nothing), ("held", _held), ("why", _why), ("keys", _keys), ("drawer", _drawer),
    ],
    "coordinator": [("stock", _drawn), ("plan", _plan), ("another place", _another_place), ("its cost", _its_cost), ("effect", _effect)],
    "shelter": [("beds", _drawn), ("arrivals", tab("Arrivées"))],
    "worker": [("list", _drawn), ("new", _new), ("one", _one)],
    "admin": [("structures", _drawn), ("structure", _edit), ("unit", _unit), ("services", tab("Services")), ("changes", tab("Changements")), ("accounts", tab("Comptes")), ("account", _edit)],
    "observer": [("figures", _drawn)],
    "auditor": [("reads", _drawn), ("changes", tab("Changements"))],
}  # fmt: skip


async def _weeks(look: asyncpg.Connection, last: str) -> None:
    """Two weeks that are over, one of them with a night too small to be shown."""
    monday = date.fromisoformat(last)
    for week, day, count in ((0, 0, 31), (0, 1, 7), (0, 2, 25), (1, 4, 40)):
        night = monday - timedelta(days=7 * week) + timedelta(days=day)
        await look.execute("INSERT INTO tally VALUES ($1, $2, 'met', 'men', 'man', 2, 'under_1_h', $3, $3)", city.CODE, night, count)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("login", STORIES)
async def test_axe_finds_nothing(house: House, browser: Any, look: asyncpg.Connection, login: str, size: dict[str, int]) -> None:
    outside: list[str] = []
    if login == "observer":
        await _weeks(look, (await (await house.chair("observer")).get("/api/statistics")).json()["last_week"])
    if login != "worker":
        await (await house.chair("second")).ask(women=1, children=1)
    page = await sit(browser, house, login, size, outside)
    for what, step in STORIES[login]:
        if what == "keys" and size is PHONE:
            break  # a telephone has no keys to show
        await step(page)
        await page.wait_for_timeout(150)
        await nothing_found(page, f"{login}, {what}")
    assert outside == []


async def test_an_offer_its_refusal_and_an_arrival_read_well_on_a_telephone(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    for name in ("Chambre 4", "Chambre 5"):
        held = await operator.hold(await operator.ask(women=1, children=1), name)
        await operator.do(f"/api/placements/{held}/offer")
    await operator.do(f"/api/placements/{held}/acceptance")
    page = await sit(browser, house, "shelter", PHONE, [])
    await page.locator(".incoming").click()
    await nothing_found(page, "offer")
    await page.locator(".offer .acts button").last.click()
    await nothing_found(page, "refusal")
    await page.keyboard.press("Escape")
    await page.locator(".tabs button").nth(1).click()
    await page.locator("article button.go").wait_for()
    await nothing_found(page, "arrivals")
    await page.locator("article button", has_text="Déplacer").click()
    await nothing_found(page, "move")
    await page.keyboard.press("Escape")
    await page.locator("article button.go").click()
    await page.locator("article.thin button", has_text="Déplacer").click()
    await page.locator(".howmany").wait_for()
    await nothing_found(page, "how many are moved")


@pytest.mark.parametrize("login", STORIES)
async def test_nothing_moves_sideways_at_320_and_the_language_changes_everywhere(house: House, browser: Any, login: str) -> None:
    page = await sit(browser, house, login, SMALL, [])
    await _drawn(page)
    assert await sideways(page) <= 0
    await page.locator(".langs:visible", has_text="English").first.click()
    await page.locator(".langs:visible", has_text="Français").first.wait_for()
    assert await page.locator("html").get_attribute("lang") == "en"
    text = await page.locator("body").inner_text()
    for word in ("libres", "Sortir", "attente", "Structure ", "ménages", "Enregistrer", "Aucune"):
        assert word not in text, (login, word)


async def test_the_whole_call_by_keys_alone(house: House, browser: Any) -> None:
    """1f2e1bpmr, Enter, P: eleven keys from the voice to the offer; then Escape, R and back, all without a mouse."""
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator("#composition").wait_for()
    await page.keyboard.press("/")
    await page.keyboard.type("1f2e1bpmr")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    await page.keyboard.press("Enter")
    await page.locator(".hold", has_text="Chambre 4").locator("button.primary:enabled").wait_for()
    await page.keyboard.press("Escape")
    await page.locator(".hold").wait_for(state="detached")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    assert await page.evaluate("document.activeElement.id") == "composition", "what is typed now is not taken for a rank"
    await page.keyboard.press("Alt+t")
    await page.keyboard.press("1")
    await page.locator(".hold button.primary:enabled").wait_for()
    await page.keyboard.press("r")
    await page.locator(".sheet").wait_for()
    assert await page.evaluate("document.activeElement.closest('.sheet') !== null"), "the sheet has the focus"
    for _ in range(20):
        await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('.sheet') !== null"), "and keeps it"
    await page.keyboard.press("Escape")
    await page.locator(".sheet").wait_for(state="detached")
    await page.locator(".hold button.primary:enabled").wait_for()
    await page.keyboard.press("p")
    await page.locator(".status").wait_for()
    ring = await page.evaluate(
        "() => { const b = document.querySelector('.status button'); b.focus(); return getComputedStyle(b).outlineStyle; }"
    )
    assert ring != "none", "the focus is visible"
