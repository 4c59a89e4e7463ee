"""Hand-made SVG: lines over time, and percentiles on a scale that shows the tail. No script, no font, no address."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log10

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 14, 30
Points = Sequence[tuple[float, float]]
NINES = (0.0, 50.0, 90.0, 99.0, 99.9)


def lines(title: str, unit: str, series: Mapping[str, Points], at_most: float | None = None, log: bool = False) -> str:
    """Lines over seconds; `at_most` draws the budget."""
    right = max((x for points in series.values() for x, _ in points), default=1.0) or 1.0
    ticks = [(right * n / 6, f"{right * n / 6:.0f} s") for n in range(7)]
    return _plot(title, unit, series, (0.0, right), ticks, at_most, log)


def percentiles(title: str, unit: str, samples: Mapping[str, Sequence[float]], at_most: float | None = None) -> str:
    """Each percentile up to the highest that the samples can tell, nines at equal steps."""
    series = {name: _tail(sorted(ms)) for name, ms in samples.items() if ms}
    ticks = [(_nines(p), f"{p:g} %") for p in NINES]
    return _plot(title, unit, series, (0.0, _nines(99.95)), ticks, at_most, log=True)


def _nines(p: float) -> float:
    return -log10(1 - min(p, 99.99) / 100)


def _tail(ms: list[float]) -> list[tuple[float, float]]:
    steps = [n * 0.05 for n in range(67)]
    shown = [1 - 10**-step for step in steps]
    return [
        (step, ms[min(len(ms) - 1, int(share * len(ms)))]) for step, share in zip(steps, shown) if share <= 1 - 1 / len(ms) or step == 0
    ]


def _plot(
    title: str, unit: str, series: Mapping[str, Points], across: tuple[float, float], ticks: Sequence[tuple[float, str]],
    at_most: float | None, log: bool,
) -> str:  # fmt: skip
    values = [y for points in series.values() for _, y in points] + ([at_most] if at_most else [])
    low, high = (0.1 if log else 0.0), max([*values, 1.0]) * 1.1

    def x(value: float) -> float:
        return LEFT + (value - across[0]) / (across[1] - across[0]) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        share = log10(max(value, low) / low) / log10(high / low) if log else value / high
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    marks = [10.0**n for n in range(-1, 6) if low <= 10.0**n <= high] if log else [high / 1.1 * n / 4 for n in range(5)]
    parts = [f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(m):.1f}" y2="{y(m):.1f}"/>' for m in marks]
    parts += [f'<text class="y" x="{LEFT - 6}" y="{y(m) + 4:.1f}">{m:.3g}</text>' for m in marks]
    parts += [f'<text class="x" x="{x(at):.1f}" y="{HEIGHT - 10}">{escape(text)}</text>' for at, text in ticks]
    if at_most is not None:
        parts.append(f'<line class="budget" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(at_most):.1f}" y2="{y(at_most):.1f}"/>')
    for n, points in enumerate(series.values()):
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        parts.append(f'<polyline class="s{n % 8}" points="{path}"/>')
    keys = "".join(f'<li><i class="s{n % 8}"></i>{escape(name)}</li>' for n, name in enumerate(series))
    budget = f", budget {at_most:g} {unit}" if at_most is not None else ""
    return (
        f"<figure><figcaption>{escape(title)} <small>({escape(unit)}{budget})</small></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg><ul>{keys}</ul></figure>'
    )
