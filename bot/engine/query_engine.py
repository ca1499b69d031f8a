"""The LlamaIndex query engine: search, draft, check, cite."""

import asyncio
import contextvars
import logging
import re
import secrets
import time
from collections.abc import AsyncGenerator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from bot.citations import Proves, disagreements
from bot.engine.context import show
from bot.engine.query_rewriting import standalone
from bot.engine.retriever import (
    AudienceBundle,
    PassageRetriever,
    audience_of,
    response_of,
    result_of,
)
from bot.engine.small_talk import reply_to
from bot.engine.synthesis import AnswerSynthesizer, Result, Room
from bot.llm import ModelSession, Portfolio
from bot.types import LABEL, Answer, Answerer, Question, Status, Usage
from index.errors import IndexingError
from index.search import reading_note
from index.types import Passage, Searcher, SearchResult

log = logging.getLogger(__name__)

NEAREST = 3
_DEEPER = 2  # times as many passages are searched: some may say the same as others
LEAST_COSINE = 0.25
"""Passages with a lower similarity to the question are not shown as related."""
ASK_SOMETHING = "Ask a question, for example: How many days of leave do I have?"
NOT_FOUND = "I found no passage that answers this."
NO_DOCUMENT = "No document mentions"
UNSUPPORTED = "The drafted answer is not supported by the documents, so it is not shown."
CUT = "This is the beginning: {count} more in the source."
PARTIAL = "The documents do not answer every part of the question."
OWN_WORDS = "These are the documents' own words."
NO_OWN_WORDS = "No passage contains the answer word for word."
WORDS_ONLY = "For now the index is searched by words only; its vectors are still being computed."
UNREACHABLE = "The language model could not be reached."
OVER_BUDGET = "Today's budget for language models is used up."
FAILED = "Something went wrong. Try again; if it keeps failing, report the reference {reference}."

T = TypeVar("T")


class FootnoteQueryEngine(BaseQueryEngine):
    """Answers from the index, and shows only what the stored text supports.

    Args:
        searcher: Finds passages.
        portfolio: The models that may be asked; it may be empty.
        fallback: Drafts the answer if none of the models can be used.
        k: How many passages an answerer sees at most.
        proves: Compares the meaning of a sentence and its evidence; None compares words only.
        room: How many tokens of passages are handed over.
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
    ) -> None:
        super().__init__(None)
        self._room = room
        self._searcher = searcher
        self._portfolio = portfolio
        self._fallback = fallback
        self._k = k
        self._proves = proves
        self._retriever = PassageRetriever(searcher, k=k)

    @property
    def portfolio(self) -> Portfolio:
        """The models that may be asked."""
        return self._portfolio

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

    async def astream(self, question: Question) -> AsyncGenerator[str | Answer]:
        """Yield each piece of the answer once it is checked, and the answer last.

        The pieces joined are the answer's text: text already shown is never taken back.

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
        answer = _answer(Status.NOT_FOUND, message=ASK_SOMETHING)
        async with aclosing(self._guarded(question, found, stream=False)) as events:
            async for event in events:
                if isinstance(event, SearchResult):
                    found = event
                elif isinstance(event, Answer):
                    answer = event
        return answer, found

    async def _guarded(
        self, question: Question, found: SearchResult | None, *, stream: bool
    ) -> AsyncGenerator[str | SearchResult | Answer]:
        """Yield the passages, the sentences and the answer; this is the outermost edge."""
        started = time.perf_counter()
        if not question.text.strip():
            yield _answer(Status.NOT_FOUND, message=ASK_SOMETHING)
            return
        if reply := reply_to(question.text):
            yield replace(_dated(_answer(Status.CHAT, message=reply), None, started), text=reply)
            return
        answer = _answer(Status.NOT_FOUND, message=NOT_FOUND)
        try:
            async for event in self._events(question, found, stream=stream):
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
            answer = _failed(reference)
        answer = _dated(answer, found, started)
        log.info("question answered", extra={"status": str(answer.status), "ms": answer.ms})
        yield answer

    async def _events(
        self, question: Question, found: SearchResult | None, *, stream: bool
    ) -> AsyncGenerator[str | SearchResult | Answer]:
        session = await ModelSession.begin(self._portfolio, question)
        asked = await standalone(question, session)
        if found is None:
            found = await asyncio.to_thread(
                self._searcher.search, asked.text, k=_DEEPER * self._k, audience=question.audience
            )
        deep, found = found.passages, replace(found, passages=found.passages[: self._k])
        yield found
        if not found.passages:
            return
        # Reads the sections from the disk
        shown = await asyncio.to_thread(show, deep, question=asked.text, most=self._k)
        asked = replace(asked, text=found.question or asked.text, unknown=found.unknown)
        answering = AnswerSynthesizer(
            asked, shown, session, self._fallback, proves=self._proves, room=self._room
        )
        async with aclosing(answering.events(stream=stream)) as events:
            async for event in events:
                yield _made(event, found, session) if isinstance(event, Result) else event

    def _query(self, query_bundle: QueryBundle) -> Response:
        return _run(self._aquery(query_bundle))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        question = Question(text=query_bundle.query_str, audience=audience_of(query_bundle))
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
        question = Question(text=query_bundle.query_str, audience=audience_of(query_bundle))
        found = result_of([*nodes, *(additional_source_nodes or ())])
        return response_of(*await self._whole(question, found))

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def bundle(question: Question) -> AudienceBundle:
    """Return *question* for llama-index, with its audience and without its history."""
    return AudienceBundle(query_str=question.text, audience=question.audience)


def _made(result: Result, found: SearchResult, session: ModelSession) -> Answer:
    """Return the answer, with notes on how it was made."""
    checked = result.checked
    if checked.citations:
        status, notes = Status.ANSWERED, [OWN_WORDS] if result.fell_back else []
    elif result.said_something:
        status, notes = Status.UNSUPPORTED, [UNSUPPORTED]
    else:
        status, notes = Status.NOT_FOUND, [_refusal(result)]
    if result.left_out and checked.citations:
        notes.append(CUT.format(count=result.left_out))
    if checked.citations and result.is_partial:
        notes.append(PARTIAL)
    notes += disagreements(checked.citations, found.passages)
    if result.fell_back:
        notes.insert(0, OVER_BUDGET if session.over_budget else UNREACHABLE)
    return replace(
        _answer(status, message=" ".join([*notes, *session.notes])),
        text=checked.text,
        citations=checked.citations,
        nearest=() if checked.citations else _nearest(found.passages),
        answerer=result.answerer,
        usage=session.usage,
        confidence=result.confidence,
        highlights=_places(result.points_at, checked.text),
        blocks=checked.parts,
    )


def _refusal(result: Result) -> str:
    """Return the explanation for an answer without text."""
    if result.missing:
        return f"{NO_DOCUMENT} {_joined(result.missing)}."
    return NO_OWN_WORDS if result.fell_back else NOT_FOUND


def _joined(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _nearest(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the best passage and similar ones, to show when there is no answer.

    They cannot read their sections any more: an answer is plain data that can be stored.
    """
    near = (one for one in passages[1:] if one.cosine is None or one.cosine >= LEAST_COSINE)
    return tuple(replace(one, around=None) for one in (*passages[:1], *near)[:NEAREST])


def _places(words: Sequence[str], text: str) -> tuple[tuple[int, int], ...]:
    """Return where the *words* of each sentence are in *text*; the sentences are in order.

    >>> _places(["30 days", "3"], "There are 30 days [1]. They last until 3 May [3].")
    ((10, 17), (39, 40))
    """
    unlabelled = LABEL.sub(lambda label: " " * len(label.group()), text)
    found: list[tuple[int, int]] = []
    after = 0
    for one in filter(None, words):
        whole = re.compile(rf"(?<!\w){re.escape(one)}(?!\w)").search(unlabelled, after)
        start = whole.start() if whole else unlabelled.find(one, after)
        if start >= 0:
            after = start + len(one)
            found.append((start, after))
    return tuple(found)


def _answer(status: Status, *, message: str) -> Answer:
    return Answer(
        status=status,
        text="",
        citations=(),
        nearest=(),
        message=message,
        reference="",
        generation="",
        indexed_at=None,
        answerer="",
        usage=Usage(),
        ms=0.0,
    )


def _failed(reference: str) -> Answer:
    answer = _answer(Status.FAILED, message=FAILED.format(reference=reference))
    return replace(answer, reference=reference)


def _dated(answer: Answer, result: SearchResult | None, started: float) -> Answer:
    if result is not None and result.generation:
        answer = replace(answer, generation=result.generation, indexed_at=result.created_at)
        if result.lexical_only:
            answer = replace(answer, message=f"{answer.message} {WORDS_ONLY}".strip())
        answer = _as_read(answer, result)
    return replace(answer, ms=round((time.perf_counter() - started) * 1000, 1))


def _as_read(answer: Answer, result: SearchResult) -> Answer:
    """Return *answer* with the words that were searched instead of those of the question."""
    suggestions = () if answer.status is Status.ANSWERED else result.suggestions
    read = replace(result, suggestions=suggestions)
    return replace(
        answer,
        message=f"{answer.message} {reading_note(read)}".strip(),
        corrections=result.corrections,
        suggestions=suggestions,
    )


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in a separate thread if this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, asyncio.run, coroutine).result()
