"""Connections to a PostgreSQL server; the password of its URL appears in no message."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import psycopg
from psycopg import conninfo

from footnote_qa.bot.database.address import PostgresUrl
from footnote_qa.bot.database.database import Row
from footnote_qa.bot.errors import StoreError

_DEFAULTS: Final = {
    "application_name": "footnote",
    "connect_timeout": "5",
    # A replica of the database that cannot be written to is not the one that we need.
    "target_session_attrs": "read-write",
    # Without these, a connection that the network has lost is noticed after many minutes.
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_SESSION: Final = (
    "SET default_transaction_isolation TO 'read committed';"
    "SET statement_timeout TO '30s'; SET lock_timeout TO '20s';"
    # The locks of a process that hangs are freed.
    "SET idle_in_transaction_session_timeout TO '30s'"
)


class Server:
    """The server and the database that a URL names.

    Attributes:
        where: Their names, without user and password.
    """

    def __init__(self, url: PostgresUrl) -> None:
        try:
            self._values: dict[str, Any] = {**_DEFAULTS, **conninfo.conninfo_to_dict(url.url)}
        except psycopg.Error:  # its text has the part that cannot be read, maybe of the password
            raise StoreError(f"{url} is not an address that PostgreSQL can read") from None
        self.where = _place(self._values)

    def connect(self) -> "psycopg.Connection[Row]":
        """Return a new connection; raises psycopg's errors."""
        connection = psycopg.connect(
            conninfo.make_conninfo("", **self._values),
            autocommit=True,
            # Values are put into the statement here: PostgreSQL need not guess their types, and
            # a proxy that shares connections has no prepared statements to lose.
            cursor_factory=psycopg.ClientCursor,
            row_factory=_named,
        )
        connection.execute(_SESSION)
        return connection

    def said(self, error: psycopg.Error) -> str:
        """Return what the database said, in one line and without the password."""
        said = " ".join(str(error).split()) or type(error).__name__
        password = str(self._values.get("password") or "")
        return said.replace(password, "(secret)") if password else said


class _NamedRow(tuple[Any, ...]):
    """A row whose values have names and positions."""

    __slots__ = ()
    names: Mapping[str, int] = {}

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 a row's values are of any type
        return super().__getitem__(self.names[key] if isinstance(key, str) else key)


@cache
def _row_type(names: tuple[str, ...]) -> type[_NamedRow]:
    places = {name: place for place, name in enumerate(names)}
    return type("_NamedRow", (_NamedRow,), {"__slots__": (), "names": places})


def _named(cursor: "psycopg.Cursor[Any]") -> Callable[[Sequence[Any]], Row]:
    return _row_type(tuple(column.name for column in cursor.description or ()))


def _place(values: Mapping[str, object]) -> str:
    """Return where a database is, without its user and password.

    >>> _place({"host": "db1,db2", "port": "5432", "dbname": "footnote", "password": "secret"})
    'PostgreSQL at db1,db2:5432/footnote'
    """
    host = values.get("host") or values.get("hostaddr") or "the local socket"
    port = f":{values['port']}" if values.get("port") else ""
    return f"PostgreSQL at {host}{port}/{values.get('dbname') or ''}"
