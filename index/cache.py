"""Vectors that were paid for once: kept by text and model, checked when read."""

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.files import private_folder
from index.types import Vectors

log = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings (
    model TEXT NOT NULL,
    text BLOB NOT NULL,
    vector BLOB NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (model, text)
) WITHOUT ROWID
"""
_MOST_VALUES = 500  # SQLite takes 999 in one statement on old builds


def text_key(text: str) -> bytes:
    """Return the key of a text: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def rounded(vectors: Vectors) -> NDArray[np.float16]:
    """Round to half precision, which the index keeps too: a cached vector equals a fresh one."""
    return np.asarray(vectors, dtype=np.float16)


class EmbeddingCache:
    """A cache on disk; a broken one is put aside and begun anew, since it only saves time."""

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        try:
            self._connection = self._open(path)
        except sqlite3.DatabaseError:
            log.warning("embedding cache was broken and is begun anew", extra={"path": str(path)})
            path.replace(path.with_suffix(".broken"))
            self._connection = self._open(path)
        path.chmod(0o600)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def get(self, model: str, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors that are there and sound, by key."""
        found: dict[bytes, NDArray[np.float16]] = {}
        for first in range(0, len(keys), _MOST_VALUES):
            part = keys[first : first + _MOST_VALUES]
            marks = ",".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT text, vector, crc FROM embeddings WHERE model = ? AND text IN ({marks})",  # noqa: S608 - question marks only
                (model, *part),
            )
            # A flipped bit would be a wrong answer for ever: such a vector is computed again.
            found |= {
                key: np.frombuffer(blob, dtype=np.float16)
                for key, blob, crc in rows
                if zlib.crc32(blob) == crc
            }
        return found

    def put(self, model: str, vectors: Mapping[bytes, NDArray[np.float16]]) -> None:
        """Keep *vectors*, by key; they are on the disk when this returns."""
        blobs = {key: vector.tobytes() for key, vector in vectors.items()}
        rows = [(model, key, blob, zlib.crc32(blob)) for key, blob in blobs.items()]
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


@contextmanager
def open_cache(path: Path) -> Iterator[EmbeddingCache]:
    """Open the cache, and close it again."""
    cache = EmbeddingCache(path)
    try:
        yield cache
    finally:
        cache.close()
