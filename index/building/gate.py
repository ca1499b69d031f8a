"""Check a new generation before it is served: complete, intact, no documents lost."""

from collections.abc import Callable, Sequence

from footnote_qa.index.building.pipeline import embedding_input, text_of
from footnote_qa.index.chunking import shown
from footnote_qa.index.storage import INDEXED, DocumentRow, GateCheck, Generation
from footnote_qa.index.types import Chunk

Gate = Callable[[Generation], Sequence[GateCheck]]
"""A further condition from the caller. It opens no generation and promotes none."""

_KNOWN_TEXTS = 20
_LEAST_ALIKE = 0.8  # a text's vector and its encoding as a question; measured: at least 0.98
_LESS_ALIKE = 0.05  # a similar text can be this much nearer; others are 0.2 further away or more


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
        _is_under_its_own_id(generation),
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


def _is_under_its_own_id(generation: Generation) -> GateCheck:
    """Look up known texts in both indexes: each must be there under the id of its own chunk.

    Nothing is ranked: in a folder of similar texts, others can fit a text as well as it does.
    """
    ids = generation.passages.chunk_ids()
    step = max(1, len(ids) // _KNOWN_TEXTS)
    sample = list(generation.passages.chunks(ids[::step][:_KNOWN_TEXTS]).values())
    faults = [(chunk, fault) for chunk in sample if (fault := _fault(generation, chunk))]
    if faults:
        first, fault = faults[0]
        message = (
            f"{len(faults)} of {len(sample)} texts are not in the index as they were read, "
            f"such as {first.document!r} at {first.start} ({fault}): "
            "run `footnote index build --full`"
        )
    else:
        message = f"{len(sample)} texts were found by their own words"
    return GateCheck(name="known_texts", passed=not faults, message=message)


def _fault(generation: Generation, chunk: Chunk) -> str:
    """Return what is wrong with the entry of *chunk* in one of the indexes; "" if it is right."""
    if not generation.lexical.holds(chunk.id, shown(chunk.text)):
        return "its words are missing"
    document = generation.passages.document(chunk.document)
    if generation.vectors is None or document is None:
        return ""
    text = embedding_input(document, chunk.heading, text_of(document, chunk))
    vector = generation.encoder.encode([text])[0]
    own = generation.vectors.cosines(vector, [chunk.id])[0]
    best = max(cosine for _, cosine in generation.vectors.search(vector, 1, only=None))
    if own < max(best - _LESS_ALIKE, _LEAST_ALIKE):
        return "its vector is not its own"
    return ""


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
