"""Facts about the indexed documents for Slack: number, age, changes, and context of quotes."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, Self

from footnote_qa.bot.types import Citation
from footnote_qa.index.access import SyncNote
from footnote_qa.index.audience import NOBODY, audience_of, both, may_see
from footnote_qa.index.search import LiveIndex
from footnote_qa.index.types import Audience, Passage

log = logging.getLogger(__name__)

CONTEXT_CHARS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts about the index in use.

    Attributes:
        generation: Such as "gen-000042".
        created_at: When it was built, in UTC.
        titles: Titles of the documents that the person may see, in order.
        failed: How many files could not be read.
        stale: Changes since the build, in words; "" if there are none or they are not known.
    """

    generation: str
    created_at: datetime
    titles: tuple[str, ...]
    failed: int
    stale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A quote with the words around it."""

    before: str
    quote: str
    after: str


class DocumentCatalog(Protocol):
    """The index as the Slack adapter needs it besides answers; may be called from any thread."""

    def facts(self, audience: Audience) -> Facts:
        """Describe the documents *audience* may see, or all for None; raises `IndexingError`."""
        ...

    def stale(self) -> str:
        """Return the changes in the documents since the index was built; "" if there are none."""
        ...

    def excerpt(self, citation: Citation, audience: frozenset[str]) -> Excerpt | None:
        """Return the quote in its context; None if it is no longer there."""
        ...

    def audience_of(self, documents: Sequence[str]) -> tuple[str, ...]:
        """Return the audience of those who may see all of *documents*."""
        ...

    def search(self, question: str, *, k: int, audience: frozenset[str]) -> list[Passage]:
        """Return the *k* best passages that *audience* may see; raises `IndexingError`."""
        ...


class IndexCatalog:
    """The documents of the generation in use.

    Args:
        index: The index in use.
        stale: Changes in the documents since the build, in words; "" if there are none.
    """

    def __init__(self, index: LiveIndex, *, stale: Callable[[], str] = lambda: "") -> None:
        self._index = index
        self._stale = stale

    def stale(self) -> str:
        """Return the changes in the documents since the index was built."""
        return self._stale()

    def facts(self, audience: Audience) -> Facts:
        """Describe the documents that *audience* may see."""
        generation = self._index.generation
        passages = generation.passages
        rows = passages.shown_rows()
        titles = [
            row.title for row in rows if row.status == "indexed" and may_see(row.audience, audience)
        ]
        return Facts(
            generation=generation.manifest.generation,
            created_at=generation.manifest.created_at,
            titles=tuple(sorted(titles, key=str.casefold)),
            failed=sum(row.status != "indexed" for row in rows),
            stale=self.stale(),
        )

    def audience_of(self, documents: Sequence[str]) -> tuple[str, ...]:
        """Return the audience of those who may see all of *documents*; nobody may see lost ones."""
        passages = self._index.generation.passages
        found = [passages.document(name) for name in documents]
        return _all_of(audience_of(NOBODY) if one is None else one.audience for one in found)

    def search(self, question: str, *, k: int, audience: frozenset[str]) -> list[Passage]:
        """Return the *k* best passages that *audience* may see."""
        return list(self._index.search(question, k=k, audience=audience).passages)

    def excerpt(self, citation: Citation, audience: frozenset[str]) -> Excerpt | None:
        """Return the quote in its context, if it is still in the same place."""
        passages = self._index.generation.passages
        document = passages.document(citation.document)
        if document is None:
            return None
        if not may_see(document.audience, audience):
            return None
        start, end = citation.start, citation.end
        if document.text[start:end] != citation.quote:
            return None
        return Excerpt(
            before=document.text[max(0, start - CONTEXT_CHARS) : start],
            quote=citation.quote,
            after=document.text[end : end + CONTEXT_CHARS],
        )


def _all_of(audiences: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the audience of those who are in all of them."""
    found: tuple[str, ...] = ()
    for one in audiences:
        found = both(found, one)
    return found


class IndexGroups:
    """The groups of the sources, from the table beside the index."""

    def __init__(self, index: LiveIndex) -> None:
        self._index = index

    def groups_of(self, addresses: Iterable[str]) -> frozenset[str]:
        """Return every group of the person with these e-mail addresses."""
        return self._index.access.groups_of(addresses)

    def named(self) -> frozenset[str]:
        """Return the groups that documents of the index in use name."""
        return self._index.generation.passages.named_groups

    def notes(self) -> list[SyncNote]:
        """Return how the last sync of each source went."""
        return self._index.access.notes()


EVERY_S: Final = 300.0


class Freshness:
    """Looks for changes in the background, so that no question waits for it.

    Args:
        look: Returns the changes in words; "" if there are none. May take long, and may fail.
        every_s: Seconds between two looks.
    """

    def __init__(self, look: Callable[[], str], *, every_s: float = EVERY_S) -> None:
        self._look = look
        self._every_s = every_s
        self._told = ""
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="freshness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()

    def told(self) -> str:
        """Return the result of the last look."""
        return self._told

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._told = self._look()
            except Exception:  # whatever a source does, the bot continues to answer
                log.warning("documents not looked at", exc_info=True)
                self._told = ""
            self._ending.wait(self._every_s)
