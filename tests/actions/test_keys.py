"""Keys in other hands: what another account, another territory or a late repetition gets with a key that served already."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

import city
from city import OPERATOR
from hotline import Hotline
from siao.actions.verbs import Command
from siao.core.placements import Accept, Hold, Offer, Release
from siao.core.refused import Refused
from siao.core.requests import Asked, CloseUnmet, Closing, Need, Renew, Revise, Side, Withdraw
from siao.core.stays import Arrive, Extend

OTHER = replace(OPERATOR, agent=UUID(int=900))
REUSED = "key_reused: Idempotency-Key"


async def test_a_key_tells_its_answer_to_nobody_else(hotline: Hotline, another: Hotline) -> None:
    ask, key = city.asks(), uuid4()
    assert (await hotline.do(ask, key=key)).code
    for desk in (hotline, another):
        with pytest.raises(Refused, match=REUSED):
            await desk.do(ask, OTHER, key)


async def test_a_request_is_not_asked_again_after_it_closed(hotline: Hotline, look: asyncpg.Connection) -> None:
    ask = city.asks()
    await hotline.do(ask, key=ask.id)
    await hotline.do(Withdraw(ask.id))
    before = await look.fetchrow("SELECT * FROM request")
    with pytest.raises(Refused, match=REUSED):
        await hotline.do(ask, key=ask.id)
    assert await look.fetchrow("SELECT * FROM request") == before
    assert await look.fetchval("SELECT count(*) FROM criteria") == 0


async def test_what_was_answered_about_a_placement_goes_with_its_request(hotline: Hotline, look: asyncpg.Connection) -> None:
    """The hour at which somebody is expected, among it; what is said of the stay is not the request's any more."""
    request = await hotline.ask(zone="Voiron")
    place = await hotline.hold(request, "Chambre 4")
    await hotline.do(Offer(place))
    assert (await hotline.do(Accept(place))).until is not None
    assert await look.fetchval("SELECT count(*) FROM command WHERE request = $1", request) == 4
    await hotline.do(Arrive(place))
    night = await look.fetchval("SELECT night + 3 FROM placement")
    await hotline.do(Extend(place, night))
    answers = [row["answer"] for row in await look.fetch("SELECT answer FROM command WHERE request IS NULL")]
    left = [msgspec.json.decode(answer) for answer in answers if answer]
    assert (await look.fetchval("SELECT count(*) FROM command"), len(answers), len(left)) == (6, 6, 2)
    assert [answer["until"] for answer in left] == [None, None]
    assert await look.fetchrow("SELECT persons, until, expected_until FROM placement") == (None, None, None)


async def test_what_was_said_of_a_request_has_no_second_effect_after_it_closed(
    hotline: Hotline, another: Hotline, look: asyncpg.Connection
) -> None:
    """An answer that was lost, sent again after the request closed, and once more after the household called again."""
    request = await hotline.ask(men=1)
    said = {uuid4(): Revise(request, city.asks(men=2).asked)}
    await hotline.do(*said.values(), key=next(iter(said)))
    await hotline.do(CloseUnmet(request, Closing.NO_PLACE))
    said[uuid4()] = renew = Renew(request, city.asks(men=3).asked)
    await hotline.do(renew, key=next(reversed(said)))
    close = CloseUnmet(request, Closing.NO_SUITABLE_PLACE)
    closed = await hotline.do(close, key=(last := uuid4()))

    async def refused() -> None:
        before = await _all(look)
        for key, what in said.items():
            for desk, body in ((hotline, what), (another, what), (hotline, replace(what, asked=city.asks(men=9).asked))):
                with pytest.raises(Refused, match=REUSED):
                    await desk.do(body, key=key)
        assert await hotline.do(close, key=last) == closed, "what closed it may be said again"
        assert await _all(look) == before

    await refused()
    await hotline.do(Renew(request, city.asks(men=4).asked))
    await refused()


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize("again", [True, False], ids=["renewed", "closed"])
async def test_of_a_closed_request_s_keys_nothing_is_kept_but_that_they_served(
    hotline: Hotline, look: asyncpg.Connection, together: bool, again: bool
) -> None:
    ask = city.asks()
    first, close, last = uuid4(), uuid4(), uuid4()
    said: list[tuple[Any, UUID]] = [(ask, first), (CloseUnmet(ask.id, Closing.NO_PLACE), close)]
    said += [(Renew(ask.id, city.asks(men=2).asked), last)] if again else []
    if together:
        await asyncio.gather(*(hotline.do(what, key=key) for what, key in said))
    else:
        for what, key in said:
            await hotline.do(what, key=key)
    kept = {row["key"]: tuple(row)[3:] for row in await look.fetch("SELECT * FROM command")}
    assert kept[first] == (b"", b"", None)
    assert kept[close][0] and kept[close][2] is None
    assert not again or kept[last][2] == ask.id
    assert (await hotline.do(said[1][0], key=close)).id == ask.id


async def _all(look: asyncpg.Connection) -> list[asyncpg.Record]:
    tables = ("request", "criteria", "command", "journal", "tally")
    return [row for name in tables for row in await look.fetch(f"SELECT * FROM {name} ORDER BY {name}")]


async def test_a_placement_is_not_held_again_under_its_own_id(hotline: Hotline, look: asyncpg.Connection) -> None:
    hold = Hold(uuid4(), (city.unit("Chambre 4"),), persons=2, side=Side.WOMEN)
    await hotline.do(hold, key=hold.id)
    await hotline.do(Release(hold.id))
    await look.execute("DELETE FROM command")
    for key in (hold.id, uuid4()):
        with pytest.raises(Refused, match=REUSED):
            await hotline.do(hold, key=key)
    assert await look.fetchval("SELECT state FROM placement") == "released"


async def test_an_id_of_another_territory_is_refused_and_stays_as_it_was(hotline: Hotline, look: asyncpg.Connection) -> None:
    id = uuid4()
    await look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    await look.execute("SET siao.territories = '38,69'")
    await hotline.do(ask := replace(city.asks(), id=id))
    await look.execute("DELETE FROM criteria; UPDATE request SET territory = '69'")
    with pytest.raises(Refused, match=REUSED):
        await hotline.do(replace(ask, code=city.code()))
    assert await look.fetchval("SELECT territory FROM request WHERE id = $1", id) == "69"


async def test_a_command_sent_again_after_it_gained_a_field_is_the_same(hotline: Hotline) -> None:
    """A roll to a new version between a click and its repetition."""
    asked = msgspec.defstruct("Asked", [*_fields(Asked), ("lift", bool, False)], frozen=True)
    renew = msgspec.defstruct("Renew", [*_fields(Renew), ("language", str, "fr")], frozen=True)
    key, request = uuid4(), uuid4()

    def mac(what: object) -> bytes:
        return hotline.desk.mac(Command(key, city.CODE, OPERATOR, what))

    sent = mac(Renew(request, Asked(men=1, needs=(Need.COTS,))))
    assert mac(renew(request, asked(men=1, needs=(Need.COTS,)))) == sent
    assert mac(renew(request, asked(men=1, needs=(Need.COTS,)), language="en")) != sent
    assert mac(renew(request, asked(men=1, needs=(Need.COTS,), lift=True))) != sent
    assert mac(Renew(request, Asked(men=1))) != sent
    assert mac(Renew(request, Asked(men=1, needs=(Need.COTS,), level=1))) != sent


def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, object] | tuple[str, object, object]]:
    fields = msgspec.structs.fields(kind)
    return [(f.name, f.type) if f.required else (f.name, f.type, f.default) for f in fields]
