"""Catalogue of all metrics: their inputs, which direction is better, and one answer's scores."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from footnote_qa.bot.types import Answer, Status
from footnote_qa.eval.metrics.answers import (
    contains_answer,
    exact_match,
    f1,
    groups_held,
    rouge_l,
    words_of,
)
from footnote_qa.eval.metrics.calibration import SHORT_WORDS, aurc, auroc, loss
from footnote_qa.eval.metrics.citations import (
    TextOf,
    citation_precision,
    citation_recall,
    place_hit,
    quote_verbatim,
    without_labels,
)
from footnote_qa.eval.metrics.retrieval import RETRIEVAL
from footnote_qa.eval.metrics.statistics import (
    Statistic,
    Summary,
    amount,
    mean,
    percentile,
    summary,
)
from footnote_qa.eval.types import Case
from footnote_qa.index.types import Encode

# A block that says where the answer is from, or what follows.
_LEAD_IN = re.compile(r"\s*From [^\n]{1,300}:\s*")

Values = Mapping[str, float]
"""Known values of one question, by name: scores, and inputs of statistics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number over many questions.

    Attributes:
        name: As the record and the tables write it.
        columns: Values of a question that it uses; a question that lacks one is left out.
        statistic: How they become one number.
        lower_is_better: Whether a fall is an improvement.
        margin: How much worse it may become before a comparison fails; None never fails it.
    """

    name: str
    columns: tuple[str, ...]
    statistic: Statistic = field(default=mean)
    lower_is_better: bool = False
    margin: float | None = 0.02


def _means(*names: str, lower: bool = False, margin: float | None = 0.02) -> list[Metric]:
    return [Metric(name=n, columns=(n,), lower_is_better=lower, margin=margin) for n in names]


def _amounts(*names: str) -> list[Metric]:
    return [
        Metric(name=name, columns=(name,), statistic=amount, lower_is_better=True, margin=None)
        for name in names
    ]


def _times(name: str, column: str) -> list[Metric]:
    # Times differ from run to run on one machine, so by default they never fail a comparison.
    return [
        Metric(
            name=f"{name}_p{percent}",
            columns=(column,),
            statistic=percentile(percent),
            lower_is_better=True,
            margin=None,
        )
        for percent in (50, 95)
    ]


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *_means(*RETRIEVAL),
        *_means("complete"),
        *_means("partly", "first", margin=None),
        *_means("wrong", lower=True),
        *_means("exact_match", "f1", "contains_answer", "rouge_l", "embedding_similarity"),
        *_means("citation_precision", "citation_recall", "place_hit"),
        *_means("quote_verbatim", margin=0.0),
        *_means("refusal_recall"),
        *_means("false_refusal", lower=True),
        Metric(name="auroc", columns=("confidence", "answerable"), statistic=auroc),
        Metric(name="aurc", columns=("confidence", "loss"), statistic=aurc, lower_is_better=True),
        # A model's opinion: shown, but never decides a gate alone.
        *_means("faithfulness", "relevancy", "correctness", margin=None),
        *_means("failed", lower=True, margin=0.0),
        Metric(
            name="answer_words_p50",
            columns=("answer_words",),
            statistic=percentile(50),
            lower_is_better=True,
            margin=None,
        ),
        *_times("search_ms", "search_ms"),
        *_times("ms", "ms"),
        *_amounts("input_tokens", "output_tokens", "cost_usd"),
    )
}
"""By name, in display order."""


def summaries(
    rows: Sequence[Values], metrics: Mapping[str, Metric] = METRICS
) -> dict[str, Summary]:
    """Return each metric that has a value for at least one question."""
    found = {}
    for name, metric in metrics.items():
        taken = [
            [row[c] for c in metric.columns] for row in rows if row.keys() >= {*metric.columns}
        ]
        if (value := summary(taken, metric.statistic)) is not None:
            found[name] = value
    return found


def answer_scores(
    case: Case, answer: Answer, *, text_of: TextOf | None = None, encode: Encode | None = None
) -> dict[str, float]:
    """Return all scores of *answer* that can be computed; others are left out.

    Refusing an answerable question counts as an empty answer: its match with a right answer is
    0. A failure is neither an answer nor a refusal, and has no score.

    Args:
        case: The question.
        answer: The answer given.
        text_of: Returns the stored text of a document, None if there is no such document.
        encode: Texts to unit vectors; without it meanings are not compared.
    """
    if answer.status in {Status.FAILED, Status.CHAT}:
        return {}
    # A question back is no answer: where there is one, it counts as refused
    answered = answer.status is Status.ANSWERED
    said = without_labels(answer.text, answer.citations) if answered else ""
    scores: dict[str, float | None] = {
        "false_refusal" if case.answerable else "refusal_recall": float(not answered)
    }
    if case.answerable and case.answers:
        scores |= _match(said, case.answers, encode)
    if case.answerable:
        scores |= _groups(case, said, answered=answered)
    if answered:
        scores["answer_words"] = float(len(said.split()))
        scores |= _cited(case, answer, text_of)
    scores |= _spent(answer)
    return {name: score for name, score in scores.items() if score is not None}


def loss_of(case: Case, answer: Answer | None, scores: Values) -> float | None:
    """Return whether an answer is wrong (1 or 0); None if there is no answer or it is not known."""
    if answer is None or answer.status is not Status.ANSWERED:
        return None
    return loss(dict(scores), answerable=case.answerable, short=bool(_short(case.answers)))


def similarity(said: str, answers: Sequence[str], encode: Encode) -> float:
    """Cosine of *said* and the nearest of *answers*, by the index's own encoder; 0 if empty.

    `max over answers of <e(said), e(answer)>` for unit vectors e; negative values become 0.
    """
    if not said.strip():
        return 0.0
    vectors = encode([said, *answers])
    return max(0.0, float(np.max(vectors[1:] @ vectors[0])))


def _match(said: str, answers: Sequence[str], encode: Encode | None) -> dict[str, float | None]:
    return {
        "exact_match": exact_match(said, answers),
        "f1": f1(said, answers),
        "contains_answer": contains_answer(said, answers),
        "rouge_l": rouge_l(said, answers),
        "embedding_similarity": similarity(said, answers, encode) if encode else None,
    }


def _groups(case: Case, said: str, *, answered: bool) -> dict[str, float]:
    """Scores by the groups of wordings that an answer must hold; empty if the case has none.

    A case without groups has one, its short answers.
    """
    groups = case.must or ((short,) if (short := _short(case.answers)) else ())
    if not groups:
        return {}
    held = groups_held(said, groups) if answered else 0
    first = next((block for block in said.split("\n\n") if not _LEAD_IN.fullmatch(block)), "")
    return {
        "complete": float(held == len(groups)),
        "partly": float(held > 0),
        "wrong": float(answered and not held),
        "first": float(answered and groups_held(first, groups) > 0),
    }


def _short(answers: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in answers if 0 < len(words_of(one)) <= SHORT_WORDS)


def _cited(case: Case, answer: Answer, text_of: TextOf | None) -> dict[str, float | None]:
    cited = answer.citations
    return {
        "citation_precision": citation_precision(cited, case.relevant, text_of),
        "citation_recall": citation_recall(answer.text, cited),
        "place_hit": place_hit(cited, case.relevant) if case.relevant else None,
        "quote_verbatim": quote_verbatim(cited, text_of) if cited and text_of else None,
    }


def _spent(answer: Answer) -> dict[str, float | None]:
    usage = answer.usage
    return {
        "input_tokens": float(usage.input_tokens),
        "output_tokens": float(usage.output_tokens),
        "cost_usd": None if usage.cost_usd is None else float(usage.cost_usd),
    }
