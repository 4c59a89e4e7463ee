"""Every error as problem+json (RFC 9457), in the user's language, with the code and the field at fault."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from siao import traced
from siao.actions.answers import Unavailable
from siao.core.refused import Refusal, Refused
from siao.store import db as database

log = logging.getLogger("siao.api")
MEDIA = "application/problem+json"
RETRY_AFTER_SECONDS = {Refusal.UNAVAILABLE: Unavailable.retry_after_seconds, Refusal.BUSY: 5}
"""What is refused for now alone, and when to come again."""


def language(request: Request[Any, Any, Any]) -> str:
    """The account's, else what the browser asks for."""
    chosen = request.scope.get("state", {}).get("language")
    return chosen or ("en" if request.headers.get("accept-language", "fr").lower().startswith("en") else "fr")


def problem(request: Request[Any, Any, Any], no: Refused, **more: Any) -> Response[bytes]:
    body = {
        "type": f"/problems/{no.why}",
        "title": no.why.en,
        "status": no.status,
        "detail": no.why.words(language(request)),
        "code": no.why,
        "field": no.field,
        "about": no.about,
        "facts": no.facts,
        **more,
    }
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS[no.why])} if no.why in RETRY_AFTER_SECONDS else {}
    return _said(body, no.status, headers)


def _said(body: dict[str, Any], status: int, headers: dict[str, str] | None = None) -> Response[bytes]:
    """A refusal is data too: nobody keeps it."""
    guarded = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA, headers=guarded)


def refused(request: Request[Any, Any, Any], no: Refused) -> Response[bytes]:
    return problem(request, no, **no.more)


def unavailable(request: Request[Any, Any, Any], no: Exception) -> Response[bytes]:
    return problem(request, Refused(Refusal.UNAVAILABLE))


def invalid(request: Request[Any, Any, Any], no: ValidationException) -> Response[bytes]:
    """A body or a query that does not fit: the field by name, and what was wrong with it; never the value."""
    extra: list[dict[str, Any]] = no.extra if isinstance(no.extra, list) else []
    first = extra[0] if extra else {}
    field, why = first.get("key") or "body", str(first.get("message", ""))
    return problem(request, Refused(Refusal.INVALID, field, facts=(why,) if why else ()))


def http(request: Request[Any, Any, Any], no: HTTPException) -> Response[bytes]:
    if isinstance(no, ValidationException):
        return invalid(request, no)
    body = {"type": "about:blank", "title": no.detail, "status": no.status_code, "detail": no.detail, "code": "http", "field": None}
    return _said(body, no.status_code)


def late(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A body that does not end, as of a telephone at the edge of its network: the same key may be sent again. The connection is closed:
    what would still come on it belongs to no request."""
    answer = problem(request, Refused(Refusal.UNAVAILABLE))
    answer.headers["Connection"] = "close"
    return answer


def ahead(request: Request[Any, Any, Any], no: Exception) -> Response[bytes]:
    """Said in the log, since a fault of ours in a type would look the same."""
    log.warning("%s in %s: is a migration ahead of this worker?", type(no).__name__, request.scope.get("path_template", "?"))
    return unavailable(request, no)


def unforeseen(request: Request[Any, Any, Any], no: Exception) -> Response[bytes]:
    """A bug: its type and its place in the code into the log, nothing of the request. What an exception says may repeat a row."""
    log.error("unforeseen %s in %s\n%s", type(no).__name__, request.scope.get("path_template", "?"), traced.where(no))
    body = {"type": "about:blank", "title": "Internal error", "status": 500, "detail": "Erreur interne.", "code": "internal", "field": None}
    return _said(body, 500)


def unreadable(request: Request[Any, Any, Any], no: Exception) -> Response[bytes]:
    """Bytes that are no text, nesting without end, a character that no column takes."""
    return problem(request, Refused(Refusal.INVALID, "body"))


HANDLERS: dict[Any, Any] = {
    Refused: refused,
    Unavailable: unavailable,
    **dict.fromkeys(database.LATER, unavailable),
    **dict.fromkeys(database.AHEAD, ahead),
    **dict.fromkeys((UnicodeError, RecursionError, database.UNFIT), unreadable),
    HTTPException: http,
    Exception: unforeseen,
}


def answered(request: Request[Any, Any, Any], no: Exception) -> Response[bytes]:
    """The answer to what a handler raised, by the nearest kind in the table."""
    return next(HANDLERS[kind] for kind in type(no).__mro__ if kind in HANDLERS)(request, no)
