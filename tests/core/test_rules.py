"""Rules by version: proposed for a night to come, in force by date, said in plain words with every weight."""

from datetime import date, timedelta
from random import Random

import pytest

import city
from city import COORDINATOR, EVENING, OPERATOR
from siao.core import rules
from siao.core.allocation import wording
from siao.core.allocation.model import Counted, Level, Rules
from siao.core.journal import Verb
from siao.core.people import By, Role
from siao.core.refused import Refusal, Refused
from siao.core.rules import Edition, Proposed, SetRules, in_force

TONIGHT = date(2026, 1, 20)
ADMIN = By(city.AGENT, Role.ADMIN)


def test_versions_follow_each_other_and_the_journal_says_which() -> None:
    here = city.city()
    for number, by in enumerate((COORDINATOR, ADMIN), 2):
        told = city.do(here, SetRules(city.CODE, TONIGHT + timedelta(days=number), Proposed(counted=Counted.HOUSEHOLDS)), by)
        assert [(entry.verb, entry.outcome) for entry in told.entries] == [(Verb.SET_RULES, str(number))]
    assert [edition.version for edition in rules.editions(here, city.CODE)] == [2, 3]


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_a_night_that_has_begun_keeps_its_rules(days: int) -> None:
    with pytest.raises(Refused, match="invalid: effective"):
        city.do(city.city(), SetRules(city.CODE, TONIGHT + timedelta(days=days), Proposed()), COORDINATOR)


@pytest.mark.parametrize(
    "order", [tuple(Level)[:-1], (*tuple(Level)[:-1], Level.L1), (Level.L2, Level.L1, *tuple(Level)[2:])], ids=["short", "twice", "turned"]
)
def test_every_level_once_and_priorities_in_their_order(order: tuple[Level, ...]) -> None:
    with pytest.raises(Refused, match="invalid: order"):
        city.do(city.city(), SetRules(city.CODE, TONIGHT + timedelta(days=1), Proposed(order=order)), COORDINATOR)


def test_an_operator_does_not_set_rules() -> None:
    with pytest.raises(Refused) as no:
        city.do(city.city(), SetRules(city.CODE, TONIGHT + timedelta(days=1), Proposed()), OPERATOR)
    assert no.value.why is Refusal.FORBIDDEN


def test_in_force_is_the_last_to_take_effect() -> None:
    def edition(version: int, day: int) -> Edition:
        return Edition(version=version, effective=date(2026, 2, day), territory=city.CODE)

    kept = [edition(2, 10), edition(3, 5), edition(4, 10)]
    assert [in_force(kept, date(2026, 2, day)).version for day in (4, 5, 9, 10, 28)] == [1, 3, 3, 4, 4]
    assert in_force([], EVENING.date()) == Rules()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_published_page_states_every_parameter(language: str) -> None:
    dice = Random(11)
    told = set[str]()
    for _ in range(200):
        order = (*tuple(Level)[:4], *dice.sample(tuple(Level)[4:], 4))
        floors = tuple(dice.choice((0, 0, 3)) for _ in range(4))
        one = Rules(2, TONIGHT, order, floors, dice.choice((None, 48)), dice.choice(tuple(Counted)), dice.randint(0, 9), dice.randint(0, 9))  # type: ignore[arg-type]
        page = "\n".join((*wording.plainly(one, language), *wording.levels(one, language)))
        assert f" {one.step_free_waste}" in page and f" {one.protected_waste}" in page
        assert (" 48 " in page) == (one.promote_after_hours == 48)
        assert page.count(" 3 ") >= sum(floor == 3 for floor in floors)
        assert [line for line in wording.levels(one, language)] == [
            next(line for line in wording.levels(one, language) if line.startswith(level.words(language))) for level in order
        ]
        told.add(page)
    assert len(told) > 150, "two sets of rules do not read alike"
