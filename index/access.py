"""Who is in which group of a source, and which documents nobody may see now: beside the index.

The file is not part of a generation. A change in it counts from the next question on.
"""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from footnote_qa.index.atomic_files import private_folder
from footnote_qa.index.audience import domain, email
from footnote_qa.index.errors import IndexingError

log = logging.getLogger(__name__)

ACCESS = "access.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS member (
    source TEXT NOT NULL,
    grp TEXT NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (member, grp, source)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS member_by_source ON member (source);
CREATE TABLE IF NOT EXISTS withheld (
    source TEXT NOT NULL,
    document TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (source, document)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sync (source TEXT PRIMARY KEY, note TEXT NOT NULL) WITHOUT ROWID;
"""
_MOST_DEPTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncNote:
    """How the last sync of a source went.

    Attributes:
        source: Its key: the name of its state in a generation.
        name: Its name for people.
        kind: Such as "confluence".
        number: Of the sync; it grows with each one that succeeds.
        tried_at: When it was last tried, in ISO 8601.
        synced_at: When it last succeeded, in ISO 8601; "" if never.
        items: How many items it has.
        fetched: How many bodies the last sync fetched.
        broken: How many items could not be fetched.
        faults: Why it, or parts of it, could not be read; empty if all is well.
    """

    source: str
    name: str
    kind: str
    number: int = 0
    tried_at: str = ""
    synced_at: str = ""
    items: int = 0
    fetched: int = 0
    broken: int = 0
    faults: tuple[str, ...] = ()

    def lines(self, now: datetime) -> list[str]:
        """Return what is wrong with the source, in lines for a person; none if all is well."""
        age = self.age_s(now)
        since = "never in step" if age is None else f"last in step {_ago(age)}"
        found = [f"source {self.name}, {since}: {fault}" for fault in self.faults]
        if self.broken:
            found.append(
                f"source {self.name}: {self.broken} of {self.items} items could not be fetched;"
                " their last text stays"
            )
        return found

    def age_s(self, now: datetime) -> float | None:
        """Return the seconds since the last sync that succeeded; None if there was none."""
        if not self.synced_at:
            return None
        return (now - datetime.fromisoformat(self.synced_at)).total_seconds()


class AccessTable:
    """The file beside the generations; may be used from several threads and processes.

    Args:
        root: The folder of the generations.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / ACCESS
        self._lock = threading.Lock()
        self._withheld: tuple[object, list[tuple[str, str, int]]] | None = None

    @contextmanager
    def _sql(self) -> Iterator[sqlite3.Connection]:
        private_folder(self._path.parent)
        try:
            with self._lock, closing(sqlite3.connect(self._path, timeout=30)) as sql, sql:
                self._path.chmod(0o600)
                sql.execute("PRAGMA secure_delete = ON")  # names of deleted documents go as well
                sql.executescript(_SCHEMA)
                yield sql
        except (sqlite3.Error, OSError) as error:
            raise IndexingError(f"{self._path} cannot be used: {error}") from error

    def mark(self) -> tuple[int, int, int] | None:
        """Return a value that changes whenever the file may have changed; None if there is none."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def replace_members(self, source: str, members: Iterable[tuple[str, str]]) -> None:
        """Replace all (group, member) pairs of a source in one step."""
        rows = {(source, group, member) for group, member in members}
        with self._sql() as sql:
            sql.execute("DELETE FROM member WHERE source = ?", (source,))
            sql.executemany("INSERT OR IGNORE INTO member VALUES (?, ?, ?)", sorted(rows))

    def groups_of(self, addresses: Iterable[str]) -> frozenset[str]:
        """Return every group and name of the person with these e-mail addresses, nested too.

        If the file cannot be read, these are none: then restricted documents are not shown.
        """
        if self.mark() is None:
            return frozenset()
        known = [address for address in addresses if address.strip()]
        # An address proves its domain: nobody else has one there
        found = {*map(email, known), *(domain(one) for one in known if "@" in one)}
        edge = set(found)
        try:
            with self._sql() as sql:
                for _ in range(_MOST_DEPTH):
                    if not edge:
                        break
                    rows = sql.execute(
                        "SELECT DISTINCT grp FROM member "
                        "WHERE member IN (SELECT value FROM json_each(?))",
                        (json.dumps(sorted(edge)),),
                    ).fetchall()
                    edge = {str(row[0]) for row in rows} - found
                    found |= edge
        except IndexingError:
            log.exception("groups of sources cannot be read")
            return frozenset()
        return frozenset(found)

    def withhold(self, source: str, documents: Iterable[str], *, number: int) -> None:
        """Show these documents to nobody in generations from before sync *number*."""
        with self._sql() as sql:
            sql.executemany(
                "INSERT INTO withheld VALUES (?, ?, ?) ON CONFLICT (source, document)"
                " DO UPDATE SET number = max(number, excluded.number)",
                [(source, document, number) for document in documents],
            )

    def withheld(self, synced: Mapping[str, int]) -> frozenset[str]:
        """Return the documents that nobody may see in a generation of these syncs, by source."""
        mark = self.mark()
        if mark is None:
            return frozenset()
        known = self._withheld
        if known is None or known[0] != mark:
            with self._sql() as sql:
                rows = sql.execute("SELECT source, document, number FROM withheld").fetchall()
            # Opening may itself touch the file, so it is read again if that changed it
            known = self._withheld = (mark, [(str(s), str(d), int(n)) for s, d, n in rows])
        return frozenset(
            document
            for source, document, number in known[1]
            if source in synced and number > synced[source]
        )

    def forget_withheld(self, synced: Mapping[str, int]) -> None:
        """Forget what generations of these syncs do not hold any more, names included."""
        if self.mark() is None:
            return
        with self._sql() as sql:
            for source, number in synced.items():
                sql.execute(
                    "DELETE FROM withheld WHERE source = ? AND number <= ?", (source, number)
                )
            kept = json.dumps(list(synced))
            sql.execute(
                "DELETE FROM withheld WHERE source NOT IN (SELECT value FROM json_each(?))", (kept,)
            )

    def note(self, note: SyncNote) -> None:
        """Store how a sync went."""
        value = json.dumps(asdict(note), ensure_ascii=False)
        with self._sql() as sql:
            sql.execute("INSERT OR REPLACE INTO sync VALUES (?, ?)", (note.source, value))

    def notes(self) -> list[SyncNote]:
        """Return how the last sync of each source went, by name."""
        if self.mark() is None:
            return []
        with self._sql() as sql:
            rows = sql.execute("SELECT note FROM sync").fetchall()
        return sorted((_note(str(row[0])) for row in rows), key=lambda note: note.name)

    def note_of(self, source: str) -> SyncNote | None:
        """Return how the last sync of a source went; None if there was none."""
        return next((note for note in self.notes() if note.source == source), None)

    def forget_all_but(self, sources: Sequence[str]) -> None:
        """Remove everything about sources that are no longer used."""
        kept = json.dumps(list(sources))
        with self._sql() as sql:
            for table in ("member", "sync"):  # what is withheld stays so in older generations
                sql.execute(
                    f"DELETE FROM {table} WHERE source NOT IN (SELECT value FROM json_each(?))",  # noqa: S608 - our own names
                    (kept,),
                )


def _ago(seconds: float) -> str:
    """Return a time in words.

    >>> _ago(20), _ago(7200), _ago(300_000)
    ('less than a minute ago', '2 h ago', '3 days ago')
    """
    if seconds < 60:  # noqa: PLR2004  a minute
        return "less than a minute ago"
    if seconds < 5400:  # noqa: PLR2004  one and a half hours
        return f"{seconds / 60:.0f} min ago"
    if seconds < 172_800:  # noqa: PLR2004  two days
        return f"{seconds / 3600:.0f} h ago"
    return f"{seconds / 86_400:.0f} days ago"


def _note(value: str) -> SyncNote:
    fields = json.loads(value)
    return SyncNote(**{**fields, "faults": tuple(fields["faults"])})
