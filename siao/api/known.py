"""Who holds which session, as the database said a moment ago: a few queries a second for all, however many screens ping."""

import asyncio
import time

from msgspec import Struct

from siao.actions import people
from siao.actions.people import Person
from siao.store import db as database

KNOWN_SECONDS = 3.5
"""An older answer is not used. With the second between two looks at who sits, a revocation is felt within 4.5 s, also where `keep`
cannot read: 5 s are promised."""
AGAIN_SECONDS, LOOK_SECONDS = 2.5, 0.25
"""How old an answer is when it is looked for again, and how often those are gathered: a few at a time, so that nobody waits for it."""
KEPT_SECONDS = 15.0
"""A session that nobody used for so long is looked up again when it comes back; a screen pings each 5 s."""
KNOWN_MAX = 20_000
"""Beyond, whoever was not there for longest is forgotten: a crowd of strangers makes nobody else be looked up again."""


class Kept(Struct):
    person: Person | None
    at: float
    used: float


class Known:
    """`find` answers at once for who was seen lately. 1,350 screens that ping cost two queries each ping without it: a quarter of a
    process that served them."""

    def __init__(self, pool: database.Pool) -> None:
        self.pool = pool
        self.kept: dict[str, Kept] = {}

    def seen(self, cookie: str) -> Kept | None:
        """Who holds it, at once; None: that must be looked up."""
        now = time.monotonic()
        kept = self.kept.get(cookie)
        if kept is None or now - kept.at > KNOWN_SECONDS:
            return None
        kept.used = now
        self.kept[cookie] = self.kept.pop(cookie)
        return kept

    async def find(self, cookie: str) -> Person | None:
        """Nobody holds what is no token: it is neither looked up nor kept, since anybody may send any."""
        if not people.is_token(cookie):
            return None
        kept = self.seen(cookie)
        if kept is None:
            began = time.monotonic()  # the answer is as old as the question
            kept = Kept(await people.who(self.pool, cookie), began, began)
            self._keep(cookie, kept)
        return kept.person

    def _keep(self, cookie: str, kept: Kept) -> None:
        """The last ones used stand last."""
        self.kept.pop(cookie, None)
        self.kept[cookie] = kept
        if len(self.kept) > KNOWN_MAX:
            del self.kept[next(iter(self.kept))]

    def clear(self) -> None:
        """Somebody's rights or session changed: everybody is looked up again."""
        self.kept.clear()

    def forget(self, cookie: str) -> None:
        """This session is over, or something about it changed."""
        self.kept.pop(cookie, None)

    async def keep(self) -> None:
        """A supervised loop. What it reads goes into the entries it began with: those cleared meanwhile stay cleared."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except database.AWAY:
                continue  # each is looked up by itself, or fails by itself, until the database is back

    async def _look(self) -> None:
        began = time.monotonic()
        for cookie in [cookie for cookie, kept in self.kept.items() if kept.used < began - KEPT_SECONDS]:
            del self.kept[cookie]
        entries = [(cookie, kept) for cookie, kept in self.kept.items() if kept.at < began - AGAIN_SECONDS]
        if not entries:
            return
        found = await people.who_all(self.pool, [cookie for cookie, _ in entries])
        for cookie, kept in entries:
            kept.person, kept.at = found.get(cookie), began
