"""Readable paths of items, from the titles that people gave them."""

from datetime import UTC, datetime

_MOST_CHARS = 120


def safe(title: str) -> str:
    """Return a title as one part of a path.

    >>> safe("Leave / absence"), safe(" .. "), safe("")
    ('Leave - absence', 'untitled', 'untitled')
    """
    words = " ".join(title.replace("/", "-").split()).strip(". ")
    return words[:_MOST_CHARS].strip() or "untitled"


def joined(*parts: str) -> str:
    """Return the path of these parts.

    >>> joined("ENG", "", "Leave")
    'ENG/Leave'
    """
    return "/".join(part for part in parts if part)


def time_of(text: object) -> datetime | None:
    """Return a time in UTC as services write it; None if it is none.

    >>> time_of("2026-03-01T10:00:00.000+01:00")
    datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.timezone.utc)
    >>> time_of("soon"), time_of(None)
    (None, None)
    """
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
