"""Read documents with text recognition: their pages side by side, each cached by its picture."""

import hashlib
import json
import logging
import sqlite3
import threading
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from footnote_qa.index.atomic_files import cores, private_folder
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import child, ocr_engines, ocr_pages, page_numbers
from footnote_qa.index.types import Parsed, Problem, ProblemKind

log = logging.getLogger(__name__)

CACHE = "ocr.sqlite"
"""File of recognised pages; it is beside the cache of vectors."""

_MEMORY_BYTES = 6_000_000_000
_GRACE_S = 10.0  # for the start of the process and the drawing of the page
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    picture BLOB PRIMARY KEY,
    words BLOB NOT NULL,
    crc INTEGER NOT NULL
) WITHOUT ROWID
"""
_FAILURES = {ProblemKind.TIMEOUT, ProblemKind.MEMORY, ProblemKind.CRASH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ocr:
    """How words in pictures are read.

    Attributes:
        engine: The program that reads them.
        page_timeout_s: Longest time for one page.
    """

    engine: ocr_engines.Engine
    page_timeout_s: float = 60.0


class DocumentReader:
    """Parses files; if text recognition is on, also pictures and scanned pages.

    Args:
        pool: Child processes that parse.
        ocr: How words in pictures are read; None leaves them out.
        cache: File of recognised pages.
    """

    def __init__(self, pool: child.ParserPool, ocr: Ocr | None, cache: Path) -> None:
        self._pool = pool
        self._ocr = ocr
        if ocr is not None:
            self._cache = _PageCache(cache)
            self._threads = ThreadPoolExecutor(cores(), thread_name_prefix="ocr")
            timeout_s = ocr.page_timeout_s + _GRACE_S
            self._ocr_pool = child.ParserPool(timeout_s=timeout_s, memory_bytes=_MEMORY_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ocr is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._ocr_pool.__exit__(kind, error, trace)
            self._cache.close()

    def stop(self) -> None:
        """Give up the pages that nobody has begun to read."""
        if self._ocr is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def parse(self, content: bytes, name: str) -> Parsed:
        """Return the text of a file; raises as `ParserPool.parse` does."""
        if self._ocr is None:
            return self._pool.parse(content, name)
        parsed = self._pool.parse(content, name, {})
        if not parsed.wanted:
            return parsed
        pages = self._recognised(content, parsed.wanted, self._ocr)
        return self._pool.parse(content, name, pages)

    def _recognised(self, content: bytes, wanted: Sequence[int], ocr: Ocr) -> ocr_pages.Recognised:
        waiting = {
            number: self._threads.submit(self._page, content, number, ocr) for number in wanted
        }
        try:
            found = {number: future.result() for number, future in waiting.items()}
        finally:
            for future in waiting.values():
                future.cancel()
        return {
            number: None if words is None else ocr_pages.page_from_json(json.loads(words))
            for number, words in found.items()
        }

    def _page(self, content: bytes, number: int, ocr: Ocr) -> bytes | None:
        """Return the words of a page as JSON; None if they cannot be recognised."""
        try:
            picture = self._ocr_pool.picture(content, number)
            key = hashlib.sha256(f"{ocr.engine.identity}\n".encode() + picture).digest()
            words = self._cache.get(key)
            if words is None:
                words = self._ocr_pool.recognise(picture, ocr.engine, timeout_s=ocr.page_timeout_s)
                self._cache.put(key, words)
        except UnreadableDocumentError as error:
            if error.kind not in _FAILURES:
                raise
            log.warning("page was not recognised", extra={"page": number, "kind": str(error.kind)})
            return None
        return words


def note_of(document: str, parsed: Parsed) -> Problem | None:
    """Return what a reader should know of how a document was read; None if nothing."""
    told = f"{page_numbers(parsed.recognised)} read by text recognition" * bool(parsed.recognised)
    kind = ProblemKind.PARTLY if parsed.note else ProblemKind.RECOGNISED
    reason = "; ".join(filter(None, [parsed.note, told]))
    return Problem(document=document, kind=kind, reason=reason) if reason else None


class _PageCache:
    """Recognised pages on disk. It only saves time, so a broken one is thrown away."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        private_folder(path.parent)
        try:
            self._connection = self._open(path)
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            self._connection = self._open(path)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        try:
            connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def get(self, key: bytes) -> bytes | None:
        with self._lock, suppress(sqlite3.DatabaseError):
            query = "SELECT words, crc FROM pages WHERE picture = ?"
            row = self._connection.execute(query, (key,)).fetchone()
            if row is not None and zlib.crc32(row[0]) == row[1]:
                return bytes(row[0])
        return None

    def put(self, key: bytes, words: bytes) -> None:
        with self._lock, suppress(sqlite3.DatabaseError), self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", (key, words, zlib.crc32(words))
            )

    def close(self) -> None:
        with self._lock:
            self._connection.close()
