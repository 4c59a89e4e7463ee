"""Each invariant broken in the database, past its guards, and seen; and an evening's work that breaks none."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

import city
from hotline import SECRET, Hotline
from siao.actions import purge, verification
from siao.core import published
from siao.core.chain import Link
from siao.core.invariants import Broken, Invariant
from siao.core.journal import GENESIS, Entry, link
from siao.core.people import By, Role
from siao.core.placements import Accept, HouseholdRefusal, Offer, RefuseHousehold, RefuseShelter, Release, ShelterRefusal
from siao.core.requests import Asked, CloseUnmet, Closing, Renew, Withdraw
from siao.core.stays import Arrive, Depart, Departure, NoShow
from siao.core.structures import AddService, AddShelter, AddUnit, ShelterForm, UnitForm
from siao.core.units import Kind, Rule, Scheme
from siao.embedded.stack import Stack
from siao.store import invariants as store
from siao.store import migrate
from siao.store.rows import reader

Known = dict[str, Link]


@pytest.fixture
async def seen(servers: Stack, name: str) -> Callable[..., Awaitable[verification.Look]]:
    """A look as the application's login; it must not see less for that."""

    async def look(known: Known | None = None, *, whole: bool = False, secret: bytes | None = SECRET) -> verification.Look:
        db = await store.connect(servers.app_url(name))
        try:
            return await verification.look(db, secret, known or {}, whole=whole)
        finally:
            await db.close()

    return look


async def evening(hotline: Hotline) -> dict[str, UUID]:
    """One of each: held, expected, present, refused, departed, withdrawn, unmet and renewed, late after a no-show."""
    ids = {name: await hotline.ask() for name in ("held", "present", "late", "released", "unmet")}
    ids["hold"] = await hotline.hold(ids["held"])
    for name in ("present", "late"):
        ids[f"{name} place"] = place = await hotline.hold(ids[name], "Dortoir du soir")
        await hotline.do(Offer(place))
        await hotline.do(Accept(place))
    await hotline.do(Arrive(ids["present place"], None, None))
    await hotline.do(NoShow(ids["late place"]))
    await hotline.do(Arrive(ids["late place"], None, None))
    await hotline.do(Depart(ids["late place"], Departure.HOUSING))
    for ending in (Release, lambda p: RefuseHousehold(p, HouseholdRefusal.TOO_FAR)):
        await hotline.do(ending(await hotline.hold(ids["released"], "Dortoir hommes")))
    place = await hotline.hold(ids["released"], "Dortoir hommes")
    await hotline.do(Offer(place))
    await hotline.do(RefuseShelter(place, ShelterRefusal.NO_STAFF))
    await hotline.do(Withdraw(ids["released"]))
    await hotline.do(CloseUnmet(ids["unmet"], Closing.NO_PLACE))
    await hotline.do(Renew(ids["unmet"], Asked(men=1)))
    return ids


def names(look: verification.Look) -> set[Invariant]:
    return {one.invariant for one in look.broken}


async def test_an_evening_s_work_breaks_nothing(hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]]) -> None:
    await evening(hotline)
    whole = await seen(whole=True)
    assert whole.broken == []
    assert whole.entries == whole.heads[city.CODE].seq > 20
    again = await seen(dict(whole.heads))
    assert (again.entries, again.broken) == (0, []), "what was followed is not followed again"
    await hotline.ask()
    assert (await seen(dict(whole.heads))).entries == 1


async def test_what_the_administration_describes_breaks_nothing(
    hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]]
) -> None:
    form, admin = ShelterForm("Les Ormes", Scheme.CHU, "Voiron", "Voironnais"), By(UUID(int=119), Role.ADMIN)
    shelter, service = AddShelter(uuid4(), city.CODE, form), AddService(uuid4(), city.CODE, "Accueil du soir")
    unit = AddUnit(uuid4(), shelter.id, UnitForm("Dortoir", Kind.DORMITORY, 2, Rule.MEN))
    for what in (shelter, unit, service):
        await hotline.do(what, admin)
    assert (await seen(whole=True)).broken == []


async def test_pieces_join(
    hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]], monkeypatch: pytest.MonkeyPatch, look: asyncpg.Connection
) -> None:
    await evening(hotline)
    for piece in (1, 2, 7):
        monkeypatch.setattr(verification, "PIECE", piece)
        assert (await seen(whole=True)).broken == []
    await look.execute("UPDATE journal SET outcome = 'x' WHERE seq = 4")
    assert (await seen(whole=True)).broken == [Broken(Invariant.CHAIN, city.CODE, 1, (4,))]


DROP = "ALTER TABLE placement_bed DROP CONSTRAINT placement_bed_room_whole, DROP CONSTRAINT placement_bed_rule; DROP INDEX placement_bed_one_live;"
TAKEN = "(SELECT bed FROM placement_bed WHERE live AND placement = '{hold}' LIMIT 1)"
BREAKS: dict[str, tuple[Invariant, str]] = {
    "a bed sold twice": (
        Invariant.BED,
        DROP + f"""INSERT INTO placement_bed SELECT '{{present place}}', bed, unit, '38', true, false, 'men' FROM placement_bed
            WHERE bed = {TAKEN};""",
    ),
    "a room shared": (
        Invariant.ROOM,
        DROP + """INSERT INTO placement_bed SELECT (ARRAY['{hold}', '{present place}']::uuid[])[number], id, unit, '38', true, true, NULL
            FROM bed WHERE unit = '{room}' AND number <= 2;""",
    ),
    "a dormitory's rule changed": (
        Invariant.RULE,
        DROP + "UPDATE unit SET rule_tonight = 'women' WHERE id = '{evening}';",
    ),
    "a claim that outlived its placement": (
        Invariant.COMMITMENT,
        "UPDATE placement SET state = 'released', until = NULL WHERE id = '{hold}';",
    ),
    "a placement without a bed": (Invariant.COMMITMENT, "UPDATE placement_bed SET live = false, rule = NULL WHERE placement = '{hold}';"),
    "fewer beds than persons": (Invariant.COMMITMENT, "UPDATE placement SET persons = 2 WHERE id = '{hold}';"),
    "a claim on a bed of another place": (
        Invariant.COMMITMENT,
        DROP + "UPDATE placement_bed SET unit = '{room}', rule = 'men' WHERE placement = '{hold}';",
    ),
    "a request that is placed nowhere": (
        Invariant.WAITING,
        "UPDATE request SET state = 'placed' WHERE id = '{unmet}';",
    ),
    "a household placed and called open": (Invariant.WAITING, "UPDATE request SET state = 'open' WHERE id = '{held}';"),
    "a need that outlived its request": (
        Invariant.CRITERIA,
        """INSERT INTO criteria (request, territory, men, women, children, infants, needs, nights, level)
            VALUES ('{released}', '38', 1, 0, 0, 0, '{{}}', 1, 4);""",
    ),
    "a request without needs": (Invariant.CRITERIA, "DELETE FROM criteria WHERE request = '{held}';"),
    "an answer kept of a closed request": (
        Invariant.CRITERIA,
        """UPDATE command SET request = '{released}' WHERE key = (SELECT key FROM command LIMIT 1);""",
    ),
    "an answer of what never happened": (
        Invariant.EFFECT,
        """UPDATE command SET answer = replace(convert_from(answer, 'UTF8'), '"seq":', '"seq":999')::bytea;""",
    ),
    "two keys for one effect": (
        Invariant.EFFECT,
        "INSERT INTO command SELECT gen_random_uuid(), territory, at, mac, answer, request FROM command WHERE answer <> '' LIMIT 1;",
    ),
    "an answer about another place": (
        Invariant.EFFECT,
        """UPDATE command SET answer = replace(convert_from(answer, 'UTF8'), '{hold}', '{late place}')::bytea
            WHERE position('{hold}' IN convert_from(answer, 'UTF8')) > 0;""",
    ),
    "an entry that was touched": (Invariant.CHAIN, "UPDATE journal SET role = 'observer' WHERE seq = 9;"),
    "an entry that was taken out": (Invariant.CHAIN, "DELETE FROM journal WHERE seq = 9;"),
    "the last entry taken out": (Invariant.HEAD, "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal);"),
    "a head that is not the last entry's": (Invariant.HEAD, "UPDATE territory SET head = sha256('x');"),
    "an anchor that nobody signed": (
        Invariant.ANCHOR,
        "INSERT INTO anchor SELECT territory, seq, hash, at, sha256('x') FROM journal WHERE seq = 8; DELETE FROM journal WHERE seq <= 8;",
    ),
    "an entry behind an anchor": (
        Invariant.ANCHOR,
        "INSERT INTO anchor SELECT territory, seq, hash, at, sha256('x') FROM journal WHERE seq = 8; DELETE FROM journal WHERE seq < 8;",
    ),
    "a state that no entry leads to": (
        Invariant.TRANSITION,
        "UPDATE placement SET state = 'expected' WHERE id = '{hold}';",
    ),
    "a request's state that no entry leads to": (
        Invariant.TRANSITION,
        "UPDATE request SET state = 'paused', pause = 'no_show' WHERE id = '{unmet}';",
    ),
    "a verb that the law does not know there": (
        Invariant.TRANSITION,
        "UPDATE journal SET verb = 'depart' WHERE placement = '{hold}' AND verb = 'hold';",
    ),
    "an acceptance after its time": (
        Invariant.CLOCK,
        "UPDATE journal SET at = at - interval '21 minutes' WHERE placement = '{present place}' AND verb = 'offer';",
    ),
    "an offer after its hold ran out": (
        Invariant.CLOCK,
        """UPDATE journal SET request = NULL WHERE placement = '{present place}';
            UPDATE journal SET at = at - interval '11 minutes' WHERE placement = '{present place}' AND verb = 'hold';""",
    ),
    "an arrival after its time": (
        Invariant.CLOCK,
        "UPDATE journal SET at = at - interval '2 days' WHERE placement = '{present place}' AND verb <> 'arrive';",
    ),
    "a change that nobody told": (Invariant.ENTRY, "UPDATE placement SET version = version + 1 WHERE id = '{hold}';"),
    "a placement that nobody made": (Invariant.ENTRY, "UPDATE placement SET opened_seq = 1 WHERE id = '{hold}';"),
    "a guard that is gone": (Invariant.GUARD, "DROP INDEX placement_bed_one_live;"),
    "a reference that is not checked": (
        Invariant.GUARD,
        """ALTER TABLE placement_bed DROP CONSTRAINT placement_bed_rule;
            ALTER TABLE placement_bed ADD CONSTRAINT placement_bed_rule FOREIGN KEY (unit, rule) REFERENCES unit (id, rule_tonight) NOT VALID;""",
    ),
    "a table open to all territories": (Invariant.GUARD, "ALTER TABLE criteria NO FORCE ROW LEVEL SECURITY;"),
    "a policy that opens it": (Invariant.GUARD, "CREATE POLICY wide ON criteria USING (true);"),
    "a journal that can be changed": (Invariant.GUARD, "GRANT UPDATE ON journal TO siao_app;"),
    "a column that nobody declared": (Invariant.DECLARED, "ALTER TABLE request ADD COLUMN nationality text;"),
    "a table that nobody declared": (Invariant.DECLARED, "CREATE TABLE notes (of_whom text);"),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAKS)
async def test_what_is_broken_is_seen(
    what: str, hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]], look: asyncpg.Connection
) -> None:
    ids = await evening(hotline)
    assert (await seen(whole=True)).broken == []
    invariant, statements = BREAKS[what]
    await look.execute("SET session_replication_role = replica")  # foreign keys too are past their guard
    await look.execute(
        statements.format(**ids, room=city.unit("Chambre 4"), evening=city.unit("Dortoir du soir"), bed=city.bed("Chambre 4", 1))
    )
    found = await seen(whole=True)
    assert invariant in names(found), found.broken
    for one in found.broken:
        assert one.count > 0 and one.territory in ("", city.CODE)
        assert not any(str(id) in repr(one) for id in ids.values())


async def test_a_number_under_eleven_that_is_shown_is_seen(
    seen: Callable[..., Awaitable[verification.Look]], look: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await look.execute("""INSERT INTO tally SELECT '38', date_trunc('week', clock_timestamp())::date - 14, o, 'men', 'man', 4, 'under_1_h', n, n
        FROM (VALUES ('met', 40), ('no_place', 3)) AS t(o, n)""")
    assert (await seen()).broken == []
    monkeypatch.setattr(published, "published", lambda cells: list(cells))
    assert names(await seen()) == {Invariant.CELL}


async def rewritten(look: asyncpg.Connection, behind: int) -> None:
    """The whole chain anew from `behind` on, with another outcome there: as the owner of the database could."""
    head = GENESIS
    for entry in [reader(Entry)(row) for row in await look.fetch("SELECT * FROM journal ORDER BY seq")]:
        said = replace(entry, outcome="planned") if entry.seq == behind else entry
        head = link(head, said)
        await look.execute("UPDATE journal SET outcome = $2, hash = $3 WHERE seq = $1", entry.seq, said.outcome, head)
    await look.execute("UPDATE territory SET head = $1 WHERE code = $2", head, city.CODE)


async def test_a_history_written_anew_is_seen_by_who_saw_the_old_one(
    hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]], look: asyncpg.Connection
) -> None:
    await evening(hotline)
    before = dict((await seen()).heads)
    hold = await look.fetchval("SELECT min(seq) FROM journal WHERE verb = 'hold'")
    await rewritten(look, hold)
    assert (await seen(whole=True)).broken == [], "by itself it is whole"
    assert (await seen(before)).broken == [Broken(Invariant.REMEMBERED, city.CODE, 1, (before[city.CODE].seq,))]


async def test_a_database_set_back_is_seen_by_who_saw_it_further(
    hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]]
) -> None:
    await hotline.ask()
    here = (await seen()).heads[city.CODE]
    assert names(await seen({city.CODE: Link(here.seq + 3, bytes(32))})) == {Invariant.REMEMBERED}
    assert names(await seen({city.CODE: here, "69": Link(4, bytes(32))})) == {Invariant.REMEMBERED}, "a territory that is gone"


async def test_a_purged_journal_is_followed_from_its_anchor(
    hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]], owner: asyncpg.Connection, look: asyncpg.Connection
) -> None:
    ids = await evening(hotline)
    before = await look.fetchval("SELECT max(seq) FROM journal WHERE placement = $1 AND verb = 'offer'", ids["present place"])
    await look.execute("UPDATE journal SET at = at - interval '13 months' WHERE seq <= $1", before)
    await look.execute("UPDATE command SET at = at - interval '3 days'")
    await rewritten(look, 0)  # the times are of the body
    early = dict((await seen()).heads)
    assert (await purge.purge(owner, SECRET)).entries == before
    assert (await seen(whole=True)).broken == [] == (await seen(early)).broken
    assert (await seen({city.CODE: Link(2, bytes(32))})).broken == [], "what was seen before the purge cannot be compared, and is covered"
    assert names(await seen(whole=True, secret=b"another")) == {Invariant.ANCHOR}
    assert (await seen(whole=True, secret=None)).broken == []


async def test_the_verifier_s_own_login_sees_as_much_and_no_need(
    servers: Stack, name: str, hotline: Hotline, seen: Callable[..., Awaitable[verification.Look]]
) -> None:
    await evening(hotline)
    await migrate.verifier_password(servers.owner_url(name), "a password of the verifier")
    db = await store.connect(servers.url("siao_verifier", "a password of the verifier", name))
    try:
        found = await verification.look(db, SECRET, {}, whole=True)
        assert (found.broken, found.heads) == ([], (await seen()).heads)
        async with store.looking(db, [city.CODE]):
            assert await db.fetchval("SELECT count(*) FROM placement_bed") > 0
        for statement in ("SELECT men FROM criteria", "SELECT * FROM request", "SELECT login FROM account", "SELECT address FROM shelter",
                          "SELECT * FROM session", "UPDATE journal SET outcome = ''"):  # fmt: skip
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                await db.execute(statement)
    finally:
        await db.close()
