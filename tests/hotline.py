"""A desk for the tests, and the words to act at it."""

from typing import Any
from uuid import UUID, uuid4

import city
from siao.actions.answers import Answer
from siao.actions.desk import Desk
from siao.actions.verbs import Command
from siao.core.people import By
from siao.core.placements import Hold
from siao.store import db as database

SECRET = b"a secret of the tests"


class Hotline:
    """A desk, and whoever sits at it. `rings`: what it told after each commit."""

    def __init__(self, pool: database.Pool) -> None:
        self.rings: list[tuple[str, int]] = []
        self.desk = Desk(pool, SECRET, lambda code, seq: self.rings.append((code, seq)))

    async def do(self, what: Any, by: By = city.OPERATOR, key: UUID | None = None) -> Answer:
        return await self.desk.submit(Command(key or uuid4(), city.CODE, by, what))

    async def ask(self, men: int = 1, **more: Any) -> UUID:
        return (await self.do(city.asks(men, **more))).id

    async def hold(self, request: UUID, *units: str) -> UUID:
        return (await self.do(Hold(uuid4(), tuple(map(city.unit, units or ("Dortoir hommes",))), request=request))).id
