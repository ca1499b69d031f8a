"""Sentences, list items and table rows of passages: the units that an extractive answer quotes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bot.types import ShownPassage
from index.chunking.sentences import sentences
from index.chunking.stems import words
from index.types import Chunk

_MARKS = re.compile(r"^\s*(?:(?:#{1,6}|[-*+•>]|\(?\d{1,3}[.)])\s+)+")
_ITEM = re.compile(r"\s*(?:[-*+•]|\(?(?P<number>\d{1,3})[.)])\s+\S")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,2}|_{1,2}(?!\w)|`+|\\(?=\W)")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_HEADER_RULE = re.compile(r"\s*\|[\s:|-]*-[\s:|-]*$")
_FEWEST_WORDS = 2
_MOST_CHARS = 2000  # what is longer is no sentence, whatever it is
_RULE = re.compile(r"[\s|:=_*-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A sentence, an item of a list or a row of a table in one of the passages.

    Attributes:
        passage: Position of its passage among those shown.
        start: Offset in the chunk's text.
        end: One past the last.
        plain: Its words without mark-up, on one line.
        states: Whether it can be an answer: not a question, a heading, or the head of a table.
        header: Where the header of its table stands; None if it is no row of a table with one.
        mark: What is shown before the item of a list that it begins, "2." or "-"; "" if none.
        listed: Whether it begins an item of a list or goes on with one.
    """

    passage: int
    start: int
    end: int
    plain: str
    states: bool
    header: tuple[int, int] | None
    mark: str
    listed: bool

    def is_beside(self, other: "Unit") -> bool:
        """Whether both are rows of the same table, or items in the same passage."""
        if self.passage != other.passage or self.header != other.header:
            return False
        return self.header is not None or (self.listed and other.listed)


def plain(text: str) -> str:
    r"""Return *text* on one line and without Markdown.

    >>> plain("- **Gold**: see [the\n plan](plan.md)")
    'Gold: see the plan'
    """
    text = _EMPHASIS.sub("", _LINK.sub(r"\1", _MARKS.sub("", text)))
    if text.lstrip().startswith("|"):
        text = " – ".join(cell.strip() for cell in text.strip().strip("|").split("|"))
    return re.sub(r"\s+", " ", text).strip()


def units(shown: Sequence[ShownPassage]) -> list[Unit]:
    """Return the units of all passages, in their order."""
    return [unit for at, one in enumerate(shown) for unit in _units(one.passage.chunk, at)]


def _units(chunk: Chunk, passage: int) -> Iterator[Unit]:
    spans = sentences(chunk.text)
    texts = [chunk.text[start:end] for start, end in spans]
    header: tuple[int, int] | None = None
    listed, end = False, 0
    for span, text, below in zip(spans, texts, [*texts[1:], ""], strict=False):
        if not _ROW.match(text):
            header = None
        opens_table = header is None and bool(_ROW.match(text) and _HEADER_RULE.match(below))
        said = plain(text) if header is None else _named(chunk.text[slice(*header)], text)
        yield Unit(
            passage=passage,
            start=span[0],
            end=span[1],
            plain=said,
            states=not opens_table and _states(chunk, text, said),
            header=header,
            mark=(mark := _mark(text)),
            listed=(listed := bool(mark) or (listed and _goes_on(chunk.text[end : span[0]]))),
        )
        end = span[1]
        if opens_table:
            header = span


def _goes_on(between: str) -> bool:
    """Whether what stands between two sentences leaves the second in the item of the first."""
    return "\n" not in between or bool(re.fullmatch(r"[ \t]*\n[ \t]+", between))


def _mark(text: str) -> str:
    item = _ITEM.match(text)
    if item is None:
        return ""
    return f"{item['number']}." if item["number"] else "-"


def _states(chunk: Chunk, text: str, said: str) -> bool:
    return not (
        text.startswith("#")
        or said in chunk.heading
        or said == chunk.title
        or _RULE.fullmatch(text)
        or said.endswith(("?", "？"))
        or len(said) > _MOST_CHARS
        or len(words(said)) < _FEWEST_WORDS
        or not any(char.isalpha() for char in said)
    )


def _named(header: str, row: str) -> str:
    """Return a row of a table with the name of its column before each cell.

    >>> _named("| Place | Fee |", "| Garage | 3 euros |")
    'Place: Garage; Fee: 3 euros'
    """
    return "; ".join(
        f"{column}: {cell}" if column else cell
        for column, cell in zip_longest(_cells(header), _cells(row), fillvalue="")
        if cell
    )


def _cells(row: str) -> list[str]:
    return [plain(cell) for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]
