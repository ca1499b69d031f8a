"""Split a document's text into chunks: exact slices along its structure, within a token limit."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from footnote_qa.index.chunking.blocks import split_blocks
from footnote_qa.index.chunking.lines import ITEM
from footnote_qa.index.chunking.markup import HIDDEN, mask, trimmed
from footnote_qa.index.chunking.sentences import split_sentences
from footnote_qa.index.types import Block, BlockKind, Heading, Parsed, Span

CHUNKER_VERSION = "6"
"""Changes whenever the same text would give other spans."""

_Range = tuple[int, int]


def chunk(parsed: Parsed, token_starts: Sequence[int], *, max_tokens: int) -> list[Span]:
    """Cut the text of *parsed* into spans of at most *max_tokens* tokens.

    A span never crosses the end of a page or a section. A section is the text under one heading;
    only a heading with nothing under it joins the section that follows. Within a section, spans
    end between blocks if they can, else between sentences, else between words, else between tokens.

    Args:
        parsed: The document.
        token_starts: Offset of each token of its text, ascending.
        max_tokens: At least 1.

    Returns:
        Ascending, not overlapping, without spaces around them. Every character that is not a space
        is in one span.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    measured = _Measured(
        text=mask(parsed.text),
        blocks=split_blocks(parsed.text),
        token_starts=token_starts,
        limit=max_tokens,
    )
    return [
        Span(start=start, end=end, heading=section.path, page=section.page)
        for section in _joined(measured, _sections(parsed, measured.text))
        for start, end in _pieces(measured, section)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A masked text whose slices can be counted in tokens."""

    text: str
    blocks: Sequence[Block]
    token_starts: Sequence[int]
    limit: int

    def tokens(self, start: int, end: int) -> int:
        """Count the tokens of the slice, including one that begins before it."""
        first = self._first_token(start)
        return max(0, bisect_left(self.token_starts, end) - first)

    def cut(self, start: int, end: int, limit: int) -> Iterator[_Range]:
        """Cut the slice before a word; a word longer than the limit is cut before a token."""
        while self.tokens(start, end) > limit:
            # Several tokens can begin at one character; it is not cut, and may go over the limit.
            hard = max(
                self.token_starts[self._first_token(start) + limit], self._next_start(start, end)
            )
            stop = _word_start(self.text, start, hard)
            yield from _trimmed(self.text, start, stop)
            start = stop
        yield from _trimmed(self.text, start, end)

    def _first_token(self, start: int) -> int:
        first = bisect_left(self.token_starts, start)
        is_inside = first < len(self.token_starts) and self.token_starts[first] == start
        return first if is_inside or first == 0 else first - 1

    def _next_start(self, start: int, end: int) -> int:
        following = bisect_right(self.token_starts, start)
        starts = self.token_starts
        return min(end, starts[following]) if following < len(starts) else end


def _word_start(text: str, start: int, end: int) -> int:
    """Return *end*, or where the word around it begins if that is not at *start* already."""
    if text[end - 1].isspace() or text[end : end + 1].isspace():
        return end
    space = max(text.rfind(space, start, end) for space in " \n\t")
    # With only spaces in front of the word, the cut would make no progress.
    return space + 1 if text[start : space + 1].strip() else end


def _trimmed(text: str, start: int, end: int) -> Iterator[_Range]:
    start, end = trimmed(text, start, end)
    if start < end:
        yield start, end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """The text under one heading on one page.

    Attributes:
        start: Offset of its first character.
        head_end: Where the heading's line ends; `start` if there is none.
        end: One past its last character.
        path: Headings above the text, its own included.
        page: From 1; None if there are no pages.
    """

    start: int
    head_end: int
    end: int
    path: tuple[str, ...]
    page: int | None


def _sections(parsed: Parsed, text: str) -> Iterator[_Section]:
    heading_at = {heading.start: heading for heading in parsed.headings}
    cuts = sorted({0, *heading_at, *parsed.pages, len(parsed.text)})
    open_headings: list[Heading] = []
    for cut, following in pairwise(cuts):
        heading = heading_at.get(cut)
        if heading is not None:
            open_headings = [one for one in open_headings if one.level < heading.level]
            open_headings.append(heading)
        for start, end in _trimmed(text, cut, following):
            yield _Section(
                start=start,
                head_end=_line_end(parsed.text, start, end) if heading is not None else start,
                end=end,
                path=tuple(one.text for one in open_headings),
                page=bisect_right(parsed.pages, start) or None if parsed.pages else None,
            )


def _line_end(text: str, start: int, end: int) -> int:
    """Return where the heading that begins at *start* ends, its underline included."""
    newline = text.find("\n", start, end)
    if newline < 0:
        return end
    underline_end = text.find("\n", newline + 1, end)
    underline_end = end if underline_end < 0 else underline_end
    underline = text[newline + 1 : underline_end].strip()
    is_underline = bool(underline) and set(underline) in ({"="}, {"-"})
    return underline_end if is_underline else newline


def _joined(measured: _Measured, sections: Iterator[_Section]) -> Iterator[_Section]:
    """Join a heading that has nothing under it with the section that follows on its page."""
    waiting: _Section | None = None
    for section in sections:
        joined = section
        if waiting is not None and _can_join(measured, waiting, section):
            joined = replace(section, start=waiting.start)
        elif waiting is not None:
            yield waiting
        waiting = joined if joined.start < joined.head_end == joined.end else None
        if waiting is None:
            yield joined
    if waiting is not None:
        yield waiting


def _can_join(measured: _Measured, waiting: _Section, section: _Section) -> bool:
    # Headings that would take half of a span or more are better off alone.
    head_tokens = measured.tokens(waiting.start, section.head_end)
    return waiting.page == section.page and 2 * head_tokens <= measured.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Atom:
    """A part of a section that fits into one span.

    Attributes:
        start: Offset of its first character.
        end: One past its last.
        break_cost: What it costs to end a span with it, in spans.
    """

    start: int
    end: int
    break_cost: float


_MID_BLOCK_COST = 0.25
_HANGING_COST = 0.5
_MAX_TITLE_CHARS = 80
_MOST_CAPTION_CHARS = 200
_MAX_ATOMS = 256


def _pieces(measured: _Measured, section: _Section) -> Iterator[_Range]:
    if measured.tokens(section.start, section.end) <= measured.limit:
        yield section.start, section.end
        return
    # Some tokenizers make tokens from the spaces between a heading and its text.
    body = next(_trimmed(measured.text, section.head_end, section.end), (section.end, section.end))
    head_tokens = measured.tokens(section.start, body[0])
    if 2 * head_tokens > measured.limit:
        yield from measured.cut(section.start, section.head_end, measured.limit)
        yield from _packed(measured, list(_atoms(measured, section, measured.limit)))
        return
    atoms = list(_atoms(measured, section, measured.limit - head_tokens))
    # The heading stays with the first text under it.
    atoms[0] = replace(atoms[0], start=section.start)
    yield from _packed(measured, atoms)


def _atoms(measured: _Measured, section: _Section, first_limit: int) -> Iterator[_Atom]:
    """Yield the body of *section* in parts that fit: blocks, else sentences, else cut ones."""
    limit = first_limit
    for start, end, ends_block, announces in _blocks(measured, section.head_end, section.end):
        for first, last in _fitting(measured, start, end, limit=limit):
            cost = 0.0 if last == end and ends_block else _MID_BLOCK_COST
            if _is_title(measured.text[first:last]) or (announces and last == end):
                cost += _HANGING_COST
            yield _Atom(start=first, end=last, break_cost=cost)
        limit = measured.limit


def _fitting(measured: _Measured, start: int, end: int, *, limit: int) -> Iterator[_Range]:
    if measured.tokens(start, end) <= limit:
        yield start, end
        return
    for first, last in split_sentences(measured.text[start:end]):
        yield from measured.cut(start + first, start + last, limit)


def _is_title(text: str) -> bool:
    """Return whether a line is short and has no full stop, like a title in a PDF."""
    is_line = len(text) <= _MAX_TITLE_CHARS and "\n" not in text
    return is_line and text[-1] not in ".!?;,|`" and not ITEM.match(text)


def _packed(measured: _Measured, atoms: list[_Atom]) -> Iterator[_Range]:
    """Join neighbours into few spans of similar size that end where little is split."""
    costs = [0.0]
    begins = [0]
    for last, atom in enumerate(atoms):
        best, begin = float("inf"), last
        for first in range(last, max(-1, last - _MAX_ATOMS), -1):
            tokens = measured.tokens(atoms[first].start, atom.end)
            if tokens > measured.limit and first < last:
                break
            room = max(0.0, 1 - tokens / measured.limit)
            cost = costs[first] + 1 + room * room
            if cost < best:
                best, begin = cost, first
        costs.append(best + atom.break_cost)
        begins.append(begin)
    spans: list[_Range] = []
    end = len(atoms)
    while end:
        begin = begins[end]
        spans.append((atoms[begin].start, atoms[end - 1].end))
        end = begin
    yield from reversed(spans)


def _blocks(measured: _Measured, start: int, end: int) -> Iterator[tuple[int, int, bool, bool]]:
    """Yield the border of each block, whether a cut after it is good, and whether it announces.

    A short paragraph above a table or a list announces it.
    """
    text, at = measured.text, start
    inside = _with_heads([one for one in measured.blocks if one.start < end and one.end > start])
    for one, following in zip(inside, [*inside[1:], None], strict=False):
        # Text that is in no block becomes a piece of its own, so that it is not lost
        for first, last in _trimmed(text, at, max(at, one.start)):
            yield first, last, True, False
        is_row = one.kind is BlockKind.ROW
        goes_on = is_row and following is not None and following.group == one.group
        for first, last in _trimmed(text, max(at, one.start), min(one.end, end)):
            yield first, last, not goes_on, _announces(one, following, text)
        at = max(at, min(one.end, end))
    for first, last in _trimmed(text, at, end):
        yield first, last, True, False


def _announces(one: Block, following: Block | None, text: str) -> bool:
    if following is None or one.kind is not BlockKind.PARAGRAPH:
        return False
    if following.kind is BlockKind.ROW:
        return one.end - one.start <= _MOST_CAPTION_CHARS
    is_announced = following.kind in {BlockKind.ITEM, BlockKind.CODE}
    return is_announced and text[one.start : one.end].rstrip(f" {HIDDEN}").endswith((":", "："))


def _with_heads(found: list[Block]) -> list[Block]:
    """Join the head of each table with its first row."""
    joined: list[Block] = []
    for one in found:
        if joined and joined[-1].is_head and one.group == joined[-1].group and not one.is_head:
            joined[-1] = replace(joined[-1], end=one.end, is_head=False)
        else:
            joined.append(one)
    return joined
