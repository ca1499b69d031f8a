"""Open the database that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager

from footnote_qa.bot.database.address import PostgresUrl, Target
from footnote_qa.bot.database.database import Database
from footnote_qa.bot.database.migrations import Schema
from footnote_qa.bot.database.sqlite import SqliteDatabase
from footnote_qa.bot.errors import StoreError
from footnote_qa.index.extras import install


def open_database(target: Target | None, schema: Schema, *, durable: bool = True) -> Database:
    """Open a database, and bring its tables up to date.

    Args:
        target: A file, or the URL of a PostgreSQL database; None keeps everything in memory.
        schema: The tables.
        durable: Whether a commit to a file waits until it is on the disk.

    Raises:
        StoreError: It cannot be opened, or a newer program wrote it.
    """
    if isinstance(target, PostgresUrl):
        with needs_psycopg():
            from footnote_qa.bot.database.postgresql import PostgresDatabase  # noqa: PLC0415 - imports psycopg

        return PostgresDatabase(target, schema)
    return SqliteDatabase(target, schema, durable=durable)


@contextmanager
def needs_psycopg() -> Iterator[None]:
    """Say what to install if psycopg cannot be imported."""
    try:
        yield
    except ImportError as error:
        raise StoreError(
            f"PostgreSQL needs psycopg: install it with {install('postgresql')}"
        ) from error
