"""Group blocks that belong together: a list, a table or code with its introduction."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from index.chunking import plain_block, split_sentences
from index.types import Block, BlockKind, Section

_ANNOUNCES = re.compile(r"\b(?:following|follows|below|these|steps?|folgende\w*)\b", re.IGNORECASE)


class GroupKind(StrEnum):
    """The kind of a group of blocks."""

    PROSE = "prose"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Blocks of a section that belong together: a paragraph, a list, a table, a piece of code.

    Attributes:
        kind: Its kind.
        first: Position of its first block.
        last: Position of its last.
        lead: Position of the paragraph that introduces it; None if there is none.
        heading: Position of the heading above it; None if the section begins without one.
        is_numbered: Whether it is a list of steps.
    """

    kind: GroupKind
    first: int
    last: int
    lead: int | None
    heading: int | None
    is_numbered: bool


@lru_cache(maxsize=64)
def groups(section: Section) -> tuple[Group, ...]:
    """Return the groups of a section, in reading order."""
    blocks, masked = section.blocks, section.masked
    found: list[Group] = []
    heading: int | None = None
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if block.kind is BlockKind.HEADING:
            heading = at
            at += 1
            continue
        last = at
        if block.group != -1:
            while last + 1 < len(blocks) and _belongs(blocks, masked, first=at, at=last + 1):
                last += 1
        kind = _KIND_OF.get(block.kind, GroupKind.PROSE)
        found.append(
            Group(
                kind=kind,
                first=at,
                last=last,
                lead=_lead(blocks, masked, first=at, kind=kind),
                heading=heading,
                is_numbered=block.number is not None,
            )
        )
        at = last + 1
    return tuple(found)


_KIND_OF = {
    BlockKind.ITEM: GroupKind.LIST,
    BlockKind.ROW: GroupKind.TABLE,
    BlockKind.CODE: GroupKind.CODE,
}


def _belongs(blocks: Sequence[Block], masked: str, *, first: int, at: int) -> bool:
    """Return whether block *at* continues the list or table that begins with block *first*."""
    one, head = blocks[at], blocks[first]
    if one.group == head.group:
        return True
    # A long table is stored in pieces, each with its head
    is_piece = one.is_head and head.is_head and one.kind is BlockKind.ROW
    if is_piece and _slice(masked, one) == _slice(masked, head):
        return True
    return head.is_head and one.kind is BlockKind.ROW and blocks[at - 1].group == one.group


def _slice(masked: str, block: Block) -> str:
    return masked[block.start : block.end]


def _lead(blocks: Sequence[Block], masked: str, *, first: int, kind: GroupKind) -> int | None:
    if first == 0 or kind is GroupKind.PROSE:
        return None
    before = blocks[first - 1]
    if before.kind not in {BlockKind.PARAGRAPH, BlockKind.QUOTE} or before.depth:
        return None
    text = plain_block(_slice(masked, before))
    if text.endswith((":", "：")) or (kind is GroupKind.CODE and text):
        return first - 1
    last = split_sentences(text)[-1] if text else (0, 0)
    return first - 1 if _ANNOUNCES.search(text[slice(*last)]) else None
