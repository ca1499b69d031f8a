"""Messages of Slack as plain text, and their times.

https://docs.slack.dev/messaging/formatting-message-text
"""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime

_SPECIAL = re.compile(r"<([^<>]*)>")
_MOST_WORDS = 10


def plain(text: str, name_of: Callable[[str], str]) -> str:
    """Return a message as a reader sees it.

    >>> plain("<@U1>: see <https://x.test|the page> in <#C1|help> &amp; ask <!here>", str.lower)
    '@u1: see the page (https://x.test) in #help & ask @here'
    """
    return html.unescape(_SPECIAL.sub(lambda match: _shown(match[1], name_of), text)).strip()


def _shown(inner: str, name_of: Callable[[str], str]) -> str:
    target, _, label = inner.partition("|")
    if target.startswith("@"):
        return f"@{label or name_of(target[1:])}"
    if target.startswith("#"):
        return f"#{label or target[1:]}"
    if target.startswith("!"):
        return label or f"@{target[1:].partition('^')[0]}"
    return f"{label} ({target})" if label and label != target else target


def first_words(text: str) -> str:
    r"""Return the beginning of a text, as its title.

    >>> first_words("How do I book a room? I tried to.\nTwice.")
    'How do I book a room?'
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    sentence = re.split(r"(?<=[.?!])\s", line, maxsplit=1)[0]
    words = sentence.split()
    return " ".join(words[:_MOST_WORDS]) + ("…" if len(words) > _MOST_WORDS else "")


def time_at(ts: str) -> datetime | None:
    """Return the time of a message, in UTC; None if it is none.

    >>> time_at("1767261600.000100")
    datetime.datetime(2026, 1, 1, 10, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        return datetime.fromtimestamp(float(ts), UTC).replace(microsecond=0)
    except (ValueError, OverflowError, OSError):
        return None


def day_of(ts: str) -> str:
    """Return the day of a message, in UTC.

    >>> day_of("1767261600.000100")
    '2026-01-01'
    """
    found = time_at(ts)
    return "" if found is None else f"{found:%Y-%m-%d}"
