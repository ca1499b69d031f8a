"""Parse Markdown text into blocks: headings, paragraphs, list items, table rows, code, quotes."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from footnote_qa.index.chunking.lines import ITEM
from footnote_qa.index.chunking.markup import mask, shown, trimmed
from footnote_qa.index.types import Block, BlockKind, Chunk, Section

# Indented text is wrapped, or indented for its own sake, more often than it is code
_PARSER = (
    MarkdownIt("commonmark", {"html": False})
    .enable("table")
    .disable(["inline", "code", "reference", "html_block"])
)


_MOST_ABOVE = 240  # most characters of the text above a piece of a list or a table
_MOST_CAPTION = 160
_MOST_KEY, _MOST_KEYS = 60, 3
_CAPTION = re.compile(
    r"\W*(?:table|tabelle|tableau|tabla|tabella|tab\.?|figure|fig\.?|abbildung|abb\.?)\s*\d",
    re.IGNORECASE,
)


def above(text: str, chunk: Chunk) -> str:
    """Return the text that a chunk needs from above if it begins within a list or table, or "".

    That is the caption and the head of the table and the row's first cell, or the sentence that
    introduces the list.
    """
    if not text[: chunk.start].strip():  # nothing is above: the blocks need not be found
        return ""
    found = split_blocks(text)
    at = bisect_right(found, chunk.start, key=lambda one: one.end)
    if at >= len(found) or found[at].group == -1 or at == 0:
        return ""
    first = at
    while first > 0 and found[first - 1].group == found[at].group:
        first -= 1
    if first == at and found[at].start >= chunk.start:
        return ""  # it begins with the head, or with the first item
    if found[first].kind is BlockKind.ROW:
        return _above_row(text, found, first=first, at=at, start=chunk.start)
    begun = shown(text[found[at].start : chunk.start]).strip()
    if begun:  # within an item, whose beginning says what it is about
        return f"{begun[:_MOST_KEY]} …\n"
    return _introduction(text, found, first, start=chunk.start)


def _introduction(text: str, found: Sequence[Block], first: int, *, start: int) -> str:
    """Return the sentence that introduces the list with the block *first*, else ""."""
    needed = found[first - 1] if first > 0 else found[first]
    if needed.kind is BlockKind.HEADING or needed.end > start:
        return ""
    words = shown(text[needed.start : needed.end]).strip()
    if needed.kind is BlockKind.PARAGRAPH and not words.endswith((":", "：")):
        return ""
    return f"{words[-_MOST_ABOVE:]}\n"


def _above_row(text: str, found: Sequence[Block], *, first: int, at: int, start: int) -> str:
    """Return the caption, the head and the key of a table that a chunk begins within."""
    lines = [_caption(text, found[first - 1])] if first > 0 else []
    if found[first].is_head and found[first].end <= start:
        lines.append(shown(text[found[first].start : found[first].end]).strip()[:_MOST_ABOVE])
    if found[at].start < start:  # within a row, whose first cells name it
        lines.append(_key(shown(text[found[at].start : start])))
    return "".join(f"{line}\n" for line in lines if line)


def _key(row: str) -> str:
    """Return the first cells of a row that goes on below.

    >>> _key("| 1903 | The Robbery | Bandits stop")
    '| 1903 | The Robbery |'
    """
    cells = [cell.strip() for cell in row.strip().strip("|").split(" | ")]
    kept = cells[:1] if len(cells) == 1 else cells[:-1][:_MOST_KEYS]
    return f"| {' | '.join(cell[:_MOST_KEY] for cell in kept)} |"


def _caption(text: str, block: Block) -> str:
    """Return the words of *block* if they announce the table below it, else ""."""
    if block.kind is not BlockKind.PARAGRAPH:
        return ""
    words = shown(text[block.start : block.end]).strip()
    return words if is_caption(words) else ""


def is_caption(paragraph: str) -> bool:
    """Return whether a paragraph announces the table below it.

    >>> is_caption("Table 2. Fees"), is_caption("The fees are:"), is_caption("Fees are due.")
    (True, True, False)
    """
    if len(paragraph) > _MOST_CAPTION:
        return False
    return paragraph.endswith((":", "：")) or _CAPTION.match(paragraph) is not None


@lru_cache(maxsize=32)  # of texts as long as documents
def split_blocks(text: str) -> tuple[Block, ...]:
    r"""Return the blocks of *text* in order, as CommonMark with tables defines them.

    Rules are in no block, and neither is anything that `markup.mask` hides.

    >>> text = "# A\n\nDo this:\n\n1. one\n1. two\n\n```\nx\n```"
    >>> [(one.kind.value, one.number, text[one.start:one.end]) for one in split_blocks(text)][2:]
    [('item', 1, '1. one'), ('item', 2, '1. two'), ('code', None, '```\nx\n```')]
    """
    masked = mask(text)
    found = []
    for one in _with_bullets(masked, _Walk(text).blocks()):
        start, end = trimmed(masked, one.start, one.end)
        if start < end:
            found.append(replace(one, start=start, end=end))
    return tuple(found)


def _with_bullets(masked: str, found: Iterable[Block]) -> Iterator[Block]:
    """Split paragraphs into list items where lines begin with marks unknown to CommonMark.

    A PDF has "•" and "(a)" before its items, and no blank line between a list and the text above.
    """
    made = 0
    goes_on = False
    is_printed = _PRINTED_BULLET.search(masked) is not None
    for one in found:
        parts = list(_parts(masked, one)) if one.kind in _PROSE and not one.depth else [one]
        for part in (
            each
            for some in parts
            for each in (_without_what_follows(masked, some) if is_printed else (some,))
        ):
            if part.kind is BlockKind.ITEM and one.kind is not BlockKind.ITEM:
                made = made if goes_on else made + 1
                goes_on = True
                yield replace(part, group=-1 - made)
            else:
                goes_on = False
                yield part


def _without_what_follows(masked: str, block: Block) -> Iterator[Block]:
    """Split an item of a printed list from the paragraphs and headings printed below it.

    A printed text has no blank lines. Its lines are about as wide as the page, so a paragraph ends
    with a short line before one that begins a sentence.
    """
    if block.kind is not BlockKind.ITEM or block.depth > 1:
        yield block
        return
    lines = list(re.finditer(r"[^\n]+", masked[block.start : block.end]))
    widest = max((len(line.group().rstrip()) for line in lines), default=0)
    starts = [
        after.start()
        for line, after in pairwise(lines)
        if len(line.group().rstrip()) < widest * _SHORT_LINE
        and _BEGINS_SENTENCE.match(after.group())
    ]
    if widest < _WIDE or not starts:
        yield block
        return
    starts = [0, *starts]
    for first, last in pairwise([*starts, block.end - block.start]):
        start, end = block.start + first, block.start + last
        if first:
            yield Block(kind=BlockKind.PARAGRAPH, start=start, end=end)
        else:
            yield replace(block, start=start, end=end)


_PRINTED_BULLET = re.compile(r"^[ \t]*[•▪●◦‣]", re.MULTILINE)
_BEGINS_SENTENCE = re.compile(r"\s*[A-ZÄÖÜ]")
_SHORT_LINE = 0.75  # of the widest line: no line of a paragraph but its last is so short
_WIDE = 50  # signs; narrower lines are no lines of a printed paragraph
_PROSE = frozenset({BlockKind.PARAGRAPH, BlockKind.QUOTE})


def _parts(masked: str, block: Block) -> Iterator[Block]:
    lines = re.finditer(r"^.*$", masked[block.start : block.end], re.MULTILINE)
    items = [block.start + line.start() for line in lines if ITEM.match(line.group())]
    starts = [block.start, *items]
    for first, last in pairwise([*dict.fromkeys(starts), block.end]):
        marker = ITEM.match(masked, first, last)
        if marker is None:
            yield replace(block, start=first, end=last) if last < block.end else block
            continue
        digits = re.sub(r"\D", "", marker.group()) if marker.group().strip()[-1:] in ".)" else ""
        yield replace(
            block,
            kind=BlockKind.ITEM,
            start=first,
            end=last,
            depth=1,
            number=int(digits) if digits else None,
        )


def section_of(chunk: Chunk, text: str | None = None, parts: Sequence[Chunk] = ()) -> Section:
    """Return *chunk* with its blocks.

    Args:
        chunk: A slice of a document.
        text: The document's text; None if unknown, in which case only the slice is parsed.
        parts: The chunks that *chunk* is made of; empty if it is a chunk itself.
    """
    if text is None:
        return _alone(chunk)
    parts = tuple(parts) or (chunk,)
    start, end = chunk.start, chunk.end
    inside = (
        replace(one, start=max(one.start, start) - start, end=min(one.end, end) - start)
        for one in split_blocks(text)
        if one.start < end and one.end > start
    )
    return Section(chunk=chunk, masked=mask(text)[start:end], blocks=tuple(inside), parts=parts)


@lru_cache(maxsize=64)
def _alone(chunk: Chunk) -> Section:
    return Section(
        chunk=chunk, masked=mask(chunk.text), blocks=split_blocks(chunk.text), parts=(chunk,)
    )


class _Walk:
    """One pass over the tokens of a text."""

    def __init__(self, text: str) -> None:
        # Table rules are masked, but the parser needs them to see a table
        self._lines = _with_rules(text).split("\n")
        self._offsets = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        self._end = len(text)
        self._groups = 0
        self._lists: list[int | None] = []  # the next number of each open list
        self._group = -1
        self._item: tuple[int | None] | None = None  # an item whose first paragraph follows
        self._quotes = 0

    def blocks(self) -> Iterator[Block]:
        is_head = False
        for token in _PARSER.parse("\n".join(self._lines).replace("\r", " ")):
            self._enter(token)
            if token.type == "thead_open":
                is_head = True
            elif token.type == "thead_close":
                is_head = False
            elif token.type == "table_open" and not self._lists:
                self._next_group()
            made = self._block(token, is_head=is_head)
            if made is not None:
                yield made

    def _enter(self, token: Token) -> None:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            if not self._lists:
                self._next_group()
            start = token.attrs.get("start", 1)
            self._lists.append(int(start) if token.type.startswith("ordered") else None)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            self._lists.pop()
            self._item = None
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._item = (number,)
            if number is not None:
                self._lists[-1] = number + 1
        elif token.type in {"blockquote_open", "blockquote_close"}:
            self._quotes += 1 if token.type == "blockquote_open" else -1

    def _next_group(self) -> None:
        self._groups += 1
        self._group = self._groups

    def _block(self, token: Token, *, is_head: bool) -> Block | None:
        if token.map is None or token.type not in _KINDS:
            return None
        kind = _KINDS[token.type]
        start, end = self._offsets[token.map[0]], min(self._offsets[token.map[1]], self._end)
        if kind is BlockKind.ROW and "|" not in self._lines[token.map[0]]:
            kind = BlockKind.PARAGRAPH  # a line of text right under a table
        if kind is BlockKind.ROW:
            return Block(
                kind=kind,
                start=start,
                end=end,
                group=self._group,
                is_head=is_head,
                depth=len(self._lists),
            )
        in_list = bool(self._lists)
        number: int | None = None
        if self._item is not None:
            (number,) = self._item
            self._item = None
            if kind is BlockKind.PARAGRAPH:
                kind = BlockKind.ITEM
        elif kind is BlockKind.PARAGRAPH and self._quotes:
            kind = BlockKind.QUOTE
        return Block(
            kind=kind,
            start=start,
            end=end,
            level=int(token.tag[1:]) if kind is BlockKind.HEADING else 0,
            depth=len(self._lists),
            number=number,
            group=self._group if in_list else -1,
        )


_KINDS = {
    "heading_open": BlockKind.HEADING,
    "paragraph_open": BlockKind.PARAGRAPH,
    "fence": BlockKind.CODE,
    "tr_open": BlockKind.ROW,
}


def _with_rules(text: str) -> str:
    """Return the masked text with the rules of its tables put back, for the parser only."""
    rows = zip(mask(text).split("\n"), text.split("\n"), strict=True)
    return "\n".join(
        old if not new.strip() and old.strip() and set(old.strip()) <= set("|:-= \t") else new
        for new, old in rows
    )
