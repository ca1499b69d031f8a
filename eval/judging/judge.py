"""Score answers with a model as the judge; a reply that is not a judgement gives no score."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footnote_qa.eval.errors import JudgementError
from footnote_qa.eval.metrics import Metric, Summary, metrics_of, summaries
from footnote_qa.eval.runs import Asked, RunRecord
from footnote_qa.eval.types import Complete
from footnote_qa.prompts import load

CRITERIA = ("faithfulness", "relevancy", "correctness")
WORST, BEST = 1, 4
PARALLEL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """An answer to be judged.

    Attributes:
        question: The question.
        answer: The answer.
        sources: The texts that the answer is based on.
        expected: A right answer; None if none is known.
    """

    question: str
    answer: str
    sources: tuple[str, ...] = ()
    expected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A judge's score and reason.

    Attributes:
        score: From 1, no, to 4, yes.
        reason: In one sentence.
    """

    score: int
    reason: str

    @property
    def share(self) -> float:
        """The score, scaled to 0 to 1."""
        return (self.score - WORST) / (BEST - WORST)


def read_judgement(reply: str) -> Judgement:
    """Read a judge's reply: one JSON object with a reason and an integer score, and nothing else.

    Raises:
        JudgementError: It is anything else, such as prose with a "yes" somewhere in it.

    >>> read_judgement('{"reason": "All of it is there.", "score": 4}').share
    1.0
    """
    try:
        said = json.loads(reply)
    except ValueError as error:
        raise JudgementError(f"the judge's reply is not JSON: {reply[:80]!r}") from error
    if not isinstance(said, dict) or said.keys() != {"reason", "score"}:
        raise JudgementError(f"the judge's reply has other keys: {reply[:80]!r}")
    score, reason = said["score"], said["reason"]
    # True is an int in Python, but not a score.
    if type(score) is not int or not WORST <= score <= BEST or not isinstance(reason, str):
        raise JudgementError(f"the judge's score is not from {WORST} to {BEST}: {reply[:80]!r}")
    return Judgement(score=score, reason=reason)


def prompt_for(criterion: str, exhibit: Exhibit) -> str | None:
    """Return the prompt for a judge; None if some of the data it needs is not known."""
    # JSON strings: a text cannot end its own quotation and give the judge instructions.
    known = {"question": exhibit.question, "answer": exhibit.answer, "expected": exhibit.expected}
    values = {name: json.dumps(text, ensure_ascii=False) for name, text in known.items()}
    values["sources"] = json.dumps(exhibit.sources, ensure_ascii=False)
    prompt = load(f"judge-{criterion}")
    if ("expected" in prompt.values and exhibit.expected is None) or (
        "sources" in prompt.values and not exhibit.sources
    ):
        return None
    return prompt.render(**{name: values[name] for name in prompt.values})


async def judge(criterion: str, exhibit: Exhibit, complete: Complete) -> Judgement | None:
    """Ask a judge; None if some of the data it needs is not known.

    Raises:
        JudgementError: The reply is not a judgement.
    """
    prompt = prompt_for(criterion, exhibit)
    return None if prompt is None else read_judgement(await complete(prompt))


async def judge_run(
    record: RunRecord, complete: Complete, *, by: str, parallel: int = PARALLEL
) -> tuple[RunRecord, list[str]]:
    """Judge every answer of a run; answers that could not be judged stay without a score.

    Args:
        record: The run.
        complete: Sends a prompt to the judge.
        by: The judge's name in the record.
        parallel: How many answers are judged at the same time.

    Returns:
        The run with this judge's scores in place of an earlier judge's, and their means; and one
        reason for each judgement that could not be made.
    """
    gate = asyncio.Semaphore(parallel)
    untaken: list[str] = []

    async def judged(asked: Asked) -> Asked:
        async with gate:
            return await _judged(asked, complete, untaken)

    questions = await asyncio.gather(*map(judged, record.questions))
    prompts = {name: load(f"judge-{name}").digest for name in CRITERIA}
    metrics = metrics_of(record.settings)
    told = {"model": by, "prompts": prompts, "untaken": len(untaken)}
    judged_run = record.model_copy(
        update={
            "questions": tuple(questions),
            "metrics": summaries([asked.values for asked in questions], metrics),
            "tags": _by_tag(questions, metrics),
            "settings": {**record.settings, "judge": told},
        }
    )
    return judged_run, untaken


async def _judged(asked: Asked, complete: Complete, untaken: list[str]) -> Asked:
    # Scores of two judges must not be mixed in one mean
    asked = asked.model_copy(
        update={"scores": _unjudged(asked.scores), "values": _unjudged(asked.values)}
    )
    if asked.status != "answered" or not asked.answer:
        return asked
    exhibit = Exhibit(
        question=asked.question,
        answer=asked.answer,
        sources=tuple(cited.quote for cited in asked.citations),
        expected=asked.answers[0] if asked.answers else None,
    )
    scores = {}
    for criterion in CRITERIA:
        try:
            found = await judge(criterion, exhibit, complete)
        except JudgementError as error:
            untaken.append(f"{asked.id}, {criterion}: {error}")
            continue
        if found:
            scores[criterion] = found.share
    return asked.model_copy(
        update={"scores": asked.scores | scores, "values": asked.values | scores}
    )


def _unjudged(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: score for name, score in scores.items() if name not in CRITERIA}


def _by_tag(
    questions: Sequence[Asked], metrics: Mapping[str, Metric]
) -> dict[str, dict[str, Summary]]:
    tags = sorted({tag for asked in questions for tag in asked.tags})
    return {tag: summaries([a.values for a in questions if tag in a.tags], metrics) for tag in tags}
