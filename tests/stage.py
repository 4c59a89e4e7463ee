"""Browsers for the tests: somebody at each chair, what is awaited on each screen, and how long after the commit it came."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import chairs
from chairs import House

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE, SMALL = {"width": 1440, "height": 900}, {"width": 390, "height": 844}, {"width": 320, "height": 640}
SECOND_MS, PATIENCE_MS, PULSE_MS, PUNCTUAL_MS = 1_000, 30_000, 50, 200
REFUSALS_MAX = 5
refusals: dict[Any, list[str]] = defaultdict(list)
WATCH = """
window.watched = {}; window.seen = {}; window.commit = null; window.loads = (window.loads ?? 0) + 1;
let beat = performance.now(), missed = 0;
const stalled = () => missed + Math.max(0, performance.now() - beat - PULSE * 1.2);
setInterval(() => { missed = stalled(); beat = performance.now(); }, PULSE);
window.watch = (key, what) => { watched[key] = [...what, stalled()]; };
const Plain = window.WebSocket;
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', (event) => {
      const told = JSON.parse(event.data);
      if (told.t === 'frame' && told.at) window.commit = Date.parse(told.at);
    });
  }
};
window.look = () => {
  for (const [key, [selector, text, before]] of Object.entries(window.watched)) {
    if (key in window.seen) continue;
    const there = [...document.querySelectorAll(selector)].some((e) => e.textContent.replaceAll('\\u00a0', ' ').includes(text) && e.getClientRects().length);
    if (there) window.seen[key] = { lag: window.commit === null ? 0 : Math.max(0, Date.now() - window.commit), stalled: stalled() - before };
  }
};
document.addEventListener('DOMContentLoaded', () => new MutationObserver(window.look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true }));
""".replace("PULSE", str(PULSE_MS))


async def sit(
    browser: Any, house: House, login: str, size: dict[str, int], outside: list[str], theme: str = "light", kept: bool = False
) -> Any:
    """A browser of one's own, signed in; whatever it asks of other servers is noted, and every error of its scripts. `kept`: it keeps the
    screens, as every browser does in earnest; what a test answers in the server's place would then reach it or not, as it happens."""
    context = await browser.new_context(
        viewport=size, locale="fr-FR", color_scheme=theme, reduced_motion="reduce", service_workers="allow" if kept else "block"
    )
    await context.add_init_script(WATCH)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("request", lambda request: outside.append(request.url) if not request.url.startswith((house.base, "data:", "blob:")) else None)
    page.on("response", lambda response: _refused(page, response))
    page.on("pageerror", lambda error: outside.append(str(error)))
    await page.goto(house.base)
    await page.fill("input[autocomplete=username]", login)
    await page.fill("input[type=password]", chairs.PASSWORD)
    await page.click("button.yes")
    await page.locator("main:not(.login)").first.wait_for()
    return page


async def _refused(page: Any, response: Any) -> None:
    if response.status >= 400:
        with suppress(Exception):  # the page may be gone by now
            refusals[page].append(f"{response.status} {response.request.method} {response.url}: {(await response.json()).get('code')}")


async def told(page: Any) -> str:
    """What somebody at that screen reads, and what was last refused there: a failure that can be understood without being repeated."""
    text = await page.evaluate("document.body.innerText")
    return f"--- {page.url}\n{text}\nlast refusals: {refusals[page][-REFUSALS_MAX:] or 'none'}"


class Pulse:
    """By how much this process, in which the service runs too, was late for its own beats."""

    def __init__(self) -> None:
        self.missed_ms = 0.0
        self.task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(PULSE_MS / 1_000)
            self.missed_ms += max(0, (time.monotonic() - before) * 1_000 - PULSE_MS * 1.2)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class Stage:
    """What is awaited on the screens after a step. Where the machine itself missed its beats, here or in that browser, being late says
    nothing of the system."""

    def __init__(self) -> None:
        self.late: list[str] = []
        self.steps = 0

    @asynccontextmanager
    async def then(self, *awaited: tuple[Any, str, str]) -> AsyncIterator[None]:
        """After the block, each (page, selector, text) is on its screen, within a second of the commit that made it so."""
        keys = []
        for page, selector, text in awaited:
            self.steps += 1
            keys.append(f"{self.steps} {selector} {text}")
            await page.evaluate("([key, what]) => watch(key, what)", [keys[-1], [selector, text]])
        pulse = Pulse()
        try:
            yield
            for key, (page, _, _) in zip(keys, awaited, strict=True):
                await page.wait_for_function("(key) => { look(); return key in seen; }", arg=key, timeout=PATIENCE_MS)
                seen = await page.evaluate("(key) => seen[key]", key)
                if seen["lag"] > SECOND_MS and max(seen["stalled"], pulse.missed_ms) < PUNCTUAL_MS:
                    self.late.append(f"{key}: {seen['lag']:.0f} ms after its commit")
        finally:
            await pulse.stop()

    def on_time(self) -> None:
        assert len(self.late) <= 1, f"{len(self.late)} of {self.steps} steps came later than a second after their commit: {self.late}"


async def sideways(page: Any) -> int:
    """By how many pixels the page moves sideways."""
    return await page.evaluate("document.documentElement.scrollWidth - innerWidth")
