"""The database behind the state and the spending: SQLite files, or PostgreSQL for replicas."""

from bot.database.address import PostgresUrl, StateUrlError, Target, parse_state_url
from bot.database.database import Database, Row, Sql, retried
from bot.database.migrations import Schema
from bot.database.opening import open_database
from bot.database.probing import probe_database

__all__ = [
    "Database",
    "PostgresUrl",
    "Row",
    "Schema",
    "Sql",
    "StateUrlError",
    "Target",
    "open_database",
    "parse_state_url",
    "probe_database",
    "retried",
]
