"""One HTML page of a run: its figures, what was reached and on which machine, and plots."""

import os
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import numpy as np
from msgspec import Struct

from loadtests import plots
from loadtests.limits import LIMITS, PLACES, PLAN, Sample
from loadtests.profiles import Profile
from loadtests.watch import Look
from siao.figures import Figure

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5c6670;--line:#d9dee3;--paper:#fff;--bad:#b42318;--good:#1a7f4b}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ad;--line:#333b43;--paper:#14181c;--bad:#ff8a7a;--good:#5fd39a}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:50rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.met{color:var(--good)}.missed{color:var(--bad);font-weight:600}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}figure{margin:1.5rem 0}figcaption{font-weight:600}small,p.soft{color:var(--soft)}
svg{width:100%;height:auto}svg text{font-size:11px;fill:var(--soft)}.y{text-anchor:end}.x{text-anchor:middle}
.grid{stroke:var(--line)}.budget{stroke:var(--bad);stroke-dasharray:5 4}polyline{fill:none;stroke-width:1.6;stroke:currentColor}
figure ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.2rem 0;font-size:.85rem}
i{display:inline-block;width:.9rem;height:.2rem;background:currentColor;vertical-align:middle;margin-right:.4rem}
.s0{color:#2f6fde}.s1{color:#d9822b}.s2{color:#1a9a6c}.s3{color:#b5409b}.s4{color:#7a6ff0}.s5{color:#c23b3b}.s6{color:#6b7785}.s7{color:#a98a1f}
"""


class Run(Struct, frozen=True):
    """All that a report shows. `late`: when each frame came to a screen, and how many ms after its entry."""

    profile: Profile
    seconds: float
    workers: int
    began: float
    samples: Sequence[Sample]
    late: tuple[Sequence[float], Sequence[float]]
    looks: Sequence[Look]
    notes: Sequence[str]


def write(path: Path, run: Run, figures: Sequence[Figure], wrong: Mapping[str, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(run, figures, wrong), encoding="utf-8")


def page(run: Run, figures: Sequence[Figure], wrong: Mapping[str, int]) -> str:
    missed = [figure for figure in figures if figure.met is False]
    verdict = f"{len(missed)} of its budgets broken" if missed else "every budget kept"
    p = run.profile
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>siao load: {p.name}</title><style>{STYLE}</style>
<h1>Load, profile {p.name}: {verdict}</h1>
<p>{p.territories} territories, {p.shelters:,} shelters, {p.places:,} places, {p.screens:,} screens open
({p.operators.screens} operators, {p.staff.screens} shelters, {p.workers.screens} social workers), {p.waiting} households waiting as it
began; {run.workers} server process(es), {run.seconds:.0f} s.</p><p class="soft">{escape(machine())}</p>
<h2>Figures</h2>{_figures(figures)}{_list(run.notes)}
{"<h2>What went wrong</h2>" + _list(f"{count} × {what}" for what, count in wrong.items()) if wrong else ""}
<h2>Over time</h2>{"".join(_plots(run))}
<h2>Each exchange</h2>{_exchanges(run.samples)}</html>"""


def machine() -> str:
    """Where it ran, and when: commit, cores, versions."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent)  # noqa: S607
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    where = f"{os.cpu_count()} cores, clients on the same machine · {platform.system()} {platform.machine()}"
    return f"{now} · commit {commit.stdout.strip() or '?'} · {where} · Python {platform.python_version()}"


def _figures(figures: Iterable[Figure]) -> str:
    said = {True: '<td class="met">met', False: '<td class="missed">NOT MET', None: "<td>"}
    rows = (
        f'<tr><td>{escape(f.name)}<td class="n">{f.value:,.4g}<td>{escape(f.unit)}<td>{escape(f.must or "")}{said[f.met]}</tr>'
        for f in figures
    )
    return f"<table><tr><th>figure<th>reached<th><th>must<th></tr>{''.join(rows)}</table>"


def _list(lines: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _plots(run: Run) -> Iterable[str]:
    clicks = [s for s in run.samples if s.click and s.name != PLAN]
    places = [s for s in run.samples if s.name in PLACES]
    step = max(1.0, run.seconds / 60)
    took = {
        f"{name} {what}": _windows([(s.start - run.began, s.ms) for s in some], step, share)
        for name, some in (("clicks", clicks), ("places", places))
        for what, share in (("p50", 50), ("p99", 99))
    }
    yield plots.lines("Latency", "ms", took, LIMITS.click_p99_ms, log=True)
    when, late = run.late
    screens = [(at - run.began, ms) for at, ms in zip(when, late)]
    seen = {f"commit → screens {what}": _windows(screens, step, share) for what, share in (("p50", 50), ("p99", 99))}
    yield plots.lines("Commit → others’ screens", "ms", seen, LIMITS.screens_p99_ms, log=True)
    spread = {"clicks": [s.ms for s in clicks], "places": [s.ms for s in places], "commit → screens": late}
    yield plots.percentiles("Percentiles", "ms", spread, LIMITS.click_p99_ms)
    rates = {"clicks": clicks, "places": places, "all exchanges": run.samples}
    counted = {name: _rate([s.start - run.began for s in some], step) for name, some in rates.items()}
    yield plots.lines("Exchanges", "per second", counted)
    yield plots.lines("Frames that came to screens", "per second", {"frames": _rate([at - run.began for at in when], step)})
    names = list(run.looks[-1].cores) if run.looks else []
    cores = {name: [(look.at - run.began, look.cores.get(name, 0.0)) for look in run.looks if look.at >= run.began] for name in names}
    whole = {"load of the machine, others included": [(look.at - run.began, look.load) for look in run.looks if look.at >= run.began]}
    yield plots.lines("CPU", "cores", cores | whole)
    yield plots.lines("Memory", "MB", {n: [(k.at - run.began, k.mb.get(n, 0.0)) for k in run.looks if k.at >= run.began] for n in names})


def _windows(points: Sequence[tuple[float, float]], step: float, share: float) -> list[tuple[float, float]]:
    """The percentile of each window of `step` seconds."""
    if not points:
        return []
    table = np.asarray(points)
    slots = (table[:, 0] // step).astype(int)
    return [(float(slot * step), float(np.percentile(table[slots == slot, 1], share))) for slot in np.unique(slots)]


def _rate(times: Sequence[float], step: float) -> list[tuple[float, float]]:
    if not times:
        return []
    slots, counts = np.unique((np.asarray(times) // step).astype(int), return_counts=True)
    return [(float(slot * step), float(count / step)) for slot, count in zip(slots, counts)]


def _exchanges(samples: Sequence[Sample]) -> str:
    names = sorted({s.name for s in samples})
    rows: list[str] = []
    for name in names:
        ms = [s.ms for s in samples if s.name == name and s.status]
        if ms:
            shares = "".join(f'<td class="n">{value:,.1f}' for value in np.percentile(ms, (50, 95, 99, 100)))
            lost = sum(s.status == 409 for s in samples if s.name == name)
            rows.append(f'<tr><td>{escape(name)}<td class="n">{len(ms)}{shares}<td class="n">{lost}</tr>')
    return f"<table><tr><th>exchange<th>times<th>p50 ms<th>p95<th>p99<th>slowest<th>lost races</tr>{''.join(rows)}</table>"


def stamp() -> str:
    return time.strftime("%Y%m%d-%H%M%S")
