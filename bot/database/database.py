"""One interface to SQLite and PostgreSQL: statements, transactions, locks and outages."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

Row: TypeAlias = Any
"""A row: its values by column name or by position."""

T = TypeVar("T")
P = ParamSpec("P")


class Rows(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Row:
        """Return the next row; None if there are no more."""
        ...

    def fetchall(self) -> list[Row]:
        """Return all rows that are left."""
        ...


class Sql(Protocol):
    """Runs statements, which are written so that SQLite and PostgreSQL understand them.

    Values are named, as `:name`. Columns called user are quoted, as `"user"`: in PostgreSQL, the
    bare word is the name of the database's own user.
    """

    def execute(self, statement: str, values: Mapping[str, object] = ..., /) -> Rows:
        """Run one statement."""
        ...


class Database(ABC):
    """An open database; may be used from any thread, and by several processes side by side.

    Attributes:
        for_update: Ends a SELECT whose rows nobody else may change until the transaction ends.
        skip_locked: As `for_update`, and rows that somebody else is changing are left out.
        is_remote: Whether a call may have to wait for a server, and so belongs into a thread.
        clock: The database's own time in seconds since the epoch, as an expression; "" if the
            clock of this machine is as good, because nobody else writes.
    """

    for_update: ClassVar[str] = ""
    skip_locked: ClassVar[str] = ""
    is_remote: ClassVar[bool] = False
    clock: ClassVar[str] = ""

    @abstractmethod
    def sql(self) -> AbstractContextManager[Sql]:
        """Each statement is its own transaction: it is committed when it returns."""

    @abstractmethod
    def transaction(self, *, lock: str = "") -> AbstractContextManager[Sql]:
        """All statements are committed together, or none is.

        Args:
            lock: Transactions with the same lock run one after the other, in all processes.
        """

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Sql]:
        """All statements see the same state, whatever others write meanwhile."""

    @abstractmethod
    def wipe(self, *tables: str) -> None:
        """Remove deleted text of *tables* from the files too, as far as the database can."""

    @abstractmethod
    def close(self) -> None:
        """Close it."""

    @abstractmethod
    def text_in_json(self, column: str, key: str) -> str:
        """Return an expression for the text under *key* in a column that holds a JSON object."""

    @abstractmethod
    def columns(self, sql: Sql, table: str) -> list[str]:
        """Return the names of a table's columns."""

    def go_on_counting(self, sql: Sql, table: str, column: str) -> None:
        """Number further rows of *table* after the highest number in *column*."""
        del sql, table, column  # SQLite does so by itself

    def lock(self, sql: Sql, name: str) -> None:
        """Wait until no other transaction holds the lock *name*, and hold it until the end."""
        del sql, name  # where only one transaction writes at a time, it holds every lock

    def notify(self, sql: Sql) -> None:
        """Wake all processes that wait for work, when this transaction is committed."""
        del sql

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call *wake* whenever a process notifies; return what ends this."""
        del wake
        return lambda: None

    def patiently(self, work: Callable[[], T]) -> T:
        """Do *work*; while the database cannot be reached, do it again for some time.

        It may be done although an earlier try had its effect, so doing it twice must be harmless.
        """
        return work()

    def outage_s(self) -> float:
        """Return for how long the database could not be reached; 0 if it can."""
        return 0.0

    def recovered_s(self) -> float:
        """Return the seconds since the last outage ended; infinite if there was none."""
        return float("inf")


class _HasDatabase(Protocol):
    @property
    def database(self) -> Database: ...


R = TypeVar("R", bound=_HasDatabase)


def retried(method: Callable[Concatenate[R, P], T]) -> Callable[Concatenate[R, P], T]:
    """Let a repository's method wait while the database cannot be reached."""

    @functools.wraps(method)
    def call(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.database.patiently(lambda: method(self, *args, **kwargs))

    return call
