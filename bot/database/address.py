"""Where the state is: a SQLite file, or the URL of a PostgreSQL database."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = ("postgresql://", "postgresql+psycopg://", "postgres://")


class StateUrlError(ValueError):
    """A URL that names no database; its message never has the URL, which may hold a password."""


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """The URL of a PostgreSQL database; neither `str` nor `repr` show it.

    Attributes:
        url: As libpq reads it, with the password if it has one.
    """

    url: str = field(repr=False)

    def __str__(self) -> str:
        return "the PostgreSQL database of [state] url"


Target: TypeAlias = Path | PostgresUrl


def parse_state_url(url: str) -> Target:
    """Return the file or the database that *url* names.

    Raises:
        StateUrlError: It is neither `sqlite:///PATH` nor `postgresql://…`.

    >>> parse_state_url("sqlite:///state.sqlite"), parse_state_url("sqlite:////var/lib/state.sqlite")
    (PosixPath('state.sqlite'), PosixPath('/var/lib/state.sqlite'))
    >>> parse_state_url("postgresql+psycopg://bot:secret@db/footnote")
    PostgresUrl()
    """
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return Path(url.removeprefix(_SQLITE))
    for scheme in _POSTGRESQL:
        if url.startswith(scheme):
            return PostgresUrl("postgresql://" + url.removeprefix(scheme))
    raise StateUrlError("write sqlite:///PATH or postgresql://USER@HOST/DATABASE")
