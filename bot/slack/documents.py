"""What the bot tells of its documents besides answers: how many, how old, what stands where."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, Self

from bot.types import Citation
from index.search import LiveIndex
from index.types import Audience

log = logging.getLogger(__name__)

CONTEXT_CHARS: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is served.

    Attributes:
        generation: Such as "gen-000042".
        created_at: When it was built, in UTC.
        titles: Of the documents that the asker may see, in order.
        failed: How many files could not be read.
        stale: What changed since, in words; "" if nothing did, or it is not known.
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
    """What the Slack adapter asks of the index besides answers; may be called from any thread."""

    def facts(self, audience: Audience) -> Facts:
        """Describe what *audience* may see, all of it for None; raises `IndexingError`."""
        ...

    def stale(self) -> str:
        """Return what changed in the documents since the index was built; "" if nothing."""
        ...

    def excerpt(self, citation: Citation, audience: frozenset[str]) -> Excerpt | None:
        """Return the quote in its context; None if it does not stand there any more."""
        ...


class IndexCatalog:
    """The documents of the generation that is served.

    Args:
        index: What is served.
        stale: What changed in the documents since it was built, in words; "" if nothing.
    """

    def __init__(self, index: LiveIndex, *, stale: Callable[[], str] = lambda: "") -> None:
        self._index = index
        self._stale = stale

    def stale(self) -> str:
        """Return what changed in the documents since the index was built."""
        return self._stale()

    def facts(self, audience: Audience) -> Facts:
        """Describe what *audience* may see."""
        generation = self._index.generation
        rows = generation.passages.rows()
        titles = [
            row.title
            for row in rows
            if row.status == "indexed" and _may_see(row.audience, audience)
        ]
        return Facts(
            generation=generation.manifest.generation,
            created_at=generation.manifest.created_at,
            titles=tuple(sorted(titles, key=str.casefold)),
            failed=sum(row.status != "indexed" for row in rows),
            stale=self.stale(),
        )

    def excerpt(self, citation: Citation, audience: frozenset[str]) -> Excerpt | None:
        """Return the quote in its context, if it still stands where it was found."""
        document = self._index.generation.passages.document(citation.document)
        if document is None or not _may_see(document.audience, audience):
            return None
        start, end = citation.start, citation.end
        if document.text[start:end] != citation.quote:
            return None
        return Excerpt(
            before=document.text[max(0, start - CONTEXT_CHARS) : start],
            quote=citation.quote,
            after=document.text[end : end + CONTEXT_CHARS],
        )


def _may_see(document: tuple[str, ...], audience: Audience) -> bool:
    return audience is None or not document or bool(audience & set(document))


EVERY_S: Final = 300.0


class Freshness:
    """Looks aside, so that no question waits for it.

    Args:
        look: Says in words what changed; "" if nothing did. May take long, and may fail.
        every_s: How long to wait between two looks.
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
        """Return what the last look saw."""
        return self._told

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._told = self._look()
            except Exception:  # whatever a source does, answering goes on
                log.warning("documents not looked at", exc_info=True)
                self._told = ""
            self._ending.wait(self._every_s)
