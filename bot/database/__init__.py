"""The database behind the state and the spending: SQLite files, or PostgreSQL for replicas."""

from footnote_qa.bot.database.address import PostgresUrl, StateUrlError, Target, parse_state_url
from footnote_qa.bot.database.database import Database, Row, Sql, retried
from footnote_qa.bot.database.migrations import Schema
from footnote_qa.bot.database.opening import open_database
from footnote_qa.bot.database.probing import probe_database

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
