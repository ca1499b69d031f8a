"""Classify the lines of a text: list item, table row, code, heading, prose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class LineKind(StrEnum):
    """The kind of a line, by how it begins and whether a code fence is open."""

    BLANK = "blank"
    CODE = "code"  # a fence, or a line between fences
    TABLE = "table"
    HEADING = "heading"
    RULE = "rule"
    ITEM = "item"
    QUOTE = "quote"
    PROSE = "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a text, without its newline.

    Attributes:
        start: Offset of its first character.
        end: One past its last.
        kind: What it is.
    """

    start: int
    end: int
    kind: LineKind


ITEM = re.compile(r"[ \t]*(?:[-*+•▪●◦‣·–]|\d{1,3}[.)]|\([A-Za-z\d]{1,3}\)|[A-Za-z]\))[ \t]+(?=\S)")
"""The marker of a list item at the start of a line, with the spaces around it."""

_FENCE = re.compile(r"[ \t]*(?:[-*+] +)?(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_RULE = re.compile(r"[ \t]*(?:[-=_*][ \t]*){2,}$")
_MIN_PIPES = 2


def lines(text: str) -> Iterator[Line]:
    r"""Yield every line of *text* in order.

    >>> [line.kind.value for line in lines("# A\n- one\n\n| x | y |")]
    ['heading', 'item', 'blank', 'table']
    """
    fence = ""
    start = 0
    for row in text.split("\n"):
        end = start + len(row)
        if fence:
            kind = LineKind.CODE
            fence = "" if _closes(row, fence) else fence
        else:
            fence = _opened(row)
            kind = LineKind.CODE if fence else _kind(row)
        yield Line(start=start, end=end, kind=kind)
        start = end + 1


def _opened(row: str) -> str:
    match = _FENCE.match(row)
    # A fence of backticks cannot be followed by backticks: that is code within a line.
    return match[1] if match and not (match[1][0] == "`" and "`" in row[match.end() :]) else ""


def _closes(row: str, fence: str) -> bool:
    stripped = row.strip()
    return len(stripped) >= len(fence) and stripped == fence[0] * len(stripped)


def _kind(row: str) -> LineKind:
    stripped = row.strip()
    if not stripped:
        return LineKind.BLANK
    if stripped[0] == "|" or row.count(" | ") >= _MIN_PIPES:
        return LineKind.TABLE
    return _kind_of_words(row, stripped)


def _kind_of_words(row: str, stripped: str) -> LineKind:
    if stripped[0] == ">":
        return LineKind.QUOTE
    if _HEADING.match(row):
        return LineKind.HEADING
    if set(stripped) <= set("-=_* ") and _RULE.match(row):
        return LineKind.RULE
    return LineKind.ITEM if ITEM.match(row) else LineKind.PROSE
