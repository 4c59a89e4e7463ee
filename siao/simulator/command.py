"""siao simulate: evenings of two invented parks, and of an imported one, played by every policy; what each is worth, and to whom."""

import argparse
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path

from siao import figures
from siao.exchange import toronto
from siao.simulator import cities, evenings, plots, report
from siao.simulator.cities import City
from siao.simulator.report import ERROR
from siao.simulator.scores import BATCH, BEST_FIT, FIRST_FIT, FLUID, PRICES, VOTE, Plan, Score, Task, play_evening

EVENINGS, QUICK_EVENINGS, ERROR_EVENINGS = 20, 2, 5
PLANS = (*(Plan(name) for name in (FIRST_FIT, BEST_FIT, BATCH, FLUID, PRICES, VOTE)), Plan(VOTE, -ERROR))
WRONG = (Plan(VOTE, ERROR), Plan(PRICES, -ERROR), Plan(PRICES, ERROR))
"""Other wrong forecasts, on the first few evenings alone."""
BAR_CELLS = 30
REQUESTS_PER_PLACE = 1.25
"""For an imported park: as scarce as A."""


def main(argv: list[str]) -> int:
    options = _options(argv)
    try:
        towns = list(_cities(options))
    except (toronto.Refusal, OSError) as no:
        sys.stderr.write(f"siao: refused: {no}\n")
        return 1
    scores = _played(list(_tasks(towns, options)), options.jobs)
    if options.html:
        options.html.write_text(plots.page(scores, options.seed), encoding="utf-8")
    if options.json:
        return figures.tell([*report.told(scores), *report.cells(scores)], as_json=True)
    sys.stdout.write("".join(f"{line}\n" for line in report.table(scores)))
    return figures.tell(list(report.told(scores)), as_json=False)


def _options(argv: list[str]) -> argparse.Namespace:
    parser = figures.parser("siao simulate", "Evenings played by every policy, beside the best that could have been done.")
    parser.add_argument("--evenings", type=_count, help=f"how many of each park ({EVENINGS}; --quick {QUICK_EVENINGS})")
    parser.add_argument("--seed", type=int, default=1, help="evenings and ghosts are drawn from it")
    parser.add_argument("--park", type=Path, metavar="FILE", help="also a city's published night (reported, no target)")
    parser.add_argument("--night", type=date.fromisoformat, help="which night of the file; its first by default")
    parser.add_argument("--html", type=Path, metavar="FILE", help="one page with plots")
    parser.add_argument("--jobs", type=_count, default=1, help="processes")
    return parser.parse_args(argv)


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _cities(options: argparse.Namespace) -> Iterator[tuple[City, int]]:
    """Each park with the calls of its evenings."""
    for name in ("A", "B"):
        yield cities.invented(name), evenings.REQUESTS
    if options.park:
        city = cities.imported(toronto.read(options.park, options.night).park)
        yield city, round(city.persons * REQUESTS_PER_PLACE)


def _tasks(towns: Iterable[tuple[City, int]], options: argparse.Namespace) -> Iterator[Task]:
    count = options.evenings or (QUICK_EVENINGS if options.quick else EVENINGS)
    for city, requests in towns:
        known = evenings.history(city, options.seed, requests)
        for i in range(count):
            plans = (*PLANS, *(WRONG if i < ERROR_EVENINGS and not options.quick else ()))
            yield Task(city, known, options.seed, i, plans, requests)


def _played(tasks: Sequence[Task], jobs: int) -> list[Score]:
    """All evenings, with a bar on standard error; several processes only where asked."""
    found: list[Score] = []
    for done, scores in enumerate(_each(tasks, jobs), 1):
        found += scores
        _bar(done, len(tasks), scores[0])
    return found


def _each(tasks: Sequence[Task], jobs: int) -> Iterator[list[Score]]:
    if jobs == 1:
        yield from map(play_evening, tasks)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(play_evening, tasks)


def _bar(done: int, of: int, last: Score) -> None:
    full = BAR_CELLS * done // of
    end = "\n" if done == of or not sys.stderr.isatty() else "\r"
    sys.stderr.write(f"siao: [{'█' * full}{'░' * (BAR_CELLS - full)}] {done}/{of} evenings, park {last.park}{end}")
    sys.stderr.flush()
