"""A must that is missed fails the command; what too few rounds cannot decide stays open."""

import json

import pytest

from siao import figures


@pytest.mark.parametrize(
    ("rounds", "met"),
    [([1.0, 1.2, 1.3, 1.4, 1.5], True), ([1.2, 1.2, 1.3, 1.4, 1.5], False), ([2.0], None)],
)
def test_a_must_is_missed_only_where_every_round_says_so(rounds: list[float], met: bool | None) -> None:
    figure = figures.measured("ratio", rounds, "×", at_most=1.1, aim=0.9)
    assert (figure.met, figure.must, figure.aim) == (met, "≤ 1.1", "≤ 0.9")


def test_a_count_is_decided_at_one_look(capsys: pytest.CaptureFixture[str]) -> None:
    missed = figures.exact("oversold", 1, "beds", at_most=0)
    assert figures.tell([missed], as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"name": "oversold", "value": 1, "unit": "beds", "must": "≤ 0", "aim": None, "met": False}
    ]


def test_open_figures_do_not_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert figures.tell([figures.measured("throughput", [3.0], "×", at_least=5)], as_json=False) == 0
    assert "open" in capsys.readouterr().out


def test_one_lucky_round_of_many_does_not_meet_a_must() -> None:
    assert figures.interval([1, 2, 3, 4, 5]) == (1, 5)
    assert figures.interval(range(20)) == (5, 14)
    assert figures.measured("regret", [1.0, *[2.0] * 19], "%", at_most=1.5).met is False
