"""The class `Footnote`: one index, and the engine that answers from it."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from footnote_qa.bot import composition
from footnote_qa.bot.api.building import builder_with_gate, sources_to_build
from footnote_qa.bot.api.conversation import Conversation
from footnote_qa.bot.api.streams import AnswerStream, AsyncAnswerStream, Event, Heard
from footnote_qa.bot.errors import ClosedError, QuestionError
from footnote_qa.bot.settings import Settings, load
from footnote_qa.bot.types import Answer, Question, Turn
from footnote_qa.index.types import Audience, Document, SearchResult

if TYPE_CHECKING:
    from footnote_qa.bot.engine import AnswerEngine, FootnoteQueryEngine, PassageRetriever
    from footnote_qa.index.building import BuildResult, Progress
    from footnote_qa.index.search import LiveIndex
    from footnote_qa.index.storage import DocumentRow

Groups = Iterable[str] | None
"""Groups whose documents may be used besides public ones; None uses every document."""

PUBLIC: tuple[str, ...] = ()


class Footnote:
    """An index and its engine; may be used from several threads and event loops.

    Settings are checked here; the index is opened by the first question or search. Without *config*
    no file is read: a variable `FOOTNOTE_…`, a keyword or the default gives each setting.

    Args:
        config: The settings file, such as "footnote.toml". `.env` is read from its folder.
        data_dir: Folder for the index and all other data; None leaves it to the settings.
        tables: Tables of settings that override all others, such as `search={"k": 5}`.

    Raises:
        SettingsError: Names all unknown, wrong or missing settings together.
    """

    def __init__(
        self,
        config: Path | str | None = None,
        *,
        data_dir: Path | str | None = None,
        **tables: object,
    ) -> None:
        self.settings = load(
            None if config is None else Path(config),
            data_dir=None if data_dir is None else Path(data_dir),
            values=tables,
        )
        self._start()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the index of *settings* that were loaded before."""
        made = cls.__new__(cls)
        made.settings = settings
        made._start()  # noqa: SLF001 - our own
        return made

    def _start(self) -> None:
        self._lock = threading.RLock()
        self._open = ExitStack()
        self._is_closed = False
        self._index: LiveIndex | None = None
        self._engine: AnswerEngine | None = None

    def build(
        self,
        *paths: Path | str,
        full: bool = False,
        force: bool = False,
        progress: "Progress | None" = None,
    ) -> "BuildResult":
        """Build the index, check it and put it into use; only changed documents are read again.

        Args:
            paths: Folders or files to index. Without one, the sources of the settings or, if they
                name none, of the last build.
            full: Read every document again.
            force: Put the new index into use even if its checks fail.
            progress: Called with the name of each step, how much of it is done, and of how much.

        Raises:
            SettingsError: There are no sources.
            SourceError: A source cannot be read at all.
            BuildRunningError: Another build of this index is running.
            ModelError: The embedding model cannot be loaded.
        """
        from footnote_qa.bot import upkeep  # noqa: PLC0415 - imports the parsers
        from footnote_qa.index.building import quiet  # noqa: PLC0415

        self._refuse_if_closed()
        composition.current_index(self.settings)  # without paths, the sources are of the newest
        specs = sources_to_build(self.settings, [Path(one) for one in paths], force=force)
        options = composition.build_options(self.settings, full=full, force=force)
        builder = builder_with_gate(self.settings, options, progress or quiet)
        return upkeep.build_index(self.settings, builder, specs)

    def ask(self, question: str | Question, *, audience: Groups = PUBLIC) -> Answer:
        """Answer one question; works where an event loop is running too.

        Args:
            question: Its words, or a `Question` with its own audience and history.
            audience: Groups whose documents may be used besides public ones; None uses all.

        Raises:
            QuestionError: There is no question, or the audience is not a list of groups.
            IndexMissingError: There is no index yet: call `build`.
            IndexingError: The index is damaged.
            SettingsError: A key or a package for a model is missing.
        """
        return self.engine.ask(self._question(question, audience))

    async def aask(self, question: str | Question, *, audience: Groups = PUBLIC) -> Answer:
        """Answer one question; takes and raises the same as `ask`."""
        asked = self._question(question, audience)
        engine = await asyncio.to_thread(lambda: self.engine)
        return await engine.aask(asked)

    def stream(
        self,
        question: str | Question,
        *,
        audience: Groups = PUBLIC,
        on_step: Heard | None = None,
        on_answer: Callable[[Answer], None] | None = None,
    ) -> AnswerStream:
        """Return the answer as it arrives, for `for`; takes and raises the same as `ask`.

        Args:
            question: Its words, or a `Question` with its own audience and history.
            audience: Groups whose documents may be used besides public ones; None uses all.
            on_step: Called with each further search and each document that is read.
            on_answer: Called with the complete answer.
        """
        asked = self._question(question, audience)
        engine = self.engine
        return AnswerStream(lambda: engine.astream(asked), on_step=on_step, on_answer=on_answer)

    def astream(
        self,
        question: str | Question,
        *,
        audience: Groups = PUBLIC,
        on_step: Heard | None = None,
        on_answer: Callable[[Answer], None] | None = None,
    ) -> AsyncAnswerStream:
        """Return the answer as it arrives, for `async for`; takes and raises as `stream` does."""
        events = self._events(self._question(question, audience))
        return AsyncAnswerStream(events, on_step=on_step, on_answer=on_answer)

    async def _events(self, question: Question) -> AsyncGenerator[Event]:
        engine = await asyncio.to_thread(lambda: self.engine)
        async with aclosing(engine.astream(question)) as events:
            async for event in events:
                yield event

    def conversation(
        self, *, audience: Groups = PUBLIC, turns: Sequence[Turn] = ()
    ) -> Conversation:
        """Return a conversation, in which a question is understood with the ones before it.

        Args:
            audience: Groups whose documents may be used besides public ones; None uses all.
            turns: What was said before, oldest first.
        """
        return Conversation(self, audience=self._audience(audience), turns=turns)

    def search(
        self, question: str, *, k: int | None = None, audience: Groups = PUBLIC
    ) -> SearchResult:
        """Return the passages that match a question best, without an answer.

        Args:
            question: Its words.
            k: How many passages at most; None takes `search.k` of the settings.
            audience: Groups whose documents may be found besides public ones; None finds all.
        """
        asked = self._question(question, audience)
        if k is not None and k < 1:
            raise QuestionError(f"k is {k}: it is at least 1")
        most = self.settings.search.k if k is None else k
        return self.index.search(asked.text, k=most, audience=asked.audience)

    def documents(self, *, audience: Groups = PUBLIC) -> "list[DocumentRow]":
        """Return every indexed document that *audience* may see, by id."""
        return self.index.documents(audience=self._audience(audience))

    def read_document(self, document: str, *, audience: Groups = PUBLIC) -> Document:
        """Return a document with its stored text, in which the offsets of citations count.

        Raises:
            DocumentNotFoundError: There is none with this id that *audience* may see.
        """
        return self.index.document(document, audience=self._audience(audience))

    def as_query_engine(self, *, audience: Groups = PUBLIC) -> "FootnoteQueryEngine":
        """Return a llama-index query engine; its responses have a source node per citation."""
        from footnote_qa.bot.engine import FootnoteQueryEngine  # noqa: PLC0415 - llama-index

        return FootnoteQueryEngine(self.engine, audience=self._audience(audience))

    def as_retriever(
        self, *, k: int | None = None, audience: Groups = PUBLIC
    ) -> "PassageRetriever":
        """Return a llama-index retriever of the *k* best passages."""
        from footnote_qa.bot.engine import PassageRetriever  # noqa: PLC0415 - imports llama-index

        most = self.settings.search.k if k is None else k
        return PassageRetriever(self.index, k=most, audience=self._audience(audience))

    @property
    def index(self) -> "LiveIndex":
        """The index in use, opened; a new generation is taken up by the next search."""
        with self._lock:
            self._refuse_if_closed()
            if self._index is None:
                index = composition.live_index(self.settings)
                self._open.enter_context(composition.following(self.settings, index))
                self._index = index
            return self._index

    @property
    def engine(self) -> "AnswerEngine":
        """The query engine, opened."""
        with self._lock:
            self._refuse_if_closed()
            if self._engine is None:
                composition.read_ahead(self.settings)
                self._engine = composition.engine(self.settings, self.index)
            return self._engine

    def close(self) -> None:
        """Let go of the index; a question that is being answered still ends."""
        with self._lock:
            self._is_closed = True
            self._index = self._engine = None
            self._open.close()

    def _question(self, question: str | Question, audience: Groups) -> Question:
        if isinstance(question, Question):
            if audience != PUBLIC:
                raise QuestionError("a Question has its own audience: give it there")
            asked = replace(question, audience=self._audience(question.audience))
        elif isinstance(question, str):
            asked = Question(text=question, audience=self._audience(audience))
        else:
            raise QuestionError(f"a question is a text, not {type(question).__name__}")
        if not asked.text.strip():
            raise QuestionError("there is no question: its text is empty")
        return asked

    def _audience(self, groups: Groups) -> Audience:
        """Return the groups; those of a person, `email:…`, are looked up beside the index."""
        if groups is None:
            return None
        if isinstance(groups, str):
            raise QuestionError(f"an audience is a list of groups: write [{groups!r}]")
        named = frozenset(groups)
        people = [one.removeprefix("email:") for one in named if one.startswith("email:")]
        return named | self.index.access.groups_of(people) if people else named

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise ClosedError("this Footnote was closed: make another one")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.close)
