"""A household as it is typed, from the query of what only asks: the same for the places and for the advice."""

from typing import Annotated

from litestar.di import Provide
from litestar.params import FromQuery, QueryParameter

from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, Need


def composed(
    men: Annotated[int, QueryParameter(ge=0, le=20)] = 0,
    women: Annotated[int, QueryParameter(ge=0, le=20)] = 0,
    children: Annotated[int, QueryParameter(ge=0, le=20)] = 0,
    infants: Annotated[int, QueryParameter(ge=0, le=20)] = 0,
    needs: FromQuery[str] = "",
    zone: FromQuery[str | None] = None,
    max_km: Annotated[int | None, QueryParameter(ge=1, le=300)] = None,
    nights: Annotated[int, QueryParameter(ge=1, le=30)] = 1,
    level: Annotated[int, QueryParameter(ge=1, le=4)] = 4,
) -> Asked:
    wanted = tuple(_need(need) for need in needs.split(",") if need)
    return Asked(men, women, children, infants, wanted, zone, max_km, nights, level)


def _need(text: str) -> Need:
    try:
        return Need(text)
    except ValueError:
        raise Refused(Refusal.INVALID, "needs") from None


COMPOSED = {"asked": Provide(composed, sync_to_thread=False)}
