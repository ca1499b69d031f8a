"""A searcher that records its results, so that one search serves the answer and its score."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from footnote_qa.index.types import Audience, Searcher, SearchResult

_found: ContextVar[list[SearchResult] | None] = ContextVar("found", default=None)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Searches as deep as a ranking is scored, and returns no more than was asked for.

    Attributes:
        searcher: The searcher to use.
        depth: How many passages of a ranking are scored.
    """

    searcher: Searcher
    depth: int

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        """Find the *k* best passages that *audience* may see, and remember the first *depth*."""
        deep = self.searcher.search(question, k=max(k, self.depth), audience=audience)
        remembered = _found.get()
        if remembered is not None:
            remembered.append(deep)
        return replace(deep, passages=deep.passages[:k])


@contextmanager
def recording() -> Iterator[list[SearchResult]]:
    """Collect the results of recorders in this block, in this task and the threads it starts."""
    # A task copies its context, and so does `asyncio.to_thread`: questions asked at the same time
    # never see each other's passages.
    found: list[SearchResult] = []
    token = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(token)
