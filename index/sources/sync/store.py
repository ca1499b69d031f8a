"""Bodies that were fetched from a source, on disk: a build that is killed fetches none twice."""

import hashlib
import os
import sqlite3
import tempfile
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from footnote_qa.index.atomic_files import private_folder
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.types import ProblemKind

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fetched (
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (key, version)
) WITHOUT ROWID
"""


class BodyStore:
    """Bodies by the key and version of their item; may be used from several threads.

    Args:
        folder: The source's own folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        self._bodies = private_folder(folder / "bodies")
        self._lock = threading.Lock()
        self._path = folder / "fetched.sqlite"
        with closing(self._open()) as sql, sql:
            sql.execute(_SCHEMA)

    def _open(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
            # What a crash of the machine loses is fetched again
            connection.execute("PRAGMA synchronous=OFF")
        except sqlite3.Error as error:
            raise SourceError(f"{self._path} cannot be used: remove it ({error})") from error
        return connection

    def known(self, key: str, version: str) -> tuple[str, int] | None:
        """Return SHA-256 and size of a body that was fetched; None if it was not."""
        with self._lock, closing(self._open()) as sql:
            row = sql.execute(
                "SELECT sha256, size FROM fetched WHERE key = ? AND version = ?", (key, version)
            ).fetchone()
        if row is None or not self._body(row[0]).exists():
            return None
        return str(row[0]), int(row[1])

    def keep(self, key: str, version: str, content: bytes) -> tuple[str, int]:
        """Store a body; return its SHA-256 and its size."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._body(sha256)
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(scratch).replace(path)
        with self._lock, closing(self._open()) as sql, sql:
            sql.execute(
                "INSERT OR REPLACE INTO fetched VALUES (?, ?, ?, ?)",
                (key, version, sha256, len(content)),
            )
        return sha256, len(content)

    def read(self, sha256: str) -> bytes:
        """Return a body; raises `UnreadableDocumentError` if it is not there or damaged."""
        try:
            content = self._body(sha256).read_bytes()
        except OSError as error:
            raise UnreadableDocumentError(
                ProblemKind.UNREADABLE, f"it was fetched but cannot be read: {error.strerror}"
            ) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            self._body(sha256).unlink(missing_ok=True)
            raise UnreadableDocumentError(
                ProblemKind.UNREADABLE, "it was fetched and then damaged on disk: build again"
            )
        return content

    def forget_all_but(self, kept: Iterable[tuple[str, str]]) -> int:
        """Remove every body that is not that of one of these keys and versions; return how many."""
        wanted = set(kept)
        with self._lock, closing(self._open()) as sql, sql:
            rows = sql.execute("SELECT key, version, sha256 FROM fetched").fetchall()
            gone = [(key, version) for key, version, _ in rows if (key, version) not in wanted]
            sql.executemany("DELETE FROM fetched WHERE key = ? AND version = ?", gone)
            used = {sha256 for key, version, sha256 in rows if (key, version) in wanted}
        removed = 0
        for path in self._bodies.glob("*/*"):
            if path.name not in used:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _body(self, sha256: str) -> Path:
        return self._bodies / sha256[:2] / sha256
