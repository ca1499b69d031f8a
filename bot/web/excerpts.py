"""The text around a quote, laid out, with the quote marked."""

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from footnote_qa.bot.web.answer_html import Place, document_html
from footnote_qa.index.chunking import split_blocks

AROUND_CHARS: Final = 1800
"""About how much of the document is shown before a quote, and after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """A part of a document as HTML.

    Attributes:
        html: With the quote marked.
        has_before: Whether the document has more before it.
        has_after: Whether the document has more after it.
    """

    html: Markup
    has_before: bool
    has_after: bool


def excerpt_of(text: str, quote: Place, *, around: int = AROUND_CHARS) -> LaidOut:
    r"""Return the blocks of *text* around *quote*, which is marked.

    >>> excerpt_of("# One\n\nIt is due in May.", (17, 23)).html.count("<mark")
    1
    """
    start, end = _whole_blocks(text, quote, around)
    inside = (quote[0] - start, quote[1] - start)
    return LaidOut(
        html=document_html(text[start:end], inside),
        has_before=bool(text[:start].strip()),
        has_after=bool(text[end:].strip()),
    )


def _whole_blocks(text: str, quote: Place, around: int) -> Place:
    """Return the range of the blocks around a quote; a list or a table is cut in no row."""
    first, last = max(0, quote[0] - around), min(len(text), quote[1] + around)
    start, end = (0 if first == 0 else quote[0]), (len(text) if last == len(text) else quote[1])
    groups: dict[int, int] = {}
    for block in split_blocks(text):
        if block.group >= 0:
            groups.setdefault(block.group, block.start)
        begins = groups.get(block.group, block.start) if block.group >= 0 else block.start
        is_near = block.end > first and block.start < last
        if is_near:
            # A row without the head of its table is not a table any more
            start = min(start, _line_start(text, begins))
            end = max(end, block.end)
    return start, end


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1
