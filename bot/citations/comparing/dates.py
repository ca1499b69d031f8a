"""Compare the dates and times of day of a statement with those of its evidence."""

import re
from collections.abc import Sequence

from footnote_qa.bot.citations.comparing.claims import MONTHS

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
    re.compile(
        r"(?<![\d.])(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m>"
        + _MONTH
        + r")\b\.?(?:,?\s+(?P<y>\d{4}))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<m>{_MONTH})\b\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:euro|day|hour|%))"
        r"(?:,?\s+(?P<y>\d{4}))?",
        re.IGNORECASE,
    ),
    re.compile(  # the first day of "12 to 14 June"
        r"(?<![\d.])(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:to|and|until|till|-|–)\s*\d{1,2}"
        r"(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m>" + _MONTH + r")\b",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})?(?![\d.])"),
)
_VERSION = re.compile(r"(?<![\d.])(\d{1,2}\.\d{1,2})\.(?=\s|$)")  # at the end of a sentence
_TIME = re.compile(
    r"(?<![\d.:])(?P<h>[01]?\d|2[0-4])(?:[:.](?P<min>[0-5]\d))?\s*"
    r"(?P<half>a\.?m\.?|p\.?m\.?|uhr|o'clock)?(?![\d:])",
    re.IGNORECASE,
)
_NAMED_TIMES = {"noon": 720, "midday": 720, "midnight": 0}


def _dates(text: str) -> list[tuple[str, str, str]]:
    """Return (year, month, day) of each date; "" for what is not said."""
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(text):
            month = match["m"].lower()
            number = MONTHS.get(month, month.lstrip("0"))
            year = match.groupdict().get("y") or ""
            found.append((year, number, match["d"].lstrip("0")))
    return found


def wrong_date(statement: str, evidence: str) -> bool:
    """Return whether *statement* has a date that none of the dates of *evidence* can be.

    >>> wrong_date("It ends on 31 May.", "It ends on 31 March 2026; May is next.")
    True
    >>> wrong_date("It ends on 31 March.", "It ends on 2026-03-31.")
    False
    """
    known = _dates(evidence)
    said = _dates(_VERSION.sub(lambda m: " " if m[1] in evidence else m.group(), statement))
    return bool(known) and any(not any(_agree(date, one) for one in known) for date in said)


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    return all(
        ours == theirs or not (ours and theirs) for ours, theirs in zip(one, other, strict=True)
    )


def _minutes(match: re.Match[str]) -> int | None:
    """Return the minutes since midnight; None if the number is no time of day."""
    half = (match["half"] or "").replace(".", "").lower()
    if not half and not match["min"]:
        return None
    if not half and match.group()[len(match["h"]) : len(match["h"]) + 1] == ".":
        return None  # a decimal number
    hour = int(match["h"]) % 24
    if half in {"am", "pm"}:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour * 60 + int(match["min"] or 0)


def times(text: str) -> frozenset[int]:
    """Return the times of day in *text*, in minutes since midnight.

    >>> sorted(times("from 9 am to 18:00"))
    [540, 1080]
    """
    told = {value for match in _TIME.finditer(text) if (value := _minutes(match)) is not None}
    lower = text.lower()
    named = {at for name, at in _NAMED_TIMES.items() if re.search(rf"\b{name}\b", lower)}
    return frozenset(told | named)


def wrong_time(statement: str, evidence: str) -> bool:
    """Return whether *statement* has a time of day that *evidence* does not have.

    "8" in the evidence may be 8 in the morning or in the evening.
    """
    known = times(evidence)
    bare = {int(one) for one in re.findall(r"(?<![\d.:])\d{1,2}(?![\d.:])", evidence)}
    return any(
        minute not in known and not (minute % 60 == 0 and bare & {minute // 60, minute // 60 % 12})
        for minute in times(statement)
    )


def without_dates(text: str) -> str:
    """Return *text* with spaces in place of its dates and times of day."""
    for pattern in _DATES:
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return _TIME.sub(lambda m: " " * len(m.group()) if _minutes(m) is not None else m.group(), text)
