"""Look at a database without changing it, for `footnote doctor`."""

import sqlite3
from contextlib import closing
from pathlib import Path

from footnote_qa.bot.database.address import PostgresUrl, Target
from footnote_qa.bot.database.migrations import Schema
from footnote_qa.bot.database.opening import needs_psycopg
from footnote_qa.bot.errors import StoreError


def probe_database(target: Target, schema: Schema) -> str:
    """Return in words which database this is, and whether its tables are up to date.

    Raises:
        StoreError: It cannot be used as it is.
    """
    if isinstance(target, PostgresUrl):
        with needs_psycopg():
            from footnote_qa.bot.database.postgresql import probe  # noqa: PLC0415 - imports psycopg

        server, version, usable_from = probe(target, schema)
        schema.refuse_newer(usable_from, server)
        return f"{server}, {_told(version, schema)}"
    if not target.exists():
        return f"{target} does not exist yet: the bot creates it"
    version = _version_of(target, schema)
    schema.refuse_newer(version, target)
    return f"SQLite, {target}, {_told(version, schema)}"


def _version_of(path: Path, schema: Schema) -> int:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            return schema.version_of_file(opened)
    except sqlite3.Error as error:
        raise StoreError(f"the {schema.name} in {path} cannot be opened: {error}") from error


def _told(version: int, schema: Schema) -> str:
    newest = len(schema.steps)
    if version >= newest:
        return f"its tables are up to date (version {version})"
    return f"its tables are of version {version}: the next start brings them to {newest}"
