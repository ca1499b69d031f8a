"""Write files atomically, compute their checksums and lock them while they are in use."""

import fcntl
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fsync_path(path: Path) -> None:
    """Wait until a file's bytes, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Replace the file in one step: a reader sees all of the old text or all of the new."""
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    fsync_path(path.parent)


def private_folder(path: Path) -> Path:
    """Make the folder, and those above it, readable by their owner alone, and return it."""
    missing = [each for each in path.parents if not each.exists()]
    try:
        for each in (*reversed(missing), path):
            each.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise IndexingError(
            f"the folder {path} cannot be made ({error.strerror}): choose another --data-dir"
        ) from error
    return path


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def writing(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Turn the *errors* of a library that cannot write *path* into one line that says so."""
    try:
        yield
    except errors as error:
        raise IndexingError(
            f"{path} cannot be written ({error}): is the disk full, or read-only?"
        ) from error


def hold(path: Path) -> int:
    """Open *path* and hold a shared lock on it until the descriptor is closed or the process ends.

    Raises:
        FileNotFoundError: The file does not exist, or was removed while waiting for the lock.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError as error:  # some network drives have no locks, so there is nothing to wait for
        log.warning("index cannot be locked against removal", extra={"fault": error.strerror})
    if os.fstat(descriptor).st_nlink == 0:
        os.close(descriptor)
        raise FileNotFoundError(f"{path} was removed")
    return descriptor


@contextmanager
def unheld(path: Path) -> Iterator[bool]:
    """Yield whether nobody holds *path*; if so, nobody can take a lock before the block ends."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
