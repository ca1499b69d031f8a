"""Split an open paragraph, item or row of a reply: sentences with their markers, cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from footnote_qa.bot.engine.citation_markers import are_markers
from footnote_qa.bot.types import PartKind

_LEADING = re.compile(r"\s*(?:[\[【]\^?\d[\d,\s^–-]*[\]】]\s*)+")


@dataclass
class OpenText:
    """The paragraph or item whose text is still being read."""

    kind: PartKind
    prefix: str = ""
    text: str = ""
    told: int = 0  # up to here its sentences are out
    line: int = 0
    indent: int = 0


def with_their_markers(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the sentences with the markers behind their full stop: "… a day. [1] The next"."""
    groups: list[tuple[int, int]] = []
    for start, end in spans:
        lead = _LEADING.match(text[start:end]) if groups else None
        begin = start + lead.end() if lead else start
        if groups and (lead or are_markers(text[start:end])):
            begin = end if are_markers(text[start:end]) else begin
            groups[-1] = (groups[-1][0], begin)
        if text[begin:end].strip():
            groups.append((begin, end))
    return groups


def may_be_marker(start: str) -> bool:
    """Return whether what has come of a sentence may still be a marker of the sentence before it.

    >>> may_be_marker("[1"), may_be_marker("[1] "), may_be_marker("[1] Next")
    (True, True, False)
    """
    rest = _LEADING.sub("", start)
    return not re.match(r"\s*[^\W_]|\s*\*", rest)


def cells(row: str) -> list[str]:
    r"""Return the cells of a row.

    >>> cells("| a \\| b | c |")
    ['a \\| b', 'c']
    """
    inner = row.strip()
    inner = inner.removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]
