"""A connector as a source of documents: what changed is fetched, and the rest stays as it was."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from footnote_qa.index.access import AccessTable, SyncNote
from footnote_qa.index.errors import SourceError, UnreadableDocumentError
from footnote_qa.index.sources.names import prefixed, printable
from footnote_qa.index.sources.sync.clock import Clock, SystemClock
from footnote_qa.index.sources.sync.contract import (
    Connector,
    Item,
    ItemError,
)
from footnote_qa.index.sources.sync.run import Choice, Run
from footnote_qa.index.sources.sync.state import SYNC, Row, SyncState, read_state, write_state
from footnote_qa.index.sources.sync.store import BodyStore
from footnote_qa.index.types import Problem, ProblemKind, SourceFile

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncContext:
    """Where a sync begins and what it updates.

    Attributes:
        generation: Folder of the generation in use; None if there is none.
        access: Table beside the index, which a sync brings up to date; None leaves it as it is.
        is_offline: Offer the documents of the last sync, and ask the service nothing.
        clock: Time.
        is_due: Whether the source with this key is asked now, or else taken as offline; None asks.
    """

    generation: Path | None = None
    access: AccessTable | None = None
    is_offline: bool = False
    clock: Clock = field(default_factory=SystemClock)
    is_due: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceId:
    """How a source is named.

    Attributes:
        key: Name of its state in a generation, and of its rows in the access table.
        name: For people.
        kind: Such as "confluence".
        prefix: Put before each document's id; empty if there is one source only.
    """

    key: str
    name: str
    kind: str
    prefix: str = ""


class SyncedSource:
    """The documents of a service, in step with it.

    Args:
        connector: The service.
        of: How the source is named.
        choice: Which documents are taken.
        store: Folder for the bodies.
        context: Where the sync begins.
    """

    def __init__(
        self,
        connector: Connector,
        *,
        of: SourceId,
        choice: Choice,
        store: Path,
        context: SyncContext,
    ) -> None:
        self._connector, self._of, self._choice = connector, of, choice
        self._context = context
        self._store = BodyStore(store)
        folder = context.generation
        self._before = read_state(folder / SYNC / f"{of.key}.jsonl") if folder else SyncState()
        self._now: SyncState | None = None
        self._fetched = 0

    def files(self) -> Iterator[SourceFile | Problem]:
        """Yield every document of the service, by document; what changed is fetched first.

        Raises:
            SourceError: It cannot be read now. Bodies fetched until then are kept on disk.
        """
        if self._context.is_offline:
            yield from self._files(self._before.rows.values())
            return
        run = Run(self._connector, self._store, self._choice, before=self._before)
        try:
            run.sync()
        except SourceError as error:
            self._note(self._before, run, faults=[str(error)])
            raise
        self._now = SyncState(number=self._next_number(), cursor=run.cursor, rows=run.rows)
        faults = [f"{scope}: {reason}" for scope, reason in sorted(run.unlisted.items())]
        faults += self._bring_members_up_to_date()
        if self._context.access is not None:
            self._withhold(self._now)
            self._note(self._now, run, faults=faults, is_synced=True)
            self._store.forget_all_but((r.item.key, r.item.version) for r in run.rows.values())
        found: list[SourceFile | Problem] = [*self._files(run.rows.values())]
        found += [self._part_problem(*one) for one in run.unlisted.items()]
        yield from sorted(found, key=lambda one: one.document)

    def save(self, folder: Path) -> None:
        """Write the state of the source into the folder of the new generation."""
        write_state(folder / SYNC / f"{self._of.key}.jsonl", self._now or self._before)

    def _next_number(self) -> int:
        access = self._context.access
        last = access.note_of(self._of.key) if access is not None else None
        return max(self._before.number, last.number if last else 0) + 1

    def _bring_members_up_to_date(self) -> list[str]:
        """Store who is in which group; return why that failed, if it did."""
        access = self._context.access
        if access is None:
            return []
        try:
            access.replace_members(self._of.key, self._connector.members())
        except (SourceError, ItemError) as error:
            return [f"its groups and people could not be read, so they stay as they were: {error}"]
        return []

    def _withhold(self, now: SyncState) -> None:
        """Hide what was deleted, and what has other readers, in generations from before now."""
        access = self._context.access
        before, after = self._by_document(self._before.rows), self._by_document(now.rows)
        changed = [
            document
            for document, item in before.items()
            if document not in after
            or self._choice.audience_of(after[document]) != self._choice.audience_of(item)
        ]
        if access is not None and changed:
            access.withhold(self._of.key, changed, number=now.number)

    def _note(
        self, state: SyncState, run: Run, *, faults: Sequence[str], is_synced: bool = False
    ) -> None:
        access = self._context.access
        if access is None:
            return
        last = access.note_of(self._of.key)
        at = self._context.clock.now().isoformat(timespec="seconds")
        rows = [row for row in state.rows.values() if self._choice.takes(row.item)]
        access.note(
            SyncNote(
                source=self._of.key,
                name=self._of.name,
                kind=self._of.kind,
                number=state.number if is_synced else (last.number if last else state.number),
                tried_at=at,
                synced_at=at if is_synced else (last.synced_at if last else ""),
                items=len(rows),
                fetched=run.fetched,
                broken=sum(bool(row.fault) for row in rows),
                faults=tuple(faults),
            )
        )

    def _by_document(self, rows: Mapping[str, Row]) -> dict[str, Item]:
        return dict(self._named(row.item for row in rows.values()))

    def _named(self, items: Iterable[Item]) -> Iterator[tuple[str, Item]]:
        """Yield each item with the id of its document; items with one path get different ids."""
        seen: set[str] = set()
        for item in sorted(items, key=lambda one: (one.path, one.key)):
            path = printable(item.path)
            if path in seen:
                path = f"{path} ~{printable(item.key.replace('/', '-'))}"
            seen.add(path)
            yield prefixed(self._choice.prefix, path), item

    def _files(self, rows: Iterable[Row]) -> Iterator[SourceFile]:
        by_key = {row.item.key: row for row in rows}
        named = self._named(row.item for row in by_key.values())
        yield from sorted(
            (self._file(document, by_key[item.key]) for document, item in named),
            key=lambda file: file.document,
        )

    def _file(self, document: str, row: Row) -> SourceFile:
        item = row.item
        return SourceFile(
            document=document,
            name=item.name,
            title=item.title,
            size_bytes=row.size or 1,
            modified_at=item.modified_at,
            url=item.url,
            audience=self._choice.audience_of(item),
            read=partial(_refuse, row.fault) if row.fault else partial(self._read, row),
            sha256=None if row.fault else row.sha256,
        )

    def _read(self, row: Row) -> bytes:
        """Return the bytes of an item; they are fetched again if the disk has lost them."""
        try:
            return self._store.read(row.sha256)
        except UnreadableDocumentError:
            if self._context.is_offline:
                raise
        try:
            content = self._connector.fetch(row.item)
        except (ItemError, SourceError) as error:
            raise UnreadableDocumentError(ProblemKind.UNREADABLE, str(error)) from error
        self._store.keep(row.item.key, row.item.version, content)
        return content

    def _part_problem(self, scope: str, reason: str) -> Problem:
        return Problem(
            document=prefixed(self._choice.prefix, printable(scope) or "source"),
            kind=ProblemKind.UNREADABLE,
            reason=f"it cannot be listed now, so its documents stay as they were: {reason}",
        )


def _refuse(reason: str) -> bytes:
    raise UnreadableDocumentError(ProblemKind.UNREADABLE, reason)
