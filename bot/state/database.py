"""The SQLite database of the durable state: opening, migrations and transactions."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.errors import StoreError

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE question (
            seq         INTEGER PRIMARY KEY AUTOINCREMENT,
            id          TEXT NOT NULL UNIQUE,
            event_id    TEXT NOT NULL UNIQUE,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            ts          TEXT NOT NULL,
            thread_ts   TEXT NOT NULL,
            user        TEXT NOT NULL,
            text        TEXT NOT NULL,
            turned_away INTEGER NOT NULL,
            received_at REAL NOT NULL,
            state       TEXT NOT NULL DEFAULT 'waiting',
            owner       TEXT NOT NULL DEFAULT '',
            lease_until REAL NOT NULL DEFAULT 0,
            attempts    INTEGER NOT NULL DEFAULT 0,
            outcome     TEXT,
            posted_ts   TEXT,
            UNIQUE (team, channel, ts)
        ) STRICT
        """,
        "CREATE INDEX question_open ON question (seq) WHERE state != 'done'",
        """
        CREATE INDEX question_thread ON question (team, channel, thread_ts, seq)
            WHERE state != 'done'
        """,
    ),
    (
        "ALTER TABLE question ADD COLUMN kind TEXT NOT NULL DEFAULT 'mention'",
        "ALTER TABLE question ADD COLUMN response_url TEXT NOT NULL DEFAULT ''",
        # The messages that show its answer while it is written: another one when the first is full
        "ALTER TABLE question ADD COLUMN parts TEXT NOT NULL DEFAULT '[]'",
        "CREATE INDEX question_user ON question (user)",
        "CREATE INDEX question_received ON question (received_at)",
        "CREATE INDEX question_in_thread ON question (team, channel, thread_ts, seq)",
        """
        CREATE TABLE answer (
            question_id TEXT PRIMARY KEY,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            thread_ts   TEXT NOT NULL,
            user        TEXT NOT NULL,
            question    TEXT NOT NULL,
            record      TEXT NOT NULL,
            at          REAL NOT NULL,
            shared_at   REAL
        ) STRICT
        """,
        "CREATE INDEX answer_thread ON answer (team, channel, thread_ts, at)",
        "CREATE INDEX answer_user ON answer (user, at)",
        """
        CREATE TABLE feedback (
            question_id TEXT NOT NULL,
            user        TEXT NOT NULL,
            rating      TEXT NOT NULL,
            reason      TEXT NOT NULL DEFAULT '',
            comment     TEXT NOT NULL DEFAULT '',
            at          REAL NOT NULL,
            PRIMARY KEY (question_id, user)
        ) STRICT
        """,
        """
        CREATE TABLE handoff (
            question_id TEXT PRIMARY KEY,
            helper      TEXT NOT NULL,
            asked_by    TEXT NOT NULL,
            message_ts  TEXT NOT NULL DEFAULT '',
            opened_at   REAL NOT NULL,
            closed_at   REAL,
            closed_by   TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        """
        CREATE TABLE approved (
            file        TEXT PRIMARY KEY,
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            ts          TEXT NOT NULL,
            author      TEXT NOT NULL,
            approver    TEXT NOT NULL,
            at          REAL NOT NULL,
            UNIQUE (team, channel, ts)
        ) STRICT
        """,
        """
        CREATE TABLE channel (
            team        TEXT NOT NULL,
            id          TEXT NOT NULL,
            chosen      TEXT NOT NULL,
            changed_by  TEXT NOT NULL,
            at          REAL NOT NULL,
            PRIMARY KEY (team, id)
        ) STRICT
        """,
        """
        CREATE TABLE quiet_thread (
            team        TEXT NOT NULL,
            channel     TEXT NOT NULL,
            thread_ts   TEXT NOT NULL,
            at          REAL NOT NULL,
            PRIMARY KEY (team, channel, thread_ts)
        ) STRICT
        """,
    ),
    ("ALTER TABLE question ADD COLUMN is_open INTEGER NOT NULL DEFAULT 0",),
)
"""Step n brings a file from version n to n + 1; a released step is never changed."""


class Database:
    """The open file; may be used from any thread, and by several processes at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self.connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the state in {path} cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self.connection.close()

    @contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        """Each statement is its own transaction: it is committed when it returns."""
        with self._lock:
            try:
                yield self.connection
            except sqlite3.Error as error:
                raise StoreError(f"the state in {self.path} cannot be used: {error}") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements are committed together, or none is."""
        with self.sql() as sql:
            sql.execute("BEGIN IMMEDIATE")
            try:
                yield sql
                sql.execute("COMMIT")
            except BaseException:
                sql.execute("ROLLBACK")
                raise

    def wipe(self) -> None:
        """Remove deleted text from the files too: the write-ahead log still contains it."""
        with self.sql() as sql:
            sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would create the file by the umask; -wal and -shm copy the file's own mode.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")  # two processes may start at the same time
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        _refuse_newer(version, path)
        for step in MIGRATIONS[version:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _refuse_newer(version: int, path: Path) -> None:
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the state in {path} has version {version}, but this program only knows versions up to"
            f" {len(MIGRATIONS)}: run the newer program that wrote it"
        )
