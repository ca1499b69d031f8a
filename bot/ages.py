"""Say how long ago something was."""

from datetime import datetime
from typing import Final

_STEPS: Final = (
    (60, "minute", 60),
    (24, "hour", 3600),
    (30, "day", 86400),
    (12, "month", 2_629_800),
)
_YEAR_S: Final = 31_557_600


def ago(then: datetime, now: datetime) -> str:
    """Return how long ago something was.

    >>> from datetime import UTC
    >>> ago(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    '2 days ago'
    """
    seconds = max(0.0, (now - then).total_seconds())
    for count, unit, unit_s in _STEPS:
        n = int(seconds // unit_s)
        if n < count:
            return _counted(n, unit) if n or unit != "minute" else "just now"
    return _counted(int(seconds // _YEAR_S) or 1, "year")


def _counted(n: int, unit: str) -> str:
    return f"{n or 1} {unit}{'s' if n > 1 else ''} ago"
