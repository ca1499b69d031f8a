"""The documents and chunks of a generation: one SQLite file, written once and then only read."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError
from index.types import Chunk, Document, Problem, ProblemKind

INDEXED, FAILED, SKIPPED = "indexed", "failed", "skipped"

_SCHEMA = """
CREATE TABLE documents (
    document TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    kind TEXT,
    reason TEXT,
    title TEXT NOT NULL,
    own_title TEXT,
    text TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    modified_at TEXT,
    url TEXT,
    audience TEXT NOT NULL,
    pages TEXT NOT NULL
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
    """One file met, whether it could be indexed or not.

    Attributes:
        document: Its id.
        status: "indexed", "failed" or "skipped".
        kind: Why not, for machines; None if indexed.
        reason: Why not, in one sentence; None if indexed.
        title: "" unless indexed.
        chunks: How many chunks it has.
        sha256: Of the file's bytes; "" if they could not be read.
        modified_at: In UTC; None if unknown.
        url: Where a person can open it; None if nowhere.
        audience: Groups that may see it; empty means everybody.
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


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat()


def _read_time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _dumps(values: Sequence[str] | Sequence[int]) -> str:
    return json.dumps(list(values), ensure_ascii=False)


class PassageWriter:
    """Writes the file of a new generation."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(_SCHEMA)

    def add_document(self, document: Document, chunks: Sequence[Chunk]) -> None:
        """Add an indexed document; every chunk must be an exact slice of its text."""
        for chunk in chunks:
            if document.text[chunk.start : chunk.end] != chunk.text:
                raise ValueError(f"chunk {chunk.id} is not a slice of {document.document!r}")
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, NULL, NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.document,
                INDEXED,
                document.title,
                document.own_title,
                document.text,
                document.sha256,
                _time(document.modified_at),
                document.url,
                _dumps(document.audience),
                _dumps(document.pages),
            ),
        )
        self._connection.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(c.id, c.document, c.start, c.end, c.text, _dumps(c.heading), c.page) for c in chunks],
        )

    def add_problem(self, problem: Problem, *, sha256: str, status: str) -> None:
        """Add a file that could not be indexed."""
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, '', NULL, '', ?, NULL, NULL, '[]', '[]')",
            (problem.document, status, problem.kind, problem.reason, sha256),
        )

    def close(self) -> None:
        """Commit and close."""
        self._connection.commit()
        self._connection.close()


class PassageReader:
    """The documents and chunks of a generation, open for reading from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            # immutable: no journal is looked for and no lock taken; a generation never changes.
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._connection.execute("SELECT count(*) FROM chunks").fetchone()
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
        """Return the chunks of *ids*, by id; unknown ids are left out."""
        sql = f"{_CHUNK_COLUMNS} WHERE c.id IN (SELECT value FROM json_each(?))"  # noqa: S608
        found = [_chunk(row) for row in self._rows(sql, (json.dumps(list(ids)),))]
        return {chunk.id: chunk for chunk in found}

    def all_chunks(self) -> Iterator[Chunk]:
        """Yield every chunk, by document and start."""
        for row in self._rows(f"{_CHUNK_COLUMNS} ORDER BY c.document, c.start"):
            yield _chunk(row)

    def document_chunks(self, document: str) -> list[Chunk]:
        """Return a document's chunks in reading order."""
        sql = f"{_CHUNK_COLUMNS} WHERE c.document = ? ORDER BY c.start"
        return [_chunk(row) for row in self._rows(sql, (document,))]

    def document(self, document: str) -> Document | None:
        """Return an indexed document with its text, or None if there is none of that id."""
        rows = self._rows(
            "SELECT document, title, own_title, text, sha256, modified_at, url, audience, pages "
            "FROM documents WHERE document = ? AND status = 'indexed'",
            (document,),
        )
        return _document(rows[0]) if rows else None

    def rows(self) -> list[DocumentRow]:
        """Return every file met, by document."""
        rows = self._rows(
            "SELECT d.document, d.status, d.kind, d.reason, d.title, count(c.id), d.sha256, "
            "d.modified_at, d.url, d.audience FROM documents d LEFT JOIN chunks c USING (document) "
            "GROUP BY d.document ORDER BY d.document"
        )
        return [_document_row(row) for row in rows]

    def visible(self, groups: frozenset[str]) -> NDArray[np.int64] | None:
        """Return the ids of the chunks that *groups* may see; None if that is all of them."""
        if not self._rows("SELECT 1 FROM documents WHERE audience <> '[]' LIMIT 1"):
            return None
        rows = self._rows(
            "SELECT c.id FROM chunks c JOIN documents d USING (document) "
            "WHERE d.audience = '[]' OR EXISTS (SELECT 1 FROM json_each(d.audience) a "
            "JOIN json_each(?) g ON a.value = g.value)",
            (json.dumps(sorted(groups)),),
        )
        return np.asarray([row[0] for row in rows], dtype=np.int64)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


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
    document, status, kind, reason, title, chunks, sha256, modified_at, url, audience = row
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
    )
