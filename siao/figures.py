"""What a measuring command prints: figures with what they must reach, and the exit code that says whether they did."""

import argparse
import json
import sys
from collections.abc import Sequence
from math import comb
from statistics import median

from msgspec import Struct
from msgspec.structs import asdict

ROUNDS_MIN = 5
DOUBT = 1 / 16
"""How often the interval may miss the true median. Of five rounds it is smallest to largest; of more, ever further inside."""


class Figure(Struct, frozen=True):
    """`must` and `aim` as they read, "≤ 1.1"; `met` None where nothing is asked, or where the rounds are too few to decide."""

    name: str
    value: float
    unit: str
    must: str | None = None
    aim: str | None = None
    met: bool | None = None


def exact(name: str, value: float, unit: str, *, at_most: float | None = None, at_least: float | None = None) -> Figure:
    """A count that does not vary between runs: one look decides."""
    return Figure(name, value, unit, _words(at_most, at_least), None, _reached([value], at_most, at_least))


def measured(
    name: str, rounds: Sequence[float], unit: str, *, at_most: float | None = None, at_least: float | None = None, aim: float | None = None
) -> Figure:
    """The median of the rounds. Met where the interval of at least ROUNDS_MIN rounds does not exclude the must."""
    met = _reached(rounds, at_most, at_least) if len(rounds) >= ROUNDS_MIN else None
    aims = _words(aim, None) if at_most is not None else _words(None, aim)
    return Figure(name, median(rounds), unit, _words(at_most, at_least), aims, met)


def _words(at_most: float | None, at_least: float | None) -> str | None:
    return f"≤ {at_most:g}" if at_most is not None else f"≥ {at_least:g}" if at_least is not None else None


def _reached(rounds: Sequence[float], at_most: float | None, at_least: float | None) -> bool | None:
    low, high = interval(rounds)
    if at_most is not None:
        return low <= at_most
    return high >= at_least if at_least is not None else None


def interval(rounds: Sequence[float]) -> tuple[float, float]:
    """Between which two rounds the true median lies, but for DOUBT: the sign test's interval (Conover 1999, 3.2)."""
    ordered, outside = sorted(rounds), 0
    while 2 * outside < len(rounds) - 1 and 2 * _tail(len(rounds), outside) <= DOUBT:
        outside += 1
    skipped = max(0, outside - 1)
    return ordered[skipped], ordered[-1 - skipped]


def _tail(n: int, k: int) -> float:
    """P(at most k of n fair coins fall heads)."""
    return sum(comb(n, i) for i in range(k + 1)) / 2**n


def parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Every measuring command takes --quick and --json."""
    made = argparse.ArgumentParser(prog=prog, description=description)
    made.add_argument("--quick", action="store_true", help="fewer rounds: what they cannot decide is left open")
    made.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    return made


def progress(text: str) -> None:
    """Progress goes to standard error, so that standard output is the figures alone."""
    sys.stderr.write(f"siao: {text}\n")
    sys.stderr.flush()


def tell(figures: Sequence[Figure], as_json: bool) -> int:
    """Prints the figures; 1 where a must is not met."""
    if as_json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures], ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("".join(_line(figure) for figure in figures))
    return int(any(figure.met is False for figure in figures))


def _line(f: Figure) -> str:
    asked = " ".join(part for part in (f.must and f"must {f.must}", f.aim and f"aim {f.aim}") if part)
    said = {True: "met", False: "NOT MET", None: "open" if f.must else ""}[f.met]
    return f"{f.name:<58} {f.value:>12,.4g} {f.unit:<16} {asked:<28} {said}\n"
