"""The rows of a SQLite table, each as one document: many a wiki is such a table."""

import sqlite3
from contextlib import closing
from pathlib import Path

from llama_index.core import Document
from llama_index.core.readers.base import BaseReader


class SqliteReader(BaseReader):
    """Reads the rows of one query.

    Args:
        database: The file. It is opened for reading only.
    """

    def __init__(self, database: str) -> None:
        self._database = Path(database).absolute()

    def load_data(self, query: str) -> list[Document]:  # type: ignore[override] # one of its own
        """Return a document for each row of *query*.

        Its columns: `id` and `text`; and, if there are any, `title`, `url` and `modified_at`.
        """
        with closing(sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True)) as opened:
            opened.row_factory = sqlite3.Row
            rows = [dict(row) for row in opened.execute(query)]
        return [
            Document(text=str(row.pop("text")), metadata={"document_id": str(row.pop("id")), **row})
            for row in rows
        ]
