"""The LlamaIndex query engine: search, draft, check, cite."""

import asyncio
import contextvars
import copy
import logging
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Self, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote_qa.bot.citations import Proves
from footnote_qa.bot.engine import answers
from footnote_qa.bot.engine.question_run import EngineParts, QuestionRun
from footnote_qa.bot.engine.retriever import (
    AudienceBundle,
    PassageRetriever,
    audience_of,
    response_of,
    result_of,
)
from footnote_qa.bot.engine.small_talk import reply_to
from footnote_qa.bot.engine.synthesis import Room
from footnote_qa.bot.llm import ModelSession, Portfolio
from footnote_qa.bot.trace import Step, Trace
from footnote_qa.bot.types import Answer, Answerer, Question, Status
from footnote_qa.index.errors import IndexingError
from footnote_qa.index.types import Audience, Searcher, SearchResult

log = logging.getLogger(__name__)

T = TypeVar("T")
Export = Callable[[Trace, Question, Answer], None]


class FootnoteQueryEngine(BaseQueryEngine):
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
        super().__init__(None)
        self._parts = EngineParts(
            searcher=searcher,
            portfolio=portfolio,
            fallback=fallback,
            k=k,
            proves=proves,
            room=room,
        )
        self._export = export
        self._audience: Audience = frozenset()
        self._retriever = PassageRetriever(searcher, k=k)

    def for_audience(self, audience: Audience) -> Self:
        """Return the same engine whose plain queries see the documents of *audience* too."""
        other = copy.copy(self)
        other._audience = audience  # noqa: SLF001 - our own
        other._retriever = PassageRetriever(  # noqa: SLF001
            self._parts.searcher, k=self._parts.k, audience=audience
        )
        return other

    @property
    def portfolio(self) -> Portfolio:
        """The models that may be asked."""
        return self._parts.portfolio

    def ask(self, question: Question) -> Answer:
        """Answer a question; works inside a running event loop too.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        return _run(self.aask(question))

    async def aask(self, question: Question) -> Answer:
        """Answer a question; errors other than those below become `Status.FAILED`.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        return (await self._whole(question, None))[0]

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

    async def _whole(
        self, question: Question, found: SearchResult | None
    ) -> tuple[Answer, SearchResult | None]:
        """Return the answer and the passages it was made from."""
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

    def _query(self, query_bundle: QueryBundle) -> Response:
        return _run(self._aquery(query_bundle))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        question = Question(
            text=query_bundle.query_str, audience=audience_of(query_bundle, self._audience)
        )
        return response_of(*await self._whole(question, None))

    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the passages for the query as nodes, best first."""
        return self._retriever.retrieve(query_bundle)

    async def aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the passages for the query as nodes, best first."""
        return await self._retriever.aretrieve(query_bundle)

    def synthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> Response:
        """Answer from these nodes; the additional ones are cited like the others."""
        return _run(self.asynthesize(query_bundle, nodes, additional_source_nodes))

    async def asynthesize(
        self,
        query_bundle: QueryBundle,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
    ) -> Response:
        """Answer from these nodes; the additional ones are cited like the others."""
        question = Question(
            text=query_bundle.query_str, audience=audience_of(query_bundle, self._audience)
        )
        found = result_of([*nodes, *(additional_source_nodes or ())])
        return response_of(*await self._whole(question, found))

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def bundle(question: Question) -> AudienceBundle:
    """Return *question* for llama-index, with its audience and without its history."""
    return AudienceBundle(query_str=question.text, audience=question.audience)


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in a separate thread if this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, asyncio.run, coroutine).result()
