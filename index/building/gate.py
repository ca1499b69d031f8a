"""Check a new generation before it is served: complete, searchable, no documents lost."""

from collections.abc import Callable, Sequence

from index.search import Fusion, search_generation
from index.storage import INDEXED, DocumentRow, GateCheck, Generation
from index.types import Chunk

Gate = Callable[[Generation], Sequence[GateCheck]]
"""A further condition from the caller. It opens no generation and promotes none."""

_KNOWN_TEXTS = 20
_NEAREST = 10


def checks(
    generation: Generation, before: Sequence[DocumentRow], *, max_lost_share: float
) -> list[GateCheck]:
    """Check a generation that is written but not in use yet.

    Args:
        generation: The generation to check, opened.
        before: Files of the generation before, if it had the same sources; else empty.
        max_lost_share: Share of its documents that may be missing now.
    """
    return [
        _has_chunks(generation),
        _finds_itself(generation),
        _lost(generation, before, max_lost_share),
    ]


def _has_chunks(generation: Generation) -> GateCheck:
    count = generation.manifest.chunks
    stored = len(generation.vectors) if generation.vectors is not None else 0
    if count == 0:
        message = "no text was found in any document: check the folder and its include patterns"
    elif generation.manifest.lexical_only:
        message, stored = f"{count} chunks, vectors will follow", count
    elif stored != count:
        message = f"{count} chunks have {stored} vectors: run `footnote index build --full`"
    else:
        message = f"{count} chunks with a vector each"
    return GateCheck(name="chunks", passed=count > 0 and stored == count, message=message)


def _finds_itself(generation: Generation) -> GateCheck:
    """Search for known texts: each must be among the nearest to itself, whatever the ranking."""
    ids = generation.passages.chunk_ids()
    step = max(1, len(ids) // _KNOWN_TEXTS)
    sample = list(generation.passages.chunks(ids[::step][:_KNOWN_TEXTS]).values())
    lost = [chunk for chunk in sample if not _found(generation, chunk)]
    if lost:
        first = lost[0]
        message = (
            f"{len(lost)} of {len(sample)} texts were not found by their own words, "
            f"such as {first.document!r} at {first.start}: run `footnote index build --full`"
        )
    else:
        message = f"{len(sample)} texts were found by their own words"
    return GateCheck(name="known_texts", passed=not lost, message=message)


def _found(generation: Generation, chunk: Chunk) -> bool:
    fusion = Fusion(dense_weight=0.6)
    passages = search_generation(generation, chunk.text, k=_NEAREST, audience=None, fusion=fusion)
    # Many documents can contain the same text; finding any of the copies is enough.
    return any(passage.chunk.text == chunk.text for passage in passages)


def _lost(
    generation: Generation, before: Sequence[DocumentRow], max_lost_share: float
) -> GateCheck:
    had = {row.document: row.sha256 for row in before if row.status == INDEXED}
    rows = [row for row in generation.passages.rows() if row.status == INDEXED]
    documents, contents = {row.document for row in rows}, {row.sha256 for row in rows}
    lost = [
        name for name, sha256 in had.items() if name not in documents and sha256 not in contents
    ]
    share = len(lost) / len(had) if had else 0.0
    passed = share <= max_lost_share
    message = f"{len(lost)} of {len(had)} documents lost"
    if not passed:
        message += (
            f", more than {max_lost_share:.0%}, such as {lost[0]!r}: "
            "if that is intended, run `footnote index build --force`"
        )
    return GateCheck(name="documents", passed=passed, message=message)
