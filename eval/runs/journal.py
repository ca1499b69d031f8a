"""Journal of measured rows, so that a run that was killed continues where it stopped."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from footnote_qa.eval.errors import RunError
from footnote_qa.eval.runs.row import Row
from footnote_qa.eval.types import Case

log = logging.getLogger(__name__)

KEPT = 50
"""How many journals are kept, the newest; each belongs to one index, code and set of settings."""
_SYNC_EVERY = 16
_ROW, _CASE = TypeAdapter(Row), TypeAdapter(Case)


def case_key(case: Case) -> str:
    """Return a key that changes whenever anything about the question does.

    >>> case_key(Case(id="1", question="a")) == case_key(Case(id="1", question="b"))
    False
    """
    return hashlib.sha256(_CASE.dump_json(case)).hexdigest()[:32]


def journal_path(folder: Path, settings: Mapping[str, object]) -> Path:
    """Return the path in *folder* of the journal for runs with exactly these settings."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True, default=str)
    return folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.jsonl"


class Journal:
    """Measured rows, by question; each is written as soon as it is known."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._file = file
        self._unsynced = 0
        self.rows = _read(path)

    def add(self, row: Row) -> None:
        """Append *row*; a failed one is not kept, so that its question is asked again next time.

        Raises:
            RunError: The disk cannot be written.
        """
        if row.error:
            return
        line = json.dumps({"case": case_key(row.case), "row": _ROW.dump_python(row, mode="json")})
        # One write per line: a kill leaves complete lines and at most one incomplete line.
        with self._told():
            self._file.write(line.encode() + b"\n")
            self._file.flush()
        self._unsynced += 1
        if self._unsynced >= _SYNC_EVERY:
            self.sync()

    def sync(self) -> None:
        """Wait until all lines are on disk; raises `RunError`."""
        with self._told():
            os.fsync(self._file.fileno())
        self._unsynced = 0

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunError(f"{self._file.name} cannot be written: {error.strerror}") from error


@contextmanager
def open_journal(path: Path | None) -> Iterator[Journal | None]:
    """Open the journal for one run; None keeps no journal.

    Raises:
        RunError: Another run with the same index and settings is running.
    """
    if path is None:
        yield None
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _prune(path)
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0, mode=0o600), path.open("ab") as file:
            if _is_torn(path):
                file.write(b"\n")
            journal = Journal(path, file)
            try:
                yield journal
            finally:
                journal.sync()
    except Timeout as error:
        raise RunError(
            "another run with this index and these settings is running: wait for it to end"
        ) from error


def _is_torn(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _read(path: Path) -> dict[str, Row]:
    rows = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                rows[str(entry["case"])] = _ROW.validate_python(entry["row"])
            except (ValueError, KeyError, TypeError, ValidationError):
                # The process was killed while writing this line: the row is measured again.
                log.warning("line of a journal skipped", extra={"line": number})
    return rows


def _prune(path: Path) -> None:
    others = [p for p in path.parent.glob("*.jsonl") if p != path]
    by_age = sorted(others, key=lambda p: p.stat().st_mtime, reverse=True)
    for old in by_age[KEPT - 1 :]:
        old.unlink(missing_ok=True)
        old.with_suffix(".lock").unlink(missing_ok=True)
