"""Sessions, and who one is."""

from typing import Annotated, Any

from litestar import Response, delete, get, post, put
from litestar.datastructures import Cookie
from litestar.params import JSONBody
from msgspec import Meta, Struct

from siao.actions import browsers, people
from siao.api import seat
from siao.api.seat import Call
from siao.core.refused import Refusal, Refused
from siao.core.requests import PLAIN
from siao.store import db as database
from siao.store import people as store


class Login(Struct, frozen=True):
    login: Annotated[str, Meta(max_length=60, pattern=PLAIN)]
    password: Annotated[str, Meta(max_length=200)]


class Password(Struct, frozen=True):
    password: Annotated[str, Meta(max_length=200)]


class Language(Struct, frozen=True):
    language: Annotated[str, Meta(pattern="^(fr|en)$")]


def _cookie(request: Call, name: str, value: str, seconds: int) -> Cookie:
    secure = seat.house(request).settings.secure_cookies
    return Cookie(key=name, value=value, path="/", httponly=True, secure=secure, samesite="strict", max_age=seconds)


def _cookies(request: Call, token: str, login: str) -> list[Cookie]:
    """The session's, and the browser's own, which outlives it."""
    settings = seat.house(request).settings
    browser = browsers.cookie(settings.secret, request.cookies.get(settings.browser_cookie), login)
    return [
        _cookie(request, settings.cookie, token, store.SESSION_HOURS * 3600),
        _cookie(request, settings.browser_cookie, browser, browsers.KEPT_DAYS * 24 * 3600),
    ]


@post("/api/session", status_code=200)
async def log_in(request: Call, data: JSONBody[Login]) -> Response[dict[str, Any]]:
    """A new session, its token in a cookie alone. Rotated at each login. The browser is known again by a cookie of its own."""
    seat.same_origin(request)
    here = seat.house(request)
    browser = browsers.counted_as(here.settings.secret, request.cookies.get(here.settings.browser_cookie), data.login)
    token = await people.log_in(here.pool, data.login, data.password, browser)
    if token is None:
        raise Refused(Refusal.WRONG_PASSWORD, "password")
    person = await people.who(here.pool, token)
    if person is None:
        raise Refused(Refusal.NO_SESSION)
    if before := await seat.find(request):
        await people.log_out(here.pool, before)
        here.known.forget(request.cookies[here.settings.cookie])
    return Response(await _me(request, person), cookies=_cookies(request, token, person.login))


@put("/api/session", status_code=204)
async def wake(request: Call, data: JSONBody[Password]) -> None:
    """The password again, in a session that lay at rest: it goes on, and so does the board under it."""
    seat.same_origin(request)
    person = await seat.person(request)
    here = seat.house(request)
    if not await people.wake(here.pool, person, data.password):
        raise Refused(Refusal.WRONG_PASSWORD, "password")
    here.known.forget(request.cookies[here.settings.cookie])


@post("/api/session/presence", status_code=204)
async def present(request: Call) -> None:
    """A human typed or pointed at this screen; said by the browser now and then. A session at rest stays so."""
    seat.same_origin(request)
    person = await seat.person(request)
    if person.idle:
        raise Refused(Refusal.IDLE)
    await people.touched(seat.house(request).pool, person)


@delete("/api/session", status_code=204)
async def log_out(request: Call) -> Response[None]:
    """Ends the session at once."""
    seat.same_origin(request)
    person = await seat.person(request)
    here = seat.house(request)
    await people.log_out(here.pool, person)
    here.known.forget(request.cookies[here.settings.cookie])
    return Response(None, status_code=204, cookies=[_cookie(request, here.settings.cookie, "", 0)])


@get("/api/me")
async def me(request: Call) -> dict[str, Any]:
    """Who one is, with one's rights and their names; 401 without a session."""
    return await _me(request, await seat.person(request))


@put("/api/me/language")
async def choose_language(request: Call, data: JSONBody[Language]) -> dict[str, Any]:
    """The language of screens and refusals, kept with the account."""
    seat.same_origin(request)
    person = await seat.person(request)
    here = seat.house(request)
    await store.language(here.pool, person.id, data.language)
    here.known.forget(request.cookies[here.settings.cookie])
    return {"language": data.language}


async def _me(request: Call, person: people.Person) -> dict[str, Any]:
    here = seat.house(request)
    async with database.reading(here.pool, [right.territory for right in person.rights] or ["0"]) as db:
        seats = await store.seats(db, person.id)
    return {
        "account": {"id": person.id, "login": person.login, "language": person.language},
        "demo": here.settings.demo,
        "idle": person.idle and not person.at_a_door,
        "rights": [_right(s) for s in seats],
    }


def _right(s: store.Seat) -> dict[str, Any]:
    return {
        "role": s.role,
        "territory": {"code": s.territory, "name": s.territory_name, "time_zone": s.time_zone, "telephone": s.telephone},
        "shelter": {"id": s.shelter, "name": s.shelter_name} if s.shelter else None,
        "service": {"id": s.service, "name": s.service_name} if s.service else None,
    }


ROUTES = [log_in, wake, present, log_out, me, choose_language]
