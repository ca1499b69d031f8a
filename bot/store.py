"""Durable state: each question exactly once, from its arrival to its outcome."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from bot.errors import StoreError

LEASE_S: Final = 30.0
"""How long a question stays its owner's without a sign of life."""

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
)
"""Step n brings a file from version n to n + 1; a released step is never changed."""


class Outcome(StrEnum):
    """How a question ended."""

    POSTED = "posted"
    WITHDRAWN = "withdrawn"  # it was deleted before its answer came
    REFUSED = "refused"  # there, nothing may be posted any more
    UNCERTAIN = "uncertain"  # whether the answer arrived could not be found out
    GIVEN_UP = "given_up"  # posting failed again and again


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A question as it came in.

    Attributes:
        event_id: Slack's name for the delivery; the same when it is delivered again.
        team: Workspace.
        channel: Channel or direct message.
        ts: The message's own time stamp, which is its id within the channel.
        thread_ts: Time stamp of the thread's first message, under which the answer goes.
        user: Who asks.
        text: As Slack sent it.
    """

    event_id: str
    team: str
    channel: str
    ts: str
    thread_ts: str
    user: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A question that one process works on.

    Attributes:
        id: Ours; leads from what a person sees to the log.
        received: As it came in.
        received_at: Seconds since the epoch.
        attempts: How often it was claimed, this time included.
        turned_away: It came when too many waited: it only gets told so.
        maybe_posted: An earlier owner had begun to post.
    """

    id: str
    received: Received
    received_at: float
    attempts: int
    turned_away: bool
    maybe_posted: bool


class Store:
    """The state in one SQLite file; every method may be called from any thread."""

    def __init__(
        self, path: Path, *, lease_s: float = LEASE_S, now: Callable[[], float] = time.time
    ) -> None:
        self.lease_s = lease_s
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        try:
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"the state in {path} cannot be opened: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def receive(self, received: Received, *, max_waiting: int | None = None) -> bool:
        """Keep a question; when this returns, it survives a crash.

        Args:
            received: The question.
            max_waiting: When so many wait already, this one is kept only to be turned away.

        Returns:
            False for a duplicate: its event or its message is known.
        """
        values = asdict(received) | {
            "id": uuid4().hex[:16],
            "max_waiting": max_waiting,
            "received_at": self._now(),
        }
        with self._sql() as sql:
            done = sql.execute(
                "INSERT INTO question (id, event_id, team, channel, ts, thread_ts, user, text,"
                " received_at, turned_away)"
                " SELECT :id, :event_id, :team, :channel, :ts, :thread_ts, :user, :text,"
                " :received_at, :max_waiting IS NOT NULL AND :max_waiting <="
                "  (SELECT count(*) FROM question WHERE state = 'waiting' AND NOT turned_away)"
                " WHERE true ON CONFLICT (event_id) DO NOTHING"
                " ON CONFLICT (team, channel, ts) DO NOTHING",
                values,
            )
            return done.rowcount == 1

    def claim(self, owner: str, *, turned_away: bool = False) -> Claimed | None:
        """Take the next question that nobody works on, oldest first, one at a time in a thread.

        Args:
            owner: Who claims.
            turned_away: Take one that is to be turned away; these wait for no other.

        Returns:
            None if there is nothing to do.
        """
        now = self._now()
        with self._sql() as sql:
            row = sql.execute(
                "UPDATE question SET owner = ?, lease_until = ?, attempts = attempts + 1,"
                " state = CASE state WHEN 'waiting' THEN 'working' ELSE state END"
                " WHERE seq = (SELECT seq FROM question AS q"
                "  WHERE state != 'done' AND lease_until <= ? AND turned_away = ?"
                "   AND (owner != ? OR lease_until = 0)"  # a clock that jumps must not do it twice
                "   AND (turned_away OR NOT EXISTS (SELECT 1 FROM question AS earlier"
                "    WHERE earlier.state != 'done' AND NOT earlier.turned_away"
                "     AND earlier.team = q.team AND earlier.channel = q.channel"
                "     AND earlier.thread_ts = q.thread_ts AND earlier.seq < q.seq))"
                "  ORDER BY seq LIMIT 1)"
                " RETURNING *",
                (owner, now + self.lease_s, now, turned_away, owner),
            ).fetchone()
        return None if row is None else _claimed(row)

    def renew(self, owner: str) -> None:
        """Tell that *owner* lives: its questions stay its own."""
        with self._sql() as sql:
            sql.execute(
                "UPDATE question SET lease_until = ? WHERE owner = ? AND state != 'done'"
                " AND lease_until > 0",
                (self._now() + self.lease_s, owner),
            )

    def release(self, owner: str, question_id: str | None = None) -> None:
        """Give back what *owner* has not finished, or one question of it, for the next to claim."""
        with self._sql() as sql:
            sql.execute(
                "UPDATE question SET lease_until = 0 WHERE owner = ?1 AND state != 'done'"
                " AND id = coalesce(?2, id)",
                (owner, question_id),
            )

    def begin_posting(self, question_id: str, owner: str) -> bool:
        """Note, before anything is sent, that the answer may be in Slack from now on.

        Returns:
            False if the question is not *owner*'s any more: then nothing may be sent.
        """
        with self._sql() as sql:
            done = sql.execute(
                "UPDATE question SET state = 'posting', lease_until = ?"
                " WHERE id = ? AND owner = ? AND state != 'done' AND lease_until > 0",
                (self._now() + self.lease_s, question_id, owner),
            )
            return done.rowcount == 1

    def retract(self, question_id: str, owner: str) -> None:
        """Note that what was begun is certainly not in Slack."""
        with self._sql() as sql:
            sql.execute(
                "UPDATE question SET state = 'working'"
                " WHERE id = ? AND owner = ? AND state = 'posting'",
                (question_id, owner),
            )

    def finish(self, question_id: str, outcome: Outcome, posted_ts: str | None = None) -> None:
        """Note how a question ended, and forget its words."""
        with self._sql() as sql:
            sql.execute(
                "UPDATE question SET state = 'done', outcome = ?, posted_ts = ?, text = ''"
                " WHERE id = ? AND state != 'done'",
                (outcome.value, posted_ts, question_id),
            )

    def unfinished(self) -> list[Claimed]:
        """List what has no outcome yet, oldest first."""
        with self._sql() as sql:
            rows = sql.execute("SELECT * FROM question WHERE state != 'done' ORDER BY seq")
            return [_claimed(row) for row in rows.fetchall()]

    @contextmanager
    def _sql(self) -> Iterator[sqlite3.Connection]:
        """Each statement is a transaction of its own: it has happened when it returns."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise StoreError(f"the state in {self._path} cannot be used: {error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # SQLite would create the file by the umask; -wal and -shm take over the file's own mode.
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
            f"the state in {path} has version {version}, this program knows versions up to"
            f" {len(MIGRATIONS)}: run the newer program that wrote it"
        )


def _claimed(row: sqlite3.Row) -> Claimed:
    return Claimed(
        id=row["id"],
        received=Received(
            event_id=row["event_id"],
            team=row["team"],
            channel=row["channel"],
            ts=row["ts"],
            thread_ts=row["thread_ts"],
            user=row["user"],
            text=row["text"],
        ),
        received_at=row["received_at"],
        attempts=row["attempts"],
        turned_away=bool(row["turned_away"]),
        maybe_posted=row["state"] == "posting",
    )
