"""One sync: list the changes, fetch what is new, and keep the rest."""

import logging
import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from footnote_qa.index.audience import audience_of, both
from footnote_qa.index.errors import SourceError
from footnote_qa.index.sources.audience_rules import AudienceRule
from footnote_qa.index.sources.patterns import matches, takes
from footnote_qa.index.sources.sync.contract import (
    Connector,
    Cursor,
    Gone,
    Item,
    ItemError,
    Listed,
    Unlisted,
)
from footnote_qa.index.sources.sync.state import Row, SyncState
from footnote_qa.index.sources.sync.store import BodyStore

log = logging.getLogger(__name__)

_AT_ONCE = 4
_WAITING = 64  # bodies that may be on their way; each is written to disk as it arrives


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which documents of a source are taken, under which names and for whom.

    Attributes:
        include: Patterns; an item's path must match at least one.
        exclude: Patterns; neither a path nor a folder above it may match one.
        prefix: Put before each document's id; empty if there is one source only.
        audience: Groups that may see the documents, of those who may in the source.
        rules: Audiences by path; the first that matches counts instead of `audience`.
    """

    include: tuple[str, ...] = ("**/*",)
    exclude: tuple[str, ...] = ()
    prefix: str = ""
    audience: tuple[str, ...] = ()
    rules: Sequence[AudienceRule] = ()

    def takes(self, item: Item) -> bool:
        """Return whether an item is wanted."""
        return takes(item.path, self.include, self.exclude)

    def audience_of(self, item: Item) -> tuple[str, ...]:
        """Return who may see an item: those who may in the source and in the settings."""
        rule = next((one for one in self.rules if matches(item.path, one.match)), None)
        return both(audience_of(item.readers), self.audience if rule is None else rule.audience)


class Run:
    """One sync.

    Attributes:
        rows: The items after it, by key.
        unlisted: Parts that could not be listed, and why.
        cursor: Where the next one begins.
        fetched: How many bodies were fetched.
    """

    def __init__(
        self, connector: Connector, store: BodyStore, choice: Choice, *, before: SyncState
    ) -> None:
        self._connector, self._store, self._choice = connector, store, choice
        self._before = before
        self._seen: set[str] = set()
        self.rows: dict[str, Row] = dict(before.rows)
        self.unlisted: dict[str, str] = {}
        self.cursor = before.cursor
        self.fetched = 0

    def sync(self) -> None:
        """List the changes and fetch what is new; raises `SourceError`."""
        waiting: deque[Future[Row]] = deque()
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            try:
                for item in self._to_fetch():
                    waiting.append(threads.submit(self._fetch, item))
                    while len(waiting) >= _WAITING or (waiting and waiting[0].done()):
                        self._take(waiting.popleft().result())
                while waiting:
                    self._take(waiting.popleft().result())
            finally:
                threads.shutdown(wait=True, cancel_futures=True)

    def _to_fetch(self) -> Iterator[Item]:
        """Yield what has to be fetched, and take over the rest."""
        is_complete = False
        for event in self._connector.changes(self._before.cursor):
            if isinstance(event, Item):
                yield from self._met(event)
            elif isinstance(event, Listed):
                is_complete = True
            else:
                self._note(event)
        if is_complete:
            self._drop_unlisted()
        # A source that reports changes does not report again an item that was broken then
        for row in list(self.rows.values()):
            if (row.fault or not row.sha256) and row.item.key not in self._seen:
                yield row.item

    def _note(self, event: Gone | Unlisted | Cursor) -> None:
        if isinstance(event, Gone):
            self.rows.pop(event.key, None)
        elif isinstance(event, Unlisted):
            self.unlisted[event.scope] = event.reason
        else:
            self.cursor = event.value

    def _met(self, item: Item) -> Iterator[Item]:
        self._seen.add(item.key)
        if not self._choice.takes(item):
            self.rows.pop(item.key, None)
            return
        old = self.rows.get(item.key)
        if old is not None and old.item.version == item.version and old.sha256:
            self.rows[item.key] = replace(old, item=item, fault="")
            return
        known = self._store.known(item.key, item.version)
        if known is None:
            yield item
        else:  # by a sync that was interrupted
            self.rows[item.key] = Row(item=item, sha256=known[0], size=known[1])

    def _drop_unlisted(self) -> None:
        for key, row in list(self.rows.items()):
            if key not in self._seen and row.item.scope not in self.unlisted:
                del self.rows[key]

    def _fetch(self, item: Item) -> Row:
        try:
            content = self._connector.fetch(item)
        except ItemError as error:
            return Row(item=item, fault=error.reason)
        except SourceError:
            raise
        except Exception:  # an edge: one item in another form than expected ends no sync
            reference = secrets.token_hex(4)
            log.exception("item cannot be read", extra={"reference": reference, "key": item.key})
            return Row(item=item, fault=f"it cannot be read: the log has the reference {reference}")
        sha256, size = self._store.keep(item.key, item.version, content)
        return Row(item=item, sha256=sha256, size=size)

    def _take(self, row: Row) -> None:
        self.fetched += 1
        self.rows[row.item.key] = row
