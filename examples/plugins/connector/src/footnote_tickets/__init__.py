"""The tickets of an SQLite database, with who may read them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from footnote_qa.plugins import ConnectorSettings, Event, Item, ItemError, Listed, SourceError


class Tickets:
    """Tickets as documents; a ticket with a team is for the members of that team.

    Args:
        settings: With `database`, a file with the tables `ticket` (id, title, text, changed,
            team) and `member` (team, email).
    """

    def __init__(self, settings: ConnectorSettings) -> None:
        self._database = settings.text("database")

    def check(self) -> str:
        """Return what is there, in words."""
        [(count,)] = self._rows("SELECT count(*) FROM ticket")
        return f"{count} tickets in {self._database}"

    def changes(self, cursor: str | None) -> Iterator[Event]:
        """Yield every ticket without its text; what is not listed is gone."""
        del cursor  # a list of all tickets is cheap here
        for id_, title, changed, team in self._rows("SELECT id, title, changed, team FROM ticket"):
            yield Item(
                key=str(id_),
                version=str(changed),
                path=f"{id_}.md",
                name=f"{id_}.md",
                title=title,
                readers=((f"tickets:{team}",),) if team else (),
            )
        yield Listed()

    def fetch(self, item: Item) -> bytes:
        """Return the text of a ticket."""
        rows = self._rows("SELECT text FROM ticket WHERE id = ?", item.key)
        if not rows:
            raise ItemError(f"the ticket {item.key} is not there any more")
        return str(rows[0][0]).encode()

    def members(self) -> Iterator[tuple[str, str]]:
        """Yield who is in which team."""
        for team, email in self._rows("SELECT team, email FROM member"):
            yield f"tickets:{team}", f"email:{email}"

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as database:
                return database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise SourceError(f"the tickets cannot be read: check {self._database}") from error
