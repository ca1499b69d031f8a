"""The index's data types and protocols: document, chunk, passage, search; and those of sources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from footnote_qa.index.source_types import Problem, ProblemKind, Source, SourceFile

__all__ = [
    "Audience",
    "Block",
    "BlockKind",
    "Chunk",
    "Correction",
    "Document",
    "DocumentReader",
    "Embedder",
    "Encode",
    "Heading",
    "Parsed",
    "Passage",
    "Problem",
    "ProblemKind",
    "QuestionEncoder",
    "Reranker",
    "SearchResult",
    "Searcher",
    "Section",
    "Source",
    "SourceFile",
    "Span",
    "Vectors",
]

Vectors: TypeAlias = NDArray[np.float32]
Encode: TypeAlias = Callable[[Sequence[str]], Vectors]

Audience: TypeAlias = frozenset[str] | None
"""Who asks: the groups whose documents may be seen besides everybody's; None sees everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading in a document's text.

    Attributes:
        start: Offset of the heading's line in the text, in code points.
        level: 1 is the outermost.
        text: Without its mark-up.
    """

    start: int
    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The result of parsing a file.

    Attributes:
        text: The stored text, in which offsets count and of which quotes are slices.
        title: From the document itself; None if it has none.
        headings: Ascending by start.
        pages: Offset at which each page starts, page 1 first; empty if there are no pages.
        audience: Groups that it names as its readers; empty if it names none. It may narrow what
            its source says, never widen it; see `footnote_qa.index.audience.narrowed`.
        url: Where a person can open it, according to the document; None if it doesn't say.
        modified_at: When it was written, according to the document, in UTC; None if it doesn't say.
        note: What of it could not be read, in one sentence; None if everything could.
        recognised: Pages whose words were recognised in a picture, from 1.
        wanted: Pages, from 1, that only text recognition can read. If there are any, nothing else
            is set.
    """

    text: str
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()
    audience: tuple[str, ...] = ()
    url: str | None = None
    modified_at: datetime | None = None
    note: str | None = None
    recognised: tuple[int, ...] = ()
    wanted: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A slice of a document's text that becomes a chunk: `text[start:end]`.

    Attributes:
        start: First code point.
        end: One past the last.
        heading: Headings above it, outermost first.
        page: Physical page on which it starts, from 1; None if there are no pages.
    """

    start: int
    end: int
    heading: tuple[str, ...]
    page: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of a generation, with its stored text.

    Attributes:
        document: Its id.
        title: Its readable title: its own title, else its file's name.
        own_title: The title that it, or its source, gives; None if only the file has a name.
        text: The stored text.
        sha256: Of the file's bytes, in hex.
        modified_at: In UTC; None if unknown.
        url: Where a person can open it; None if it has no address.
        audience: Groups that may see it; empty means everybody.
        pages: Offset at which each page starts; empty if there are no pages.
    """

    document: str
    title: str
    own_title: str | None
    text: str
    sha256: str
    modified_at: datetime | None
    url: str | None
    audience: tuple[str, ...]
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """An exact slice of a document's text.

    Attributes:
        id: Number that is never used again for another chunk.
        document: Id of its document.
        title: Title of its document.
        start: Offset in the document's text, in code points.
        end: One past the last.
        text: Exactly `document.text[start:end]`.
        heading: Headings above it, outermost first.
        page: Physical page on which it starts, from 1; None if there are no pages.
        url: Where a person can open the document; None if it has no address.
        modified_at: When the document was changed, in UTC; None if unknown.
        audience: Groups that may see it; empty means everybody.
    """

    id: int
    document: str
    title: str
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    page: int | None
    url: str | None
    modified_at: datetime | None
    audience: tuple[str, ...]

    @property
    def path(self) -> tuple[str, ...]:
        """The document's title and the headings above the chunk, each once."""
        return tuple(dict.fromkeys(one for one in (self.title, *self.heading) if one))


class BlockKind(StrEnum):
    """The kind of a block of a text."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a text that a reader sees as one unit.

    Attributes:
        kind: Its kind. Blocks inside an item, after its first paragraph, have their own kind.
        start: Offset in the text, in code points.
        end: One past the last.
        level: Of a heading, 1 for the outermost; else 0.
        depth: How many lists it is in.
        number: Of an item of a numbered list, as it is shown; else None.
        group: Equal for all blocks of one list or one table, and for no others; -1 for none.
        is_head: Whether it is the head row of its table.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    depth: int = 0
    number: int | None = None
    group: int = -1
    is_head: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """The text around a chunk in its document: everything under its heading, if not too long.

    Attributes:
        chunk: The slice of the document's text, with the id of the chunk that was found.
        masked: Its text at the same length, without the markup that no reader sees.
        blocks: Its blocks; offsets count in its text.
        parts: The chunks that it is made of, in reading order.
    """

    chunk: Chunk
    masked: str
    blocks: tuple[Block, ...]
    parts: tuple[Chunk, ...]

    def part_at(self, start: int) -> Chunk:
        """Return the chunk that holds offset *start* of its text."""
        at = self.chunk.start + start
        before = [part for part in self.parts if part.start <= at]
        return before[-1] if before else self.chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk that was found for a question.

    Attributes:
        chunk: The chunk.
        rank: 1 is the best.
        fused: The score to rank by, from 0 to 1.
        cosine: Similarity to the question, from -1 to 1; None if there are no vectors.
        bm25: Lexical score, 0 or more; None if no word matched among the best.
        around: Reads the text around it, from the disk the first time; None if the searcher
            cannot.
    """

    chunk: Chunk
    rank: int
    fused: float
    cosine: float | None
    bm25: float | None
    around: Callable[[], Section] | None = field(default=None, compare=False, repr=False)

    @property
    def section(self) -> Section | None:
        """The text around it; None if the searcher gives none."""
        return None if self.around is None else self.around()

    @property
    def context(self) -> Chunk:
        """The text that an answerer sees: its section, or the chunk alone."""
        section = self.section
        return self.chunk if section is None else section.chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A word of a question and the word of the documents that it probably means.

    Attributes:
        written: The word as it is in the question.
        meant: The word that some document has.
    """

    written: str
    meant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Passages of one generation, best first.

    Attributes:
        passages: Best first.
        generation: The one generation that all of them come from, such as "gen-000042".
        created_at: When that generation was built, in UTC.
        ms: How long the search took.
        lexical_only: Whether that generation has only words so far: its vectors are being computed.
        unknown: Words of the question that are in no document that the person may see.
        question: The question that was searched, in which misspelt words are replaced; "" if that
            is the question as it was asked.
        corrections: The words that were replaced.
        suggestions: Words that may have been meant, but were not searched.
    """

    passages: tuple[Passage, ...]
    generation: str
    created_at: datetime
    ms: float
    lexical_only: bool = False
    unknown: tuple[str, ...] = ()
    question: str = ""
    corrections: tuple[Correction, ...] = ()
    suggestions: tuple[Correction, ...] = ()


class Searcher(Protocol):
    """Search as the bot needs it from an index."""

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        """Find the *k* best passages that *audience* may see."""
        ...


@runtime_checkable
class DocumentReader(Protocol):
    """Reads complete documents of an index."""

    def read(self, document: str, *, audience: Audience) -> SearchResult:
        """Return a complete document in passages; none if *audience* may not see it."""
        ...


class QuestionEncoder(Protocol):
    """Turns questions into vectors, using only files of the generation."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        ...


class Reranker(Protocol):
    """Reads a question and passages together, and rates how well each one answers it."""

    def raises(self, question: str, chunks: Sequence[Chunk]) -> list[float]:
        """Return by how much each chunk rises, in standard deviations of a ranking's scores."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors when an index is built.

    Attributes:
        model: Name or folder as the settings give it.
        fingerprint: Changes whenever the vectors would.
        dim: Length of a vector.
        max_tokens: Longest input that is not truncated.
    """

    model: str
    fingerprint: str
    dim: int
    max_tokens: int

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return shape (len(texts), dim), float32, each row of length 1."""
        ...

    def token_starts(self, text: str) -> list[int]:
        """Return the offset where each token of *text* starts, ascending; nothing is truncated."""
        ...

    def save_encoder(self, folder: Path) -> None:
        """Write into *folder* what is needed to embed a question later."""
        ...
