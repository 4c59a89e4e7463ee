"""What the administration describes, beside what staff say and what is promised meanwhile."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import asdict, replace

import city
from hotline import Hotline
from siao.actions.answers import Answer
from siao.core import structures
from siao.core.beds import Physical
from siao.core.people import By, Role
from siao.core.placements import Hold
from siao.core.refused import Refusal, Refused
from siao.core.reports import Count, Report, Seen
from siao.core.requests import Side
from siao.core.structures import AddService, AddShelter, AddUnit, ChangeService, ChangeShelter, ChangeUnit, ShelterForm, UnitForm
from siao.core.territories import Service
from siao.core.units import Kind, Rule, Scheme, Shelter
from siao.store.rows import reader

ADMIN, OTHER = By(UUID(int=119), Role.ADMIN), By(UUID(int=120), Role.ADMIN)
SOIR, HOMMES, ROOM = city.unit("Dortoir du soir"), city.unit("Dortoir hommes"), city.unit("Chambre 4")
A_SHELTER = ShelterForm("Les Ormes", Scheme.CHU, "Voiron", "Voironnais")
A_DORMITORY = UnitForm("Dortoir", Kind.DORMITORY, 2, Rule.MEN)


class Post(Hotline):
    """An administrator who fills forms with what is there."""

    def __init__(self, hotline: Hotline, look: asyncpg.Connection) -> None:
        self.rings, self.desk, self.look = hotline.rings, hotline.desk, look

    async def unit(self, id: UUID) -> asyncpg.Record:
        return await self.look.fetchrow("SELECT * FROM unit WHERE id = $1", id)

    async def shelter(self, id: UUID) -> Shelter:
        return reader(Shelter)(await self.look.fetchrow("SELECT * FROM shelter WHERE id = $1", id))

    async def filled(self, id: UUID, **said: Any) -> ChangeUnit:
        row = dict(await self.unit(id))
        form = UnitForm(**{name: row[name] for name in UnitForm.__struct_fields__})
        form = replace(form, kind=Kind(form.kind), rule=Rule(form.rule), features=tuple(form.features))
        return ChangeUnit(id, row["version"], replace(form, **said))

    async def filled_shelter(self, id: UUID, **said: Any) -> ChangeShelter:
        row = await self.shelter(id)
        shown = structures.told(row) | said
        return ChangeShelter(id, structures.version(row), ShelterForm(**{name: shown[name] for name in ShelterForm.__struct_fields__}))

    async def beds(self, id: UUID) -> list[tuple[int, str, bool]]:
        return [
            tuple(row) for row in await self.look.fetch("SELECT number, physical, to_check FROM bed WHERE unit = $1 ORDER BY number", id)
        ]

    async def refused(self, what: Any, why: Refusal, by: By = ADMIN, key: UUID | None = None) -> Refused:
        with pytest.raises(Refused) as no:
            await self.do(what, by, key)
        assert no.value.why is why
        return no.value


@pytest.fixture
def post(hotline: Hotline, look: asyncpg.Connection) -> Post:
    return Post(hotline, look)


async def men_sleep_there(post: Post) -> None:
    await post.do(Count(SOIR, 2, (await post.unit(SOIR))["version"], Rule.MEN), city.STAFF)


async def test_a_form_saved_as_it_is_leaves_what_staff_said(post: Post) -> None:
    await men_sleep_there(post)
    before = await post.unit(SOIR)
    await post.do(await post.filled(SOIR), ADMIN)
    after = await post.unit(SOIR)
    assert dict(after) == dict(before) | {"version": before["version"] + 1}
    assert after["rule_tonight"] == "men"
    assert (await post.refused(Hold(uuid4(), (SOIR,), persons=1, side=Side.WOMEN), Refusal.DOES_NOT_FIT, city.OPERATOR)).field == "units"


async def test_a_form_that_staff_overtook_is_old(post: Post) -> None:
    form = await post.filled(SOIR, name="Dortoir du matin")
    await men_sleep_there(post)
    assert (await post.refused(form, Refusal.STALE_VERSION)).field == "version"
    assert ((await post.unit(SOIR))["name"], (await post.unit(SOIR))["rule_tonight"]) == ("Dortoir du soir", "men")


async def test_a_bed_that_is_there_is_never_set_again(post: Post) -> None:
    await post.do(await post.filled(HOMMES, nominal=5), ADMIN)
    new = await post.look.fetchrow("SELECT id, version FROM bed WHERE unit = $1 AND number = 5", HOMMES)
    await post.do(Report(HOMMES, (Seen(new["id"], Physical.OCCUPIED, new["version"]),)), city.STAFF)
    before = await post.beds(HOMMES)
    assert before[4] == (5, "occupied", False)
    await post.do(await post.filled(HOMMES), ADMIN)
    await post.do(await post.filled(HOMMES, nominal=6), ADMIN)
    assert await post.beds(HOMMES) == [*before, (6, "vacant", True)]
    assert (await post.refused(await post.filled(HOMMES, nominal=5), Refusal.INVALID)).field == "nominal"


async def test_of_two_administrators_the_second_looks_again(post: Post, another: Hotline) -> None:
    await post.do(AddService(uuid4(), city.CODE, "Accueil du soir"), ADMIN)
    service = reader(Service)(await post.look.fetchrow("SELECT * FROM service WHERE name = 'Accueil du soir'"))
    for first, second in (
        (await post.filled(ROOM, name="A"), await post.filled(ROOM, nights_max=3)),
        (await post.filled_shelter(city.shelter(), name="A"), await post.filled_shelter(city.shelter(), by_phone=True)),
        (ChangeService(service.id, structures.version(service), "A"), ChangeService(service.id, structures.version(service), "B")),
    ):
        found = await asyncio.gather(post.do(first, ADMIN), another.do(second, OTHER), return_exceptions=True)
        won, lost = sorted(found, key=lambda one: isinstance(one, Refused))
        assert isinstance(won, Answer), found
        assert isinstance(lost, Refused) and (lost.why, lost.field) == (Refusal.STALE_VERSION, "version"), found
    unit, shelter = await post.unit(ROOM), await post.shelter(city.shelter())
    assert (unit["name"] == "A") is (unit["nights_max"] is None)
    assert (shelter.name == "A") is not shelter.by_phone


async def test_a_key_makes_one_shelter_one_unit_one_service(post: Post) -> None:
    for table, kind, rest in (("shelter", AddShelter, (city.CODE, A_SHELTER)), ("unit", AddUnit, (city.shelter(), A_DORMITORY)),
                              ("service", AddService, (city.CODE, "Accueil du soir"))):  # fmt: skip
        what = kind(uuid4(), *rest)
        rows = await post.look.fetchval(f"SELECT count(*) FROM {table}")
        first = await post.do(what, ADMIN, what.id)
        assert await post.do(what, ADMIN, what.id) == first
        await post.desk.drain()
        assert post.rings[-1] == (city.CODE, first.seq)
        await post.refused(what, Refusal.KEY_REUSED, OTHER, what.id)
        await post.look.execute("DELETE FROM command")
        await post.refused(what, Refusal.KEY_REUSED, ADMIN, what.id)
        assert await post.look.fetchval(f"SELECT count(*) FROM {table}") == rows + 1


async def test_the_key_of_another_territory_s_shelter_makes_none_here(post: Post) -> None:
    id = uuid4()
    await post.look.execute("INSERT INTO territory (code, name, time_zone, telephone) VALUES ('69', 'Rhône', 'Europe/Paris', '115')")
    await post.do(AddShelter(id, city.CODE, A_SHELTER), ADMIN)
    await post.look.execute("SET siao.territories = '38,69'")
    await post.look.execute("UPDATE shelter SET territory = '69' WHERE id = $1", id)
    await post.refused(AddShelter(id, city.CODE, replace(A_SHELTER, name="B")), Refusal.KEY_REUSED)
    assert (await post.shelter(id)).name == "Les Ormes"


async def test_a_rule_changes_under_nobody(post: Post) -> None:
    held = await post.hold(await post.ask(women=1), "Chambre 4")
    no = await post.refused(await post.filled(ROOM, rule=Rule.WOMEN), Refusal.LIVE_PLACEMENTS)
    assert (no.field, no.about) == ("rule", (held,))
    await post.do(await post.filled(ROOM, name="Chambre du fond"), ADMIN)
    assert (await post.unit(ROOM))["name"] == "Chambre du fond"


async def test_a_rule_and_a_hold_race_once(post: Post, another: Hotline) -> None:
    """A room's claim leans on no rule of the night, so that only the order of the two decides."""
    won = set[str]()
    for turn in range(8):
        await post.do(await post.filled(ROOM, rule=Rule.MIXED), ADMIN)
        change, hold = await post.filled(ROOM, rule=Rule.WOMEN), Hold(uuid4(), (ROOM,), persons=2, side=Side.MEN)
        both = (another.do(change, ADMIN), post.do(hold)) if turn % 2 else (post.do(hold), another.do(change, ADMIN))
        found = {type(one): one for one in await asyncio.gather(*both, return_exceptions=True)}
        assert set(found) == {Answer, Refused}, found
        won.add("hold" if found[Answer].id == hold.id else "change")
        assert found[Refused].why is (Refusal.LIVE_PLACEMENTS if found[Answer].id == hold.id else Refusal.DOES_NOT_FIT)
        await post.look.execute("DELETE FROM placement_bed; DELETE FROM placement")
    assert won == {"hold", "change"}


async def test_tonight_s_rule_follows_the_rule(post: Post) -> None:
    """Set each night from now on, a dormitory keeps tonight's for those who sleep there; an empty one has none."""
    empty = city.unit("Renfort")
    for id, rule, tonight in ((HOMMES, Rule.SWITCHABLE, "men"), (empty, Rule.SWITCHABLE, None), (SOIR, Rule.WOMEN, "women")):
        await post.do(await post.filled(id, rule=rule), ADMIN)
        after = await post.unit(id)
        assert (after["rule"], after["rule_tonight"]) == (rule, tonight)
    assert (await post.refused(await post.filled(ROOM, rule=Rule.SWITCHABLE), Refusal.NOT_A_DORMITORY)).field == "rule"


async def test_what_is_described_in_one_batch_is_there_for_the_next_command_of_it(post: Post) -> None:
    shelter, unit = AddShelter(uuid4(), city.CODE, A_SHELTER), uuid4()
    more = ChangeUnit(unit, 1, replace(A_DORMITORY, nominal=3))
    hold = Hold(uuid4(), (unit,), persons=2, side=Side.MEN)
    commands = (shelter, ADMIN), (AddUnit(unit, shelter.id, A_DORMITORY), ADMIN), (more, ADMIN), (hold, city.OPERATOR)
    found = await asyncio.gather(*(post.do(*command) for command in commands))
    assert [one.id for one in found] == [shelter.id, shelter.id, shelter.id, hold.id]
    await post.desk.drain()
    assert len(post.rings) == 1, "one batch"
    assert await post.beds(unit) == [(1, "vacant", True), (2, "vacant", True), (3, "vacant", True)]
    assert await post.look.fetchval("SELECT count(*) FROM placement_bed WHERE unit = $1 AND live", unit) == 2
    after = await post.unit(unit)
    assert (after["name"], after["rule_tonight"], after["version"]) == ("Dortoir", "men", 2)


async def test_a_refused_unit_leaves_no_beds_to_the_next_command(post: Post) -> None:
    bad, unit = replace(await post.filled(HOMMES, nominal=9), version=99), await post.filled(HOMMES, nominal=5)
    await asyncio.gather(post.do(bad, ADMIN), post.do(unit, ADMIN), return_exceptions=True)
    assert [number for number, *_ in await post.beds(HOMMES)] == [1, 2, 3, 4, 5]


async def test_a_unit_of_a_surge_plan_waits_for_it(post: Post) -> None:
    unit = uuid4()
    await post.do(AddUnit(unit, city.shelter(), replace(A_DORMITORY, plan=city.PLAN)), ADMIN)
    assert (await post.unit(unit))["open"] is False
    assert (await post.refused(AddUnit(uuid4(), city.shelter(), replace(A_DORMITORY, plan=uuid4())), Refusal.UNKNOWN)).field == "plan"


async def test_what_is_hidden_stays_where_nothing_is_said(post: Post) -> None:
    refuge = city.shelter("Le Refuge")
    before = await post.shelter(refuge)
    form = await post.filled_shelter(refuge, name="Le Refuge d’hiver")
    assert {getattr(form.form, name) for name in structures.HIDDEN} == {None}
    await post.do(form, ADMIN)
    assert await post.shelter(refuge) == replace(before, name="Le Refuge d’hiver")
    await post.do(await post.filled_shelter(refuge, telephone="04 76 00 00 99"), ADMIN)
    assert await post.shelter(refuge) == replace(before, name="Le Refuge d’hiver", telephone="04 76 00 00 99")
    shown = await post.filled_shelter(refuge, confidential=False)
    assert (await post.refused(shown, Refusal.INVALID)).field == "commune"
    assert (await post.refused(AddShelter(uuid4(), city.CODE, replace(A_SHELTER, zone=None)), Refusal.INVALID)).field == "zone"


def test_a_version_tells_nothing_of_what_is_hidden() -> None:
    refuge = next(row for row in city.city().all(Shelter) if row.confidential)
    elsewhere = replace(refuge, **dict.fromkeys(structures.HIDDEN, None))
    assert structures.version(elsewhere) == structures.version(refuge) != structures.version(replace(refuge, name="B"))
    assert structures.version(replace(elsewhere, confidential=False)) != structures.version(replace(refuge, confidential=False))
    assert set(asdict(elsewhere)) == set(structures.told(refuge)) | {"territory", "to_ring_since"}
