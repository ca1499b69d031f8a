"""The llama-index query engine: search, draft, check, cite."""

import asyncio
import contextvars
import logging
import secrets
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from bot.citations import check
from bot.errors import AnswererError
from bot.retriever import (
    AudienceBundle,
    PassageRetriever,
    audience_of,
    chunk_node,
    passages_of,
)
from bot.showing import show
from bot.types import (
    Answer,
    Answerer,
    Citation,
    Draft,
    Question,
    ShownPassage,
    Status,
    Usage,
)
from index.errors import IndexingError
from index.types import Passage, Searcher, SearchResult

log = logging.getLogger(__name__)

NEAREST = 3
ASK_SOMETHING = "Ask a question, for example: How many days of leave do I have?"
NOT_FOUND = "The documents don't say."
UNSUPPORTED = "What was drafted is not supported by the documents, so it is not shown."
UNREACHABLE = "The language model could not be reached; these are the documents' own words."
NOT_FOUND_UNREACHABLE = (
    "The language model could not be reached, and no passage answers this in its own words."
)
FAILED = "This went wrong on our side. Try again; if it goes on, pass on the reference {reference}."

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drafted:
    """A draft, what it was made from, and whether a model failed before."""

    draft: Draft
    shown: tuple[ShownPassage, ...]
    fell_back: bool


class FootnoteQueryEngine(BaseQueryEngine):
    """Answers from the index, and shows only what the stored text supports.

    Args:
        searcher: Finds passages.
        answerers: Asked in this order until one makes a draft.
        fallback: Drafts when all of them failed, or when there are none.
        k: How many passages an answerer sees at most.
    """

    def __init__(
        self,
        searcher: Searcher,
        answerers: Sequence[Answerer],
        *,
        fallback: Answerer,
        k: int,
    ) -> None:
        super().__init__(None)
        self._searcher = searcher
        self._answerers = tuple(answerers)
        self._fallback = fallback
        self._k = k
        self._retriever = PassageRetriever(searcher, k=k)

    def ask(self, question: Question) -> Answer:
        """Answer; also from within a running event loop.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        return _run(self.aask(question))

    async def aask(self, question: Question) -> Answer:
        """Answer, with whatever else goes wrong as `Status.FAILED`.

        Raises:
            IndexingError: If there is no index, or it is damaged.
        """
        return (await self._guarded(question, None))[0]

    async def _guarded(
        self, question: Question, result: SearchResult | None
    ) -> tuple[Answer, SearchResult | None]:
        """Answer from *result*, or from a search of its own; this is the outermost edge."""
        started = time.perf_counter()
        if not question.text.strip():
            return _answer(Status.NOT_FOUND, message=ASK_SOMETHING), None
        try:
            if result is None:
                result = await asyncio.to_thread(
                    self._searcher.search, question.text, k=self._k, audience=question.audience
                )
            answer = await self._answer_from(question, result)
        except IndexingError:
            raise
        except Exception:  # the outermost edge: one question must never end in silence
            reference = secrets.token_hex(4)
            log.exception("question failed", extra={"reference": reference})
            answer = _failed(reference)
        answer = _dated(answer, result, started)
        log.info("question answered", extra={"status": str(answer.status), "ms": answer.ms})
        return answer, result

    async def _answer_from(self, question: Question, result: SearchResult) -> Answer:
        if not result.passages:
            return _answer(Status.NOT_FOUND, message=NOT_FOUND)
        drafted = await self._draft(question, show(result.passages))
        return _checked(drafted)

    async def _draft(self, question: Question, shown: tuple[ShownPassage, ...]) -> _Drafted:
        for answerer in self._answerers:
            try:
                draft = await answerer.draft(question, shown)
            except AnswererError as error:
                log.warning("answerer failed", extra={"reason": str(error)})
            else:
                return _Drafted(draft=draft, shown=shown, fell_back=False)
        draft = await self._fallback.draft(question, shown)
        return _Drafted(draft=draft, shown=shown, fell_back=bool(self._answerers))

    def _query(self, query_bundle: QueryBundle) -> Response:
        return _run(self._aquery(query_bundle))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        question = Question(text=query_bundle.query_str, audience=audience_of(query_bundle))
        return _response(*await self._guarded(question, None))

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
        result = _result_of([*nodes, *(additional_source_nodes or ())])
        return _response(*await self._guarded(question, result))

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def bundle(question: Question) -> AudienceBundle:
    """Return *question* for llama-index, with its audience and without its history."""
    return AudienceBundle(query_str=question.text, audience=question.audience)


def _checked(drafted: _Drafted) -> Answer:
    draft, fell_back = drafted.draft, drafted.fell_back
    checked = check(draft.sentences, drafted.shown)
    if checked.citations:
        answer = replace(
            _answer(Status.ANSWERED, message=UNREACHABLE if fell_back else ""),
            text=checked.text,
            citations=checked.citations,
        )
    elif draft.sentences:
        answer = _answer(Status.UNSUPPORTED, message=UNSUPPORTED)
    else:
        message = NOT_FOUND_UNREACHABLE if fell_back else NOT_FOUND
        answer = _answer(Status.NOT_FOUND, message=message)
    nearest = () if checked.citations else tuple(s.passage for s in drafted.shown[:NEAREST])
    return replace(
        answer,
        nearest=nearest,
        answerer=draft.answerer,
        usage=draft.usage,
        confidence=draft.confidence,
    )


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
    return replace(answer, ms=round((time.perf_counter() - started) * 1000, 1))


def _result_of(nodes: Sequence[NodeWithScore]) -> SearchResult:
    metadata = nodes[0].node.metadata if nodes else {}
    created_at = metadata.get("created_at")
    return SearchResult(
        passages=passages_of(nodes),
        generation=str(metadata.get("generation", "")),
        created_at=(
            datetime.fromisoformat(created_at) if created_at else datetime.fromtimestamp(0, UTC)
        ),
        ms=0.0,
    )


def _response(answer: Answer, result: SearchResult | None) -> Response:
    """Return *answer* as llama-index knows it: one node for each citation, with its exact span."""
    passages = () if result is None else result.passages
    return Response(
        response=answer.text or answer.message,
        source_nodes=[_cited_node(citation, passages) for citation in answer.citations],
        metadata={
            "status": str(answer.status),
            "answer": answer.text,
            "message": answer.message,
            "reference": answer.reference,
            "citations": [_citation_fields(citation) for citation in answer.citations],
            "nearest": [passage.chunk.id for passage in answer.nearest],
            "generation": answer.generation,
            "indexed_at": None if answer.indexed_at is None else answer.indexed_at.isoformat(),
            "answerer": answer.answerer,
        },
    )


def _citation_fields(citation: Citation) -> dict[str, Any]:
    modified_at = citation.modified_at
    return {
        "label": citation.label,
        "document": citation.document,
        "title": citation.title,
        "page": citation.page,
        "heading": list(citation.heading),
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "url": citation.url,
        "modified_at": None if modified_at is None else modified_at.isoformat(),
    }


def _cited_node(citation: Citation, passages: Sequence[Passage]) -> NodeWithScore:
    """Return the quoted part of the passage that the citation comes from."""
    passage = next(
        p
        for p in passages
        if p.chunk.document == citation.document
        and p.chunk.start <= citation.start
        and citation.end <= p.chunk.end
    )
    start, end = citation.start - passage.chunk.start, citation.end - passage.chunk.start
    part = replace(
        passage.chunk,
        start=citation.start,
        end=citation.end,
        text=passage.chunk.text[start:end],
    )
    node = chunk_node(part, label=str(citation.label))
    # Two quotes of one chunk are two nodes, which llama-index tells apart by their ids
    node.id_ = f"{passage.chunk.id}:{citation.start}-{citation.end}"
    return NodeWithScore(node=node, score=passage.fused)


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in a thread of its own if this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, asyncio.run, coroutine).result()
