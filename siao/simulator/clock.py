"""The hours of a simulated evening: calls from 17:00, an end at 02:00. Minutes count from 04:00 (core.allocation.outlook)."""

from datetime import UTC, date, datetime, timedelta

NIGHT = date(2026, 1, 12)
ZONE = "UTC"
TURN = datetime(2026, 1, 12, 4, tzinfo=UTC)
BEGINS, ENDS = 13 * 60, 22 * 60
"""17:00 and 02:00."""


def instant(minute: float) -> datetime:
    return TURN + timedelta(minutes=minute)
