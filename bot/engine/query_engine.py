"""The engine as a LlamaIndex query engine."""

from collections.abc import Sequence

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.schema import NodeWithScore, QueryBundle

from footnote_qa.bot.engine.answer_engine import AnswerEngine, run
from footnote_qa.bot.engine.retriever import (
    AudienceBundle,
    PassageRetriever,
    audience_of,
    response_of,
    result_of,
)
from footnote_qa.bot.types import Question
from footnote_qa.index.types import Audience


class FootnoteQueryEngine(BaseQueryEngine):
    """Answers the queries of LlamaIndex, and cites as nodes what the stored text supports.

    Args:
        engine: Answers.
        audience: Of a query that has none of its own.
    """

    def __init__(self, engine: AnswerEngine, *, audience: Audience = frozenset()) -> None:
        super().__init__(None)
        self._engine, self._audience = engine, audience
        self._retriever = PassageRetriever(engine.searcher, k=engine.k, audience=audience)

    def _query(self, query_bundle: QueryBundle) -> Response:
        return run(self._aquery(query_bundle))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        question = Question(
            text=query_bundle.query_str, audience=audience_of(query_bundle, self._audience)
        )
        return response_of(*await self._engine.answer_from(question, None))

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
        return run(self.asynthesize(query_bundle, nodes, additional_source_nodes))

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
        return response_of(*await self._engine.answer_from(question, found))

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}


def bundle(question: Question) -> AudienceBundle:
    """Return *question* for llama-index, with its audience and without its history."""
    return AudienceBundle(query_str=question.text, audience=question.audience)
