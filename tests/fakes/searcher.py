"""A small search in memory: passages by shared words, filtered by audience like the real one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from footnote_qa.index.types import Audience, Chunk, Passage, SearchResult

CREATED_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
GENERATION = "gen-000007"


def a_chunk(text: str, **changes: object) -> Chunk:
    """A chunk of "handbook.md" that begins at offset 100 of its document."""
    start = int(str(changes.pop("start", 100)))
    values: dict[str, object] = {
        "id": 1,
        "document": "handbook.md",
        "title": "Handbook",
        "start": start,
        "end": start + len(text),
        "text": text,
        "heading": (),
        "page": None,
        "url": None,
        "modified_at": None,
        "audience": (),
    }
    return Chunk(**(values | changes))  # type: ignore[arg-type]  # the values of a test are its own


def a_passage(text: str, *, rank: int = 1, **changes: object) -> Passage:
    """A passage with that text; *changes* go to its chunk."""
    chunk = a_chunk(text, **changes)
    return Passage(chunk=chunk, rank=rank, fused=1 / rank, cosine=None, bm25=1 / rank)


@dataclass
class MemorySearcher:
    """Finds the chunks that share most words with the question.

    Attributes:
        chunks: All there is.
        asked: Each question with its audience, in order.
        read_: The documents that were read completely, in order.
        fused: Makes the score of a passage from its rank.
    """

    chunks: Sequence[Chunk]
    asked: list[tuple[str, Audience]] = field(default_factory=list)
    read_: list[str] = field(default_factory=list)
    fused: Callable[[int], float] = lambda rank: 1 / rank

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        self.asked.append((question, audience))
        scored = [
            (len(_words(question) & _words(f"{chunk.title} {chunk.text}")), chunk)
            for chunk in self.chunks
            if audience is None or not chunk.audience or audience & set(chunk.audience)
        ]
        best = sorted((s for s in scored if s[0]), key=lambda s: (-s[0], s[1].id))[:k]
        return SearchResult(
            passages=tuple(
                Passage(
                    chunk=chunk,
                    rank=rank,
                    fused=self.fused(rank),
                    cosine=None,
                    bm25=float(score),
                )
                for rank, (score, chunk) in enumerate(best, 1)
            ),
            generation=GENERATION,
            created_at=CREATED_AT,
            ms=0.5,
        )

    def read(self, document: str, *, audience: Audience) -> SearchResult:
        self.read_.append(document)
        chunks = sorted(
            (
                chunk
                for chunk in self.chunks
                if chunk.document == document
                and (audience is None or not chunk.audience or audience & set(chunk.audience))
            ),
            key=lambda chunk: chunk.start,
        )
        return SearchResult(
            passages=tuple(
                Passage(chunk=chunk, rank=rank, fused=1.0, cosine=None, bm25=None)
                for rank, chunk in enumerate(chunks, 1)
            ),
            generation=GENERATION,
            created_at=CREATED_AT,
            ms=0.5,
        )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))
