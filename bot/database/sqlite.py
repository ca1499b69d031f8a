"""A SQLite file: one connection of this process, many processes beside it."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from footnote_qa.bot.database.database import Database, Sql
from footnote_qa.bot.database.migrations import Schema
from footnote_qa.bot.errors import StoreError


class SqliteDatabase(Database):
    """An open SQLite file.

    Args:
        path: The file; None keeps everything in memory.
        schema: Its tables.
        durable: Whether a commit waits until it is on the disk.
    """

    def __init__(self, path: Path | None, schema: Schema, *, durable: bool = True) -> None:
        self.path = path
        self._name = f"the {schema.name} in {path}"
        self._lock = threading.Lock()
        try:
            self.connection = _connect(path, schema, durable=durable)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self._name} cannot be opened: {error}") from error

    def __str__(self) -> str:
        return self._name

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.connection.close()

    @contextmanager
    def sql(self) -> Iterator[Sql]:
        """Each statement is its own transaction: it is committed when it returns."""
        with self._lock:
            try:
                yield self.connection
            except sqlite3.Error as error:
                raise StoreError(f"{self._name} cannot be used: {error}") from error

    @contextmanager
    def transaction(self, *, lock: str = "") -> Iterator[Sql]:
        """All statements are committed together, or none is; only one transaction writes."""
        del lock  # SQLite lets nobody else write meanwhile
        with self.sql() as sql:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield sql
                sql.execute("COMMIT")
            except BaseException:
                sql.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[Sql]:
        """All statements see the same state; others can write meanwhile."""
        try:
            with closing(sqlite3.connect(self.path or ":memory:", isolation_level=None)) as reading:
                reading.row_factory = sqlite3.Row
                reading.execute("BEGIN")
                yield reading
        except sqlite3.Error as error:
            raise StoreError(f"{self._name} cannot be read: {error}") from error

    def wipe(self, *tables: str) -> None:
        """Remove deleted text from the files too: the write-ahead log still contains it."""
        del tables  # there is one log for all
        with self.sql() as sql:
            sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def text_in_json(self, column: str, key: str) -> str:
        """Return an expression for the text under *key* in a column that holds a JSON object."""
        return f"{column} ->> '{key}'"

    def columns(self, sql: Sql, table: str) -> list[str]:
        """Return the names of a table's columns."""
        rows = sql.execute("SELECT name FROM pragma_table_info(:name)", {"name": table})
        return [str(row[0]) for row in rows.fetchall()]


def _connect(path: Path | None, schema: Schema, *, durable: bool) -> sqlite3.Connection:
    if path is not None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would create the file by the umask; -wal and -shm copy the file's own mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    connection = sqlite3.connect(
        path or ":memory:", timeout=10, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        synchronous = "FULL" if durable else "NORMAL"
        for pragma in ("journal_mode = WAL", f"synchronous = {synchronous}", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, schema, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, schema: Schema, path: Path | None) -> None:
    connection.execute("BEGIN IMMEDIATE")  # two processes may start side by side
    try:
        version = schema.version_of_file(connection)
        schema.refuse_newer(version, path)
        for statement in schema.since(version):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(schema.steps)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
