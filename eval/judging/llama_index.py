"""LlamaIndex evaluators on our engine, and our judge as one of them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.response.schema import Response
from llama_index.core.evaluation import BaseEvaluator, EvaluationResult
from llama_index.core.prompts.mixin import PromptDictType
from llama_index.core.schema import QueryBundle

from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.types import Messages, Usage
from footnote_qa.eval.errors import JudgementError
from footnote_qa.eval.judging.judge import Exhibit, judge
from footnote_qa.eval.types import Case, Complete
from footnote_qa.prompts import load


class Replying(Protocol):
    """A model that answers messages, like the models of the portfolio."""

    def reply(self, messages: Messages, *, stream: bool) -> AsyncIterator[str | Usage]:
        """Yield the parts of the reply, then its usage."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Completing:
    """Wraps a model as a function from one prompt to its complete reply.

    Attributes:
        name: As the record of a run names it.
        model: The model.
    """

    name: str
    model: Replying

    async def __call__(self, prompt: str) -> str:
        """Send *prompt*; return the complete reply.

        Raises:
            JudgementError: There is no reply.
        """
        messages = Messages(system=load("json-reply").render(), user=prompt)
        try:
            parts = [part async for part in self.model.reply(messages, stream=False)]
        except AnswererError as error:
            raise JudgementError(f"no reply: {error}") from error
        return "".join(part for part in parts if isinstance(part, str))


class StrictEvaluator(BaseEvaluator):
    """Our judge as a LlamaIndex evaluator: a reply that is not a judgement is an invalid result.

    Args:
        criterion: "faithfulness", "relevancy" or "correctness".
        complete: Sends a prompt to the judge.
        passing: Lowest score that passes, from 0 to 1.
    """

    def __init__(self, criterion: str, complete: Complete, *, passing: float = 0.6) -> None:
        self._criterion = criterion
        self._complete = complete
        self._passing = passing

    def _get_prompts(self) -> PromptDictType:
        return {}

    def _update_prompts(self, prompts_dict: PromptDictType) -> None:
        """Change nothing: our prompts are files, each with a digest in the record of a run."""

    async def aevaluate(
        self,
        query: str | None = None,
        response: str | None = None,
        contexts: Sequence[str] | None = None,
        *,
        reference: str | None = None,
        **_: Any,  # noqa: ANN401 - further arguments that llama-index passes to evaluators
    ) -> EvaluationResult:
        """Judge one answer."""
        exhibit = Exhibit(
            question=query or "",
            answer=response or "",
            sources=tuple(contexts or ()),
            expected=reference,
        )
        try:
            found = await judge(self._criterion, exhibit, self._complete)
        except JudgementError as error:
            return _invalid(query, response, str(error))
        if found is None:
            return _invalid(query, response, "some of the data that the judge needs is not known")
        return EvaluationResult(
            query=query,
            response=response,
            contexts=contexts,
            passing=found.share >= self._passing,
            score=found.share,
            feedback=found.reason,
        )


async def evaluate(
    engine: BaseQueryEngine,
    evaluators: Mapping[str, BaseEvaluator],
    cases: Sequence[Case],
) -> dict[str, dict[str, float]]:
    """Ask *engine* each question and let LlamaIndex evaluators score the answers.

    Returns:
        Scores by evaluator, by id of the question; results that are invalid or without a score
        are absent. If an evaluator raises, only that score is left out.
    """
    scores: dict[str, dict[str, float]] = {}
    for case in cases:
        response = await engine.aquery(QueryBundle(case.question))
        if not isinstance(response, Response):
            raise TypeError(f"the engine streams ({type(response).__name__}): nothing to evaluate")
        reference = case.answers[0] if case.answers else None
        found = {}
        for name, evaluator in evaluators.items():
            try:
                result = await evaluator.aevaluate_response(
                    query=case.question, response=response, reference=reference
                )
            except ValueError:  # evaluators raise it if an input is missing
                continue
            if not result.invalid_result and result.score is not None:
                found[name] = float(result.score)
        scores[case.id] = found
    return scores


def _invalid(query: str | None, response: str | None, reason: str) -> EvaluationResult:
    return EvaluationResult(
        query=query, response=response, invalid_result=True, invalid_reason=reason
    )
