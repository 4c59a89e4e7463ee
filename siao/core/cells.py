"""Whether figures that are shown give away a number under 11: asked as a stranger would, not as they were made (GUARANTEES, 22)."""

from collections.abc import Iterable

from siao.core.published import CELL_MIN, Cell, Week


def given_away(week: Week) -> list[str]:
    """The tables of this week from which a number of 1 to 10 can be read, or follows."""
    tables = {"nights": week.nights, **week.breakdowns}
    named = [name for name, cells in tables.items() if _follows(cells, week.households)]
    return ["week", *named] if week.households is not None and 0 < week.households < CELL_MIN else named


def _follows(cells: Iterable[Cell], total: int | None) -> bool:
    """A small number is shown; or what is hidden is known by its sum: it is one cell, or all are as small or as large as can be."""
    shown = [cell.households for cell in cells if cell.households is not None]
    hidden = sum(cell.households is None for cell in cells)
    if any(0 < count < CELL_MIN for count in shown):
        return True
    if not hidden or total is None:
        return False
    left = total - sum(shown)
    return hidden == 1 or left < CELL_MIN or left == hidden * (CELL_MIN - 1)
