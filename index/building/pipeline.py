"""Turn a build plan into documents, chunks and vectors; unchanged ones are reused."""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath

from footnote_qa.index.atomic_files import cores
from footnote_qa.index.audience import narrowed
from footnote_qa.index.building.plan import Action, Planned, Progress
from footnote_qa.index.building.recognition import DocumentReader, Ocr, note_of
from footnote_qa.index.chunking import above, chunk, keywords, mask, shown
from footnote_qa.index.embedding import language_of
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import child
from footnote_qa.index.storage import (
    FAILED,
    SKIPPED,
    LexicalRow,
    PassageReader,
    PassageWriter,
    about,
    read_about,
)
from footnote_qa.index.types import (
    Chunk,
    Document,
    Embedder,
    Problem,
    ProblemKind,
    SourceFile,
    Span,
)

_AHEAD = 4  # documents per core that are read before it is their turn to be written
_PREFIX_CHARS = 200  # title and headings before a chunk: about 50 tokens
# The end of the reason why a text is not the newest one
_KEPT = re.compile(r"; its text of (\d{4}-\d\d-\d\d \d\d:\d\d UTC) is kept$")
_MAY_PASS = {
    ProblemKind.BROKEN,
    ProblemKind.UNREADABLE,
    ProblemKind.TIMEOUT,
    ProblemKind.MEMORY,
    ProblemKind.CRASH,
}
_SKIPPED_KINDS = {
    ProblemKind.UNSUPPORTED,
    ProblemKind.UNSAFE,
    ProblemKind.TOO_BIG,
    ProblemKind.LEFT_OUT,
}


@dataclass(slots=True, kw_only=True)
class Assembly:
    """The part of a new generation that stays in memory while it is made.

    Attributes:
        next_id: The first free chunk id.
        ids: Id of every chunk.
        inputs: The text to embed for every chunk.
        lexical: The words to index for every chunk.
        found: Files that could not be indexed, with those that are left out.
        notes: Files that are indexed in part, or with an earlier text.
        documents: How many files were indexed.
        languages: How many of them are in each language; "" if it is unknown.
    """

    next_id: int
    ids: list[int] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    lexical: list[LexicalRow] = field(default_factory=list)
    found: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    documents: int = 0
    languages: Counter[str] = field(default_factory=Counter)

    def keep(self, made: "Made", writer: PassageWriter) -> None:
        """Add a document, and number its new chunks."""
        document, numbered = made.document, []
        for each in made.chunks:
            id_ = each.id or self.next_id
            self.next_id = max(self.next_id, id_ + 1)
            numbered.append(replace(each, id=id_))
        writer.add_document(document, numbered, source=made.source, own=made.own, note=made.note)
        self.notes += [made.note] if made.note is not None else []
        self.documents += 1
        language = language_of(document.text)
        self.languages[language] += 1
        for each in numbered:
            self.ids.append(each.id)
            text = text_of(document, each)
            self.inputs.append(embedding_input(document, each.heading, text))
            if each is numbered[0]:
                text = f"{text}\n{keywords(document.text)}"
            words = "\n".join((document.title, " > ".join(each.heading), text))
            self.lexical.append(
                LexicalRow(id=each.id, words=words, audience=document.audience, language=language)
            )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Files that should have been indexed and could not, by document."""
        return _sorted(one for one in self.found if one.kind is not ProblemKind.LEFT_OUT)

    @property
    def left_out(self) -> tuple[Problem, ...]:
        """Files that nobody could index, by document."""
        return _sorted(one for one in self.found if one.kind is ProblemKind.LEFT_OUT)


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.document))


def text_of(document: Document, chunk: Chunk) -> str:
    """Return the text to index for a chunk: what a reader sees of it, below its table's head."""
    return above(document.text, chunk) + shown(chunk.text)


def embedding_input(document: Document, heading: Sequence[str], text: str) -> str:
    """Return the text to embed for a chunk: the document's own title and headings, then its text.

    The file's name is left out, so that nothing is embedded again when a file is renamed.
    """
    parts = [document.own_title or "", *heading]
    path = " > ".join(dict.fromkeys(part for part in parts if part))
    return f"{path[:_PREFIX_CHARS]}\n{text}" if path else text


def title_of(name: str) -> str:
    """Return a readable title for a file that has none of its own.

    >>> title_of("plans/Benefit_Options-2024.pdf")
    'Benefit Options 2024'
    """
    stem = PurePosixPath(name).stem or name
    return " ".join(stem.replace("_", " ").replace("-", " ").split()) or name


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a document's bytes become chunks.

    Attributes:
        embedder: Counts tokens.
        chunk_tokens: Most tokens in a chunk.
        parse_timeout_s: Longest time to parse one file.
        ocr: How words in pictures are read; None leaves them out.
        ocr_cache: File of the pages that were recognised before.
        parsers: The plug-in that parses files with a suffix, as `module:attribute`.
        before: The generation before, if its chunks can be reused; else None.
        served: The generation before, whose texts stay for files that cannot be read now.
        since: When that generation was made.
    """

    embedder: Embedder
    chunk_tokens: int
    parse_timeout_s: float
    before: PassageReader | None
    ocr: Ocr | None = None
    ocr_cache: Path = Path()
    parsers: Mapping[str, str] = field(default_factory=dict)
    served: PassageReader | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A document and its chunks.

    Attributes:
        document: The document.
        chunks: In reading order; a new chunk has id 0.
        source: What its source says about it.
        own: What the document says about itself.
        note: What of it could not be read, or why this is not its newest text; None if nothing.
    """

    document: Document
    chunks: tuple[Chunk, ...]
    source: str
    own: str
    note: Problem | None = None


def assemble(
    plan: Sequence[Planned], path: Path, *, recipe: Recipe, next_id: int, progress: Progress
) -> Assembly:
    """Write every planned document into *path* and return what has to be embedded.

    Args:
        plan: What to do with each document.
        path: The new generation's passage file.
        recipe: How chunks are made.
        next_id: The first free chunk id.
        progress: Called for each document.
    """
    assembly = Assembly(next_id=next_id)
    with closing(PassageWriter(path)) as writer:
        for entry, made in made_of(plan, recipe, progress):
            if isinstance(made, Problem):
                status = SKIPPED if made.kind in _SKIPPED_KINDS else FAILED
                writer.add_problem(made, sha256=entry.sha256, status=status)
                assembly.found.append(made)
            else:
                assembly.keep(made, writer)
    return assembly


def made_of(
    plan: Sequence[Planned], recipe: Recipe, progress: Progress
) -> Iterator[tuple[Planned, Made | Problem]]:
    """Yield the result for each document that is not removed, in the order of *plan*.

    Documents are read and parsed on every core; only a few wait for their turn.
    """
    entries = [entry for entry in plan if entry.action is not Action.REMOVED]
    waiting: deque[Future[Made | Problem]] = deque()
    with (
        child.ParserPool(timeout_s=recipe.parse_timeout_s, plugins=recipe.parsers) as pool,
        DocumentReader(pool, recipe.ocr, recipe.ocr_cache) as reader,
        ThreadPoolExecutor(cores()) as threads,
    ):
        maker = _Maker(recipe, reader)
        following = iter(entries)
        try:
            for done, entry in enumerate(entries):
                progress("parsing", done, len(entries))
                while len(waiting) < _AHEAD * cores() and (ahead := next(following, None)):
                    waiting.append(threads.submit(maker.make, ahead))
                yield entry, waiting.popleft().result()
        finally:
            reader.stop()
            threads.shutdown(wait=True, cancel_futures=True)
    progress("parsing", len(entries), len(entries))


class _Maker:
    def __init__(self, recipe: Recipe, reader: DocumentReader) -> None:
        self._recipe = recipe
        self._reader = reader

    def make(self, entry: Planned) -> Made | Problem:
        if entry.problem is not None:
            return self._kept(entry, entry.problem)
        if entry.file is None:
            return self._as_before(entry)
        try:
            return self._read(entry, entry.file)
        except UnreadableDocumentError as error:
            problem = Problem(document=entry.document, kind=error.kind, reason=error.reason)
            return self._kept(entry, problem)

    def _as_before(self, entry: Planned) -> Made:
        """Return a document of a source that cannot be read now, as it was."""
        reader = self._recipe.served
        old = reader.document(entry.previous) if reader and entry.previous else None
        if reader is None or old is None:
            raise ValueError(f"{entry.document!r} has neither a file nor a problem")
        return Made(
            document=old,
            chunks=tuple(reader.document_chunks(old.document)),
            source=entry.about,
            own=reader.own(old.document),
            note=reader.note(old.document),
        )

    def _kept(self, entry: Planned, problem: Problem) -> Made | Problem:
        """Return the last good text of a file that cannot be read now, else its problem."""
        reader = self._recipe.served
        old = reader.document(entry.document) if reader and _may_pass(entry, problem) else None
        if reader is None or old is None:
            return problem
        own = reader.own(old.document)
        document = replace(old, sha256=entry.sha256)
        if entry.file is not None:
            try:
                document = _with_about(document, entry.file, own)
            except UnreadableDocumentError as error:  # nobody may see it any more
                return Problem(document=entry.document, kind=error.kind, reason=error.reason)
        return Made(
            document=document,
            chunks=tuple(
                _chunk(document, _span(each), id_=each.id)
                for each in reader.document_chunks(old.document)
            ),
            source=about(entry.file) if entry.file is not None else entry.about,
            own=own,
            note=replace(problem, reason=self._reason(problem, reader.note(old.document))),
        )

    def _reason(self, problem: Problem, before: Problem | None) -> str:
        """Return the reason with the age of the text that is kept."""
        known = _KEPT.search(before.reason) if before is not None else None
        since = known[1] if known else f"{self._recipe.since:%Y-%m-%d %H:%M} UTC"
        return f"{_KEPT.sub('', problem.reason)}; its text of {since} is kept"

    def _read(self, entry: Planned, file: SourceFile) -> Made:
        before, old = self._recipe.before, None
        if before is not None and entry.previous is not None:
            old = before.document(entry.previous)
        if before is None or old is None:
            return self._parse(file)
        own = before.own(old.document)
        document = replace(old, document=file.document, title=_title(file, old.own_title))
        document = _with_about(document, file, own)
        keep_ids = entry.action is Action.UNCHANGED
        chunks = tuple(
            _chunk(document, _span(each), id_=each.id if keep_ids else 0)
            for each in before.document_chunks(old.document)
        )
        note = before.note(old.document)
        if note is not None:
            note = replace(note, document=file.document)
        return Made(document=document, chunks=chunks, source=about(file), own=own, note=note)

    def _parse(self, file: SourceFile) -> Made:
        content = file.read()
        parsed = self._reader.parse(content, file.name)
        sha256 = hashlib.sha256(content).hexdigest()
        own_title = file.title or parsed.title
        document = Document(
            document=file.document,
            title=_title(file, own_title),
            own_title=own_title,
            text=parsed.text,
            sha256=sha256,
            modified_at=None,
            url=None,
            audience=(),
            pages=parsed.pages,
        )
        own = about(parsed)
        document = _with_about(document, file, own)
        starts = self._recipe.embedder.token_starts(mask(parsed.text))
        spans = chunk(parsed, starts, max_tokens=self._recipe.chunk_tokens)
        chunks = tuple(_chunk(document, span, id_=0) for span in spans)
        note = note_of(file.document, parsed)
        return Made(document=document, chunks=chunks, source=about(file), own=own, note=note)


def _may_pass(entry: Planned, problem: Problem) -> bool:
    """Return whether a file's last good text stays: it may be half saved, locked or slow.

    A file that was encrypted, or whose readers cannot be understood, is not among them: somebody
    may have meant to hide it.
    """
    if problem.kind is ProblemKind.EMPTY:
        return entry.file is not None and entry.file.size_bytes == 0
    return problem.kind in _MAY_PASS


def _span(each: Chunk) -> Span:
    return Span(start=each.start, end=each.end, heading=each.heading, page=each.page)


def _title(file: SourceFile, own_title: str | None) -> str:
    return own_title or title_of(file.document)


def _with_about(document: Document, file: SourceFile, own: str) -> Document:
    """Return *document* with its time, address and audience from the document and its source.

    Raises:
        UnreadableDocumentError: No group could see it.
    """
    modified_at, url, audience = read_about(own)
    return replace(
        document,
        modified_at=modified_at or file.modified_at,
        url=url or file.url,
        audience=narrowed(file.audience, audience),
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
