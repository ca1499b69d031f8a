"""A plan becomes documents, chunks and vectors: parsed anew, or taken over unchanged."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np

from index.cache import open_cache, rounded, text_key
from index.chunking import chunk
from index.errors import UnreadableDocumentError
from index.lexical import LexicalRow
from index.parsing.child import ParserPool
from index.passages import FAILED, SKIPPED, PassageReader, PassageWriter
from index.plan import Action, Planned, Progress
from index.types import Chunk, Document, Embedder, Problem, ProblemKind, SourceFile, Span, Vectors

_EMBED_AT_ONCE = 256  # written to the cache together: what a kill can cost
_PREFIX_CHARS = 200  # title and headings before a chunk: some 50 tokens
_SKIPPED_KINDS = {ProblemKind.UNSUPPORTED, ProblemKind.UNSAFE, ProblemKind.TOO_BIG}


@dataclass(slots=True, kw_only=True)
class Assembly:
    """What a generation will hold, as far as it stays in memory.

    Attributes:
        next_id: The first chunk id that is still free.
        ids: Of every chunk.
        inputs: What is embedded of every chunk.
        lexical: What words are indexed of every chunk.
        problems: Files that could not be indexed.
        documents: How many could.
    """

    next_id: int
    ids: list[int] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    lexical: list[LexicalRow] = field(default_factory=list)
    found: list[Problem] = field(default_factory=list)
    documents: int = 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Files that could not be indexed, by document."""
        return tuple(sorted(self.found, key=lambda problem: problem.document))


def embedding_input(document: Document, heading: Sequence[str], text: str) -> str:
    """Return what is embedded of a chunk: the document's own title and headings, then its text.

    The file's name is left out, so that a rename embeds nothing.
    """
    parts = [document.own_title or "", *heading]
    path = " > ".join(dict.fromkeys(part for part in parts if part))
    return f"{path[:_PREFIX_CHARS]}\n{text}" if path else text


def title_of(name: str) -> str:
    """Return what a person calls a file that has no title of its own.

    >>> title_of("plans/Benefit_Options-2024.pdf")
    'Benefit Options 2024'
    """
    stem = PurePosixPath(name).stem or name
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or name


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What makes chunks of a document, besides its bytes.

    Attributes:
        embedder: Counts tokens.
        chunk_tokens: Longest chunk.
        parse_timeout_s: For one file.
        before: The generation before, if its chunks can be taken over; else None.
    """

    embedder: Embedder
    chunk_tokens: int
    parse_timeout_s: float
    before: PassageReader | None


def assemble(
    plan: Sequence[Planned], path: Path, *, recipe: Recipe, next_id: int, progress: Progress
) -> Assembly:
    """Write every planned document into *path* and return what is to be embedded.

    Args:
        plan: What to do with each document.
        path: The new generation's passage file.
        recipe: How chunks are made.
        next_id: The first chunk id that is free.
        progress: Told of each document.
    """
    entries = [entry for entry in plan if entry.action is not Action.REMOVED]
    writer = PassageWriter(path)
    with ParserPool(timeout_s=recipe.parse_timeout_s) as pool:
        assembler = _Assembler(recipe, pool, writer=writer, assembly=Assembly(next_id=next_id))
        for done, entry in enumerate(entries):
            progress("parsing", done, len(entries))
            assembler.add(entry)
    progress("parsing", len(entries), len(entries))
    writer.close()
    return assembler.assembly


class _Assembler:
    def __init__(
        self, recipe: Recipe, pool: ParserPool, *, writer: PassageWriter, assembly: Assembly
    ) -> None:
        self.assembly = assembly
        self._recipe = recipe
        self._pool = pool
        self._writer = writer

    def add(self, entry: Planned) -> None:
        problem = entry.problem
        if problem is None and entry.file is not None:
            try:
                self._keep(*self._read(entry, entry.file))
            except UnreadableDocumentError as error:
                problem = Problem(document=entry.document, kind=error.kind, reason=error.reason)
        if problem is not None:
            status = SKIPPED if problem.kind in _SKIPPED_KINDS else FAILED
            self._writer.add_problem(problem, sha256=entry.sha256, status=status)
            self.assembly.found.append(problem)

    def _keep(self, document: Document, chunks: Sequence[Chunk]) -> None:
        assembly = self.assembly
        numbered = []
        for each in chunks:
            id_ = each.id or assembly.next_id
            assembly.next_id = max(assembly.next_id, id_ + 1)
            numbered.append(replace(each, id=id_))
        self._writer.add_document(document, numbered)
        assembly.documents += 1
        for each in numbered:
            assembly.ids.append(each.id)
            assembly.inputs.append(embedding_input(document, each.heading, each.text))
            words = "\n".join((document.title, " > ".join(each.heading), each.text))
            assembly.lexical.append(LexicalRow(id=each.id, words=words, audience=document.audience))

    def _read(self, entry: Planned, file: SourceFile) -> tuple[Document, list[Chunk]]:
        """Return the document and its chunks; a chunk that is new has id 0."""
        before, old = self._recipe.before, None
        if before is not None and entry.previous is not None:
            old = before.document(entry.previous)
        if before is None or old is None:
            return self._parse(file)
        document = _document(file, old.sha256, text=old.text, own_title=old.own_title)
        document = replace(document, pages=old.pages)
        keep_ids = entry.action is Action.UNCHANGED
        return document, [
            _chunk(document, _span(each), id_=each.id if keep_ids else 0)
            for each in before.document_chunks(old.document)
        ]

    def _parse(self, file: SourceFile) -> tuple[Document, list[Chunk]]:
        content = file.read()
        parsed = self._pool.parse(content, file.name)
        sha256 = hashlib.sha256(content).hexdigest()
        own_title = file.title or parsed.title
        document = _document(file, sha256, text=parsed.text, own_title=own_title)
        document = replace(document, pages=parsed.pages)
        starts = self._recipe.embedder.token_starts(parsed.text)
        spans = chunk(parsed, starts, max_tokens=self._recipe.chunk_tokens)
        return document, [_chunk(document, span, id_=0) for span in spans]


def _span(each: Chunk) -> Span:
    return Span(start=each.start, end=each.end, heading=each.heading, page=each.page)


def _document(file: SourceFile, sha256: str, *, text: str, own_title: str | None) -> Document:
    return Document(
        document=file.document,
        title=own_title or title_of(file.document),
        own_title=own_title,
        text=text,
        sha256=sha256,
        modified_at=file.modified_at,
        url=file.url,
        audience=file.audience,
        pages=(),
    )


def _chunk(document: Document, span: Span, *, id_: int) -> Chunk:
    return Chunk(
        id=id_,
        document=document.document,
        title=document.title,
        start=span.start,
        end=span.end,
        text=document.text[span.start : span.end],
        heading=span.heading,
        page=span.page,
        url=document.url,
        modified_at=document.modified_at,
        audience=document.audience,
    )


def embed_all(
    inputs: Sequence[str], embedder: Embedder, *, cache_path: Path, progress: Progress
) -> tuple[Vectors, int]:
    """Return a vector for each input, and how many of them had to be computed.

    Args:
        inputs: Texts; equal ones are computed once.
        embedder: Computes vectors.
        cache_path: Holds those that were computed before.
        progress: Told of each batch.

    Returns:
        Shape (len(inputs), dim), float32, each row of length 1 but for rounding.
    """
    keys = [text_key(text) for text in inputs]
    with open_cache(cache_path) as cache:
        found = cache.get(embedder.fingerprint, sorted(set(keys)))
        missing = {key: text for key, text in zip(keys, inputs, strict=True) if key not in found}
        # Neighbours in length share a batch: little of it is padding.
        order = sorted(missing, key=lambda key: (len(missing[key]), key))
        for first in range(0, len(order), _EMBED_AT_ONCE):
            progress("embedding", first, len(order))
            part = order[first : first + _EMBED_AT_ONCE]
            vectors = rounded(embedder.embed([missing[key] for key in part]))
            fresh = dict(zip(part, vectors, strict=True))
            cache.put(embedder.fingerprint, fresh)
            found |= fresh
        if order:
            progress("embedding", len(order), len(order))
    rows = np.zeros((len(inputs), embedder.dim), dtype=np.float32)
    for row, key in enumerate(keys):
        rows[row] = found[key]
    return rows, len(order)
