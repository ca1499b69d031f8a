"""What of a passage is quoted around a sentence that answers, and how it is shown."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.citations.quotes import find, is_long_enough
from bot.extractive.sentences import Unit
from index.chunking.stems import stems
from index.types import Chunk

# A sentence that begins like this speaks of the one before it
_LEANS = re.compile(
    r"(?:it|its|this|that|these|those|they|their|them|he|she|his|her|such|however|therefore|thus|"
    r"also|otherwise|instead|but|and|so|then|er|sie|es|dies\w*|jedoch|daher|"
    r"(?:if|unless|until|after|when) (?:it|this|that|they|so|not)|in (?:this|that) case)\b",
    re.IGNORECASE,
)
_REPLY = re.compile(r"(?:yes|no|ja|nein|oui|non|sí)\b", re.IGNORECASE)
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


def excerpt(
    chunk: Chunk, units: Sequence[Unit], at: int, *, asked: Collection[str] = ()
) -> Excerpt | None:
    """Return what to quote for the unit at position *at*, all of *units* being of many chunks.

    A sentence that announces a list brings the list, one that leans on the sentence before it
    brings that one, a yes or no brings the question that it replies to, and a row of a table
    brings its header. An item brings its list if that is short and announced, or stands under a
    heading that is asked for. None if it could not be cited.

    Args:
        chunk: That of the unit.
        units: Of all passages.
        at: Position of the unit.
        asked: Stems of the question's words.
    """
    text = chunk.text[units[at].start : units[at].end]
    header = units[at].header
    if header is not None:
        quotes = (text, chunk.text[slice(*header)])
        return Excerpt(text=units[at].plain, quotes=quotes, first=at, last=at)
    first, last = at, at
    if _announces(text):
        last = _end_of_list(units, at)
        if last == at:
            return None  # what it announces is not here
    elif units[at].listed:
        first, last = _list_around(chunk, units, at, asked=asked)
    if first == last and not units[at].mark:
        question = _replies_to(units, at)
        if question is not None:
            first = question
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
    if last > first:
        told = units[first : last + 1]
        lines = (f"\n{one.mark} {one.plain}" if one.mark else f" {one.plain}" for one in told)
        text = "".join(lines).strip()
    return Excerpt(text=text, quotes=(quote,), first=first, last=last)


def _follows(units: Sequence[Unit], at: int) -> bool:
    """Whether the unit before is a statement of the same passage."""
    return at > 0 and units[at - 1].passage == units[at].passage and units[at - 1].states


def _end_of_list(units: Sequence[Unit], at: int) -> int:
    """Return the position of the last item of the list that unit *at* announces, or *at*."""
    last = at
    for here in range(at + 1, min(at + 1 + _MOST_ITEMS, len(units))):
        is_item = _is_item(units, here, beside=at)
        if not is_item or units[here].end - units[at].start > _MOST_CHARS:
            break
        last = here
    return last


def _list_around(
    chunk: Chunk, units: Sequence[Unit], at: int, *, asked: Collection[str]
) -> tuple[int, int]:
    """Return the first and last position of what to quote for the sake of item *at*."""
    above = at
    while above > 0 and _is_item(units, above, beside=at):
        above -= 1
    last = _end_of_list(units, above)
    is_whole = last + 1 >= len(units) or not _is_item(units, last + 1, beside=at)
    is_here = units[above].passage == units[at].passage and above < at <= last
    if not is_here or not is_whole:
        return at, at
    first, most = above, _MOST_CHARS_AROUND
    if not _announces(chunk.text[units[above].start : units[above].end]):
        if not _is_heading(chunk, units[above]) or not _says_less(units[at], units[above], asked):
            return at, at
        first = above + 1
        if units[first].mark != "-":  # a step is of no use without the others
            most = _MOST_CHARS
    return (first, last) if units[last].end - units[first].start <= most else (at, at)


def _is_heading(chunk: Chunk, unit: Unit) -> bool:
    text = chunk.text[unit.start : unit.end]
    return text.startswith("#") or unit.plain in (chunk.title, *chunk.heading)


def _says_less(item: Unit, heading: Unit, asked: Collection[str]) -> bool:
    """Whether of the words that are asked for the heading has all that the item has, and more."""
    return {*asked} & {*stems(item.plain)} < {*asked} & {*stems(heading.plain)}


def _replies_to(units: Sequence[Unit], at: int) -> int | None:
    """Return the position of the question to which a yes or no, in the unit or before, replies."""
    here = units[at].passage
    for said in (at, at - 1):
        if said > 0 and units[said].passage == units[said - 1].passage == here:
            is_bare = said == at or len(units[said].plain.split()) == 1
            asks = units[said - 1].plain.endswith(("?", "？"))
            if asks and is_bare and _REPLY.match(units[said].plain):
                return said - 1
    return None


def _announces(text: str) -> bool:
    return text.endswith((":", "："))


def _is_item(units: Sequence[Unit], at: int, *, beside: int) -> bool:
    return units[at].passage == units[beside].passage and units[at].listed
