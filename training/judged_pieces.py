"""Cut sections into pieces that the judge reads: a few sentences, items or rows with their head."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from footnote_qa.bot.extractive import Group, GroupKind, block_text, cells, groups, named
from footnote_qa.index.chunking import plain_block, split_sentences
from footnote_qa.index.types import BlockKind, Section

MOST_CHARS = 500  # of a piece without its headings, unless a single part is longer
_MOST_LEAD = 200
_MOST_HEADINGS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a group of blocks, as the judge reads it.

    Attributes:
        group: The group.
        text: Its words below the title, the headings and the sentence that introduces it.
        body: Its words alone.
        start: Offset in the section's text.
        end: One past the last.
    """

    group: Group
    text: str
    body: str
    start: int
    end: int


@lru_cache(maxsize=64)
def judged_pieces(section: Section) -> tuple[Piece, ...]:
    """Return the pieces of a section in reading order."""
    found: list[Piece] = []
    for group in groups(section):
        path = headings_above(section, group.first)
        above = [*path[:1], *path[1:][-_MOST_HEADINGS:]]
        if group.lead is not None:
            above.append(_plain(section, group.lead)[-_MOST_LEAD:].rstrip(":"))
        for part in _packed(_parts(section, group), group.kind):
            start, end, body = part
            text = ": ".join((*above, body))
            found.append(Piece(group=group, text=text, body=body, start=start, end=end))
    return tuple(found)


def headings_above(section: Section, at: int) -> list[str]:
    """Return the title and the headings above a block, outermost first, each once."""
    inside: list[str] = []
    level = 7
    for block in reversed(section.blocks[:at]):
        if block.kind is BlockKind.HEADING and block.level < level:
            inside.insert(0, plain_block(section.masked[block.start : block.end]))
            level = block.level
    path: list[str] = []
    for one in (*section.chunk.path, *inside):
        # A section's own heading has no number ("1. Keys"), the path above it has one
        if one and not any(known.endswith(one) for known in path):
            path.append(one)
    return path


Part = tuple[int, int, str]


def _parts(section: Section, group: Group) -> Iterator[Part]:
    """Yield the sentences, items, rows or code of a group, with where they start and end."""
    names: list[str] = []
    for at in range(group.first, group.last + 1):
        block = section.blocks[at]
        masked = section.masked[block.start : block.end]
        if block.is_head:
            names = cells(masked)
        elif block.kind is BlockKind.ROW:
            yield block.start, block.end, named(names, cells(masked))
        elif group.kind is GroupKind.PROSE:
            for first, last in split_sentences(masked):
                yield block.start + first, block.start + last, plain_block(masked[first:last])
        else:
            yield block.start, block.end, block_text(section, block)


def _packed(parts: Iterator[Part], kind: GroupKind) -> Iterator[Part]:
    """Yield the parts, as many together as fit."""
    between = " " if kind in {GroupKind.PROSE, GroupKind.CODE} else " - "
    held: Part | None = None
    for start, end, text in parts:
        if held is not None and len(held[2]) + len(text) <= MOST_CHARS:
            held = held[0], end, f"{held[2]}{between}{text}"
            continue
        if held is not None:
            yield held
        held = start, end, text
    if held is not None:
        yield held


def _plain(section: Section, at: int) -> str:
    return plain_block(section.masked[section.blocks[at].start : section.blocks[at].end])
