"""Open the database that the settings name."""

from bot.database.address import PostgresUrl, Target
from bot.database.database import Database
from bot.database.migrations import Schema
from bot.database.sqlite import SqliteDatabase


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
        from bot.database.postgresql import PostgresDatabase  # noqa: PLC0415 - imports psycopg

        return PostgresDatabase(target, schema)
    return SqliteDatabase(target, schema, durable=durable)
