"""What of a passage is quoted around a sentence that answers, and how it is shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.quotes import find, is_long_enough
from bot.reading import Unit
from index.types import Chunk

_ITEM = re.compile(r"\s*(?:[-*+•]|\(?(?P<number>\d{1,3})[.)])\s+\S")
# A sentence that begins like this speaks of the one before it
_LEANS = re.compile(
    r"(?:it|its|this|that|these|those|they|their|them|he|she|his|her|such|however|therefore|thus|"
    r"also|otherwise|instead|but|and|so|then|er|sie|es|dies\w*|jedoch|daher)\b",
    re.IGNORECASE,
)
_MOST_ITEMS = 12
_MOST_CHARS = 1200
_MOST_CHARS_AROUND = 600  # of a list that is quoted for the sake of one item


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Words of a passage as they are shown, and the slices of its chunk that they are.

    Attributes:
        text: Without bullets and mark-up; a list keeps its lines.
        quotes: Each exactly a slice of the chunk's text.
        first: Position of the first unit that it covers.
        last: Position of the last.
    """

    text: str
    quotes: tuple[str, ...]
    first: int
    last: int


def excerpt(chunk: Chunk, units: Sequence[Unit], at: int) -> Excerpt | None:
    """Return what to quote for the unit at position *at*, all of *units* being of many chunks.

    A sentence that announces a list brings the list, one that leans on the sentence before it
    brings that one, an item brings its list if that is short and announced, and a row of a table
    brings its header. None if it could not be cited.
    """
    text = chunk.text[units[at].start : units[at].end]
    header = units[at].header
    if header is not None:
        quotes = (text, chunk.text[slice(*header)])
        return Excerpt(text=units[at].plain, quotes=quotes, first=at, last=at)
    first, last = at, at
    if _announces(text):
        last = _end_of_list(chunk, units, at)
        if last == at:
            return None  # what it announces is not here
    elif _ITEM.match(text):
        first, last = _list_around(chunk, units, at)
    elif _LEANS.match(units[at].plain) and _follows(units, at):
        first = at - 1
    return _span(chunk, units, (first, last))


def _span(chunk: Chunk, units: Sequence[Unit], around: tuple[int, int]) -> Excerpt | None:
    first, last = around
    start, end = units[first].start, units[last].end
    quote = chunk.text[start:end]
    if find(quote, chunk.text) is None or not is_long_enough(chunk.text, start, end):
        return None
    text = units[first].plain
    for unit in units[first + 1 : last + 1]:
        item = _ITEM.match(chunk.text[unit.start : unit.end])
        mark = f"{item['number']}." if item and item["number"] else "-"
        text += f"\n{mark} {unit.plain}" if item else f" {unit.plain}"
    return Excerpt(text=text, quotes=(quote,), first=first, last=last)


def _follows(units: Sequence[Unit], at: int) -> bool:
    """Whether the unit before is a statement of the same passage."""
    return at > 0 and units[at - 1].passage == units[at].passage and units[at - 1].states


def _end_of_list(chunk: Chunk, units: Sequence[Unit], at: int) -> int:
    """Return the position of the last item of the list that unit *at* announces, or *at*."""
    last = at
    for here in range(at + 1, min(at + 1 + _MOST_ITEMS, len(units))):
        is_item = _is_item(chunk, units, here, beside=at)
        if not is_item or units[here].end - units[at].start > _MOST_CHARS:
            break
        last = here
    return last


def _list_around(chunk: Chunk, units: Sequence[Unit], at: int) -> tuple[int, int]:
    """Return the first and last position of the announced list of item *at*, or *at* twice."""
    above = at
    while above > 0 and _is_item(chunk, units, above, beside=at):
        above -= 1
    last = _end_of_list(chunk, units, above)
    announces = _announces(chunk.text[units[above].start : units[above].end])
    is_whole = last + 1 >= len(units) or not _is_item(chunk, units, last + 1, beside=at)
    is_short = units[last].end - units[above].start <= _MOST_CHARS_AROUND
    is_here = units[above].passage == units[at].passage and above < at <= last
    return (above, last) if is_here and announces and is_whole and is_short else (at, at)


def _announces(text: str) -> bool:
    return text.endswith((":", "："))


def _is_item(chunk: Chunk, units: Sequence[Unit], at: int, *, beside: int) -> bool:
    unit = units[at]
    is_here = unit.passage == units[beside].passage
    return is_here and _ITEM.match(chunk.text[unit.start : unit.end]) is not None
