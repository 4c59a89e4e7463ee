"""An explanation is true where it was read, can be said again from what is kept, and leaves no need behind."""

from random import Random
from uuid import UUID, uuid4

import msgspec
import pytest

import city
from benchmarks import plainly
from pairs import NOW, household, park
from siao.core import households, promises
from siao.core.allocation import explain, nowhere, standing
from siao.core.allocation.compatible import HARD, Household, Place, Reason, excluded
from siao.core.allocation.explain import Explanation, Reduced
from siao.core.allocation.model import Level, Rules
from siao.core.allocation.standing import Position, Standing
from siao.core.allocation.stock import Stock
from siao.core.allocation.weigh import Why, weigh
from siao.core.placements import Hold, Override, Placement, Release, State
from siao.core.refused import Refusal, Refused
from siao.core.requests import Criteria, Need, Request, Revise, Withdraw
from siao.core.stays import Arrive
from siao.core.world import World

AT = Position("epoch", 7, NOW)
OVERRIDES = {str(override): override for override in Override}


def rules(dice: Random) -> Rules:
    return Rules(order=(*tuple(Level)[:4], *dice.sample(tuple(Level)[4:], 4)), step_free_waste=dice.randint(0, 5))


@pytest.mark.parametrize("seed", range(40))
def test_a_standing_is_what_plain_python_finds(seed: int) -> None:
    dice = Random(seed)
    places, h, how = park(dice, 80), household(dice), rules(dice)
    stock = Stock(places)
    there = list(stock.there())
    whole = plainly.find(there, h, NOW, how, len(there))
    for p in there:
        said = standing.of(stock, h, p.units, AT, how, 1)
        ranked = next((one for one in whole.places if one.place.units == p.units), None)
        if ranked is None:
            assert said is None or {name for name in said.despite} == {r.name for r in excluded(h, p, NOW)}
            continue
        assert said is not None and (said.rank, said.mine) == (ranked.rank, weigh(h, p, how))
        beside = whole.places[1 if ranked.rank == 1 else 0] if whole.compatible > 1 else None
        assert said.beside == (beside.weighed if beside else None)
        assert (said.compatible, said.excluded, said.only) == (whole.compatible, whole.excluded, whole.only)
        if ranked.rank == 1:
            assert said.decided is ranked.why


@pytest.mark.parametrize("language", ["fr", "en"])
def test_said_again_from_what_is_kept_it_reads_the_same(language: str) -> None:
    dice, met = Random(3), set[tuple[Why | None, bool]]()
    for _ in range(150):
        places, h, how = park(dice, 30), household(dice), rules(dice)
        stock = Stock(places)
        for p in dice.sample(places, 10):
            s = standing.of(stock, h, p.units, AT, how, 1)
            if s is None:
                continue
            whole = Explanation(uuid4(), s, dice.choice(tuple(Override)) if s.rank != 1 else None)
            again = explain.of(whole.placement, explain.write((whole,)))
            assert again == whole
            sentences = explain.said(whole, OVERRIDES, language)
            assert again is not None and explain.said(again, OVERRIDES, language) == sentences and len(sentences) >= 3
            assert standing.decided(again.standing.mine, again.standing.beside, again.standing.rank, how) is s.decided
            met.add((s.decided, s.rank == 1))
    assert {why for why, first in met if first} >= {Why.WASTE, Why.DISTANCE, Why.EQUAL, Why.ONLY}
    assert None in {why for why, _ in met}, "a wish given up was met"


def held(here: World, **asked: int) -> tuple[UUID, Standing]:
    """A request in the city, and where Chambre 4 stands for it."""
    request = city.do(here, city.asks(**asked)).changes[0].request
    assert request is not None
    h = households.of(here.get(Criteria, request), here.get(Request, request), here)
    place = chosen(here, h)
    return request, Standing(
        standing.Engine.RANK, AT, here.get(Request, request).version, 1, 1, 3, weigh(h, place, Rules()), None, Why.ONLY, (), {}, {}
    )


def chosen(here: World, h: Household) -> Place:
    from siao.core import places

    return places.choose(here, (city.unit("Chambre 4"),), (), h, city.EVENING, override=False)[0]


def explained(here: World, placement: UUID) -> tuple[Placement, Explanation | None]:
    p = here.get(Placement, placement)
    c = here.find(Criteria, p.request) if p.request else None
    return p, explain.of(placement, c.explanation) if c else None


def test_a_hold_keeps_all_of_it_while_the_request_is_open_and_a_rest_for_good() -> None:
    here = city.city()
    request, s = held(here, men=2, needs=(Need.STEP_FREE,))
    id = uuid4()
    city.do(here, Hold(id, (city.unit("Chambre 4"),), request=request, standing=s))
    p, whole = explained(here, id)
    assert whole == Explanation(id, s, None)
    assert (p.rules_version, p.engine, p.decided, p.compatible, p.override) == (1, "rank", "only", 3, None)
    city.do(here, promises.Accept(id), now=city.later(minutes=1))
    city.do(here, Arrive(id), now=city.later(minutes=9))
    p, whole = explained(here, id)
    assert whole is None and here.find(Criteria, request) is None, "the needs are gone, and with them all that was said of them"
    left = Reduced(p.rules_version or 0, standing.Engine.RANK, p.decided, p.compatible or 0, p.override)
    assert set(msgspec.structs.asdict(left)) == {"rules_version", "engine", "decided", "compatible", "override"}
    assert any("version 1" in line for line in explain.said_after(left, OVERRIDES, "fr"))


def test_withdrawing_deletes_it_in_the_same_change() -> None:
    here = city.city()
    request, s = held(here, men=2)
    city.do(here, Hold(uuid4(), (city.unit("Chambre 4"),), request=request, standing=s))
    told = city.do(here, Withdraw(request))
    assert told.changes[-1].gone == (request,)


def test_a_second_hold_is_explained_beside_the_first() -> None:
    here = city.city()
    request, s = held(here, men=2)
    first, second = uuid4(), uuid4()
    city.do(here, Hold(first, (city.unit("Chambre 4"),), request=request, standing=s))
    city.do(here, Release(first))
    version = here.get(Request, request).version
    city.do(here, Hold(second, (city.unit("Chambre 4"),), request=request, standing=msgspec.structs.replace(s, request=version)))
    assert explained(here, first)[1] is not None and explained(here, second)[1] is not None


def test_what_was_looked_at_must_be_what_is_held() -> None:
    here = city.city()
    request, s = held(here, men=2)
    for false in (
        msgspec.structs.replace(s, request=99),
        msgspec.structs.replace(s, rules=2),
        msgspec.structs.replace(s, mine=msgspec.structs.replace(s.mine, waste=0)),
    ):
        with pytest.raises(Refused, match="stale_version: standing"):
            city.do(here, Hold(uuid4(), (city.unit("Chambre 4"),), request=request, standing=false))
    city.do(here, Revise(request, city.asks(men=1).asked))
    with pytest.raises(Refused, match="stale_version: standing"):
        city.do(here, Hold(uuid4(), (city.unit("Chambre 4"),), request=request, standing=s))


def test_another_place_than_the_first_needs_a_reason() -> None:
    here = city.city()
    request, s = held(here, men=2)
    later = msgspec.structs.replace(s, rank=3, decided=Why.WASTE, beside=msgspec.structs.replace(s.mine, waste=0))
    with pytest.raises(Refused) as no:
        city.do(here, Hold(uuid4(), (city.unit("Chambre 4"),), request=request, standing=later))
    assert (no.value.why, no.value.field, no.value.facts) == (Refusal.OVERRIDE_NEEDED, "override", ("3",))
    id = uuid4()
    city.do(here, Hold(id, (city.unit("Chambre 4"),), request=request, standing=later, override=Override.TRANSPORT))
    p, whole = explained(here, id)
    assert p.state is State.HELD and p.override is Override.TRANSPORT and whole is not None
    said = " ".join(explain.said(whole, OVERRIDES, "fr"))
    assert "motif : transport" in said and "Pour ce ménage, au lieu de la première" in said


def test_equal_to_the_first_is_as_good_as_the_first() -> None:
    here = city.city()
    request, s = held(here, men=2)
    twin = msgspec.structs.replace(s, rank=2, decided=Why.EQUAL, beside=s.mine)
    city.do(here, Hold(uuid4(), (city.unit("Chambre 4"),), request=request, standing=twin))


def test_why_nobody_says_what_excludes_by_itself_and_whose_word_gives_up_a_wish() -> None:
    said = nowhere.nobody({"FULL": 12, "DISTANCE": 3, "COTS": 2}, {"FULL": 9, "DISTANCE": 2, "COTS": 1}, "fr")
    assert said == [
        "Aucune place ne convient à cet instant.",
        "Écartées par ce seul motif : complète 9, trop loin 2, sans lit bébé 1.",
        "En allant plus loin, 2 places de plus conviendraient. À demander au ménage, jamais à décider pour lui.",
    ]
    assert nowhere.nobody({"FULL": 12}, {"FULL": 12}, "en")[-1] == "No single wish given up would open one."
    assert nowhere.nobody({}, {}, "fr") == ["Aucune place n’est ouverte à cet instant."]


def test_what_is_never_given_way_to_is_no_wish() -> None:
    assert nowhere.wish({"FAMILY": 4, "PROTECTED": 3, "SEX": 3}, "fr") is None
    found = nowhere.wish({"FAMILY": 4, "NIGHTS": 1, "STEP_FREE": 1}, "fr")
    assert found and (found.reason, found.places, found.words[:21]) == ("STEP_FREE", 1, "Sans le plain-pied, 1")
    assert set(nowhere.WISHES) == set(Reason) - set(HARD)


def test_the_door_of_a_confidential_shelter_is_at_no_distance() -> None:
    h = household(Random(1))
    lies_nowhere = Place((UUID(int=1),), UUID(int=1), "room", 30, True, "mixed", (), None, None, None, None, None)  # type: ignore[arg-type]
    s = standing.of(Stock([lies_nowhere]), msgspec.structs.replace(h, needs=()), lies_nowhere.units, AT, Rules(), 1)
    assert s is not None and s.mine.tenths is None
