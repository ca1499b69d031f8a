"""The tables of spending and turns, and their migrations."""

import sqlite3
from typing import Final

from footnote_qa.bot.database import Schema

_STEPS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE request (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at REAL NOT NULL,
            provider TEXT NOT NULL,
            purpose TEXT NOT NULL,
            reason TEXT NOT NULL,
            ms REAL NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            pico INTEGER,
            "user" TEXT NOT NULL,
            channel TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX request_at ON request (at)",
        """
        CREATE TABLE spent (
            day TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, pico INTEGER NOT NULL,
            PRIMARY KEY (day, scope, name)
        ) STRICT
        """,
        """
        CREATE TABLE choice (
            portfolio TEXT NOT NULL, provider TEXT NOT NULL, chosen INTEGER NOT NULL,
            PRIMARY KEY (portfolio, provider)
        ) STRICT
        """,
        """
        CREATE TABLE thread (
            portfolio TEXT NOT NULL, thread TEXT NOT NULL, provider TEXT NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (portfolio, thread)
        ) STRICT
        """,
    ),
    ("ALTER TABLE request ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0",),
    (
        """
        CREATE TABLE reservation (
            id TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, pico INTEGER NOT NULL,
            until REAL NOT NULL,
            PRIMARY KEY (id, scope, name)
        ) STRICT
        """,
    ),
)


def _version_of_file(connection: sqlite3.Connection) -> int:
    """Return the version of a file; the first ones did not note it."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    columns = [row[1] for row in connection.execute("PRAGMA table_info(request)")]
    return version or (2 if "estimated" in columns else min(1, len(columns)))


SCHEMA: Final = Schema(
    name="spending",
    steps=_STEPS,
    usable_from=3,
    numbered=(("request", "seq"),),
    version_of_file=_version_of_file,
)

TABLES: Final = ("request", "spent", "choice", "thread")
"""The tables of a backup."""
