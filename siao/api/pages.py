"""The screens and what watches the service. Pages load nothing from outside."""

from typing import Any

from litestar import Response, get
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from siao.api import seat
from siao.api.seat import Call
from siao.carried import screens_folder

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""With every answer, whatever made it: the server itself adds them (workers.config)."""
KEPT = CacheControlHeader(max_age=365 * 24 * 3600, immutable=True)
"""An asset's name holds the hash of what is in it: a telephone on a bad network fetches it once."""
ANEW = {"Cache-Control": "no-cache"}
"""A page, and what keeps it, are asked for anew each time: they name the assets of their version."""
PAGES = ["/", "/tableau", "/regulation", "/structure", "/suivi", "/administration", "/chiffres", "/regles", "/audit"]
UNBUILT = b"<!doctype html><meta charset=utf-8><title>siao</title><p>The screens are not built: ./run demo builds them."


@get(PAGES, include_in_schema=False, sync_to_thread=False)
def page(request: Call) -> Response[bytes]:
    """One bundle; it shows the screen of the path, or of one's role."""
    return _built("index.html", "text/html") or Response(UNBUILT, media_type="text/html", headers=ANEW)


@get("/shell.js", include_in_schema=False, sync_to_thread=False)
def shell(request: Call) -> Response[bytes]:
    """What opens the screens where no server answers (siao/web/src/shell.ts): it stands at the root, over all pages."""
    return _built("shell.js", "text/javascript") or Response(b"", status_code=404, media_type="text/javascript", headers=ANEW)


def _built(name: str, media_type: str) -> Response[bytes] | None:
    file = screens_folder() / name
    return Response(file.read_bytes(), media_type=media_type, headers=ANEW) if file.exists() else None


TOLD = {"redis", "territories"}
"""What /readyz tells and does not ask for: Redis away costs a second, a territory whose board fails is alone with it."""


@get("/healthz", include_in_schema=False)
async def alive() -> dict[str, bool]:
    """Whether this process answers: what a proxy asks. Where the database is away it answers still, with the last board and 503."""
    return {"alive": True}


@get("/readyz", include_in_schema=False)
async def ready(request: Call) -> Response[dict[str, Any]]:
    """200 when board, feed and database are live: what a start waits for, and what a monitor asks."""
    says = seat.house(request).hub.ready()
    return Response(says, status_code=200 if all(live for what, live in says.items() if what not in TOLD) else 503)


def routes() -> list[Any]:
    assets = screens_folder() / "assets"
    static = [create_static_files_router("/assets", [assets], include_in_schema=False, cache_control=KEPT)] if assets.is_dir() else []
    return [page, shell, alive, ready, *static]
