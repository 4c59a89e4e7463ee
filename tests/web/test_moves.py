"""The list of a move, and the server that is asked for one: of random houses both say the same.

The screens' rules (siao/web/src/lib/moves.ts) run in Node on the rows that a shelter's and an operator's screen have. A clock that ran out
a moment ago is the server's alone to know.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct
from msgspec.structs import replace

import city
from city import OPERATOR, STAFF, do
from siao.core import board as boards
from siao.core.beds import Bed, OutReason, Physical, Source
from siao.core.board import Board, Facts
from siao.core.claims import Claim
from siao.core.parks import Park, ParkShelter, ParkUnit, identity, rows
from siao.core.placements import LIVE, Accept, Hold, Offer, Placement, State
from siao.core.refused import Refused
from siao.core.reports import Report, Seen
from siao.core.requests import Criteria, Need, Request, Side
from siao.core.stays import Arrive, Move
from siao.core.territories import Territory
from siao.core.units import Feature, Kind, Plan, Rule, Scheme, Shelter, Unit
from siao.core.views import AtShelter, Operator
from siao.core.world import World
from siao.embedded import screens

HOUSES, HOUSEHOLDS = 400, 5
NEEDS = (Need.PROTECTED, Need.WOMEN_ONLY, Need.PRIVATE_ROOM, Need.ANIMALS)
ASK = """
import { others, whyNot, mayBe } from './src/lib/moves.ts';
import { readFileSync } from 'node:fs';
const asked = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(asked.map(({ units, placement, asked, said }) => ({
  others: others(units, placement, asked, said), why: whyNot(units, placement, asked, said), mayBe: mayBe(units, placement),
}))));
"""


class Asked(Struct):
    """A list that a screen shows. `said`: how many they are, where somebody says it."""

    here: World
    placement: UUID
    units: list[Any]
    row: Any
    asked: Any
    said: int | None

    @property
    def names_beds(self) -> bool:
        return "bed_list" in self.units[0]


def _house(random: Random) -> World:
    """Rooms, some of them adjoining, and dormitories, of every rule, some closed, some protected; beds of every state."""
    units: list[ParkUnit] = []
    for number in range(random.randint(3, 7)):
        kind = random.choice(list(Kind))
        vacant, occupied, out = random.randint(1, 4), random.choice((0, 0, 0, 1)), random.choice((0, 0, 1))
        rule = random.choice([Rule.MEN, Rule.WOMEN, Rule.MIXED, *([Rule.SWITCHABLE] if kind is Kind.DORMITORY else [])])
        features = (Feature.PROTECTED,) if random.random() < 0.3 else ()
        tonight = random.choice((Rule.MEN, Rule.WOMEN, Rule.MIXED)) if rule is Rule.SWITCHABLE and occupied else None
        suite = random.choice((None, "a", "a", "b")) if kind is Kind.ROOM else None
        units.append(ParkUnit(f"{number}", kind, rule, vacant + occupied + out, vacant, occupied, out, suite=suite, features=features, rule_tonight=tonight))  # fmt: skip
    shelter = ParkShelter("Les Tilleuls", Scheme.CHU, "Grenoble", "Grenoble", tuple(units), latitude=45.19, longitude=5.73)
    here = World(rows(Park(city.CODE, "Isère", city.ZONE, "", (shelter,), (city.GRENOBLE,)), city.EVENING, Source.IMPORT))
    for unit in here.all(Unit):
        if random.random() < 0.1:
            here.put(replace(unit, open=False, closed_reason=OutReason.WORKS))
    return here


def _lived_in(random: Random) -> World:
    """A house as it is some hours later: held, offered, expected, present; some beds seen otherwise since."""
    here = _house(random)
    for _ in range(HOUSEHOLDS):
        with suppress(Refused):
            _comes(here, random)
    for bed in here.all(Bed):
        claimed = here.claim_on(bed.id)
        seen = random.choice((Physical.OCCUPIED, Physical.OUT)) if claimed else Physical.OCCUPIED
        if random.random() < 0.15 and (claimed or bed.physical is Physical.VACANT):
            reason = OutReason.WORKS if seen is Physical.OUT else None
            with suppress(Refused):
                do(here, Report(bed.unit, (Seen(bed.id, seen, bed.version, reason),)), STAFF)
    return here


def _comes(here: World, random: Random) -> None:
    units, id = here.all(Unit), uuid4()
    wanted = tuple(unit.id for unit in random.sample(units, random.choice((1, 1, 2))))
    if random.random() < 0.4:
        do(here, Hold(id, wanted, persons=random.randint(1, 4), side=random.choice(list(Side))))
    else:
        who = {name: random.choice((0, 0, 1, 2)) for name in ("men", "women", "children")}
        ask = city.asks(**who, needs=tuple(need for need in NEEDS if random.random() < 0.15))
        do(here, ask)
        do(here, Hold(id, wanted, request=ask.id))
    for step in (Offer(id), Accept(id), Arrive(id))[: random.choice((0, 1, 2, 3, 3, 3))]:
        do(here, step, STAFF if not isinstance(step, Offer) else OPERATOR)


def _board(here: World) -> Board:
    kinds = {"shelters": Shelter, "units": Unit, "beds": Bed, "claims": Claim, "placements": Placement, "requests": Request}
    facts = Facts(**{name: here.all(kind) for name, kind in kinds.items()}, criteria=here.all(Criteria), plans=here.all(Plan))
    made = Board(here.get(Territory, city.CODE))
    made.fold(facts, boards.touched_by(facts))
    return made


def _lists(here: World) -> Iterator[Asked]:
    """What each screen asks of each placement it shows, for every number that may be said."""
    board = _board(here)
    for view in (AtShelter(identity(city.CODE, "Les Tilleuls")), Operator()):
        units = [view.units(board, unit) for unit in here.all(Unit)]
        for placement in here.all(Placement):
            row = view.placements(board, placement)
            if row is None or placement.state not in LIVE:
                continue
            request = board.requests.get(placement.request) if placement.request else None
            own = view.requests(board, request) if request else None
            asked = own or (row if row.get("men") is not None else None)
            claims = here.claims(placement.id)
            told = range(1, len(claims) + 1) if placement.state is State.PRESENT and claims[0].whole else ()
            for said in (None, *told):
                yield Asked(here, placement.id, units, row, asked, said)


def _ask(lists: Iterable[Asked]) -> list[Any]:
    body = [{"units": a.units, "placement": a.row, "asked": a.asked, "said": a.said} for a in lists]
    command = [*screens.node(), "--input-type=module", "--eval", ASK]
    done = subprocess.run(command, cwd=screens.WEB, input=msgspec.json.encode(body), capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)


def _taken(asked: Asked, units: tuple[UUID, ...], beds: tuple[UUID, ...]) -> bool:
    """Whether the server does it, and they have other beds then."""
    trial = asked.here.fork()
    before = {claim.bed for claim in trial.claims(asked.placement)}
    try:
        do(trial, Move(asked.placement, units, beds, asked.said), STAFF)
    except Refused:
        return False
    return {claim.bed for claim in trial.claims(asked.placement)} != before


def _would_take(asked: Asked) -> set[tuple[UUID, ...]]:
    """Where the server would let them sleep; rooms that they do not have, and two only where neither is enough."""
    here, had = asked.here, {claim.unit for claim in asked.here.claims(asked.placement)}
    single = {unit.id for unit in here.all(Unit) if not (unit.kind is Kind.ROOM and unit.id in had) and _takes(asked, unit)}
    rooms = [unit.id for unit in here.all(Unit) if unit.kind is Kind.ROOM and unit.id not in had | single]
    return {(id,) for id in single} | {pair for pair in combinations(rooms, 2) if _taken(asked, pair, ())}


def _takes(asked: Asked, unit: Unit) -> bool:
    """Somehow: wherever in it, or on beds of a dormitory that a screen with its list of beds names."""
    if _taken(asked, (unit.id,), ()):
        return asked.names_beds or _contested(asked) or unit.id not in {id for id, _ in asked.row["beds"]}
    if unit.kind is Kind.ROOM or not asked.names_beds:
        return False
    ids = [bed.id for bed in asked.here.beds(unit.id)]
    return any(_taken(asked, (unit.id,), beds) for n in (1, 2) for beds in combinations(ids, n))


def _contested(asked: Asked) -> bool:
    return asked.row["contested"]


def test_the_list_of_a_move_offers_what_the_server_would_do_and_nothing_else() -> None:
    """The very command of each line is done as well, and an empty list has its reason."""
    found, seed = Counter[str](), Random(3)
    lists = [asked for _ in range(HOUSES) for asked in _lists(_lived_in(Random(seed.random())))]
    for asked, said in zip(lists, _ask(lists), strict=True):
        offered = [(tuple(map(UUID, other["units"])), tuple(map(UUID, other["beds"]))) for other in said["others"]]
        assert {tuple(sorted(units)) for units, _ in offered} == {tuple(sorted(units)) for units in _would_take(asked)}, (asked.row, said)
        assert all(_taken(asked, units, beds) for units, beds in offered), (asked.row, said)
        told = asked.here.get(Placement, asked.placement).state is State.PRESENT and asked.here.claims(asked.placement)[0].whole
        assert len(said["mayBe"]) == (len(asked.row["beds"]) if told and len(asked.row["beds"]) > 1 else 0)
        found.update(said["why"] if not offered else ["some", *(["two rooms"] if any(len(units) > 1 for units, _ in offered) else [])])
    assert all(found[what] > 10 for what in ("some", "two rooms", "SEX", "CAPACITY", "PROTECTED", "FAMILY")), found
