"""The rows of a database as lines of JSON, the same from SQLite and from PostgreSQL."""

import json
from collections.abc import Iterable, Sequence
from typing import IO

from footnote_qa.bot.database import Database, Sql
from footnote_qa.bot.errors import StoreError


def write_rows(sql: Sql, database: Database, table: str, *, file: IO[bytes]) -> int:
    """Write the rows of a table to *file*; return how many there are."""
    columns = database.columns(sql, table)
    count = 0
    for row in _rows(sql, table):
        line = json.dumps(dict(zip(columns, tuple(row), strict=True)), ensure_ascii=False)
        file.write(line.encode() + b"\n")
        count += 1
    return count


def _rows(sql: Sql, table: str) -> Iterable[Sequence[object]]:
    found: list[Sequence[object]] = sql.execute(f"SELECT * FROM {table}").fetchall()
    return found


def replace_rows(sql: Sql, database: Database, table: str, *, lines: Iterable[bytes]) -> int:
    """Replace the rows of a table by those in *lines*; return how many there are.

    Raises:
        StoreError: A row has a column that the table lacks.
    """
    known = set(database.columns(sql, table))
    sql.execute(f"DELETE FROM {table}")
    count = 0
    for line in lines:
        row: dict[str, object] = json.loads(line)
        if unknown := sorted(row.keys() - known):
            raise StoreError(f"the backup has {table}.{unknown[0]}, which this program lacks")
        columns = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        sql.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})", row)
        count += 1
    return count
