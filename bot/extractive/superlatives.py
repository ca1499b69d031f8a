"""Answer superlatives such as "latest" or "cheapest" with the extreme row of a table."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from footnote_qa.bot.extractive.groups import Group, GroupKind, groups
from footnote_qa.bot.extractive.units import cells
from footnote_qa.index.chunking import stem, stems_of
from footnote_qa.index.types import Section

_LATE = re.compile(
    r"\b(?:latest|newest|most recent|current|last|recently|neueste[rsnm]?|letzte[rsnm]?)\b", re.I
)
_EARLY = re.compile(r"\b(?:earliest|oldest|first|älteste[rsnm]?|erste[rsnm]?)\b", re.I)
_HIGH = re.compile(
    r"\b(?:highest|most expensive|most(?! recent)|largest|biggest|greatest|longest|maximum|max|top|"
    r"dearest|heaviest|fastest|tallest|höchste[rsnm]?|größte[rsnm]?|meiste[rsnm]?)\b",
    re.I,
)
_LOW = re.compile(
    r"\b(?:lowest|least|fewest|smallest|shortest|minimum|min|cheapest|lightest|slowest|"
    r"niedrigste[rsnm]?|kleinste[rsnm]?|billigste[rsnm]?|günstigste[rsnm]?)\b",
    re.I,
)
# Names of the columns with such values
_NAMES = {
    "cheapest": "price cost fee rate charge amount",
    "expensive": "price cost fee rate charge amount",
    "dearest": "price cost fee rate charge amount",
    "longest": "length duration days weeks hours months years",
    "shortest": "length duration days weeks hours months years",
    "heaviest": "weight kg",
    "lightest": "weight kg",
    "fastest": "speed rate time",
    "tallest": "height",
}
_MONTHS = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<year>\d{4})-(?P<number>\d{1,2})(?:-(?P<day>\d{1,2}))?\b",
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+{_MONTH},?\s+(?P<year>\d{{4}})\b",
        rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})\b",
        rf"\b{_MONTH},?\s+(?P<year>\d{{4}})\b",
        r"\b(?P<day>\d{1,2})\.(?P<number>\d{1,2})\.(?P<year>\d{4})\b",
        r"^\s*(?P<year>(?:19|20)\d{2})\s*$",
    )
)
_VERSION = re.compile(r"^\s*v?(\d+(?:\.\d+)+)\b", re.IGNORECASE)
_AMOUNT = re.compile(r"-?\d{1,3}(?:[,  ]\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?")
_FEWEST_ROWS = 2
_MOST_VALUES_MISSING = 0.34

Value = tuple[float, ...]
_Read = Callable[[str], Value | None]


@dataclass(frozen=True, slots=True)
class Superlative:
    """The extreme that a question asks for.

    Attributes:
        highest: Whether it is the latest or most; else the earliest or least.
        is_time: Whether dates and versions are compared; else amounts.
        names: Stems of possible names of the column.
        words: Stems of the words that ask for it.
    """

    highest: bool
    is_time: bool
    names: frozenset[str]
    words: frozenset[str]


def superlative_of(question: str) -> Superlative | None:
    """Return the extreme that *question* asks for; None if it asks for none.

    >>> superlative_of("Which plan is the cheapest?").highest
    False
    """
    for pattern, highest, is_time in (
        (_LATE, True, True),
        (_EARLY, False, True),
        (_LOW, False, False),
        (_HIGH, True, False),
    ):
        if found := pattern.search(question):
            names = {*stems_of(question)}
            names |= {
                stem(name)
                for word, listed in _NAMES.items()
                if word in found.group().lower()
                for name in listed.split()
            }
            words = frozenset(stems_of(found.group()))
            return Superlative(highest, is_time, frozenset(names), words)
    return None


def extreme_row(section: Section, wanted: Superlative) -> tuple[Group, int] | None:
    """Return the row with the extreme value in a table of *section*, as the position of its block.

    None if no table has a column with such values.
    """
    for group in groups(section):
        if group.kind is not GroupKind.TABLE:
            continue
        at = _extreme(section, group, wanted)
        if at is not None:
            return group, at
    return None


def _extreme(section: Section, group: Group, wanted: Superlative) -> int | None:
    positions = range(group.first, group.last + 1)
    heads = [at for at in positions if section.blocks[at].is_head]
    rows = [at for at in positions if not section.blocks[at].is_head]
    if not heads or len(rows) < _FEWEST_ROWS:
        return None
    names = _cells(section, heads[0])
    table = [_cells(section, at) for at in rows]
    column = _column(names, table, wanted)
    if column is None:
        return None
    number, read = column
    values = [
        (read(row[number]) if number < len(row) else None, at)
        for row, at in zip(table, rows, strict=True)
    ]
    known = [(value, at) for value, at in values if value is not None]
    best = (max if wanted.highest else min)(value for value, _ in known)
    return next(at for value, at in known if value == best)


def _column(
    names: Sequence[str], table: Sequence[Sequence[str]], wanted: Superlative
) -> tuple[int, _Read] | None:
    """Return the column to compare and the function that reads its cells."""
    readers: tuple[_Read, ...] = (_date, _version) if wanted.is_time else (_amount,)
    found: list[tuple[bool, int, _Read]] = []
    for read in readers:
        for number in range(len(names)):
            column = [read(row[number]) for row in table if number < len(row)]
            missing = sum(value is None for value in column)
            if column and missing <= _MOST_VALUES_MISSING * len(column):
                is_named = not wanted.names.isdisjoint(stems_of(names[number]))
                found.append((is_named, number, read))
    if not found or (not wanted.is_time and len(found) > 1 and not any(one[0] for one in found)):
        return None  # there are several columns of amounts
    _, number, read = next((one for one in found if one[0]), found[0])
    return number, read


def _cells(section: Section, at: int) -> list[str]:
    block = section.blocks[at]
    return cells(section.masked[block.start : block.end])


def _date(text: str) -> Value | None:
    for pattern in _DATES:
        found = pattern.search(text)
        if found is None:
            continue
        parts = found.groupdict()
        month = parts.get("number") or 0
        if parts.get("month"):
            month = _MONTHS.index(parts["month"].lower()) + 1
        return float(parts["year"]), float(month), float(parts.get("day") or 0)
    return None


def _version(text: str) -> Value | None:
    found = _VERSION.match(text)
    return None if found is None else tuple(float(part) for part in found[1].split("."))


def _amount(text: str) -> Value | None:
    found = _AMOUNT.search(text)
    return None if found is None else (float(re.sub(r"[,  ]", "", found.group())),)
