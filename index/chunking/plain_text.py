"""Turn Markdown passages into plain text for people to read."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from footnote_qa.index.chunking.markup import HIDDEN, shown

_HEADING_LINE = re.compile(r"^#{1,6}\s+.*$", re.MULTILINE)
_CELL_EDGE = re.compile(r"[ \t]*\|[ \t]*")
_MARKS = re.compile(r"^\s{0,3}>\s?|^\s*[-*+]\s+", re.MULTILINE)


def plain(markdown: str) -> str:
    r"""Return *markdown* on one line without its marks, for reading; never for quoting.

    >>> plain("## Leave\n\n**Twenty** _days_, see [`__a__`](x.md).\n\n| a | b |\n|---|---|")
    'Twenty days, see __a__. a · b'
    """
    text = _without_emphasis(_HEADING_LINE.sub("", shown(markdown)), code=r"\2")
    lines = [_CELL_EDGE.sub(" · ", _MARKS.sub("", line)).strip(" ·\t") for line in text.split("\n")]
    return " ".join(" ".join(lines).split()) or " ".join(_MARKS.sub("", markdown).split())


_BLOCK_MARKS = re.compile(r"^\s*(?:(?:#{1,6}|[-*+•▪●◦‣·>]|\(?\d{1,3}[.)]|\([a-z]\))\s+)+")
_QUOTE_MARK = re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE)
_EMPHASIS = re.compile(
    r"\*{2,3}(?=\S)|(?<=\S)\*{2,3}|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)|(?<!\w)_{1,2}(?=[\w\"'“‘(\ue000])|"
    r"(?<=[^\W_])_{1,2}(?!\w)|(?<=[.,;:!?\"'”’)\ue001])_{1,2}(?!\w)|`+|\\(?=\W)"
)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_NEVER_SHOWN = re.compile("[\ue000\ue001]")
_CODE_HELD = re.compile("\ue000(\\d+)\ue001")  # in place of a piece of code
_SPACE_BEFORE = re.compile(r"(?<=\w) +(?=[,;:.!?](?:\s|$))")


@lru_cache(maxsize=4096)
def plain_block(masked: str) -> str:
    r"""Return a masked block, such as an item or a row, on one line and without its marks.

    >>> plain_block("- **Gold**: see `__main__` in the\n _plan_ of *5*3* rooms")
    'Gold: see __main__ in the plan of 5*3 rooms'
    """
    return _one_line(masked, code=r"\2")


@lru_cache(maxsize=4096)
def marked_block(masked: str) -> str:
    r"""Return the same as `plain_block`, with inline code still marked.

    >>> marked_block("- **Gold**: see `__main__` in the\n _plan_")
    'Gold: see `__main__` in the plan'
    """
    return _one_line(masked, code=r"\1\2\1")


def _one_line(masked: str, *, code: str) -> str:
    text = _BLOCK_MARKS.sub("", _QUOTE_MARK.sub("", masked.replace(HIDDEN, "")))
    text = _without_emphasis(text, code=code)
    if text.lstrip().startswith("|"):
        text = " – ".join(cell.strip() for cell in text.strip().strip("|").split("|"))
    return _SPACE_BEFORE.sub("", re.sub(r"\s+", " ", text)).strip()


def _without_emphasis(text: str, *, code: str) -> str:
    """Return *text* without the marks of emphasis; inline code becomes *code*, a replacement."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found.expand(code))
        return f"\ue000{len(held) - 1}\ue001"

    # What is emphasis around it is part of a name in code
    text = _EMPHASIS.sub("", _CODE.sub(hold, _NEVER_SHOWN.sub("", text)))
    return _CODE_HELD.sub(lambda found: held[int(found[1])], text) if held else text


def path_below(title: str, heading: Sequence[str]) -> tuple[str, ...]:
    """Return the headings below the title; a document's first heading is often its title.

    >>> path_below("Leave", ["Leave", "Sickness"])
    ('Sickness',)
    """
    return tuple(heading[1:] if heading and heading[0] == title else heading)


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})  # control, format, surrogate, private use
_JOINERS = "\u200c\u200d"  # invisible, but some scripts need them to spell words


def one_line(text: str) -> str:
    r"""Return *text* as one visible line.

    >>> one_line("How many\n days?")
    'How many days?'
    """
    return visible(re.sub(r"\s+", " ", text)).strip()


def visible(line: str) -> str:
    """Return the line without characters that nobody can see: hidden text could mislead."""
    return "".join(
        c for c in line if c in _JOINERS or c == "\t" or unicodedata.category(c) not in _HIDDEN
    )
