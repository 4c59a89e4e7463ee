"""What a chair may not see of a household, however it came to be on its board."""

from uuid import uuid4

import city
from city import CODE, STAFF, asks, do, later, unit
from siao.core import board as boards
from siao.core.beds import Bed
from siao.core.board import Board, Facts
from siao.core.claims import Claim
from siao.core.placements import Accept, Hold, Offer, Placement
from siao.core.requests import Criteria, Request
from siao.core.stays import Arrive, NoShow
from siao.core.territories import Territory
from siao.core.units import Plan, Shelter, Unit
from siao.core.views import AtShelter
from siao.core.world import World

KINDS = {
    "shelters": Shelter,
    "units": Unit,
    "beds": Bed,
    "claims": Claim,
    "placements": Placement,
    "requests": Request,
    "criteria": Criteria,
}
NEEDS = ("men", "women", "children", "infants", "needs", "nights")


def board(here: World) -> Board:
    facts = Facts(**{name: here.all(kind) for name, kind in KINDS.items()}, plans=here.all(Plan))
    made = Board(here.get(Territory, CODE))
    made.fold(facts, boards.touched_by(facts))
    return made


def test_a_shelter_sees_what_the_place_must_have_while_the_household_is_on_its_way_and_no_longer() -> None:
    here, ask, id = city.city(), asks(), uuid4()
    seen: list[bool] = []

    def looked() -> None:
        made = board(here)
        row = AtShelter(city.shelter()).placements(made, made.placements[id])
        seen.append(row is not None and any(row[name] is not None for name in NEEDS))

    do(here, ask)
    do(here, Hold(id, (unit("Dortoir hommes"),), request=ask.id))
    looked()
    for what, by in ((Offer(id), city.OPERATOR), (Accept(id), STAFF), (NoShow(id), STAFF), (Arrive(id), STAFF)):
        do(here, what, by, later(minutes=1))
        looked()
    assert seen == [False, True, True, False, False], "held, offered, expected, did not come, came late"
