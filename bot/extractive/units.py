"""Split passages into units to choose an answer from: sentences, list items, rows and code."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from footnote_qa.bot.types import ShownPassage
from footnote_qa.index.chunking import plain_block, split_sentences, words
from footnote_qa.index.types import Block, BlockKind, Chunk, Passage, Section

_FEWEST_WORDS = 2
_MOST_CHARS = 2000  # longer text is not a sentence
_MOST_ITEM_CHARS = 400  # a longer item is read sentence by sentence
_MOST_ROW_CHARS = 600  # so is a longer table row
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and its section as an answerer sees it."""

    shown: ShownPassage
    passage: Passage

    @property
    def chunk(self) -> Chunk:
        """The chunk that was found."""
        return self.passage.chunk

    @property
    def offset(self) -> int:
        """Where it starts in the text of its section."""
        return self.chunk.start - self.shown.section.chunk.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A sentence, an item of a list, a row of a table or a piece of code in one of the passages.

    Attributes:
        hit: Position of its passage among those found.
        section: The section that it is in.
        block: Position of its block in the section.
        start: Offset in the section's text.
        end: One past the last.
        plain: Its words without markup, on one line.
        states: Whether it can be an answer: not a question, a heading, or the head of a table.
        header: Position of the block that is the head of its table; None if it is not a table row.
    """

    hit: int
    section: Section
    block: int
    start: int
    end: int
    plain: str
    states: bool
    header: int | None

    def is_beside(self, other: "Unit") -> bool:
        """Return whether both are rows of the same table, or items of the same list."""
        group = self.section.blocks[self.block].group
        is_same = self.section.chunk.id == other.section.chunk.id
        return is_same and group != -1 and group == other.section.blocks[other.block].group


def hits(shown: Sequence[ShownPassage]) -> list[Hit]:
    """Return every passage that was found, best first."""
    found = [Hit(one, passage) for one in shown for passage in (one.passage, *one.others)]
    return sorted(found, key=lambda hit: hit.passage.rank)


def code_of(masked: str) -> tuple[str, str]:
    """Return the language and the lines of a block of code."""
    lines = masked.split("\n")
    opening = re.match(r"[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)", lines[0])
    if opening is None:
        return "", "\n".join(lines)
    if len(lines) > 1 and re.fullmatch(rf"[ \t]*{opening[1][0]}{{3,}}[ \t]*", lines[-1]):
        lines = lines[:-1]
    body = lines[1:]
    indents = (len(line) - len(line.lstrip()) for line in body if line.strip())
    indent = min(indents, default=0)
    return opening[2], "\n".join(line[indent:] for line in body).strip("\n")


def units(found: Sequence[Hit]) -> list[Unit]:
    """Return the units of all passages, in their order."""
    return [unit for at, hit in enumerate(found) for unit in _units(hit, at)]


def block_text(section: Section, block: Block) -> str:
    """Return the words of a block without markup, on one line."""
    if block.kind is BlockKind.CODE:
        return " ".join(code_of(section.masked[block.start : block.end])[1].split())
    return plain_block(section.masked[block.start : block.end])


def _units(hit: Hit, at: int) -> Iterator[Unit]:
    section = hit.shown.section
    first, last = hit.offset, hit.offset + len(hit.chunk.text)
    head: int | None = None
    for position, block in enumerate(section.blocks):
        if block.is_head:
            head = position
        if block.kind is not BlockKind.ROW:
            head = None
        start, end = max(block.start, first), min(block.end, last)
        if start >= end:
            continue
        for span in _spans(section.masked, block, (start, end)):
            said = _said(section, block, span, head=None if head == position else head)
            yield Unit(
                hit=at,
                section=section,
                block=position,
                start=span[0],
                end=span[1],
                plain=said,
                states=not block.is_head
                and block.kind is not BlockKind.HEADING
                and _states(hit.chunk, said),
                header=None if head == position or is_long_row(block) else head,
            )


def _said(section: Section, block: Block, span: tuple[int, int], *, head: int | None) -> str:
    """Return the words of a unit without markup, those of a table row with its columns' names."""
    masked = section.masked[slice(*span)]
    if block.kind is BlockKind.CODE:
        return " ".join(code_of(masked)[1].split())
    if is_long_row(block):
        return with_key(section, block, span)
    if head is not None:
        return _named(section, section.blocks[head], masked)
    return plain_block(masked)


def _spans(masked: str, block: Block, border: tuple[int, int]) -> Iterator[tuple[int, int]]:
    start, end = border
    if is_long_row(block):
        for cell_start, cell_end in cell_spans(masked[start:end]):
            for first, last in split_sentences(masked[start + cell_start : start + cell_end]):
                yield start + cell_start + first, start + cell_start + last
        return
    is_prose = block.kind in {BlockKind.PARAGRAPH, BlockKind.QUOTE}
    if is_prose or (block.kind is BlockKind.ITEM and end - start > _MOST_ITEM_CHARS):
        for first, last in split_sentences(masked[start:end]):
            yield start + first, start + last
    else:
        yield start, end


def is_long_row(block: Block) -> bool:
    """Return whether a table row is too long to be quoted completely."""
    return (
        block.kind is BlockKind.ROW
        and not block.is_head
        and block.end - block.start > _MOST_ROW_CHARS
    )


def cell_spans(row: str) -> list[tuple[int, int]]:
    """Return where each cell of a row begins and ends, without the bars around it.

    >>> cell_spans("| a | bc |")
    [(2, 3), (6, 8)]
    """
    borders = [-1, *(bar.start() for bar in _CELL.finditer(row)), len(row)]
    spans = []
    for before, after in itertools.pairwise(borders):
        cell = row[before + 1 : after]
        if cell.strip():
            first = before + 1 + len(cell) - len(cell.lstrip())
            spans.append((first, first + len(cell.strip())))
    return spans


def key_span(section: Section, block: Block) -> tuple[int, int]:
    """Return where the first cell of a row begins and ends in its section."""
    first, last = cell_spans(section.masked[block.start : block.end])[0]
    return block.start + first, block.start + last


def with_key(section: Section, block: Block, span: tuple[int, int]) -> str:
    """Return a sentence of a long row after the words of the row's first cell."""
    said = plain_block(section.masked[slice(*span)])
    key = key_span(section, block)
    if span[0] < key[1]:
        return said
    return f"{plain_block(section.masked[slice(*key)])}: {said}"


def _states(chunk: Chunk, said: str) -> bool:
    return not (
        said in chunk.heading
        or said == chunk.title
        or said.endswith(("?", "？"))
        or len(said) > _MOST_CHARS
        or len(words(said)) < _FEWEST_WORDS
        or not any(char.isalpha() for char in said)
    )


def _named(section: Section, head: Block, row: str) -> str:
    """Return a table row with the name of the column before each cell."""
    names = cells(section.masked[head.start : head.end])
    return named(names, cells(row))


def named(names: Sequence[str], values: Sequence[str]) -> str:
    """Return the cells of a row, each after the name of its column.

    >>> named(["Place", "Fee"], ["Garage", "3 euros"])
    'Place: Garage; Fee: 3 euros'
    """
    return "; ".join(
        f"{name}: {value}" if name else value
        for name, value in zip_longest(names, values, fillvalue="")
        if value
    )


def cells(row: str, shown: Callable[[str], str] = plain_block) -> list[str]:
    """Return the cells of a table row without markup, or as *shown* shows them."""
    return [shown(cell) for cell in _CELL.split(row.strip().strip("|"))]
