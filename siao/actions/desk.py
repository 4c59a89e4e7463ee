"""Commands that arrive together share one transaction and one commit.

Load once, decide in order, write once. A refusal touches nothing. If anything objects, each command goes alone. One
territory has one writer at a time, so each of its histories is serial.

Keys are looked up with the rows, in the same statement: a command sent again would else be refused by its own first effect.
"""

import asyncio
import random
import time
from asyncio import Future
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from siao.actions import journal, keys
from siao.actions.answers import Answer, Unavailable, translated
from siao.actions.gathering import Gathering, Waiting
from siao.actions.verbs import RULES, Command, wanted
from siao.core import rights, world
from siao.core.allocation.rates import Demand, Supply
from siao.core.journal import Entry
from siao.core.placements import Placement
from siao.core.refused import Refusal, Refused
from siao.core.requests import Criteria, Request
from siao.core.statistics import Tally
from siao.core.world import Change, World
from siao.store import changes
from siao.store import db as database
from siao.store import world as store
from siao.store.changes import Answered

TRIES_MAX = 5
TRY_AGAIN_SECONDS = 3.0


class Batch(Struct):
    """What commands that fly together are decided on, and below what they came to, which must be saved."""

    worlds: dict[str, World]
    known: dict[UUID, tuple[bytes, bytes]]
    """MAC of the body and answer of each key that was served, before or in this batch."""
    now: datetime
    epoch: str
    answers: list[Answer | Refused] = []
    entries: list[Entry] = []
    changes: list[Change] = []
    kept: list[Answered] = []


class Desk:
    """Every territory of a process. `ring` is told the new number of each territory after the commit."""

    def __init__(self, pool: database.Pool, secret: bytes, ring: Callable[[str, int], None]) -> None:
        self.pool, self.secret, self.ring = pool, secret, ring
        self.gathering = Gathering(self._fly)
        self.served = self.decided = 0

    def submit(self, command: Command) -> "Future[Answer]":
        """Raises `Unavailable` where too many wait."""
        return self.gathering.add(command)

    async def drain(self) -> None:
        """Waits until all that was submitted is answered."""
        await self.gathering.drain()

    def status(self) -> dict[str, int]:
        """What operations watch."""
        waiting, flying = len(self.gathering.waiting), len(self.gathering.batches)
        return {"waiting": waiting, "in_flight": flying, "batches": self.served, "commands": self.decided}

    async def _fly(self, batch: Sequence[Waiting]) -> None:
        try:
            await self._insist(batch)
        except Unavailable as no:
            _settle(batch, [no] * len(batch))
        except Exception as no:
            if len(batch) > 1:
                for one in batch:  # one of them is at fault, and answers for itself
                    await self._fly([one])
                return
            _settle(batch, [translated(no, batch[0][0].what)])

    async def _insist(self, batch: Sequence[Waiting]) -> None:
        """Tries again while the connection goes away; from then on the keys say what had happened already."""
        deadline = time.monotonic() + TRY_AGAIN_SECONDS
        for attempt in range(TRIES_MAX):
            try:
                return await self._serve(batch)
            except (*database.LOST, *database.HELD_UP):
                if time.monotonic() > deadline:
                    break
                await asyncio.sleep(random.uniform(0.02, 0.2) * 2**attempt)  # noqa: S311 - jitter
        raise Unavailable

    async def _serve(self, batch: Sequence[Waiting]) -> None:
        commands = [command for command, _ in batch]
        territories = sorted({command.territory for command in commands})
        async with self.pool.acquire() as db:
            async with database.locked(db, territories):
                found = await store.load(db, territories, wanted(commands), [command.key for command in commands])
                decided = Batch(world.apart(found.rows), found.known, found.now, database.epoch(db))
                self._decide(decided, commands)
                if decided.entries:
                    await changes.save(db, self._saved(decided))
            self.served, self.decided = self.served + 1, self.decided + len(commands)
            _settle(batch, decided.answers)  # only now is it true; before the connection goes back, which takes two turns of the loop
            asyncio.get_running_loop().call_soon(self._tell, decided.entries)

    def _tell(self, entries: Sequence[Entry]) -> None:
        """A turn after the answers: what a ring sets going is more than an answer, and would be done before it."""
        for code, seq in {entry.territory: entry.seq for entry in entries}.items():
            self.ring(code, seq)

    def _decide(self, batch: Batch, commands: Iterable[Command]) -> None:
        """Each command in turn on the world of its territory, as the ones before it left that. A refusal changes nothing."""
        for command in commands:
            try:
                batch.answers.append(self._again(batch, command) or self._one(batch, command))
            except Refused as no:
                batch.answers.append(no)

    def _again(self, batch: Batch, command: Command) -> Answer | None:
        """The answer this key had before; the same key with another body is refused."""
        kept = batch.known.get(command.key)
        return msgspec.json.decode(keys.again(kept, self.mac(command)), type=Answer) if kept else None

    def _one(self, batch: Batch, command: Command) -> Answer:
        here = batch.worlds.get(command.territory)
        if here is None:
            raise Refused(Refusal.UNKNOWN, "territory")
        trial, entries, decided = here.fork(), list[Entry](), list[Change]()
        rights.allow(trial, command.what, command.by)
        for change in RULES[type(command.what)](trial, command.what, command.by, batch.now):
            entries.append(world.absorb(trial, command.territory, change, command.by, batch.now, journal.salt()))
            decided.append(change)
        here.merge(trial)
        batch.entries += entries
        batch.changes += decided
        answer = _answer(here, entries[-1], decided[-1], batch.epoch)
        batch.known[command.key] = mac, text = self.mac(command), msgspec.json.encode(answer)
        closed = {id for change in decided for id in change.gone}
        batch.kept = [changes.spent(one) if one[-1] in closed else one for one in batch.kept] if closed else batch.kept
        batch.kept.append((command.key, command.territory, batch.now, mac, text, _whose(here, command.what, answer)))
        return answer

    def _saved(self, batch: Batch) -> changes.Saved:
        rows: dict[tuple[type, Any], Struct] = {}
        gone: dict[UUID, None] = {}
        closed: dict[UUID, None] = {}
        tallies: list[Tally] = []
        learned: list[Demand | Supply] = []
        for change in batch.changes:
            for row in change.rows:
                rows[type(row), world.key(row)] = row
                if isinstance(row, Criteria):
                    gone.pop(row.request, None)
            for request in change.gone:
                rows.pop((Criteria, request), None)
                gone[request] = closed[request] = None
            tallies += change.tally
            learned += change.learned
        return changes.Saved(
            rows=tuple(rows.values()),
            gone=tuple(gone),
            closed=tuple(closed),
            tallies=tuple(tallies),
            learned=tuple(learned),
            entries=tuple(batch.entries),
            heads=tuple(here.territory(code) for code, here in batch.worlds.items()),
            answers=tuple(batch.kept),
        )

    def mac(self, command: Command) -> bytes:
        return keys.mac(self.secret, command)


def _whose(here: World, what: Any, answer: Answer) -> UUID | None:
    """The request with which a kept answer goes while it waits: the one just made, the one named, or that of the placement named."""
    placement = here.find(Placement, getattr(what, "placement", None))
    request = answer.id if answer.code else getattr(what, "request", None) or (placement.request if placement else None)
    return request if here.find(Criteria, request) else None


def _answer(here: World, entry: Entry, change: Change, epoch: str) -> Answer:
    subject = change.placement or change.request or change.plan or change.shelter or change.service or (change.units or (UUID(int=0),))[0]
    request = here.find(Request, change.request) if change.request and change.placement is None else None
    return Answer(subject, entry.seq, epoch, change.until, request.code if request else None)


def _settle(batch: Sequence[Waiting], answers: Sequence[Answer | Exception]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():  # whoever waited has gone; what was decided stands
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
