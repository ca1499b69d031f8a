"""A PostgreSQL database, shared by any number of processes."""

import contextlib
import logging
import re
import select
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final, TypeVar

import psycopg

from footnote_qa.bot.database.address import PostgresUrl
from footnote_qa.bot.database.database import Database, Row, Rows, Sql
from footnote_qa.bot.database.migrations import Schema, for_postgresql
from footnote_qa.bot.database.outages import Outages
from footnote_qa.bot.database.postgresql_server import Server
from footnote_qa.bot.errors import StoreError, StoreUnavailableError

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 8
"""Of one process, besides the one that listens."""

CHANNEL: Final = "footnote_work"
_LISTEN_S: Final = 1.0

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]\w*)")
_UNREACHABLE: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,  # it has become a stand-by
)

T = TypeVar("T")


class PostgresDatabase(Database):
    """An open PostgreSQL database.

    Args:
        url: Where it is.
        schema: The tables that are used; others may be beside them.
        outages: Waits while the database cannot be reached.
    """

    for_update = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"
    is_remote = True
    clock = "extract(epoch FROM clock_timestamp())"

    def __init__(self, url: PostgresUrl, schema: Schema, *, outages: Outages | None = None) -> None:
        self._schema = schema
        self._server = Server(url)
        self._outages = outages or Outages(self._server.where)
        self._room = threading.Semaphore(MAX_CONNECTIONS)
        self._lock = threading.Lock()
        self._idle: list[psycopg.Connection[Row]] = []
        self._closed = False
        try:
            self.patiently(self._migrate)
        except BaseException:
            self.close()
            raise

    def __str__(self) -> str:
        return f"the {self._schema.name} in {self._server.where}"

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            self._closed = True
        self._drop_idle()

    @contextmanager
    def sql(self) -> Iterator[Sql]:
        """Each statement is its own transaction: it is committed when it returns."""
        with self._translated(), self._connection() as connection:
            yield _Statements(connection)

    @contextmanager
    def transaction(self, *, lock: str = "") -> Iterator[Sql]:
        """All statements are committed together, or none is."""
        with self._translated(), self._connection() as connection, connection.transaction():
            sql = _Statements(connection)
            if lock:
                self.lock(sql, lock)
            yield sql

    @contextmanager
    def snapshot(self) -> Iterator[Sql]:
        """All statements see the same state; others can write meanwhile."""
        with self._translated(), contextlib.closing(self._server.connect()) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            connection.execute("SET statement_timeout TO 0")
            with connection.transaction():
                yield _Statements(connection)

    def wipe(self, *tables: str) -> None:
        """Let deleted rows be overwritten; their text stays in the write-ahead log for a while."""
        try:
            for table in tables:
                with self.sql() as sql:
                    sql.execute(f"VACUUM {table}")
        except StoreError:  # the database itself does it within a day
            log.warning("deleted rows not yet overwritten", exc_info=True)

    def text_in_json(self, column: str, key: str) -> str:
        """Return an expression for the text under *key* in a column that holds a JSON object."""
        return f"({column}::json ->> '{key}')"

    def columns(self, sql: Sql, table: str) -> list[str]:
        """Return the names of a table's columns."""
        rows = sql.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name)"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            {"name": table},
        )
        return [str(row[0]) for row in rows.fetchall()]

    def go_on_counting(self, sql: Sql, table: str, column: str) -> None:
        """Number further rows of *table* after the highest number in *column*."""
        sql.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'),"
            f" coalesce(max({column}), 0) + 1, false) FROM {table}"
        )

    def lock(self, sql: Sql, name: str) -> None:
        """Wait until no other transaction holds the lock *name*, and hold it until the end."""
        sql.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))", {"name": f"footnote {name}"}
        )

    def notify(self, sql: Sql) -> None:
        """Wake all processes that wait for work, when this transaction is committed."""
        sql.execute(f"NOTIFY {CHANNEL}")

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call *wake* whenever a process notifies; return what ends this.

        A lost connection is opened again. Polling finds what was missed meanwhile.
        """
        ending = threading.Event()

        def listen() -> None:
            while not ending.is_set():
                try:
                    with contextlib.closing(self._server.connect()) as connection:
                        connection.execute(f"LISTEN {CHANNEL}")
                        wake()
                        while not ending.is_set():
                            for _ in connection.notifies(timeout=_LISTEN_S, stop_after=1):
                                wake()
                except (*_UNREACHABLE, StoreError):
                    ending.wait(_LISTEN_S)

        thread = threading.Thread(target=listen, name="footnote-listen", daemon=True)
        thread.start()
        return ending.set

    def patiently(self, work: Callable[[], T]) -> T:
        """Do *work*; while the database cannot be reached, do it again for some time."""
        return self._outages.wait_out(work)

    def outage_s(self) -> float:
        """Return for how long the database could not be reached; 0 if it can."""
        return self._outages.lasting_s()

    def recovered_s(self) -> float:
        """Return the seconds since the last outage ended; infinite if there was none."""
        return self._outages.over_s()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except _UNREACHABLE as error:
            message = f"{self} cannot be reached: {self._server.said(error)}"
            self._outages.failed(StoreError(self._server.said(error)))
            raise StoreUnavailableError(message) from None
        except psycopg.Error as error:
            raise StoreError(f"{self} cannot be used: {self._server.said(error)}") from None
        self._outages.succeeded()

    @contextmanager
    def _connection(self) -> Iterator["psycopg.Connection[Row]"]:
        with self._room:
            connection = self._taken()
            try:
                yield connection
            except _UNREACHABLE:
                connection.close()
                self._drop_idle()  # most likely they are lost as well
                raise
            finally:
                self._give_back(connection)

    def _taken(self) -> "psycopg.Connection[Row]":
        while True:
            with self._lock:
                if self._closed:
                    raise StoreError(f"{self} cannot be used: it is closed")
                if not self._idle:
                    break
                idle = self._idle.pop()
            # An idle connection has something to read only if the server has ended it.
            if not select.select([idle], [], [], 0)[0]:
                return idle
            idle.close()
        return self._server.connect()

    def _give_back(self, connection: "psycopg.Connection[Row]") -> None:
        with self._lock:
            if not self._closed and not connection.closed:
                self._idle.append(connection)
                return
        connection.close()

    def _drop_idle(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _migrate(self) -> None:
        with self.transaction(lock="migrations") as sql:
            sql.execute(
                "CREATE TABLE IF NOT EXISTS footnote_schema (name TEXT PRIMARY KEY,"
                " version BIGINT NOT NULL, usable_from BIGINT NOT NULL)"
            )
            version, usable_from = _versions(sql, self._schema)
            self._schema.refuse_newer(usable_from, self._server.where)
            if version >= len(self._schema.steps):
                return
            for statement in self._schema.since(version):
                sql.execute(for_postgresql(statement))
            sql.execute(
                "INSERT INTO footnote_schema VALUES (:name, :version, :usable_from)"
                " ON CONFLICT (name) DO UPDATE"
                " SET version = excluded.version, usable_from = excluded.usable_from",
                {
                    "name": self._schema.name,
                    "version": len(self._schema.steps),
                    "usable_from": self._schema.usable_from,
                },
            )


class _Statements:
    """Runs the statements of the repositories on a connection."""

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self._connection = connection

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> Rows:
        if values is None:
            return self._connection.execute(statement)
        # PostgreSQL's texts cannot hold the character 0, which Slack may send.
        held = {
            name: value.replace("\0", "") if isinstance(value, str) else value
            for name, value in values.items()
        }
        return self._connection.execute(_translate(statement), held)


@cache
def _translate(statement: str) -> str:
    """Return *statement* with its parameters as psycopg names them.

    >>> _translate("SELECT 5 % 2, :now::text")
    'SELECT 5 %% 2, %(now)s::text'
    """
    return _PARAMETER.sub(r"%(\1)s", statement.replace("%", "%%"))


def probe(url: PostgresUrl, schema: Schema) -> tuple[str, int, int]:
    """Return which server this is, the version of its tables, and the oldest that can use them.

    Raises:
        StoreUnavailableError: It cannot be reached.
        StoreError: The user may not create the tables that are missing.
    """
    server = Server(url)
    try:
        with contextlib.closing(server.connect()) as connection:
            sql = _Statements(connection)
            number = sql.execute("SHOW server_version").fetchone()[0].split()[0]
            where = f"PostgreSQL {number} {server.where.removeprefix('PostgreSQL ')}"
            version, usable_from = _versions(sql, schema)
            may_create = sql.execute(
                "SELECT has_schema_privilege(current_schema(), 'CREATE')"
            ).fetchone()[0]
    except psycopg.Error as error:
        raise StoreUnavailableError(
            f"{server.where} cannot be reached: {server.said(error)}"
        ) from None
    if version < len(schema.steps) and not may_create:
        raise StoreError(
            f"{where}: its tables are of version {version}, and its user may not create tables: "
            "GRANT CREATE ON SCHEMA public"
        )
    return where, version, usable_from


def _versions(sql: Sql, schema: Schema) -> tuple[int, int]:
    if sql.execute("SELECT to_regclass('footnote_schema')").fetchone()[0] is None:
        return 0, 0
    row = sql.execute(
        "SELECT version, usable_from FROM footnote_schema WHERE name = :name",
        {"name": schema.name},
    ).fetchone()
    return (0, 0) if row is None else (row["version"], row["usable_from"])
