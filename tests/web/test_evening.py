"""A whole evening on real browsers, no reload: every role, every answer, each step on the other screens within a second."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

import chairs
from chairs import House
from siao.api.known import KNOWN_SECONDS
from siao.develop import chromium
from stage import DESK, PATIENCE_MS, PHONE, SMALL, Stage, sideways, sit

pytest.importorskip("playwright.async_api")
pytestmark = pytest.mark.skipif(chromium() is None, reason="no Chromium here: apt-get install chromium")


MEN = "section.unit:has(h2:text-is('Dortoir hommes')) .bedb.l"


class Evening:
    """Five people at their screens."""

    def __init__(self, stage: Stage, operator: Any, second: Any, shelter: Any, worker: Any, coordinator: Any) -> None:
        self.stage, self.operator, self.second = stage, operator, second
        self.shelter, self.worker, self.coordinator = shelter, worker, coordinator

    async def asks(self) -> None:
        await self.worker.click(".w-list h2 button")
        assert await sideways(self.worker) <= 0, "a phone's page does not move sideways"
        await self.worker.click("[aria-label='Plus, Hommes']")
        desks = [(page, ".queue li button", "1 H") for page in (self.operator, self.second)]
        async with self.stage.then(*desks, (self.coordinator, ".waits tr", "1 H"), (self.worker, ".nextbox", "En attente")):
            await self.worker.click(".w-new button.yes")

    async def holds(self) -> None:
        """By keyboard: the first of the list, Enter, Enter."""
        await self.operator.locator("#composition").wait_for()
        await self.operator.keyboard.press("Alt+f")
        await self.operator.keyboard.press("Enter")
        await self.operator.locator(".ranked .acts button:enabled").first.wait_for()
        assert await self.operator.evaluate("document.activeElement.id") == "composition", "the next Enter holds"
        async with self.stage.then((self.operator, ".hold", "Place bloquée"), (self.worker, ".nextbox", "Place trouvée et bloquée")):
            await self.press("Enter", ".ranked button.primary")

    async def offers(self) -> None:
        async with self.stage.then((self.shelter, ".incoming", "Un ménage est proposé"), (self.worker, ".nextbox", "Place proposée")):
            await self.press("p", ".hold button.primary")

    async def press(self, key: str, button: str) -> None:
        """A key does what its button does, and is off while that is: out of contact, or while something is under way."""
        await self.operator.locator(f"{button}:enabled").first.wait_for()
        await self.operator.keyboard.press(key)

    async def accepts(self) -> None:
        await self.shelter.click(".incoming")
        async with self.stage.then((self.operator, ".status", "Acceptée"), (self.worker, ".nextbox", "Attendu avant")):
            await self.shelter.click(".offer button.primary")

    async def refuses(self) -> None:
        await self.shelter.click(".incoming")
        await self.shelter.locator(".offer .acts button").last.click()
        async with self.stage.then((self.worker, ".nextbox", "Dernier refus"), (self.operator, ".ranked", "conv")):
            await self.shelter.locator(".sheet li button", has_text="personnel").click()

    async def tab(self, name: str) -> None:
        await self.shelter.locator(".tabs button", has_text=name).click()


@pytest.fixture
async def evening(house: House, browser: Any) -> AsyncIterator[Evening]:
    outside: list[str] = []
    operator, second, coordinator = [await sit(browser, house, login, DESK, outside) for login in ("operator", "second", "coordinator")]
    shelter, worker = [await sit(browser, house, login, PHONE, outside) for login in ("shelter", "worker")]
    for page in (operator, second):
        await page.locator("#composition").wait_for()
    await shelter.locator(".tabs").wait_for()
    stage = Stage()
    yield Evening(stage, operator, second, shelter, worker, coordinator)
    stage.on_time()
    for page in (operator, second, shelter, worker, coordinator):
        assert await page.evaluate("loads") == 1, "no screen was loaded again"
    assert outside == [], "nothing leaves this machine, no script failed"


async def test_a_household_from_its_call_to_its_bed(evening: Evening) -> None:
    await evening.asks()
    await evening.holds()
    await evening.offers()
    await evening.refuses()
    await evening.holds()
    async with evening.stage.then((evening.worker, ".nextbox", "Dernier refus : trop loin")):
        await evening.press("r", ".hold button:has-text('Refus du')")
        await evening.operator.keyboard.press("1")
    await evening.holds()
    await evening.offers()
    await evening.accepts()
    await evening.tab("Arrivées")
    async with evening.stage.then((evening.worker, ".nextbox", "En pause"), (evening.operator, ".status", "en pause")):
        await evening.shelter.locator("article button", has_text="Ne s’est pas présenté").click()
    async with evening.stage.then((evening.worker, ".nextbox", "Arrivé")):
        await evening.shelter.locator("article button", has_text="Est arrivé tard").click()
    await evening.shelter.locator("article.thin button", has_text="Prolonger").click()
    async with evening.stage.then((evening.shelter, "article.thin", "Jusqu’au")):
        await evening.shelter.locator(".sheet li button").nth(3).click()
    await evening.shelter.locator("article.thin button", has_text="Sortie").click()
    async with evening.stage.then((evening.shelter, ".arr", "Personne n’est attendu")):
        await evening.shelter.locator(".sheet li button").first.click()
    await evening.shelter.locator("article.thin").wait_for(state="detached")


async def test_a_contested_bed_is_said_on_both_screens_and_left_by_a_move(evening: Evening) -> None:
    await evening.asks()
    await evening.holds()
    await evening.offers()
    await evening.accepts()
    told = await evening.shelter.evaluate(
        """async () => {
            const board = await (await fetch('/api/board?view=shelter')).json();
            const unit = board.rows.units.find((u) => u.beds.includes('a'));
            const bed = unit.bed_list.find((b) => b.claim === 'expected');
            const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() };
            const body = JSON.stringify({ beds: [{ bed: bed.id, physical: 'occupied', version: bed.version }] });
            return (await fetch(`/api/units/${unit.id}/report`, { method: 'POST', headers, body })).status;
        }"""
    )
    assert told == 200
    await evening.tab("Arrivées")
    for page, selector in ((evening.operator, ".status .said"), (evening.shelter, "article .said"), (evening.second, ".sub .alarm")):
        await page.locator(selector).first.wait_for()
    await evening.shelter.locator("article .said button", has_text="Déplacer").click()
    await evening.shelter.locator(".sheet li button").first.click()
    for page, selector in ((evening.operator, ".status .said"), (evening.shelter, "article .said")):
        await page.locator(selector).first.wait_for(state="detached")
    async with evening.stage.then((evening.worker, ".nextbox", "Arrivé")):
        await evening.shelter.locator("article button.go").click()


async def test_somebody_walks_in_and_a_shelter_answers_the_telephone(evening: Evening) -> None:
    free = int(await evening.second.locator(".tally .l dd").inner_text())
    async with evening.stage.then((evening.second, ".tally .l dd", str(free - 1)), (evening.coordinator, ".tally .l dd", str(free - 1))):
        await evening.shelter.locator(MEN).first.click()
    for button in await evening.second.locator(".fold button").all():
        await button.click()
    await evening.operator.locator(".name button", has_text="Le Refuge").click()
    async with evening.stage.then((evening.second, "tr:has(.name) .src", "par téléphone")):
        await evening.operator.locator(".drawer button.yes").click()
    await evening.operator.keyboard.press("Escape")
    await evening.operator.locator(".drawer").wait_for(state="detached")


async def test_two_desks_want_one_place(evening: Evening) -> None:
    desks = (evening.operator, evening.second)
    for page in desks:
        await page.fill("#composition", "1h 1f 2e")
        await page.locator(".ranked .acts button:enabled").first.wait_for()
    await asyncio.gather(*(page.locator(".ranked button.primary").click() for page in desks))
    for page in desks:
        await page.locator(".hold, .conflict").first.wait_for()
    lost = [page for page in desks if await page.locator(".conflict").count()]
    assert len(lost) == 1, "one has it, the other is told"
    assert "Déjà prise" in await lost[0].locator(".conflict").inner_text()
    async with evening.stage.then((lost[0], ".hold", "Place bloquée")):
        await lost[0].locator(".conflict button.primary").click()


async def test_a_screen_at_rest_takes_the_password_and_does_what_was_asked(evening: Evening, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE session SET human_at = clock_timestamp() - interval '31 minutes'")
    await evening.operator.fill("#composition", "1h")
    await evening.operator.locator(".ranked .acts button:enabled").first.wait_for()
    await asyncio.sleep(KNOWN_SECONDS + 0.5)  # an older answer about a session is not used
    await evening.operator.keyboard.press("Enter")
    await evening.operator.locator(".resting input").wait_for()
    assert await evening.operator.locator(".lease .on").count() == 1, "the board stays live"
    await evening.operator.keyboard.type("not this one")
    await evening.operator.keyboard.press("Enter")
    await evening.operator.locator(".resting .wrong").wait_for()
    await evening.operator.keyboard.type(chairs.PASSWORD)
    async with evening.stage.then((evening.operator, ".hold", "Place bloquée")):
        await evening.operator.keyboard.press("Enter")
    assert await evening.operator.locator(".resting").count() == 0


async def test_a_telephone_is_enough_for_the_desk(house: House, browser: Any) -> None:
    outside: list[str] = []
    operator, shelter = [await sit(browser, house, login, size, outside) for login, size in (("operator", PHONE), ("shelter", SMALL))]
    await operator.fill("#composition", "1f 1e")
    await operator.locator(".ranked button.primary").click()
    await operator.locator(".hold button.primary").click()
    await shelter.locator(".incoming").click()
    assert await sideways(shelter) <= 0
    await shelter.locator(".offer button.primary").click()
    await operator.locator(".status", has_text="Acceptée").wait_for()
    assert await sideways(operator) <= 0
    await shelter.locator(".tabs button").nth(1).click()
    await shelter.locator("article button.go").click()
    await operator.locator(".status", has_text="Arrivé").wait_for()
    assert outside == []


async def test_a_porter_out_of_contact_keeps_what_was_said_and_sends_it_once(house: House, browser: Any) -> None:
    outside: list[str] = []
    shelter = await sit(browser, house, "shelter", PHONE, outside)
    await shelter.locator(".lease .on").wait_for()
    await shelter.context.set_offline(True)
    await shelter.locator(MEN).first.click()
    await shelter.locator(".bedb.saying").wait_for()
    await shelter.locator(".queued", has_text="non envoyé").wait_for()
    await shelter.locator(".state .yes").click()
    await shelter.locator("body.perime").wait_for(timeout=2 * PATIENCE_MS)
    await shelter.locator(".tabs button").nth(1).click()
    assert await shelter.locator("article button:enabled").count() == 0, "what decides is off"
    await shelter.context.set_offline(False)
    await shelter.locator(".queued").wait_for(state="detached", timeout=2 * PATIENCE_MS)
    await shelter.locator("body:not(.perime)").wait_for(timeout=2 * PATIENCE_MS)
    answer = await (await house.chair("operator")).rows("operator")
    assert sum(unit["beds"].count("o") for unit in answer["units"]) == 4, "one more than the city had, once"
    assert await shelter.locator(".said").count() == 0, "what was said of a bed and that all is exact do not contradict each other"


async def test_what_was_put_on_the_list_comes_back_within_five_seconds(house: House, browser: Any) -> None:
    page = await sit(browser, house, "operator", DESK, [])
    await page.locator("#composition").wait_for()
    await page.keyboard.type("1h n2")
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    await page.keyboard.press("Alt+a")
    await page.locator(".waited output").wait_for()
    await page.keyboard.press("Alt+z")
    await page.locator(".waited").wait_for(state="detached")
    assert await page.input_value("#composition") == "1h n2", "the call goes on"
    await page.locator(".queue p.rest").wait_for()
    await (await house.chair("second")).ask(women=1)
    row = page.locator(".queue li button", has_text="1 H, 1 F")
    code = await row.locator(".code").inner_text()
    await row.click()
    await page.locator(".ranked .acts button:enabled").first.wait_for()
    await page.locator("#composition").type(" n2")
    await page.locator(".ranked .acts button:enabled", has_text="Mettre en attente").wait_for()
    await page.keyboard.press("Alt+a")
    await page.locator(".waited output").wait_for()
    await page.keyboard.press("Alt+z")
    await page.locator(".waited").wait_for(state="detached")
    await page.locator(".queue li button[aria-current]", has_text=code).wait_for()


async def test_where_sockets_do_not_pass_the_board_is_asked_for(house: House, browser: Any) -> None:
    context = await browser.new_context(viewport=DESK, locale="fr-FR")
    await context.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 }), 20); } close() {} send() {} };"
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS * 2)
    await page.goto(house.base)
    await page.fill("input[autocomplete=username]", "operator")
    await page.fill("input[type=password]", chairs.PASSWORD)
    await page.click("button.yes")
    await page.locator(".lease .on", has_text="Toutes les 5 s").wait_for()
    await (await house.chair("second")).ask(women=1)
    await page.locator(".queue li button", has_text="1 F").wait_for()
    assert await page.locator(".lease .on").count() == 1, "fresh by the same lease"
