"""A run that breaks a budget fails: by its numbers, and by the exit code of real people on a real service that was made slow."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import chairs
import city
from loadtests import arrivals, limits, parks, plots
from loadtests.arrivals import Committed
from loadtests.limits import Limits, Sample
from siao import figures

HERE = Path(__file__).parent.parent.parent
SLOW_SECONDS = 0.6
"""Twice the budget of a click, and more."""


def evening(clicks: int = 200, ms: float = 40.0, **more: Any) -> list[Sample]:
    return [Sample("hold", True, float(n), ms, 201, **more) for n in range(clicks)] + [Sample("places", False, 1.0, 20.0, 200)] * 200


def missed(found: list[figures.Figure]) -> set[str]:
    return {figure.name for figure in found if figure.met is False}


def test_a_good_evening_keeps_every_budget() -> None:
    assert missed(limits.judged(evening(), 115)) == set()


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize(
    ("limit", "name"),
    [("click_p99_ms", "click → answer, p99"), ("places_p99_ms", "places while typing, p99")],
)
def test_a_budget_of_nothing_is_broken_by_anything(limit: str, name: str, quick: bool) -> None:
    assert missed(limits.judged(evening(), 115, replace(Limits(), **{limit: 0}), quick=quick)) == {name}


def test_one_error_one_board_too_few_and_no_click_at_all_fail() -> None:
    assert missed(limits.judged([*evening(), Sample("ask", True, 1.0, 5.0, 500, "500 internal")], 115)) == {"errors"}
    assert missed(limits.judged(evening(), 114)) == {"operators' boards open, at least"}
    assert missed(limits.judged([], 115)) == {"clicks answered, at least"}


def test_a_slow_hold_counts_only_beside_a_plan() -> None:
    slow, plan = Sample("hold", True, 100.5, 400.0, 201), Sample("plan", True, 100.0, 2_000.0, 200)
    assert "slowest hold while a plan ran" in missed(limits.judged([*evening(2_000), slow, plan], 115))
    assert missed(limits.judged([*evening(2_000), Sample("hold", True, 99.0, 400.0, 201), plan], 115)) == set()


def test_grey_screens_and_late_ones_fail() -> None:
    assert missed(limits.screens_judged([40.0] * 200, 1)) == {"screens that greyed"}
    assert missed(limits.screens_judged([40.0] * 190 + [900.0] * 10, 0)) == {"commit → others' screens, p99"}


def test_every_entry_of_a_gathered_frame_is_late_by_its_own_instant() -> None:
    found: dict[arrivals.Key, list[float]] = {("38", "", 4, 6): [10.5, 10.6], ("38", "mine", 1, 6): [10.7], ("38", "other", 4, 6): [12.0]}
    committed = {("38", 5): Committed(10.0), ("38", 6): Committed(10.4, frozenset({"mine"}))}
    when, late = arrivals.delays(found, committed)
    assert sorted(round(ms) for ms in late) == [100, 200, 300, 500, 600], "of another shelter's bed a screen shows nothing"
    assert len(when) == 5


def test_a_lease_runs_from_the_ping_and_needs_to_be_up_to_date() -> None:
    lease = arrivals.Lease(0.0)
    lease.ping(10.0)
    assert lease.pong(1, top=7, mine=6), "it asks again"
    assert lease.grey(12.5)
    lease.ping(10.0)
    assert not lease.pong(2, top=7, mine=7)
    assert not lease.grey(21.9)
    assert lease.grey(22.1)


@pytest.mark.parametrize(("shelters", "places"), [(60, 1_400), (3, 17)])
def test_a_park_has_exactly_so_many_places(shelters: int, places: int) -> None:
    park = parks.park("75", shelters, places, 2, seed=1)
    assert len(park.shelters) == shelters
    assert sum(unit.nominal for s in park.shelters for unit in s.units) == places
    assert all(unit.nominal == unit.vacant + unit.occupied + unit.out for s in park.shelters for unit in s.units)
    assert park == parks.park("75", shelters, places, 2, seed=1)


def test_france_shares_out_all_its_places() -> None:
    whole = list(parks.france(101, 1_000, 20_300, 1, seed=1))
    assert len({park.code for park in whole}) == 101
    assert sum(unit.nominal for park in whole for s in park.shelters for unit in s.units) == 20_300


def test_a_plot_is_one_picture_without_anybody_s_address() -> None:
    picture = plots.percentiles("Latency", "ms", {"clicks": [float(n) for n in range(1, 500)]}, 250)
    assert picture.count("<svg") == 1
    assert "budget 250 ms" in picture
    assert "http" not in picture


@asynccontextmanager
async def slowed(house: chairs.House, seconds: float) -> AsyncIterator[str]:
    """The same service at another door, where every write takes so much longer."""
    from siao import app
    from siao.demo import Opening, config
    from siao.embedded.process import free_port

    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = replace(house.settings, origins=(base,), port=port)
    made, served = config(settings), app.build(settings)

    async def late(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("method") == "POST":
            await asyncio.sleep(seconds)
        await served(scope, receive, send)

    made.app = late
    server = Opening(made)
    server.capture_signals = chairs._no_signals  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    await asyncio.wait_for(server.opened.wait(), 10)
    try:
        yield base
    finally:
        server.should_exit = True
        await task


async def run(base: str, people: Path) -> tuple[int, str]:
    """Locust alone against this host, with accounts that were given and passwords; its exit code and what it said."""
    command = [
        sys.executable, "-m", "locust", "-f", str(HERE / "loadtests" / "locustfile.py"), "--headless", "--host", base, "--people", str(people),
        "--evening", "rehearsal", "--plan-path", "", "--counted-seconds", "4", "--quick", "--only-summary", "--loglevel", "ERROR", "--stop-timeout", "5",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=HERE)
    said, _ = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode or 0, said.decode()


def verdict(said: str, name: str) -> str:
    return next(line for line in said.splitlines() if line.startswith(name))


async def test_locust_alone_passes_on_a_quick_service_and_fails_on_a_slow_one(house: chairs.House, tmp_path: Path) -> None:
    seats = [
        {"role": "operator", "territory": city.CODE, "login": "operator", "password": chairs.PASSWORD},
        {"role": "shelter", "territory": city.CODE, "login": "shelter", "password": chairs.PASSWORD, "shelter": str(city.shelter())},
        {"role": "worker", "territory": city.CODE, "login": "worker", "password": chairs.PASSWORD, "service": str(city.DAY_CENTRE)},
    ]
    people = tmp_path / "people.json"
    people.write_text(json.dumps({"people": seats}))
    code, said = await run(house.base, people)
    assert "NOT MET" not in verdict(said, "click → answer, p99") + verdict(said, "errors"), said
    async with slowed(house, SLOW_SECONDS) as base:
        code, said = await run(base, people)
    assert code == 1, said
    assert "NOT MET" in verdict(said, "click → answer, p99")
