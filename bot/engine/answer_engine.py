"""The engine: search, draft, check, cite. It needs no llama-index."""

import asyncio
import contextvars
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from footnote_qa.bot.citations import Proves
from footnote_qa.bot.engine import answers
from footnote_qa.bot.engine.question_run import EngineParts, QuestionRun
from footnote_qa.bot.engine.small_talk import reply_to
from footnote_qa.bot.engine.synthesis import Room
from footnote_qa.bot.llm import ModelSession, Portfolio
from footnote_qa.bot.trace import Step, Trace
from footnote_qa.bot.types import Answer, Answerer, Question, Status
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.types import Searcher, SearchResult

log = logging.getLogger(__name__)

T = TypeVar("T")
Export = Callable[[Trace, Question, Answer], None]


class AnswerEngine:
    """Answers from the index, and shows only what the stored text supports.

    Args:
        searcher: Finds passages.
        portfolio: The models that may be asked; it may be empty.
        fallback: Drafts the answer if none of the models can be used.
        k: How many passages an answerer sees at most.
        proves: Compares the meaning of a sentence and its evidence; None compares words only.
        room: How many tokens of passages are handed over.
        export: Called with the steps of each question and its answer; None for nothing.
    """

    def __init__(  # noqa: PLR0913 - its parts, passed in once
        self,
        searcher: Searcher,
        portfolio: Portfolio,
        *,
        fallback: Answerer,
        k: int,
        proves: Proves | None = None,
        room: Room = Room(),  # noqa: B008 - frozen
        export: Export | None = None,
    ) -> None:
        self._parts = EngineParts(
            searcher=searcher,
            portfolio=portfolio,
            fallback=fallback,
            k=k,
            proves=proves,
            room=room,
        )
        self._export = export

    @property
    def searcher(self) -> Searcher:
        """The search of passages."""
        return self._parts.searcher

    @property
    def k(self) -> int:
        """How many passages an answerer sees at most."""
        return self._parts.k

    @property
    def portfolio(self) -> Portfolio:
        """The models that may be asked."""
        return self._parts.portfolio

    def ask(self, question: Question) -> Answer:
        """Answer a question; works inside a running event loop too.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        return run(self.aask(question))

    async def aask(self, question: Question) -> Answer:
        """Answer a question; errors other than those below become `Status.FAILED`.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        return (await self.answer_from(question, None))[0]

    async def astream(self, question: Question) -> AsyncGenerator[str | Step | Answer]:
        """Yield each piece of the answer once it is checked, and the answer last.

        Further searches, and documents that are read, are yielded as steps before the answer. The
        pieces joined are the answer's text: text already shown is never taken back.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        async with aclosing(self._guarded(question, None, stream=True)) as events:
            async for event in events:
                if not isinstance(event, SearchResult):
                    yield event

    async def answer_from(
        self, question: Question, found: SearchResult | None
    ) -> tuple[Answer, SearchResult | None]:
        """Return the answer and the passages it was made from; None searches for them."""
        answer = answers.blank(Status.NOT_FOUND, message=answers.ASK_SOMETHING)
        async with aclosing(self._guarded(question, found, stream=False)) as events:
            async for event in events:
                if isinstance(event, SearchResult):
                    found = event
                elif isinstance(event, Answer):
                    answer = event
        return answer, found

    async def _guarded(
        self, question: Question, found: SearchResult | None, *, stream: bool
    ) -> AsyncGenerator[str | Step | SearchResult | Answer]:
        """Yield the passages, the sentences and the answer; this is the outermost edge."""
        started = time.perf_counter()
        if not question.text.strip():
            yield answers.blank(Status.NOT_FOUND, message=answers.ASK_SOMETHING)
            return
        if reply := reply_to(question.text):
            answer = answers.blank(Status.CHAT, message=reply)
            yield replace(answers.dated(answer, None, started), text=reply)
            return
        answer = answers.blank(Status.NOT_FOUND, message=answers.NOT_FOUND)
        trace = Trace()
        try:
            session = await ModelSession.begin(self._parts.portfolio, question, trace)
            run = QuestionRun(self._parts, session)
            async for event in run.events(found, stream=stream):
                if isinstance(event, Answer):
                    answer = event
                    continue
                found = event if isinstance(event, SearchResult) else found
                yield event
        except IndexingError:
            raise
        except Exception:  # the outermost edge: every question gets a reply
            reference = secrets.token_hex(4)
            log.exception("question failed", extra={"reference": reference})
            answer = answers.failed(reference)
        answer = replace(answers.dated(answer, found, started), trace=tuple(trace.steps))
        log.info("question answered", extra={"status": str(answer.status), "ms": answer.ms})
        if self._export is not None:
            self._export(trace, question, answer)
        yield answer


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a separate thread if this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, asyncio.run, coroutine).result()
