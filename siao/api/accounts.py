"""Accounts and their rights, and what the journal tells of them: the administrator's screen. No self-registration anywhere."""

from typing import Annotated
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from siao.actions import accounts as actions
from siao.actions import people
from siao.actions.verbs import Command
from siao.api import administration, seat
from siao.api.seat import Call
from siao.core.people import By, Right, Role
from siao.core.refused import Refusal, Refused
from siao.core.requests import PLAIN
from siao.store import db as database
from siao.store import journal
from siao.store import people as store

LOOKS_BACK = frozenset({Role.ADMIN, Role.AUDITOR})
ACCOUNTS_MAX = 5_000
"""Two for each of a board's 2,000 shelters, and a thousand more."""
CHANGES_MAX = 200
"""The last of them; the journal keeps 12 months."""


class RightForm(Struct, frozen=True, forbid_unknown_fields=True):
    role: Role
    shelter: UUID | None = None
    service: UUID | None = None


class AccountForm(Struct, frozen=True, forbid_unknown_fields=True):
    login: Annotated[str, Meta(min_length=3, max_length=60, pattern=PLAIN)]
    password: Annotated[str, Meta(max_length=200)]
    rights: tuple[RightForm, ...]
    language: Annotated[str, Meta(pattern="^(fr|en)$")] = "fr"


class AccountChange(Struct, frozen=True, forbid_unknown_fields=True):
    active: bool | None = None
    password: Annotated[str, Meta(max_length=200)] | None = None
    rights: tuple[RightForm, ...] | None = None


async def writing(request: Call) -> tuple[By, str]:
    """Who changes an account, and where; a human who was there in the last half hour."""
    seat.same_origin(request)
    person, code = await administration.admin(request)
    if person.idle:
        raise Refused(Refusal.IDLE)
    await people.touched(seat.house(request).pool, person)
    return By(person.id, Role.ADMIN), code


@get("/api/accounts")
async def accounts(request: Call, territory: FromQuery[str | None] = None) -> list[store.Post]:
    """The accounts with a right here, and those without any."""
    _, code = await administration.admin(request)
    async with database.reading(seat.house(request).pool, [code]) as db:
        return await store.posts(db, code, ACCOUNTS_MAX)


@post("/api/accounts", status_code=201)
async def add_account(request: Call, data: JSONBody[AccountForm]) -> actions.Written:
    """A new account with its rights; nobody registers alone. Under one key it is made once."""
    by, code = await writing(request)
    here = seat.house(request)
    asked = actions.AddAccount(data.login, data.password, data.language, _rights(code, data.rights))
    written = await actions.add(here.pool, here.settings.secret, Command(seat.key(request), code, by, asked))
    here.hub.doorbell.ring(code, written.seq)
    return written


@put("/api/accounts/{id:uuid}")
async def change_account(request: Call, id: FromPath[UUID], data: JSONBody[AccountChange]) -> actions.Written:
    """Whatever changes, the account’s sessions end at once, under one key once. Who has a right elsewhere is not changed from here."""
    by, code = await writing(request)
    here = seat.house(request)
    rights = None if data.rights is None else _rights(code, data.rights)
    asked = actions.ChangeAccount(id, data.active, data.password, rights)
    written = await actions.change(here.pool, here.settings.secret, Command(seat.key(request), code, by, asked))
    here.known.clear()
    here.hub.doorbell.ring(code, written.seq)
    return written


@get("/api/changes")
async def changes(request: Call, territory: FromQuery[str | None] = None) -> list[journal.Told]:
    """Who changed which structure, service, account, right or rule, and when: the last entries of the journal, newest first."""
    code = seat.territory(await seat.person(request), territory, LOOKS_BACK)
    async with database.reading(seat.house(request).pool, [code]) as db:
        return await journal.changes(db, code, CHANGES_MAX)


def _rights(code: str, forms: tuple[RightForm, ...]) -> tuple[Right, ...]:
    return tuple(Right(form.role, code, form.shelter, form.service) for form in forms)


ROUTES = [accounts, add_account, change_account, changes]
