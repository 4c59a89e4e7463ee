"""The eleven reasons beside a second reading of the same page, on twenty thousand random pairs."""

from random import Random

from msgspec.structs import replace

from pairs import NOW, household, place, second_reading
from siao.core.allocation.compatible import WORDS, Reason, excluded

PAIRS = 20_000


def test_two_readings_agree_on_every_pair() -> None:
    dice = Random(20_000)
    seen: set[str] = set()
    for id in range(PAIRS):
        h, p = household(dice), place(dice, id)
        why = {reason.name for reason in excluded(h, p, NOW)}
        assert why == second_reading(h, p), (h, p)
        seen |= {name for name in why if name}
    assert seen == {reason.name for reason in Reason}, "every reason was met"


def test_a_broken_reading_would_be_noticed() -> None:
    dice = Random(1)
    pairs = [(household(dice), place(dice, id)) for id in range(2_000)]
    for forgotten in Reason:
        assert any((excluded(h, p, NOW) & ~forgotten) != excluded(h, p, NOW) for h, p in pairs), forgotten


def test_taking_the_only_reason_away_makes_it_fit() -> None:
    dice = Random(4)
    met = 0
    for id in range(5_000):
        h, p = household(dice), place(dice, id)
        if excluded(h, p, NOW) is Reason.NIGHTS:
            assert not excluded(h, replace(p, nights_max=None), NOW)
            met += 1
        if excluded(h, p, NOW) is Reason.FULL:
            assert not excluded(h, replace(p, free=True), NOW)
            met += 1
    assert met > 20


def test_every_reason_has_its_words() -> None:
    assert set(WORDS) == set(Reason) and len(Reason) == 11
