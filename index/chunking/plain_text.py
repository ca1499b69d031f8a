"""Passages as a person reads them: without Markdown marks, headings told once."""

import re
import unicodedata
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


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})  # control, format, surrogate, private use
_JOINERS = "\u200c\u200d"  # invisible, but words of some scripts are spelt with them


def one_line(text: str) -> str:
    r"""Return *text* as one visible line.

    >>> one_line("How many\n days?")
    'How many days?'
    """
    return visible(re.sub(r"\s+", " ", text)).strip()


def visible(line: str) -> str:
    """Return the line without what a person would not see: text that hides is there to mislead."""
    return "".join(
        c for c in line if c in _JOINERS or c == "\t" or unicodedata.category(c) not in _HIDDEN
    )
