"""The documents and chunks of a generation: one SQLite file, written once, then only read."""

import json
import sqlite3
import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footnote_qa.index.atomic_files import writing
from footnote_qa.index.audience import ALL, is_granted, may_see, readers_of
from footnote_qa.index.chunking import Titled, Titles
from footnote_qa.index.errors import IndexDamagedError
from footnote_qa.index.storage.within import Within
from footnote_qa.index.types import (
    Audience,
    Chunk,
    Document,
    Parsed,
    Problem,
    ProblemKind,
    SourceFile,
)

INDEXED, FAILED, SKIPPED = "indexed", "failed", "skipped"
_REMEMBERED_GROUPS = 64

_SCHEMA = """
CREATE TABLE documents (
    document TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    kind TEXT,
    reason TEXT,
    title TEXT NOT NULL,
    own_title TEXT,
    sha256 TEXT NOT NULL,
    modified_at TEXT,
    url TEXT,
    audience TEXT NOT NULL,
    pages TEXT NOT NULL,
    source TEXT NOT NULL,
    own TEXT NOT NULL,
    text TEXT NOT NULL  -- last: reading the columns before it does not load its pages
) WITHOUT ROWID;
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY,
    document TEXT NOT NULL REFERENCES documents (document),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    heading TEXT NOT NULL,
    page INTEGER
);
CREATE INDEX chunks_by_document ON chunks (document, start);
"""
_CHUNK_COLUMNS = """
SELECT c.id, c.document, d.title, c.start, c."end", c.text, c.heading, c.page,
       d.url, d.modified_at, d.audience
FROM chunks c JOIN documents d USING (document)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One file found by a build, indexed or not.

    Attributes:
        document: Its id.
        status: "indexed", "failed" or "skipped".
        kind: Why it is not indexed, or not as it is now, for machines; None if all is well.
        reason: The same in one sentence; None if all is well.
        title: "" unless indexed.
        chunks: How many chunks it has.
        sha256: SHA-256 of the file's bytes; "" if they could not be read.
        modified_at: In UTC; None if unknown.
        url: Where a person can open it; None if it has no address.
        audience: Groups that may see it; empty means everybody.
        source: What its source says about it besides its bytes; see `about`.
    """

    document: str
    status: str
    kind: ProblemKind | None
    reason: str | None
    title: str
    chunks: int
    sha256: str
    modified_at: datetime | None
    url: str | None
    audience: tuple[str, ...]
    source: str


def about(of: SourceFile | Parsed) -> str:
    """Return time, address and audience from a source or a document, as one text to store."""
    return json.dumps([_time(of.modified_at), of.url, list(of.audience)], ensure_ascii=False)


def read_about(value: str) -> tuple[datetime | None, str | None, tuple[str, ...]]:
    """Return time, address and audience as `about` wrote them."""
    modified_at, url, audience = json.loads(value)
    return _read_time(modified_at), url, tuple(audience)


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()


def _read_time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _dumps(values: Sequence[str] | Sequence[int]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


class PassageWriter:
    """Writes the file of a new generation; its data is on disk once the generation is sealed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path, sqlite3.Error):
            self._connection = sqlite3.connect(path)
            # Nobody reads the file yet: if the build is killed, all of it is thrown away.
            self._connection.execute("PRAGMA journal_mode=OFF")
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.executescript(_SCHEMA)

    def add_document(
        self,
        document: Document,
        chunks: Sequence[Chunk],
        *,
        source: str,
        own: str,
        note: Problem | None = None,
    ) -> None:
        """Add an indexed document; every chunk must be an exact slice of its text.

        Args:
            document: The document.
            chunks: In reading order.
            source: What its source says about it; see `about`.
            own: What the document says about itself.
            note: What of it could not be read, or why this is not its newest text; None if nothing.
        """
        for chunk in chunks:
            if document.text[chunk.start : chunk.end] != chunk.text:
                raise ValueError(f"chunk {chunk.id} is not a slice of {document.document!r}")
        row = (
            document.document,
            None if note is None else note.kind,
            None if note is None else note.reason,
            document.title,
            document.own_title,
            document.sha256,
            _time(document.modified_at),
            document.url,
            _dumps(document.audience),
            _dumps(document.pages),
            source,
            own,
            document.text,
        )
        with writing(self._path, sqlite3.Error):
            self._connection.execute(
                "INSERT INTO documents VALUES (?, 'indexed', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            self._connection.executemany(
                "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (c.id, c.document, c.start, c.end, c.text, _dumps(c.heading), c.page)
                    for c in chunks
                ],
            )

    def add_problem(self, problem: Problem, *, sha256: str, status: str) -> None:
        """Add a file that could not be indexed."""
        row = (problem.document, status, problem.kind, problem.reason, sha256)
        with writing(self._path, sqlite3.Error):
            self._connection.execute(
                "INSERT INTO documents VALUES "
                "(?, ?, ?, ?, '', NULL, ?, NULL, NULL, '[]', '[]', '', '', '')",
                row,
            )

    def close(self) -> None:
        """Commit and close."""
        with writing(self._path, sqlite3.Error):
            self._connection.commit()
            self._connection.close()


class PassageReader:
    """The documents and chunks of a generation, open for reading from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._visible: OrderedDict[Audience, NDArray[np.int64]] = OrderedDict()
        self._hidden: frozenset[str] = frozenset()
        try:
            # immutable: SQLite looks for no journal and takes no lock; a generation never changes.
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._closing = weakref.finalize(self, self._connection.close)
            found = self._connection.execute("SELECT DISTINCT audience FROM documents").fetchall()
            self._audiences = {str(row[0]): tuple(json.loads(row[0])) for row in found}
        except sqlite3.Error as error:
            raise IndexDamagedError(
                f"{path} cannot be read: run `footnote index build --full`"
            ) from error

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise IndexDamagedError(
                    f"{self._path} cannot be read: run `footnote index build --full`"
                ) from error

    def chunks(self, ids: Iterable[int]) -> dict[int, Chunk]:
        """Return the chunks with these *ids*, by id; unknown ids are left out."""
        sql = f"{_CHUNK_COLUMNS} WHERE c.id IN (SELECT value FROM json_each(?))"  # noqa: S608
        found = [_chunk(row) for row in self._rows(sql, (json.dumps(list(ids)),))]
        return {chunk.id: chunk for chunk in found}

    def chunk_ids(self) -> list[int]:
        """Return the id of every chunk, by document and start."""
        return [
            int(str(row[0])) for row in self._rows("SELECT id FROM chunks ORDER BY document, start")
        ]

    def all_chunks(self) -> Iterator[Chunk]:
        """Yield every chunk, by document and start."""
        for row in self._rows(f"{_CHUNK_COLUMNS} ORDER BY c.document, c.start"):
            yield _chunk(row)

    def document_chunks(self, document: str) -> list[Chunk]:
        """Return a document's chunks in reading order."""
        sql = f"{_CHUNK_COLUMNS} WHERE c.document = ? ORDER BY c.start"
        return [_chunk(row) for row in self._rows(sql, (document,))]

    def ids_of(self, documents: Sequence[str]) -> dict[str, list[int]]:
        """Return the ids of the chunks of *documents*, by document and in reading order."""
        found: dict[str, list[int]] = {}
        sql = (
            "SELECT document, id FROM chunks WHERE document IN (SELECT value FROM json_each(?)) "
            "ORDER BY document, start"
        )
        for document, id_ in self._rows(sql, (_dumps(documents),)) if documents else ():
            found.setdefault(str(document), []).append(int(str(id_)))
        return found

    @cached_property
    def titles(self) -> Titles:
        """The titles of the documents."""
        sql = "SELECT document, title, audience FROM documents WHERE status = 'indexed'"
        return Titles(
            Titled(document=str(name), title=str(title), audience=tuple(json.loads(str(groups))))
            for name, title, groups in self._rows(f"{sql} ORDER BY document")
            if name not in self._hidden
        )

    def document(self, document: str) -> Document | None:
        """Return an indexed document with its text; None if there is none that may be shown."""
        if self.hides(document):
            return None
        rows = self._rows(
            "SELECT document, title, own_title, text, sha256, modified_at, url, audience, pages "
            "FROM documents WHERE document = ? AND status = 'indexed'",
            (document,),
        )
        return _document(rows[0]) if rows else None

    def own(self, document: str) -> str:
        """Return what a document says about itself; see `about`."""
        rows = self._rows("SELECT own FROM documents WHERE document = ?", (document,))
        return str(rows[0][0]) if rows else ""

    def note(self, document: str) -> Problem | None:
        """Return what an indexed document's row says is missing of it; None if nothing is."""
        rows = self._rows(
            "SELECT kind, reason FROM documents "
            "WHERE document = ? AND status = 'indexed' AND kind IS NOT NULL",
            (document,),
        )
        if not rows:
            return None
        kind, reason = rows[0]
        return Problem(document=document, kind=ProblemKind(str(kind)), reason=str(reason))

    def rows(self) -> list[DocumentRow]:
        """Return every file that the build found, by document."""
        rows = self._rows(
            "SELECT document, status, kind, reason, title, "
            "(SELECT count(*) FROM chunks c WHERE c.document = d.document), "
            "sha256, modified_at, url, audience, source FROM documents d ORDER BY document"
        )
        return [_document_row(row) for row in rows]

    def shown_rows(self) -> list[DocumentRow]:
        """Return the rows of the files that may be shown to anybody."""
        return [row for row in self.rows() if not self.hides(row.document)]

    def hide(self, documents: frozenset[str]) -> bool:
        """Show nothing of *documents* to anybody from now on; return whether that is a change."""
        if documents == self._hidden:
            return False
        self._hidden = documents
        self._visible = OrderedDict()
        self.__dict__.pop("titles", None)
        return True

    def hides(self, document: str) -> bool:
        """Return whether a document is shown to nobody."""
        return document in self._hidden

    def hidden_ids(self) -> list[int]:
        """Return the ids of the chunks that are shown to nobody."""
        return [id_ for ids in self.ids_of(sorted(self._hidden)).values() for id_ in ids]

    @cached_property
    def named_groups(self) -> frozenset[str]:
        """Every group and person that an audience names."""
        readers = [readers_of(each) for each in self._audiences.values()]
        return frozenset(name for parts in readers for part in parts for name in part)

    def granted(self, audience: Audience) -> Audience:
        """Return *audience* with the entries of this generation whose conditions it meets."""
        if audience is None:
            return None
        entries = {one for each in self._audiences.values() for one in each if one.startswith(ALL)}
        return audience | {one for one in entries if is_granted(one, audience)}

    def visible(self, audience: Audience) -> NDArray[np.int64] | None:
        """Return the ids of the chunks that *audience* may see; None if that is all of them."""
        is_open = audience is None or not any(self._audiences.values())
        if is_open and not self._hidden:
            return None
        known = self._visible.get(audience)
        if known is None:
            known = self._visible_ids(audience)
            self._visible[audience] = known
            while len(self._visible) > _REMEMBERED_GROUPS:
                self._visible.popitem(last=False)
        return known

    def _visible_ids(self, audience: Audience) -> NDArray[np.int64]:
        allowed = [text for text, groups in self._audiences.items() if may_see(groups, audience)]
        rows = self._rows(
            "SELECT c.id FROM chunks c JOIN documents d USING (document) "
            "WHERE d.audience IN (SELECT value FROM json_each(?)) "
            "AND d.document NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(allowed), _dumps(sorted(self._hidden))),
        )
        return np.asarray([row[0] for row in rows], dtype=np.int64)

    def ids_within(self, within: Within, audience: Audience) -> NDArray[np.int64]:
        """Return the ids of the chunks of some documents, as far as *audience* may see them."""
        condition, values = within.condition()
        rows = self._rows(
            "SELECT c.id FROM chunks c JOIN documents d USING (document)"  # noqa: S608 - our own
            f" WHERE d.status = 'indexed' AND {condition}",
            values,
        )
        found = np.asarray([row[0] for row in rows], dtype=np.int64)
        visible = self.visible(audience)
        return found if visible is None else np.intersect1d(found, visible, assume_unique=True)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closing()


def _chunk(row: tuple[object, ...]) -> Chunk:
    id_, document, title, start, end, text, heading, page, url, modified_at, audience = row
    return Chunk(
        id=int(str(id_)),
        document=str(document),
        title=str(title),
        start=int(str(start)),
        end=int(str(end)),
        text=str(text),
        heading=tuple(json.loads(str(heading))),
        page=None if page is None else int(str(page)),
        url=None if url is None else str(url),
        modified_at=_read_time(None if modified_at is None else str(modified_at)),
        audience=tuple(json.loads(str(audience))),
    )


def _document(row: tuple[object, ...]) -> Document:
    document, title, own_title, text, sha256, modified_at, url, audience, pages = row
    return Document(
        document=str(document),
        title=str(title),
        own_title=None if own_title is None else str(own_title),
        text=str(text),
        sha256=str(sha256),
        modified_at=_read_time(None if modified_at is None else str(modified_at)),
        url=None if url is None else str(url),
        audience=tuple(json.loads(str(audience))),
        pages=tuple(json.loads(str(pages))),
    )


def _document_row(row: tuple[object, ...]) -> DocumentRow:
    (document, status, kind, reason, title, chunks, sha256, modified_at, url, audience, source) = (
        row
    )
    return DocumentRow(
        document=str(document),
        status=str(status),
        kind=None if kind is None else ProblemKind(str(kind)),
        reason=None if reason is None else str(reason),
        title=str(title),
        chunks=int(str(chunks)),
        sha256=str(sha256),
        modified_at=_read_time(None if modified_at is None else str(modified_at)),
        url=None if url is None else str(url),
        audience=tuple(json.loads(str(audience))),
        source=str(source),
    )
