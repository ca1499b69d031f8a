"""Say how long ago something was."""

from datetime import datetime
from typing import Final

from footnote_qa.bot.languages import ngettext, tr

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
            return _counted(n or 1, unit) if n or unit != "minute" else tr("just now")
    return _counted(int(seconds // _YEAR_S) or 1, "year")


def _counted(n: int, unit: str) -> str:
    forms = {
        "minute": ngettext("{n} minute ago", "{n} minutes ago", n),
        "hour": ngettext("{n} hour ago", "{n} hours ago", n),
        "day": ngettext("{n} day ago", "{n} days ago", n),
        "month": ngettext("{n} month ago", "{n} months ago", n),
        "year": ngettext("{n} year ago", "{n} years ago", n),
    }
    return forms[unit].format(n=n)
