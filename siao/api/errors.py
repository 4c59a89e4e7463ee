"""Every error as problem+json (RFC 9457), in the user's language, with the code and the field at fault."""

import logging
from typing import Any

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from siao.actions.desk import Unavailable
from siao.core.refused import Refusal, Refused
from siao.store import db as database

log = logging.getLogger("siao.api")
MEDIA = "application/problem+json"


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
    headers = {"Retry-After": str(Unavailable.retry_after_seconds)} if no.status == 503 else {}
    return Response(msgspec.json.encode(body), status_code=no.status, media_type=MEDIA, headers=headers)


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
    return Response(msgspec.json.encode(body), status_code=no.status_code, media_type=MEDIA)


def unforeseen(request: Request[Any, Any, Any], no: Exception) -> Response[bytes]:
    """A bug: its type into the log, nothing of the request."""
    log.error("unforeseen %s in %s", type(no).__name__, request.scope.get("path_template", "?"), exc_info=no)
    body = {"type": "about:blank", "title": "Internal error", "status": 500, "detail": "Erreur interne.", "code": "internal", "field": None}
    return Response(msgspec.json.encode(body), status_code=500, media_type=MEDIA)


HANDLERS: dict[Any, Any] = {
    Refused: refused,
    Unavailable: unavailable,
    **dict.fromkeys((*database.LOST, asyncpg.PostgresConnectionError), unavailable),
    HTTPException: http,
    Exception: unforeseen,
}
