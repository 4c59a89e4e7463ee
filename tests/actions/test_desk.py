"""The desk: many commands, one commit; each key at most one effect; races decided once."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

import city
from chained import chain
from hotline import Hotline
from siao.actions.answers import Answer, Unavailable
from siao.actions.desk import Command, Desk
from siao.actions.verbs import RULES
from siao.core.closing import CloseNight
from siao.core.people import CLOCK, By, Role
from siao.core.placements import Accept, Hold, Offer, RefuseShelter, Release, ShelterRefusal
from siao.core.refused import Refusal, Refused
from siao.core.requests import Asked, CloseUnmet, Closing, Renew, Revise, Side, Withdraw
from siao.core.rights import MAY
from siao.store import db as database
from siao.store import requests as store


async def outcomes(*waiting: Any) -> list[Any]:
    return await asyncio.gather(*waiting, return_exceptions=True)


def won(found: list[Any]) -> list[Any]:
    assert all(isinstance(one, Answer | UUID | Refused) for one in found), found
    return [one for one in found if not isinstance(one, Refused)]


async def test_two_desks_race_for_three_beds(hotline: Hotline, another: Hotline, look: asyncpg.Connection) -> None:
    asked = await asyncio.gather(*(hotline.ask() for _ in range(60)))
    desks = [hotline, another]
    found = await outcomes(*(desks[i % 2].hold(request) for i, request in enumerate(asked)))
    assert len(won(found)) == 3
    lost = {(no.why, no.field) for no in found if isinstance(no, Refused)}
    assert lost <= {(Refusal.TAKEN, "units"), (Refusal.NOT_ENOUGH_BEDS, "beds"), (Refusal.TOO_MANY_HOLDS, "holds")}
    assert await look.fetchval("SELECT count(*) FROM placement_bed WHERE live") == 3
    assert await look.fetchval("SELECT count(DISTINCT bed) FROM placement_bed WHERE live") == 3
    await chain(look)


async def test_a_room_goes_to_one_of_two_hundred(hotline: Hotline, another: Hotline, look: asyncpg.Connection) -> None:
    asked = await asyncio.gather(*(hotline.ask(men=1, women=1) for _ in range(200)))
    desks = [hotline, another]
    found = await outcomes(*(desks[i % 2].hold(request, "Chambre 4") for i, request in enumerate(asked)))
    assert len(won(found)) == 1
    assert await look.fetchval("SELECT count(DISTINCT placement) FROM placement_bed WHERE live") == 1
    await chain(look)


async def test_the_database_alone_decides_where_the_code_forgets(hotline: Hotline, look: asyncpg.Connection, monkeypatch: Any) -> None:
    from siao.core import claims

    monkeypatch.setattr(claims, "bed_is_free", lambda bed, claim: bed.physical == "vacant")
    units, beds = (city.unit("Dortoir hommes"),), (city.bed("Dortoir hommes", 1),)
    asked = [await hotline.ask() for _ in range(4)]
    found = await outcomes(*(hotline.do(Hold(uuid4(), units, request=request, beds=beds)) for request in asked))
    assert len(won(found)) == 1
    assert {no.why for no in found if isinstance(no, Refused)} == {Refusal.TAKEN}
    assert await look.fetchval("SELECT count(*) FROM placement_bed WHERE live") == 1


async def test_commands_that_arrive_together_share_a_commit(hotline: Hotline) -> None:
    await asyncio.gather(*(hotline.ask() for _ in range(40)))
    await hotline.desk.drain()
    assert [seq for _, seq in hotline.rings][-1] == 41
    assert len(hotline.rings) < 10, "one ring a batch"


async def test_a_fault_in_one_command_is_answered_to_whoever_sent_it_alone(hotline: Hotline, monkeypatch: Any) -> None:
    def faulty(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setitem(RULES, Withdraw, faulty)
    found = await outcomes(*[hotline.ask() for _ in range(5)], hotline.do(Withdraw(uuid4())), *[hotline.ask() for _ in range(5)])
    assert [type(one) for one in found if not isinstance(one, UUID)] == [ZeroDivisionError]


async def test_who_clicked_is_answered_before_the_bell_rings(hotline: Hotline) -> None:
    """What a ring sets going takes longer than an answer."""
    done = list[str]()
    hotline.desk.ring = lambda code, seq: done.append("rung")
    await hotline.ask()
    done.append("answered")
    await hotline.desk.drain()
    assert done == ["answered", "rung"]


async def test_many_territories_share_two_batches_that_fly_by_turns_and_few_commands_one(monkeypatch: Any) -> None:
    flights: list[set[str]] = []
    aloft = most = 0

    async def serve(self: Desk, batch: Any) -> None:
        nonlocal aloft, most
        flights.append({command.territory for command, _ in batch})
        aloft += 1
        most = max(most, aloft)
        await asyncio.sleep(0.01)
        aloft -= 1
        for _, future in batch:
            future.set_exception(Refused(Refusal.UNKNOWN, "units"))

    monkeypatch.setattr(Desk, "_serve", serve)
    desk = Desk(None, b"", lambda code, seq: None)  # type: ignore[arg-type]

    async def submitted(count: int) -> list[set[str]]:
        flights.clear()
        hold = Hold(uuid4(), (uuid4(),), persons=1)
        await outcomes(*(desk.submit(Command(uuid4(), f"{n % 4:02}", By(uuid4(), Role.OPERATOR), hold)) for n in range(count)))
        return flights

    assert await submitted(64) == [{"00", "01"}, {"02", "03"}]
    assert most == 2
    assert await submitted(4) == [{"00", "01", "02", "03"}]


async def test_one_key_has_one_effect_and_one_answer(hotline: Hotline, another: Hotline, look: asyncpg.Connection) -> None:
    ask, key = city.asks(), uuid4()
    again = [replace(ask, code="7K3M-9QXG-D"), ask]  # a new code was drawn meanwhile: it is the same command
    found = await outcomes(hotline.do(ask, key=key), hotline.do(again[0], key=key), another.do(again[1], key=key))
    assert len(won(found)) == 3 and len(set(won(found))) == 1
    assert await hotline.do(ask, key=key) == found[0]
    assert await look.fetchval("SELECT count(*) FROM request") == 1


async def test_a_command_sent_again_is_not_refused_by_its_own_effect(hotline: Hotline, another: Hotline, look: asyncpg.Connection) -> None:
    request, key, release = await hotline.ask(), uuid4(), uuid4()
    hold = Hold(key, (city.unit("Chambre 4"),), request=request)
    held = await hotline.do(hold, key=key)
    assert await another.do(hold, key=key) == held
    first = await hotline.do(Release(held.id), key=release)
    assert await outcomes(*(desk.do(Release(held.id), key=release) for desk in (hotline, another))) == [first, first]
    assert await hotline.do(hold, key=key) == held, "even after what it did was undone"
    assert await look.fetchval("SELECT count(*) FROM journal WHERE verb IN ('hold', 'release')") == 2


async def test_a_key_of_another_territory_is_told_as_reused(hotline: Hotline, look: asyncpg.Connection) -> None:
    key = uuid4()
    await hotline.do(city.asks(), key=key)
    await look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    await look.execute("SET siao.territories = '38,69'; UPDATE command SET territory = '69'")
    with pytest.raises(Refused, match="key_reused"):
        await hotline.do(city.asks(), key=key)


async def test_a_key_with_another_body_is_refused(hotline: Hotline, another: Hotline) -> None:
    ask, key = city.asks(), uuid4()
    await hotline.do(ask, key=key)
    for desk in (hotline, another):
        with pytest.raises(Refused, match="key_reused: Idempotency-Key"):
            await desk.do(city.asks(men=2), key=key)


async def test_the_kept_body_cannot_be_guessed_back(hotline: Hotline, look: asyncpg.Connection) -> None:
    ask = city.asks()
    await hotline.do(ask)
    mac, answer = await look.fetchrow("SELECT mac, answer FROM command")
    for hash in (hashlib.sha256, hashlib.sha1, hashlib.md5):
        assert hash(b"Ask" + msgspec.json.encode(ask)).digest() != mac
    assert set(msgspec.json.decode(answer)) == {"id", "seq", "epoch", "until", "code"}


async def test_a_refusal_touches_nothing(hotline: Hotline, look: asyncpg.Connection) -> None:
    request = await hotline.ask()
    await hotline.hold(request)
    before = await look.fetch("SELECT * FROM territory")
    for what in (Hold(uuid4(), (city.unit("Chambre 4"),), request=request), Release(uuid4()), CloseUnmet(request, Closing.NO_PLACE)):
        with pytest.raises(Refused):
            await hotline.do(what)
    assert await look.fetch("SELECT * FROM territory") == before
    assert await look.fetchval("SELECT count(*) FROM command") == 2


@pytest.mark.parametrize("end", [Withdraw, lambda id: CloseUnmet(id, Closing.NO_PLACE)], ids=["withdrawn", "unmet"])
async def test_what_a_household_needs_goes_with_its_request(hotline: Hotline, look: asyncpg.Connection, end: Any) -> None:
    request = await hotline.ask(needs=("animals",))
    await hotline.do(Revise(request, city.asks(needs=("animals", "step_free")).asked))
    assert await look.fetchval("SELECT count(*) FROM criteria") == 1
    assert await look.fetchval("SELECT count(*) FROM command WHERE request = $1", request) == 2
    await hotline.do(end(request))
    assert await look.fetchval("SELECT count(*) FROM criteria") == 0
    assert await look.fetchval("SELECT count(*) FROM command WHERE request = $1", request) == 0
    assert await look.fetchval("SELECT sum(households) FROM tally") == 1


async def test_a_request_that_closes_and_is_renewed_in_one_batch_keeps_its_new_needs(hotline: Hotline, look: asyncpg.Connection) -> None:
    request = await hotline.ask()
    asked = city.asks(men=2).asked
    await asyncio.gather(hotline.do(CloseUnmet(request, Closing.NO_PLACE)), hotline.do(Renew(request, asked)))
    assert await look.fetchval("SELECT men FROM criteria WHERE request = $1", request) == 2
    await chain(look)


async def test_only_the_date_and_the_nights_stay_with_a_renewed_code(hotline: Hotline, look: asyncpg.Connection) -> None:
    """Neither who followed it, nor with whom it was shown, nor that a shelter refused it (STATES, Renewal)."""
    request = await hotline.ask(service=city.DAY_CENTRE)
    await look.execute("UPDATE request SET party = gen_random_uuid()")
    held = await hotline.hold(request)
    await hotline.do(Offer(held))
    await hotline.do(RefuseShelter(held, ShelterRefusal.OTHER))
    before = await look.fetchrow("SELECT * FROM request WHERE id = $1", request)
    assert before["first_in_level"] and before["party"] and before["service"] and before["last_refusal"]
    await hotline.do(CloseUnmet(request, Closing.NO_PLACE))
    await look.execute("UPDATE request SET night = night - 1")
    await hotline.do(Renew(request, city.asks().asked))
    again = await look.fetchrow("SELECT * FROM request WHERE id = $1", request)
    assert (again["code"], again["first_asked"], again["nights_unmet"]) == (before["code"], before["first_asked"], 1)
    left = ("first_in_level", "party", "service", "last_refusal", "call_back", "closing", "closed_at")
    assert [again[name] for name in left] == [False, *[None] * 6]
    assert again["night"] == before["night"]
    party = uuid4()
    await hotline.do(CloseUnmet(request, Closing.NO_PLACE))
    await hotline.do(Renew(request, city.asks().asked, service=city.DAY_CENTRE, party=party))
    row = await look.fetchrow("SELECT service, party FROM request WHERE id = $1", request)
    assert tuple(row) == (city.DAY_CENTRE, party), "said anew"


async def test_a_night_counts_once_however_often_a_request_closes_and_is_renewed_in_it(hotline: Hotline, look: asyncpg.Connection) -> None:
    request, nights = await hotline.ask(), "SELECT nights_unmet FROM request WHERE id = $1"
    for evening in (1, 2):
        for _ in range(3):
            await hotline.do(CloseUnmet(request, Closing.NO_PLACE))
            assert await look.fetchval(nights, request) == evening
            await hotline.do(Renew(request, city.asks().asked))
            assert await look.fetchval(nights, request) == evening - 1, "this night is not over for it"
        await hotline.do(CloseUnmet(request, Closing.NO_PLACE))
        await look.execute("UPDATE request SET night = night - 1")
        await hotline.do(Renew(request, city.asks().asked))
        assert await look.fetchval(nights, request) == evening


async def test_a_connection_that_dies_in_between_costs_no_answer_and_no_double(hotline: Hotline, look: asyncpg.Connection) -> None:
    async def kill() -> None:
        for _ in range(15):
            await look.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'siao_app'"
            )
            await asyncio.sleep(0.03)

    killing = asyncio.create_task(kill())
    answers = []
    for _ in range(60):
        answers.append(await hotline.ask())
        await asyncio.sleep(0.005)
    await killing
    assert await look.fetchval("SELECT count(*) FROM request") == len(set(answers)) == 60
    await chain(look)


async def test_a_full_desk_says_so_at_once(hotline: Hotline, monkeypatch: Any) -> None:
    from siao.actions import gathering

    monkeypatch.setattr(gathering, "WAITING_MAX", 3)
    found = [hotline.desk.submit(Command(uuid4(), city.CODE, city.OPERATOR, city.asks())) for _ in range(3)]
    with pytest.raises(Unavailable):
        hotline.desk.submit(Command(uuid4(), city.CODE, city.OPERATOR, city.asks()))
    assert len(won(await outcomes(*found))) == 3


async def test_past_its_clock_a_hold_cannot_be_accepted_and_another_may_take_it(
    hotline: Hotline, another: Hotline, look: asyncpg.Connection
) -> None:
    first, second = await hotline.ask(men=1, women=1), await hotline.ask(men=1, women=1)
    held = await hotline.hold(first, "Chambre 4")
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second'")
    with pytest.raises(Refused, match="taken"):
        await another.hold(second, "Chambre 4")  # it has run out, and five seconds are not over
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '6 seconds'")
    found = await outcomes(hotline.do(Accept(held)), another.hold(second, "Chambre 4"), hotline.do(Offer(held)))
    refused = [no.why for no in found if isinstance(no, Refused)]
    assert len(refused) == 2 and set(refused) <= {Refusal.EXPIRED, Refusal.NOT_NOW}
    assert await look.fetchval("SELECT state FROM placement WHERE id = $1", held) == "lapsed"
    assert await look.fetchval("SELECT state FROM request WHERE id = $1", first) == "open"
    assert [entry.verb for entry in await chain(look)][-2:] == ["lapse", "hold"]


async def test_an_operator_holds_at_most_five(hotline: Hotline) -> None:
    asked = [await hotline.ask() for _ in range(6)]
    rooms = ["Chambre 4", "Chambre 5", "Chambre 6"]
    for request, room in zip(asked, [*rooms, "Dortoir hommes", "Dortoir hommes"], strict=False):
        await hotline.hold(request, room)
    with pytest.raises(Refused, match="too_many_holds"):
        await hotline.hold(asked[5])
    await hotline.do(Hold(uuid4(), (city.unit("Dortoir hommes"),), request=asked[5]), city.COORDINATOR)


async def test_what_hangs_on_another_territory_is_unknown(hotline: Hotline, look: asyncpg.Connection) -> None:
    await look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    with pytest.raises(Refused, match="unknown: units"):
        await hotline.desk.submit(Command(uuid4(), "69", city.OPERATOR, Hold(uuid4(), (city.unit("Chambre 4"),), persons=1, side="men")))
    with pytest.raises(Refused, match="unknown: territory"):
        await hotline.desk.submit(Command(uuid4(), "77", city.OPERATOR, city.asks()))


async def elsewhere(look: asyncpg.Connection) -> None:
    await look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    await look.execute("SET siao.territories = '38,69'")


async def test_territories_that_fly_together_are_unknown_to_each_other(hotline: Hotline, look: asyncpg.Connection) -> None:
    """One transaction sees both. Nobody of the one moves a row of the other, whoever clicks in the same turn."""
    await elsewhere(look)
    request = await hotline.ask()
    held = await hotline.hold(request)
    before = await look.fetch("SELECT r, p FROM request r JOIN placement p ON p.request = r.id")
    stranger = By(UUID(int=69), Role.COORDINATOR)
    reached = (
        Hold(uuid4(), (city.unit("Chambre 4"),), persons=1, side=Side.MEN),
        Release(held),
        Withdraw(request),
        Revise(request, Asked(men=2)),
    )
    here = hotline.desk.submit(Command(uuid4(), city.CODE, city.OPERATOR, city.asks()))
    there = [hotline.desk.submit(Command(uuid4(), "69", stranger, what)) for what in reached]
    found = await outcomes(here, *there)
    await hotline.desk.drain()
    assert hotline.rings[-1:] == [(city.CODE, found[0].seq)] and hotline.desk.served == 3, "they flew together"
    assert [no.why for no in found[1:]] == [Refusal.UNKNOWN] * len(reached)
    assert await look.fetch("SELECT r, p FROM request r JOIN placement p ON p.request = r.id") == before


async def test_two_nights_that_close_together_close_each_its_own(hotline: Hotline, look: asyncpg.Connection) -> None:
    await elsewhere(look)
    date = datetime.now(UTC).date() - timedelta(days=3)
    request = await hotline.ask()
    await look.execute("UPDATE request SET night = $1", date)
    closing = [hotline.desk.submit(Command(uuid4(), code, CLOCK, CloseNight(code, date))) for code in ("69", city.CODE)]
    revised = hotline.desk.submit(Command(uuid4(), city.CODE, city.OPERATOR, Revise(request, Asked(men=2))))
    assert not [no for no in await outcomes(*closing) if isinstance(no, Exception)]
    assert [no.why for no in await outcomes(revised)] == [Refusal.NOT_NOW], "it was closed before"
    assert {row[0] for row in await look.fetch("SELECT territory FROM night WHERE date = $1", date)} == {city.CODE, "69"}
    entries = await look.fetch("SELECT territory, request FROM journal WHERE verb = 'unmet'")
    assert [tuple(row) for row in entries] == [(city.CODE, request)]
    await chain(look)


async def test_a_shelter_s_refusal_about_the_bed_reports_the_bed(hotline: Hotline, look: asyncpg.Connection) -> None:
    held = await hotline.hold(await hotline.ask())
    await hotline.do(Offer(held))
    await hotline.do(RefuseShelter(held, ShelterRefusal.OUT_OF_SERVICE), city.STAFF)
    assert await look.fetchval("SELECT count(*) FROM bed WHERE physical = 'out'") == 1
    assert tuple(await look.fetchrow("SELECT state, first_in_level, last_refusal FROM request")) == ("open", True, "out_of_service")


async def test_every_verb_is_served_and_says_who_may(hotline: Hotline) -> None:
    assert set(RULES) == set(MAY)
    observer = By(UUID(int=9), Role.OBSERVER)
    with pytest.raises(Refused, match="forbidden"):
        await hotline.do(city.asks(), observer)


async def test_due_is_what_the_clock_ran_out_on(hotline: Hotline, pool: database.Pool, look: asyncpg.Connection) -> None:
    held = await hotline.hold(await hotline.ask())
    async with database.reading(pool, [city.CODE]) as db:
        assert await store.due(db, 10) == []
    await look.execute("UPDATE placement SET until = clock_timestamp() - interval '1 second'")
    async with database.reading(pool, [city.CODE]) as db:
        assert [id for _, id, _ in await store.due(db, 10)] == [held]
