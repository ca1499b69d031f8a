"""Read the section around a passage, as context for an answer."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial

from footnote_qa.index.chunking import section_of, split_blocks
from footnote_qa.index.storage import PassageReader
from footnote_qa.index.types import BlockKind, Chunk, Passage, Section

MOST_CHARS = 6_000
"""A longer section is cut to the chunks around the one that was found: about 1,500 tokens."""

SHORT_CHARS = 4_000
"""A section is shown with those beside it if all of them together are no longer than this."""

MOST_TABLE_CHARS = 20_000
"""A longer table is not shown from its head."""


def with_sections(passages: Sequence[Passage], reader: PassageReader) -> list[Passage]:
    """Return *passages*, each able to read its section; a document is read once for all of them.

    Nothing is read until it is needed, so a search that only shows passages costs nothing extra.
    """

    @cache
    def read(name: str) -> tuple[str, list[Chunk]]:
        document = reader.document(name)
        return "" if document is None else document.text, reader.document_chunks(name)

    return [replace(one, around=cache(partial(_section_in, read, one.chunk))) for one in passages]


def pieces_of(document: str, reader: PassageReader) -> list[Passage]:
    """Return a complete document as passages that follow each other, without overlap."""
    stored = reader.document(document)
    pieces: list[list[Chunk]] = []
    for chunk in reader.document_chunks(document):
        if pieces and chunk.end - pieces[-1][0].start <= MOST_CHARS:
            pieces[-1].append(chunk)
        else:
            pieces.append([chunk])
    text = "" if stored is None else stored.text
    return [
        Passage(
            chunk=piece[0],
            rank=rank,
            fused=1.0,
            cosine=None,
            bm25=None,
            around=cache(partial(_wide, text, piece)),
        )
        for rank, piece in enumerate(pieces, 1)
    ]


def _wide(text: str, chunks: Sequence[Chunk]) -> Section:
    start, end = chunks[0].start, chunks[-1].end
    return section_of(replace(chunks[0], end=end, text=text[start:end]), text, chunks)


def _section_in(read: Callable[[str], tuple[str, list[Chunk]]], chunk: Chunk) -> Section:
    return _section(chunk, *read(chunk.document))


def _section(chunk: Chunk, text: str, chunks: Sequence[Chunk]) -> Section:
    first, last = _border(chunk, chunks)
    first = _table_start(chunk, chunks, text=text, first=first)
    start, end = chunks[first].start, chunks[last].end
    wide = replace(
        chunk,
        start=start,
        end=end,
        text=text[start:end],
        page=chunks[first].page,
        heading=chunks[first].heading,
    )
    return section_of(wide, text, chunks[first : last + 1])


def _table_start(chunk: Chunk, chunks: Sequence[Chunk], *, text: str, first: int) -> int:
    """Return where to begin so that a table is shown with its head, if that is near enough."""
    if not text:
        return first
    found = split_blocks(text)
    at = bisect_right(found, chunk.start, key=lambda one: one.end)
    if at >= len(found) or found[at].kind is not BlockKind.ROW:
        return first
    group = found[at].group
    head = next(one.start for one in found if one.group == group)
    if chunk.end - head > MOST_TABLE_CHARS:
        return first
    holding = (at for at, one in enumerate(chunks) if one.start <= head < one.end)
    return min(first, next(holding, first))


def _border(chunk: Chunk, chunks: Sequence[Chunk]) -> tuple[int, int]:
    """Return the first and last position of the chunks to show around *chunk*."""
    at = next(at for at, one in enumerate(chunks) if one.id == chunk.id)
    depth = len(chunk.heading)
    first = last = at
    # First the text under the same heading, then the text under the headings below it
    while first > 0 and chunks[first - 1].heading == chunk.heading:
        first -= 1
    while last + 1 < len(chunks) and chunks[last + 1].heading == chunk.heading:
        last += 1
    if chunks[last].end - chunks[first].start > MOST_CHARS:
        return _around(at, (first, last), chunks)
    below = last
    while below + 1 < len(chunks) and chunks[below + 1].heading[:depth] == chunk.heading:
        below += 1
    if chunks[below].end - chunks[first].start <= MOST_CHARS:
        last = below
    return _grown(chunk.heading, (first, last), chunks)


def _grown(
    heading: tuple[str, ...], border: tuple[int, int], chunks: Sequence[Chunk]
) -> tuple[int, int]:
    """Return *border* with the sections beside it, for as long as all under a heading is short."""
    for depth in range(len(heading) - 1, -1, -1):
        first, last = border
        while first > 0 and chunks[first - 1].heading[:depth] == heading[:depth]:
            first -= 1
        while last + 1 < len(chunks) and chunks[last + 1].heading[:depth] == heading[:depth]:
            last += 1
        if chunks[last].end - chunks[first].start > SHORT_CHARS:
            break
        border = first, last
    return border


def _around(at: int, border: tuple[int, int], chunks: Sequence[Chunk]) -> tuple[int, int]:
    """Return as much around *at* as fits; the text after it is taken before the text above."""
    first = last = at
    grows = True
    while grows:
        grows = False
        for step in (last + 1, first - 1):
            start, end = min(first, step), max(last, step)
            inside = border[0] <= start and end <= border[1]
            if inside and chunks[end].end - chunks[start].start <= MOST_CHARS:
                first, last, grows = start, end, True
    return first, last
