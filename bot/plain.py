"""Passages as a person reads them: without Markdown marks, headings told once."""

import re
from collections.abc import Sequence

_HEADING_LINE = re.compile(r"^#{1,6}\s+.*$", re.MULTILINE)
_RULE_ROW = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*$", re.MULTILINE)
_CELL_EDGE = re.compile(r"[ \t]*\|[ \t]*")
_MARKS = re.compile(r"\*\*|__|`+|^\s{0,3}>\s?|^\s*[-*+]\s+", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^()\s]*\)")


def plain(markdown: str) -> str:
    r"""Return *markdown* on one line without its marks, for reading; never for quoting.

    >>> plain("## Leave\n\n**Twenty** days, see [the form](x.md).\n\n| a | b |\n|---|---|")
    'Twenty days, see the form. a · b'
    """
    text = _LINK.sub(r"\1", _RULE_ROW.sub("", _HEADING_LINE.sub("", markdown)))
    lines = [_CELL_EDGE.sub(" · ", _MARKS.sub("", line)).strip(" ·\t") for line in text.split("\n")]
    return " ".join(" ".join(lines).split()) or " ".join(_MARKS.sub("", markdown).split())


def path_below(title: str, heading: Sequence[str]) -> tuple[str, ...]:
    """Return the headings below the title: a document's first heading often is its title.

    >>> path_below("Leave", ["Leave", "Sickness"])
    ('Sickness',)
    """
    return tuple(heading[1:] if heading and heading[0] == title else heading)
