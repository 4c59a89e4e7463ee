"""Where no server answers, the screens open all the same: on the last board, grey, with what may be kept of it and no more."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import chairs
import city
from chairs import House
from siao.api import pages
from siao.develop import chromium
from stage import DESK, PHONE, sideways, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")
KEPT = "localStorage.getItem('siao.board')"
SCREENS = "async () => (await navigator.serviceWorker.ready) && (await caches.match('/')) !== undefined"


async def _ready(page: Any) -> None:
    """The screens are kept, and a board is."""
    await page.wait_for_function(SCREENS)
    await page.wait_for_function(f"() => {KEPT} !== null")


async def _away(page: Any) -> None:
    """The network goes, and the telephone has thrown the page away."""
    await page.context.set_offline(True)
    await page.reload()
    await page.locator("main:not(.login)").first.wait_for()


async def _expected(house: House) -> str:
    """A woman with a child, on her way to a room; the code."""
    operator = await house.chair("operator")
    placement = await operator.hold(await operator.ask(men=0, women=1, children=1), "Chambre 5")
    for step in ("offer", "acceptance"):
        assert (await operator.do(f"/api/placements/{placement}/{step}")).status_code == 200
    (row,) = (await operator.rows("operator"))["placements"]
    return row["code"]


async def test_a_shelter_sees_its_beds_and_whom_it_expects_and_reports_on(house: House, browser: Any) -> None:
    code = await _expected(house)
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    await _away(page)
    assert "Hors contact" in await page.locator(".ph-top .lost").inner_text()
    await page.locator(".tabs button", has_text="Arrivées").click()
    awaited = page.locator(".arr article", has_text=code)
    assert "Chambre 5" in await awaited.inner_text() and "personne" not in await awaited.inner_text()
    assert await awaited.locator("button:enabled").count() == 0, "an arrival is told by telephone"
    assert "Qui est présent, qui n’est pas venu" in await page.locator(".arr").inner_text(), "not kept is not nobody"
    await page.locator(".tabs button", has_text="Lits").click()
    await page.locator(".unit", has_text="Dortoir hommes").locator(".bedb.l").first.click()
    await page.locator(".queued", has_text="1 geste non envoyé").wait_for()
    assert not await sideways(page)
    await page.reload()
    await page.locator(".queued", has_text="1 geste non envoyé").wait_for()
    await page.context.set_offline(False)
    await page.locator(".ph-top .on").wait_for()
    await page.locator(".queued").wait_for(state="detached")
    rows = await (await house.chair("shelter")).rows("shelter", shelter=str(city.shelter()))
    beds = [bed["physical"] for unit in rows["units"] for bed in unit["bed_list"]]
    assert "occupied" in beds


async def test_what_a_shelter_keeps_tells_nothing_of_anybody_but_a_code(house: House, browser: Any) -> None:
    code = await _expected(house)
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    (kept,) = json.loads(await page.evaluate(KEPT))
    (awaited,) = kept["rows"]["placements"]
    assert awaited["code"] == code and awaited["persons"] is None
    text = json.dumps(kept)
    assert not [word for word in ("women", "children", "needs", "nights_unmet", "level", "request") if f'"{word}"' in text]
    assert set(kept["rows"]) == {"shelters", "units", "placements"}
    await page.locator(".menu button", has_text="Sortir").click()
    await page.locator("main.login").wait_for()
    assert await page.evaluate(KEPT) is None
    await page.context.set_offline(True)
    await page.reload()
    await page.locator("main.login").wait_for()


async def test_a_call_desk_sees_where_places_were_and_not_who_waits(house: House, browser: Any) -> None:
    operator = await house.chair("operator")
    await operator.ask(men=1)
    page = await sit(browser, house, "operator", DESK, [], kept=True)
    await _ready(page)
    assert set(json.loads(await page.evaluate(KEPT))[0]["rows"]) == {"shelters", "units"}
    await _away(page)
    await page.locator(".banner", has_text="Hors contact").wait_for()
    assert await page.locator(".board", has_text="Les Tilleuls").count() == 1
    assert "gardée dans aucun navigateur" in await page.locator(".queue").inner_text()
    assert await page.locator(".tally.wait .lead dd").inner_text() == "—"
    assert "ne sont pas gardées" in await page.locator(".news").inner_text()
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "imprimé hors contact à" in await page.locator(".paper header").text_content()
    assert "Les Tilleuls" in await page.locator(".paper table").text_content()
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    await page.fill("#composition", "1f 2e")
    await page.locator(".board .name button", has_text="Les Tilleuls").click()
    await page.locator(".drawer", has_text="rien n’est connu ici").wait_for()
    assert await page.locator(".drawer .huge").count() == 0, "not known is not nought"
    await page.keyboard.press("Escape")
    await page.context.set_offline(False)
    await page.locator(".tally.wait .lead dd", has_text="1").wait_for()
    assert await page.input_value("#composition") == "1f 2e"


async def test_what_was_said_at_one_post_does_not_leave_from_another(house: House, browser: Any) -> None:
    """The session ended while the network was away, and somebody else signs in on this telephone."""
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    await page.context.set_offline(True)
    await page.locator(".unit", has_text="Dortoir hommes").locator(".bedb.l").first.click()
    await page.locator(".queued", has_text="1 geste non envoyé").wait_for()
    await page.context.clear_cookies()
    await page.context.set_offline(False)
    for login, waiting in (("refuge", 1), ("shelter", 0)):
        await page.reload()
        await page.locator("main.login").wait_for()
        await page.fill("input[autocomplete=username]", login)
        await page.fill("input[type=password]", chairs.PASSWORD)
        await page.click("button.yes")
        await page.locator(".ph-top .on").wait_for()
        await asyncio.sleep(5)  # it is tried each four seconds
        assert await page.locator(".queued").count() == 0
        assert len(json.loads(await page.evaluate("localStorage.getItem('siao.outbox')"))) == waiting, login
        await page.context.clear_cookies()


async def test_the_night_over_nothing_is_left(house: House, browser: Any) -> None:
    await _expected(house)
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    await page.evaluate(
        """() => {
        const [kept] = JSON.parse(localStorage.getItem('siao.board'));
        sessionStorage.setItem('late', JSON.stringify([{ ...kept, at: kept.at - 25 * 3600e3 }]));
    }"""
    )
    await page.context.add_init_script(
        "if (sessionStorage.getItem('late')) localStorage.setItem('siao.board', sessionStorage.getItem('late'));"
    )
    await page.context.set_offline(True)
    await page.reload()
    await page.locator("main.login").wait_for()
    assert await page.evaluate(KEPT) is None


async def test_another_post_on_the_same_screen_finds_nothing_of_the_one_before(house: House, browser: Any) -> None:
    """The session ended elsewhere: no signing out was heard of."""
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    await page.context.clear_cookies()
    await page.reload()
    await page.locator("main.login").wait_for()
    assert await page.evaluate(KEPT) is None


async def test_who_signs_out_where_no_server_answers_is_out(house: House, browser: Any) -> None:
    """At once in every tab, and by the first answer on the server: nobody is let in by what was left."""
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    second = await page.context.new_page()
    await second.goto(house.base)
    await second.locator("main:not(.login)").first.wait_for()
    await page.context.set_offline(True)
    await page.locator(".menu button", has_text="Sortir").click()
    for tab in (page, second):
        await tab.locator("main.login", has_text="Le serveur ne répond pas").wait_for()
        await tab.reload()
        await tab.locator("main.login", has_text="Le serveur ne répond pas").wait_for()
    assert await page.evaluate(KEPT) is None
    await page.context.set_offline(False)
    await page.wait_for_function("() => !localStorage.getItem('siao.left')")
    assert await page.evaluate("fetch('/api/me').then((answer) => answer.status)") == 401
    assert await page.locator("main.login").count() == 1


async def test_what_is_typed_where_no_server_answers_stays(house: House, browser: Any) -> None:
    """Nobody signed in, nothing kept: the screen tries again by itself, and lets in whoever comes when it may."""
    page = await (await browser.new_context(viewport=PHONE, locale="fr-FR")).new_page()
    await page.goto(house.base)
    await _away_from_nothing(page)
    await page.fill("input[autocomplete=username]", "shelter")
    await page.fill("input[type=password]", chairs.PASSWORD)
    await asyncio.sleep(4)
    assert await page.input_value("input[autocomplete=username]") == "shelter"
    await page.context.set_offline(False)
    await page.locator("main.login .wrong").wait_for(state="detached")
    await page.click("button.yes")
    await page.locator("main:not(.login)").first.wait_for()


async def _away_from_nothing(page: Any) -> None:
    await page.wait_for_function(SCREENS)
    await page.context.set_offline(True)
    await page.reload()
    await page.locator("main.login", has_text="Le serveur ne répond pas").wait_for()


async def test_a_page_that_is_not_ours_is_never_kept(house: House, browser: Any, monkeypatch: Any, tmp_path: Path) -> None:
    """A network in a lobby answers everything with a page of its own, and 200."""
    page = await sit(browser, house, "shelter", PHONE, [], kept=True)
    await _ready(page)
    (tmp_path / "index.html").write_text("<!doctype html><title>Wi-Fi</title><p>Accepter les conditions")
    (tmp_path / "shell.js").write_text("// no page either")
    with monkeypatch.context() as network:
        network.setattr(pages, "screens_folder", lambda: tmp_path)
        await page.reload()
        await page.get_by_text("Accepter les conditions").wait_for()
        await page.goto(f"{house.base}/shell.js")
    await page.context.set_offline(True)
    await page.goto(house.base)
    assert "Hors contact" in await page.locator(".ph-top .lost").inner_text()
