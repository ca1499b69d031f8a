"""The index and the engine behind the pages; opened when they are first needed."""

import threading
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer, Question
from footnote_qa.index.types import Audience, SearchResult, Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from footnote_qa.index.access import AccessTable
    from footnote_qa.index.storage import Generation, Within


class Engine(Protocol):
    """An engine that yields answers part by part."""

    def astream(self, question: Question) -> AsyncGenerator[str | Step | Answer]:
        """Yield steps, each checked part, and the answer last; raises `IndexingError`."""
        ...


class Index(Protocol):
    """The index in use; may be called from any thread."""

    @property
    def generation(self) -> "Generation":
        """The generation that the next search uses."""
        ...

    @property
    def access(self) -> "AccessTable":
        """Who is in which group of a source."""
        ...

    def search(
        self, question: str, *, k: int, audience: Audience, within: "Within | None" = None
    ) -> SearchResult:
        """Find the *k* best passages that *audience* may see, in the documents of *within*."""
        ...

    def encode(self, texts: "Sequence[str]") -> Vectors:
        """Embed *texts* as questions."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open index, and the engine that answers from it."""

    index: Index
    engine: Engine


class Backend:
    """Opens the index at the first request, and again at each request until there is one.

    Args:
        open_: Opens both; raises `IndexingError`.
    """

    def __init__(self, open_: Callable[[], Opened]) -> None:
        self._open = open_
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    def opened(self) -> Opened:
        """Return the open index and its engine.

        Raises:
            IndexingError: There is no index, or it is damaged.
        """
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened
