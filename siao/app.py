"""The only place that builds things: pool, feeds, desk, clocks, routes, error table."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from litestar import Litestar, Response
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin

from siao import __version__
from siao.actions import clock
from siao.actions.advice import Adviser
from siao.actions.desk import Desk
from siao.actions.solver import Solver
from siao.api import (
    accounts,
    administration,
    advice,
    allocation,
    beds,
    board,
    described,
    errors,
    explanations,
    live,
    nights,
    pages,
    people,
    placements,
    places,
    reads,
    requests,
    rules,
    sittings,
    statistics,
)
from siao.api.known import Known
from siao.api.seat import House
from siao.live.hub import Hub
from siao.settings import Settings
from siao.store import db as database

BODY_BYTES_MAX = 64_000
COMPRESSION = CompressionConfig(backend="gzip", minimum_size=1_000, gzip_compress_level=4, exclude_opt_key="exclude_from_compression")


@asynccontextmanager
async def living(settings: Settings, app: Litestar) -> AsyncGenerator[None]:
    """Everything that must be stopped again."""
    pool = await database.pool(settings.database_url)
    hub = Hub(pool, settings.redis_url)
    solver, weigher, adviser = Solver(), Solver(), Adviser(pool)
    desk = Desk(pool, settings.secret, hub.doorbell.ring)
    known = Known(pool)
    app.state.house = House(settings, pool, desk, hub, solver, weigher, adviser, known, set())
    hub.start()
    hub.supervise("sessions", known.keep)
    hub.supervise("sittings", partial(sittings.keep, app.state.house.sittings))
    hub.supervise("sweep", partial(clock.sweep, desk, pool))
    hub.supervise("nights", partial(clock.nights, desk, pool))
    try:
        yield
    finally:
        await desk.drain()
        await solver.stop()
        await weigher.stop()
        await adviser.stop()
        await hub.stop()
        pool.terminate()


def build(settings: Settings) -> Litestar:
    return Litestar(
        route_handlers=[
            *people.ROUTES,
            *board.ROUTES,
            *live.ROUTES,
            *requests.ROUTES,
            *places.ROUTES,
            *nights.ROUTES,
            *placements.ROUTES,
            *allocation.ROUTES,
            *advice.ROUTES,
            *explanations.ROUTES,
            *rules.ROUTES,
            *beds.ROUTES,
            *administration.ROUTES,
            *accounts.ROUTES,
            *reads.ROUTES,
            *statistics.ROUTES,
            *pages.routes(),
        ],
        lifespan=[partial(living, settings)],
        exception_handlers=errors.HANDLERS,
        state=State(),
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        compression_config=COMPRESSION,
        openapi_config=described.Config(
            title="siao",
            version=__version__,
            path="/schema",
            render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
            use_handler_docstrings=True,
        ),
        after_request=_not_kept,
    )


async def _not_kept(response: Response[Any]) -> Response[Any]:
    """A coroutine: a plain function would go to a thread and back for every answer, which was a fifth of a click's cost."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
