"""Cache of computed vectors, stored by text and model and checked when read."""

import hashlib
import json
import logging
import sqlite3
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from footnote_qa.index.atomic_files import private_folder, replace_text, writing
from footnote_qa.index.types import Embedder, Vectors

log = logging.getLogger(__name__)

Halves = NDArray[np.float16]

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
_EMBED_AT_ONCE = 256  # written to the cache together; at most these are lost if killed
_RATE_FILE = "rate.json"
_TELLING_CHUNKS = 64  # with fewer, the time is mostly the start of the model


def text_key(text: str) -> bytes:
    """Return the key of a text: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def rounded(vectors: Vectors) -> Halves:
    """Round to half precision, as the index does, so that a cached vector equals a fresh one."""
    return np.asarray(vectors, dtype=np.float16)


class EmbeddingCache:
    """A cache on disk; a broken one is moved aside and started again, since it only saves time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path, sqlite3.OperationalError, OSError):
            private_folder(path.parent)
            self._connection = self._open_or_mend()
            path.chmod(0o600)

    def _open_or_mend(self) -> sqlite3.Connection:
        try:
            return self._open(self._path)
        except sqlite3.OperationalError:  # no space or no permission: nothing is broken
            raise
        except sqlite3.DatabaseError:
            return self._begin_anew()

    def _begin_anew(self) -> sqlite3.Connection:
        log.warning("embedding cache was broken, started again", extra={"path": str(self._path)})
        self._path.replace(self._path.with_suffix(".broken"))
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return self._open(self._path)

    @staticmethod
    def _open(path: Path) -> sqlite3.Connection:
        # Created first: SQLite gives the files beside it the permissions that it has then.
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def get(self, model: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, Halves]]:
        """Yield the vectors that are present and intact, with their keys."""
        with writing(self._path, sqlite3.OperationalError):
            try:
                yield from _sound(self._connection, model, keys)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._connection.close()
                self._connection = self._begin_anew()

    def put(self, model: str, vectors: Mapping[bytes, Halves]) -> None:
        """Keep *vectors*, by key; they are on the disk when this returns."""
        blobs = {key: vector.tobytes() for key, vector in vectors.items()}
        rows = [(model, key, blob, zlib.crc32(blob)) for key, blob in blobs.items()]
        with writing(self._path, sqlite3.Error), self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)", rows
            )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _sound(
    connection: sqlite3.Connection, model: str, keys: Sequence[bytes]
) -> Iterator[tuple[bytes, Halves]]:
    for first in range(0, len(keys), _MOST_VALUES):
        part = keys[first : first + _MOST_VALUES]
        marks = ",".join("?" * len(part))
        rows = connection.execute(
            f"SELECT text, vector, crc FROM embeddings WHERE model = ? AND text IN ({marks})",  # noqa: S608 - question marks only
            (model, *part),
        )
        for key, blob, crc in rows:
            # A flipped bit would give wrong answers forever: such a vector is computed again.
            if zlib.crc32(blob) == crc:
                yield key, np.frombuffer(blob, dtype=np.float16)


@contextmanager
def open_cache(path: Path) -> Iterator[EmbeddingCache]:
    """Open the cache, and close it again."""
    with closing(EmbeddingCache(path)) as cache:
        yield cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors of texts.

    Attributes:
        vectors: Shape (texts, dim), float16; each row has length 1, apart from rounding.
        computed: How many had to be computed.
    """

    vectors: Halves
    computed: int


def embed_all(
    inputs: Sequence[str],
    embedder: Embedder,
    *,
    cache_path: Path,
    progress: Callable[[str, int, int], None],
) -> Embedded:
    """Return a vector for each input; only vectors that are not in the cache are computed.

    Args:
        inputs: Texts; equal ones are computed once.
        embedder: Computes vectors.
        cache_path: Cache of computed vectors; the rate is kept beside it.
        progress: Called for each batch.
    """
    places: dict[bytes, list[int]] = defaultdict(list)
    for row, text in enumerate(inputs):
        places[text_key(text)].append(row)
    vectors = np.zeros((len(inputs), embedder.dim), dtype=np.float16)
    with open_cache(cache_path) as cache:
        missing = dict(places)
        for key, vector in cache.get(embedder.fingerprint, sorted(places)):
            vectors[missing.pop(key)] = vector
        order = sorted(missing)  # long and short ones mixed, so that the time left is realistic
        started = time.monotonic()
        for first in range(0, len(order), _EMBED_AT_ONCE):
            progress("embedding", first, len(order))
            part = order[first : first + _EMBED_AT_ONCE]
            fresh = rounded(embedder.embed([inputs[missing[key][0]] for key in part]))
            cache.put(embedder.fingerprint, dict(zip(part, fresh, strict=True)))
            for key, vector in zip(part, fresh, strict=True):
                vectors[missing[key]] = vector
    if order:
        progress("embedding", len(order), len(order))
        seconds = time.monotonic() - started
        if len(order) >= _TELLING_CHUNKS and seconds > 0:
            _keep_rate(cache_path, embedder.fingerprint, len(order) / seconds)
    return Embedded(vectors=vectors, computed=len(order))


def count_missing(inputs: Sequence[str], model: str, *, cache_path: Path) -> int:
    """Return how many different texts of *inputs* would have to be embedded; write nothing."""
    keys = {text_key(text) for text in inputs}
    if not cache_path.exists():
        return len(keys)
    try:
        # immutable: SQLite then writes no files for readers beside it.
        address = f"{cache_path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return len(keys) - sum(1 for _ in _sound(connection, model, sorted(keys)))
    except sqlite3.Error:  # the build starts a broken one again
        return len(keys)


def _keep_rate(cache_path: Path, model: str, rate: float) -> None:
    text = json.dumps({model: round(rate, 2)}) + "\n"
    replace_text(cache_path.with_name(_RATE_FILE), text)


def last_rate(cache_path: Path, model: str) -> float | None:
    """Return how many chunks a second the last build embedded; None if no build measured it."""
    try:
        value = json.loads(cache_path.with_name(_RATE_FILE).read_text(encoding="utf-8"))
        return float(value[model])
    except (OSError, ValueError, KeyError, TypeError):
        return None
