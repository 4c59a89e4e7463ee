"""A plan's instance is what the board says, and its summary counts everybody once."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

import city
from siao.core import board as boards
from siao.core import proposals
from siao.core.allocation import comparison, model
from siao.core.allocation.model import Given, Rules
from siao.core.beds import Bed
from siao.core.board import Board, Facts
from siao.core.claims import Claim
from siao.core.placements import Hold, Placement
from siao.core.requests import Criteria, Request, Side
from siao.core.territories import Commune
from siao.core.units import Plan, Shelter, Unit
from siao.core.world import World


def board(here: World) -> Board:
    kinds = {
        "shelters": Shelter,
        "units": Unit,
        "beds": Bed,
        "placements": Placement,
        "requests": Request,
        "criteria": Criteria,
        "plans": Plan,
    }
    facts = Facts(**{name: here.all(kind) for name, kind in kinds.items()}, claims=[claim for claim in here.all(Claim) if claim.live])
    made = Board(here.territory(city.CODE), communes=here.all(Commune))
    made.fold(facts, boards.touched_by(facts))
    return made


def test_who_waits_and_what_is_free_are_in_it_and_nothing_else() -> None:
    here = city.city()
    asks = [city.asks(), city.asks(0, women=1, children=2, zone="Voiron", level=1)]
    for ask in asks:
        city.do(here, ask)
    city.do(here, Hold(UUID(int=9), (city.unit("Chambre 4"),), request=asks[0].id))
    asked = proposals.instance(board(here), Rules(), city.EVENING)
    assert [one.request for one in asked.waiting] == [asks[1].id]
    assert asked.waiting[0].household.latitude == city.VOIRON.latitude
    units = {unit for place in asked.places for unit in place.units}
    assert city.unit("Chambre 4") not in units and city.unit("Renfort") not in units
    assert any(len(place.units) == 2 for place in asked.places), "rooms that adjoin are there as a pair"


def test_a_summary_counts_each_household_once_by_level_and_side() -> None:
    here = city.city()
    asks = [city.asks(level=2), city.asks(level=2), city.asks(0, women=1, children=2, level=1)]
    for ask in asks:
        city.do(here, ask)
    asked = proposals.instance(board(here), Rules(), city.EVENING)
    told = comparison.summary(asked, [Given(asks[0].id, (city.unit("Dortoir hommes"),))])
    men, women = (next(s for s in told.shares if s.side is side) for side in (Side.MEN, Side.WOMEN))
    assert (men.level, men.households, men.of_households, men.persons, men.of_persons) == (2, 1, 2, 1, 2)
    assert (women.level, women.households, women.of_households, women.persons, women.of_persons) == (1, 0, 1, 0, 3)
    assert told.vector[1] == -1


def impossible(here: World) -> Iterator[list[Given]]:
    man, woman, _ = (r.id for r in here.all(Request))
    yield [Given(man, (city.unit("Dortoir hommes"),)), Given(man, (city.unit("Chambre 4"),))]
    yield [Given(man, (city.unit("Chambre 4"),)), Given(woman, (city.unit("Chambre 4"),))]
    yield [Given(man, (city.unit("Dortoir du soir"),)), Given(woman, (city.unit("Dortoir du soir"),))]
    yield [Given(woman, (city.unit("Dortoir hommes"),))]
    yield [Given(man, (city.unit("Chambre 5"),)), Given(woman, (city.unit("Chambre 5"), city.unit("Chambre 6")))]
    yield [Given(UUID(int=1), (city.unit("Chambre 4"),))]


def test_a_plan_that_cannot_be_done_has_a_fault() -> None:
    here = city.city()
    for ask in (city.asks(), city.asks(0, women=1, needs=("women_only",)), city.asks(2)):
        city.do(here, ask)
    asked = proposals.instance(board(here), Rules(), city.EVENING)
    for given in impossible(here):
        assert list(model.faults(asked, given)), given
    good = [
        Given(here.all(Request)[0].id, (city.unit("Dortoir du soir"),)),
        Given(here.all(Request)[2].id, (city.unit("Dortoir du soir"),)),
    ]
    assert list(model.faults(asked, good)) == []


def test_waiting_promotes_one_level_and_no_further() -> None:
    here = city.city()
    city.do(here, city.asks(level=1))
    [one] = proposals.instance(board(here), Rules(), city.EVENING).waiting
    rules = Rules(promote_after_hours=4)
    h = one.household
    assert model.level(h, rules, city.EVENING + timedelta(hours=5)) == 1
    assert model.level(replace(h, level=3), rules, city.EVENING + timedelta(hours=5)) == 2
    assert model.level(replace(h, level=3), rules, city.EVENING + timedelta(hours=4)) == 3
