"""One page about the evenings that were played: plots drawn by hand as SVG, no script, nothing fetched."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from siao.simulator import report
from siao.simulator.scores import LEVELS, PERCENT, SHOWN_SIDES, Score, spread

WIDTH, LABEL, ROW, TOP = 760, 210, 24, 26
COLOURS = ("#1b4f9c", "#2f8f6b", "#c77d12", "#8a8f98")
STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:820px;margin:2rem auto;padding:0 1rem;color:#1d2430;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2.2rem}p{color:#4a5362}svg{width:100%;height:auto;display:block}
text{font:12px system-ui,sans-serif;fill:#1d2430}.axis{stroke:#d5dae2}.mean{fill:#1b4f9c}.spread{stroke:#1b4f9c;stroke-width:2}
.one{fill:#1b4f9c;opacity:.28}.quiet{fill:#6a7280}
@media(prefers-color-scheme:dark){body{background:#14181f;color:#e6e9ee}p{color:#aab2bf}text{fill:#e6e9ee}.axis{stroke:#333b48}
.mean,.one{fill:#7fb0ff}.spread{stroke:#7fb0ff}.quiet{fill:#98a1af}}
"""
"""Inline, because the page is one file."""


def page(scores: Sequence[Score], seed: int) -> str:
    parks = list(dict.fromkeys(score.park for score in scores))
    body = "".join(part for park in parks for part in _park(scores, park))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>siao: simulated evenings</title><style>{STYLE}</style></head><body><h1>Simulated evenings</h1>"
        f"<p>Value: persons sheltered, weighted 64, 16, 4 and 1 by priority level. Both value and persons are in % of the clairvoyant, who "
        f"knows the whole evening in advance and is a bound nobody reaches. Dots are evenings, the bar is one standard deviation. The "
        f"calls are invented, and the parks A and B; the policies know kept rates alone. Seed {seed}.</p>{body}</body></html>\n"
    )


def _park(scores: Sequence[Score], park: str) -> Iterator[str]:
    plans = [plan for where, plan in report.groups(scores) if where == park]
    rows = [(plan, report.of(scores, park, plan)) for plan in plans]
    yield f"<h2>Park {escape(park)}: value, % of the clairvoyant</h2>{_dots(rows, lambda score: score.value, PERCENT)}"
    yield f"<h2>Park {escape(park)}: persons, % of the clairvoyant</h2>{_dots(rows, lambda score: score.persons, PERCENT)}"
    names = [f"level {i + 1}" for i in range(LEVELS)]
    yield f"<h2>Park {escape(park)}: households served by level, %</h2>{_bars(rows, names, 'levels')}"
    yield f"<h2>Park {escape(park)}: households served by side, %</h2>{_bars(rows, [side.en for side in SHOWN_SIDES], 'sides')}"
    waits = [(plan, these) for plan, these in rows if any(score.wait_p90 for score in these)]
    longest = max((score.wait_median for _, these in waits for score in these), default=1.0)
    yield f"<h2>Park {escape(park)}: median wait of those served, minutes</h2>{_dots(waits, _wait, max(longest, 1.0))}"


def _wait(score: Score) -> float:
    return score.wait_median


def _x(value: float, top: float) -> float:
    return LABEL + (WIDTH - LABEL - 60) * value / top


def _dots(rows: Sequence[tuple[str, Sequence[Score]]], number: Callable[[Score], float], top: float) -> str:
    """A line a policy: every evening, the mean, and one standard deviation to each side."""
    parts = list(_axis(len(rows), top))
    for i, (plan, these) in enumerate(rows):
        y = TOP + ROW * i + ROW / 2
        mean, deviation = spread([number(score) for score in these])
        low, high = _x(max(0.0, mean - deviation), top), _x(min(top, mean + deviation), top)
        parts.append(f'<text x="0" y="{y + 4:.0f}">{escape(plan)}</text>')
        parts += [f'<circle class="one" cx="{_x(number(score), top):.1f}" cy="{y:.0f}" r="3"/>' for score in these]
        parts.append(f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{y:.0f}" y2="{y:.0f}"/>')
        parts.append(f'<circle class="mean" cx="{_x(mean, top):.1f}" cy="{y:.0f}" r="5"/>')
        parts.append(f'<text x="{WIDTH - 40}" y="{y + 4:.0f}">{mean:.1f}</text>')
    return _svg(parts, len(rows) * ROW)


def _bars(rows: Sequence[tuple[str, Sequence[Score]]], names: Sequence[str], field: str) -> str:
    """A block a policy, a bar a group."""
    thin = ROW / 2
    block = thin * len(names) + 8
    parts = list(_axis(len(rows) * block / ROW, PERCENT))
    for i, (plan, these) in enumerate(rows):
        top = TOP + block * i
        parts.append(f'<text x="0" y="{top + block / 2:.0f}">{escape(plan)}</text>')
        for j, (name, share) in enumerate(zip(names, report.means(these, field))):
            y = top + thin * j
            width = _x(share, PERCENT) - LABEL
            parts.append(f'<rect x="{LABEL}" y="{y:.1f}" width="{width:.1f}" height="{thin - 2:.1f}" fill="{COLOURS[j]}"/>')
            parts.append(f'<text class="quiet" x="{LABEL + width + 4:.1f}" y="{y + thin - 3:.1f}">{escape(name)} {share:.0f}</text>')
    return _svg(parts, len(rows) * block)


def _axis(rows: float, top: float) -> Iterator[str]:
    for share in (0, 0.25, 0.5, 0.75, 1):
        x = _x(top * share, top)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{TOP + rows * ROW:.0f}"/>'
        yield f'<text class="quiet" x="{x:.1f}" y="12" text-anchor="middle">{top * share:.3g}</text>'


def _svg(parts: Sequence[str], height: float) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {TOP + height + 6:.0f}" role="img">{"".join(parts)}</svg>'
