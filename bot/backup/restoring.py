"""Restore a backup: check all of it first, then replace the state and the index."""

import contextlib
import json
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from footnote_qa.bot.backup.archive import ABOUT, FORMAT, PARTS, Backup, Place
from footnote_qa.bot.backup.rows import replace_rows
from footnote_qa.bot.database import Database, Schema
from footnote_qa.bot.errors import StoreError
from footnote_qa.index.storage import install_generation


def restore_backup(file: Path, place: Place, *, force: bool = False) -> Backup:
    """Replace what is in *place* by what is in *file*.

    Questions that had no outcome yet are looked for in Slack before they are answered: they may
    have been answered after the backup was made.

    Args:
        file: The backup.
        place: Where to restore it, in SQLite or in PostgreSQL.
        force: Replace a state that holds questions or answers.

    Raises:
        StoreError: The backup cannot be read, or the state is not empty.
        IndexingError: The index in the backup is damaged, or cannot be written.
    """
    with _unpacked(file, place) as folder:
        backup = _about(file, folder)
        if not force:
            _refuse_to_overwrite(place.state)
        if backup.generation is not None:
            install_generation(place.index, folder / "index" / Path(backup.generation).name)
        _restore_answers(folder / "answers", place.answers)
        for schema, tables in PARTS:
            _restore_rows(place.database(schema), schema, tables, folder=folder)
    return backup


@contextmanager
def _unpacked(file: Path, place: Place) -> Iterator[Path]:
    """Unpack *file* beside the index, so that its folder can be moved there in one step."""
    place.index.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.index.root, prefix=".restore-") as folder:
        try:
            with tarfile.open(file, "r:gz") as tar:
                _extract(tar, Path(folder))
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            raise StoreError(f"{file} is not a complete backup: {error}") from error
        yield Path(folder)


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Extract files and folders, and nothing that would be outside of *folder*.

    The standard library does this only from Python 3.11.4 on.
    """
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name!r} does not belong into a backup")
        target = folder / path
        if member.isdir():
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source = tar.extractfile(member)
        if source is not None:
            with source, target.open("wb") as file:
                shutil.copyfileobj(source, file)


def _about(file: Path, folder: Path) -> Backup:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        found = about.pop("format")
        backup = Backup(**about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{file} is not a complete backup") from error
    if found != FORMAT:
        raise StoreError(f"{file} has format {found}: restore it with the program that wrote it")
    for schema, _ in PARTS:
        schema.refuse_newer(backup.versions.get(schema.name, 0), file)
    return backup


def _refuse_to_overwrite(state: Database) -> None:
    with state.sql() as sql:
        counts = [
            sql.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("question", "answer")
        ]
    if any(counts):
        raise StoreError(
            f"{state} already holds {counts[0]} questions and {counts[1]} answers: "
            "add --force to replace them"
        )


def _restore_answers(folder: Path, answers: Path) -> None:
    if not folder.is_dir():
        return
    answers.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.iterdir():
        shutil.copyfile(path, answers / path.name)


def _restore_rows(
    database: Database, schema: Schema, tables: tuple[str, ...], *, folder: Path
) -> None:
    with database.transaction(lock="receive") as sql:
        for table in tables:
            path = folder / schema.name / f"{table}.jsonl"
            with contextlib.ExitStack() as stack:
                lines = stack.enter_context(path.open("rb")) if path.exists() else ()
                replace_rows(sql, database, table, lines=lines)
        for table, column in schema.numbered:
            database.go_on_counting(sql, table, column)
        if "question" in tables:
            sql.execute(
                "UPDATE question SET owner = '', lease_until = 0, state = 'posting'"
                " WHERE state != 'done'"
            )
