"""Write a backup: one compressed tar file, consistent although the bot goes on."""

import contextlib
import json
import os
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from footnote_qa.bot.backup.rows import write_rows
from footnote_qa.bot.database import Database, Schema
from footnote_qa.bot.errors import StoreError
from footnote_qa.bot.llm import LEDGER_SCHEMA, LEDGER_TABLES
from footnote_qa.bot.state import SCHEMA, TABLES
from footnote_qa.index.errors import IndexMissingError
from footnote_qa.index.storage import Generation, IndexDirectory

FORMAT: Final = 1
ABOUT: Final = "BACKUP.json"
SPOOLED_BYTES: Final = 8 * 1024 * 1024

PARTS: Final[tuple[tuple[Schema, tuple[str, ...]], ...]] = (
    (SCHEMA, TABLES),
    (LEDGER_SCHEMA, LEDGER_TABLES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place to back up, or to restore into.

    Attributes:
        state: The durable state.
        spending: Spending on models.
        index: The folder of all generations.
        answers: The folder of the approved answers.
    """

    state: Database
    spending: Database
    index: IndexDirectory
    answers: Path

    def database(self, schema: Schema) -> Database:
        """Return the database that holds the tables of *schema*."""
        return self.state if schema is SCHEMA else self.spending


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The content of a backup.

    Attributes:
        created_at: In UTC.
        generation: Name of the generation; None if there was no index.
        versions: Of the tables, by the schema's name.
        rows: How many, by "schema/table".
        answers: How many approved answers.
    """

    created_at: str
    generation: str | None
    versions: Mapping[str, int]
    rows: Mapping[str, int]
    answers: int


def write_backup(place: Place, file: Path) -> Backup:
    """Write everything to *file*, in one step: it is complete or not there.

    Raises:
        StoreError: The state cannot be read, or the file cannot be written.
        IndexingError: The index in use is damaged.
    """
    with contextlib.ExitStack() as stack:
        generation: Generation | None = None
        with contextlib.suppress(IndexMissingError):
            generation = place.index.open()  # open, it is not removed meanwhile
            stack.callback(generation.close)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=file.parent, prefix=".backup-")
            stack.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as raw:
                with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=1) as tar:
                    backup = _fill(tar, place, generation)
                raw.flush()
                os.fsync(raw.fileno())
            Path(name).replace(file)
        except OSError as error:
            raise StoreError(f"{file} cannot be written: {error.strerror}") from error
    return backup


def _fill(tar: tarfile.TarFile, place: Place, generation: Generation | None) -> Backup:
    rows: dict[str, int] = {}
    for schema, tables in PARTS:
        rows |= _add_rows(tar, place.database(schema), schema, tables=tables)
    answers = sorted(place.answers.glob("*.md")) if place.answers.is_dir() else []
    for path in answers:
        tar.add(path, f"answers/{path.name}")
    if generation is not None:
        tar.add(generation.folder, f"index/{generation.manifest.generation}")
    backup = Backup(
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        generation=generation.manifest.generation if generation else None,
        versions={schema.name: len(schema.steps) for schema, _ in PARTS},
        rows=rows,
        answers=len(answers),
    )
    _add_about(tar, backup)  # last, so that a backup that was cut off has none
    return backup


def _add_rows(
    tar: tarfile.TarFile, database: Database, schema: Schema, *, tables: tuple[str, ...]
) -> dict[str, int]:
    rows = {}
    with database.snapshot() as sql:
        for table in tables:
            with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as spooled:
                name = f"{schema.name}/{table}"
                rows[name] = write_rows(sql, database, table, file=spooled)
                info = tarfile.TarInfo(f"{name}.jsonl")
                info.size, info.mode = spooled.tell(), 0o600
                spooled.seek(0)
                tar.addfile(info, spooled)
    return rows


def _add_about(tar: tarfile.TarFile, backup: Backup) -> None:
    about = {
        "format": FORMAT,
        "created_at": backup.created_at,
        "generation": backup.generation,
        "versions": dict(backup.versions),
        "rows": dict(backup.rows),
        "answers": backup.answers,
    }
    with tempfile.TemporaryFile() as text:
        text.write(json.dumps(about, indent=2).encode() + b"\n")
        info = tarfile.TarInfo(ABOUT)
        info.size, info.mode = text.tell(), 0o600
        text.seek(0)
        tar.addfile(info, text)
