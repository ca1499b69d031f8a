"""Measure how well a judge's scores, or our metrics, agree with human labels."""

import asyncio
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from footnote_qa.eval.errors import JudgementError, RunError
from footnote_qa.eval.judging.judge import CRITERIA, PARALLEL, Exhibit, judge
from footnote_qa.eval.metrics import Numbers, f1, rouge_l, share_held
from footnote_qa.eval.types import Complete

LABELS = {
    "faithfulness": "faithfulness",
    "relevancy": "appropriateness",
    "correctness": "completeness",
}
"""For each criterion, the closest question that people were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An answer that people have judged.

    Attributes:
        exhibit: The answer, its question and its sources.
        labels: Median of people's labels, from 1 to 4, by the name of the question they were asked.
    """

    exhibit: Exhibit
    labels: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How well scores follow labels.

    Attributes:
        spearman: Rank correlation, from -1 to 1; None if one side never changes.
        kappa: Cohen's kappa with quadratic weights, for scores rounded to the labels' four steps;
            None for scores on another scale.
        n: How many answers have both.
    """

    spearman: float | None
    kappa: float | None
    n: int


class _Annotations(BaseModel):
    model_config = ConfigDict(extra="ignore")

    task_id: str
    model_id: str
    model_response: str
    annotations: dict[str, dict[str, dict[str, object]]]


class _Text(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str
    speaker: str = ""
    document_id: str = ""


class _Task(BaseModel):
    model_config = ConfigDict(extra="ignore")

    task_id: str
    input: list[_Text]
    contexts: list[dict[str, object]] = []
    targets: list[_Text] = []


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")

    documents: list[_Text]
    tasks: list[_Task]
    evaluations: list[_Annotations]


def load_labelled(path: Path) -> list[Labelled]:
    """Read answers with human labels, in the shape of the MTRAG benchmark's human evaluations.

    Raises:
        RunError: The file has another form.
    """
    try:
        file = _File.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise RunError(f"{path} has no human evaluations in the form of MTRAG's") from error
    texts = {document.document_id: document.text for document in file.documents}
    tasks = {task.task_id: task for task in file.tasks}
    found = []
    for rated in file.evaluations:
        task = tasks[rated.task_id]
        ids = [str(context.get("document_id")) for context in task.contexts]
        exhibit = Exhibit(
            question="\n".join(f"{turn.speaker}: {turn.text}" for turn in task.input),
            answer=rated.model_response,
            sources=tuple(texts[id_] for id_ in ids if id_ in texts),
            # The reference answer is among those judged; it cannot be compared with itself.
            expected=task.targets[0].text
            if task.targets and rated.model_id != "reference"
            else None,
        )
        found.append(Labelled(exhibit=exhibit, labels=_medians(rated)))
    return found


async def judge_agreement(
    labelled: Sequence[Labelled], complete: Complete, *, parallel: int = PARALLEL
) -> tuple[dict[str, Agreement], list[str]]:
    """Return a judge's agreement with people, by criterion, and the reasons for missing scores."""
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in CRITERIA}
    untaken: list[str] = []
    gate = asyncio.Semaphore(parallel)

    async def compare(one: Labelled, criterion: str) -> None:
        label = one.labels.get(LABELS[criterion])
        if label is None:
            return
        try:
            async with gate:
                found = await judge(criterion, one.exhibit, complete)
        except JudgementError as error:
            untaken.append(f"{criterion}: {error}")
            return
        if found:
            pairs[criterion].append((float(found.score), label))

    await asyncio.gather(*(compare(one, criterion) for one in labelled for criterion in LABELS))
    return {name: agreement(found, same_scale=True) for name, found in pairs.items()}, untaken


def metric_agreement(labelled: Sequence[Labelled]) -> dict[str, Agreement]:
    """Return how well scores without a model agree with people.

    Words of the answer that are in its sources are compared with faithfulness, and overlap with
    the reference answer with completeness. It needs no model, so it runs anywhere.
    """
    pairs: dict[str, list[tuple[float, float]]] = {
        "held by sources, faithfulness": [],
        "rouge_l, completeness": [],
        "f1, completeness": [],
    }
    for one in labelled:
        said, right = one.exhibit.answer, one.exhibit.expected
        if one.exhibit.sources and "faithfulness" in one.labels:
            held = share_held(said, " ".join(one.exhibit.sources))
            pairs["held by sources, faithfulness"].append((held, one.labels["faithfulness"]))
        if right is not None and "completeness" in one.labels:
            label = one.labels["completeness"]
            pairs["rouge_l, completeness"].append((rouge_l(said, [right]), label))
            pairs["f1, completeness"].append((f1(said, [right]), label))
    return {name: agreement(found, same_scale=False) for name, found in pairs.items()}


def agreement(pairs: Sequence[tuple[float, float]], *, same_scale: bool) -> Agreement:
    """Return how well the first value of each pair follows the second."""
    values = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    scores, labels = values[:, 0], values[:, 1]
    moves = len(values) > 1 and np.ptp(scores) > 0 and np.ptp(labels) > 0
    return Agreement(
        spearman=float(np.corrcoef(_ranks(scores), _ranks(labels))[0, 1]) if moves else None,
        kappa=quadratic_kappa(scores, labels) if same_scale and moves else None,
        n=len(values),
    )


def quadratic_kappa(scores: Numbers, labels: Numbers) -> float:
    """Return Cohen's kappa with quadratic weights over the four steps from 1 to 4.

    `1 - sum(w * observed) / sum(w * expected)` with `w = (i - j)^2` (Cohen, 1968).
    """
    one, other = np.rint(scores).astype(int) - 1, np.rint(labels).astype(int) - 1
    observed = np.zeros((4, 4))
    np.add.at(observed, (one, other), 1)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / len(one)
    steps = np.arange(4)
    weights = (steps[:, None] - steps[None, :]) ** 2
    return float(1 - (weights * observed).sum() / (weights * expected).sum())


def _ranks(values: Numbers) -> Numbers:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[places])


def _medians(rated: _Annotations) -> dict[str, float]:
    found = {}
    for name, by_person in rated.annotations.items():
        said = [person.get("value") for person in by_person.values()]
        numbers = [int(value) for value in said if isinstance(value, str) and value.isdigit()]
        if name in LABELS.values() and numbers:
            found[name] = float(statistics.median(numbers))
    return found
