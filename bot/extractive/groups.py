"""Group blocks that belong together: a list, a table or code with its introduction."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from footnote_qa.index.chunking import plain_block, split_sentences
from footnote_qa.index.types import Block, BlockKind, Section

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
    """Return the groups of a section, in reading order.

    Code in a list is in two groups: the list, and the code with its step.
    """
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
        last = _last_of(blocks, masked, at)
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
        if kind is GroupKind.LIST:
            found += _code_in(found[-1], blocks)
        at = last + 1
    return tuple(found)


def _code_in(steps: Group, blocks: Sequence[Block]) -> Iterator[Group]:
    """Yield each piece of code in a list, with the step that it belongs to."""
    for at in range(steps.first + 1, steps.last + 1):
        if blocks[at].kind is BlockKind.CODE and blocks[at - 1].kind is not BlockKind.CODE:
            yield Group(
                kind=GroupKind.CODE,
                first=at,
                last=at,
                lead=at - 1,
                heading=steps.heading,
                is_numbered=False,
            )


def _last_of(blocks: Sequence[Block], masked: str, first: int) -> int:
    """Return the position of the last block that belongs with block *first*."""
    last = first
    if blocks[first].group == -1:
        return last
    while last + 1 < len(blocks) and _belongs(blocks, masked, first=first, at=last + 1):
        last += 1
    while (further := _next_step(blocks, masked, first=first, last=last)) > last:
        last = further
    return last


_MOST_BETWEEN = 3  # blocks between two steps
_MOST_CHARS_BETWEEN = 500


def _next_step(blocks: Sequence[Block], masked: str, *, first: int, last: int) -> int:
    """Return where a numbered list ends that code or a remark has cut; *last* if it ends there.

    Code that its last step announces belongs to it too.
    """
    steps = [one.number for one in blocks[first : last + 1] if one.depth <= blocks[first].depth]
    numbers = [number for number in steps if number is not None]
    if not numbers or blocks[first].kind is not BlockKind.ITEM:
        return last
    between: set[BlockKind] = set()
    for at in range(last + 1, min(len(blocks), last + 2 + _MOST_BETWEEN)):
        one = blocks[at]
        if one.kind is BlockKind.ITEM:
            is_next = one.number in {numbers[-1] + 1, len(numbers) + 1}
            # Writers often let Markdown count, and a fence makes it start again
            starts_again = {*numbers, one.number} == {1} and between == {BlockKind.CODE}
            if is_next or starts_again:
                return _end_of(blocks, at)
            break
        if one.kind not in {BlockKind.CODE, BlockKind.PARAGRAPH, BlockKind.QUOTE}:
            break
        if one.kind is not BlockKind.CODE and one.end - one.start > _MOST_CHARS_BETWEEN:
            break
        between.add(one.kind)
    after = last + 1
    is_code = after < len(blocks) and blocks[after].kind is BlockKind.CODE
    return after if is_code and _announces(blocks[last], masked) else last


def _end_of(blocks: Sequence[Block], at: int) -> int:
    """Return the position of the last block of the list that block *at* is in."""
    group = blocks[at].group
    return max(place for place, one in enumerate(blocks) if one.group == group)


def _announces(block: Block, masked: str) -> bool:
    return plain_block(_slice(masked, block)).endswith((":", "："))


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
