"""A question set is put to an index and to what answers from it, and everything is scored."""

import json
import logging
import os
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from bot.types import Answer, Citation, Question, Status
from eval.metrics import (
    DEPTH,
    METRICS,
    Spot,
    Summary,
    answer_scores,
    mean_of,
    percentile_of,
    ranking,
    retrieval_scores,
)
from eval.types import Baseline, Case, QuestionSet
from index.types import Searcher, SearchResult

log = logging.getLogger(__name__)

K = 100
"""Passages searched for: enough that they fold to ten documents even where documents are long."""

Ask = Callable[[Question], Awaitable[Answer]]
TextOf = Callable[[str], str | None]
Progress = Callable[[int, int], None]
Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is measured.

    Attributes:
        searcher: Finds passages.
        ask: Answers a question; None measures retrieval alone.
        text_of: Stored text of a document, None if there is no such document; without it quotes
            are not compared, nor is it known which documents the index lacks.
        settings: What a reader of the run must know to repeat it, such as the version of the code
            and the digests of the prompts; recorded as it is.
    """

    searcher: Searcher
    ask: Ask | None = None
    text_of: TextOf | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one question.

    Attributes:
        case: The question.
        found: The first ten documents or pages, best first.
        scores: By metric; one that could not be taken is absent.
        generation: Which the passages came from; "" if the search failed.
        search_ms: How long the search took; None if it failed.
        answer: What was said; None if nobody was asked or asking failed.
        error: What went wrong, as it was raised; "" if nothing did.
    """

    case: Case
    found: tuple[Spot, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    generation: str = ""
    search_ms: float | None = None
    answer: Answer | None = None
    error: str = ""

    @property
    def status(self) -> Status | None:
        """How the question ended; None if nothing was asked."""
        if self.answer:
            return self.answer.status
        return Status.FAILED if self.error else None

    @property
    def ms(self) -> float | None:
        """How long the person waits: for the answer, or for the search if nothing was asked."""
        if self.error:
            return None
        return self.answer.ms if self.answer else self.search_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run found.

    Attributes:
        set: Name of the question set.
        run: Id of the run, the newest last when sorted.
        metrics: By name; one that was taken for no question is absent.
        rows: One for each question asked.
        settings: What the run was made with.
        unknown: Documents that questions name as relevant and the index does not hold, so that
            nothing could find them; empty as well if stored texts are not at hand.
        baselines: What others score on all questions of the set.
    """

    set: str
    run: str
    metrics: Mapping[str, Summary]
    rows: tuple[Row, ...]
    settings: Mapping[str, object]
    unknown: tuple[str, ...] = ()
    baselines: tuple[Baseline, ...] = ()

    @property
    def failed(self) -> int:
        """How many questions could not be measured, or not in full."""
        return sum(bool(row.error) for row in self.rows)


async def run(
    questions: QuestionSet,
    subject: Subject,
    *,
    k: int = K,
    limit: int | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Put *questions* to *subject*, one after the other, so that times are those of one reader.

    A question that fails is kept with its error and counted; what could not be scored of it is
    in no mean.

    Args:
        questions: What is asked.
        subject: What is measured.
        k: How many passages are searched for before they are folded.
        limit: How many questions to take, at even steps; None takes all.
        progress: Called after each question with how many are done and how many there are.
    """
    started_at = datetime.now(UTC)
    cases = at_even_steps(questions.cases, limit)
    rows = []
    for done, case in enumerate(cases, start=1):
        rows.append(await _measure(case, subject, k))
        if progress:
            progress(done, len(cases))
    return RunResult(
        set=questions.name,
        run=_run_id(questions.name, started_at),
        metrics=_summaries(rows),
        rows=tuple(rows),
        settings={
            **subject.settings,
            "set_digest": questions.digest,
            "questions": len(questions.cases),
            "limit": limit,
            "k": k,
            "depth": DEPTH,
            "retrieval_only": subject.ask is None,
            # More than one if a build was promoted while the run went on.
            "generations": sorted({row.generation for row in rows} - {""}),
            "started_at": started_at.isoformat(),
        },
        unknown=_unknown(cases, subject.text_of),
        baselines=questions.baselines,
    )


def at_even_steps(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """Take *limit* cases spread evenly over all of them, always the same ones.

    >>> [case.id for case in at_even_steps([Case(id=c, question=c) for c in "abcdef"], 3)]
    ['a', 'c', 'e']
    """
    if limit is None or limit >= len(cases):
        return list(cases)
    return [cases[i * len(cases) // limit] for i in range(limit)]


def to_json(result: RunResult) -> Json:
    """Return *result* as one object with the keys that the command line promises."""
    return {
        "set": result.set,
        "run": result.run,
        "metrics": {name: asdict(summary) for name, summary in result.metrics.items()},
        "counts": {"questions": len(result.rows), "failed": result.failed},
        "unknown_documents": list(result.unknown),
        "questions": [_row_json(row) for row in result.rows],
        "settings": dict(result.settings),
        "baselines": {baseline.name: dict(baseline.scores) for baseline in result.baselines},
    }


def save(result: RunResult, data_dir: Path) -> Path:
    """Write the record of a run under *data_dir*, whole or not at all; returns its file."""
    folder = data_dir / "runs" / result.run
    folder.mkdir(parents=True)
    text = json.dumps(to_json(result), ensure_ascii=False, allow_nan=False, indent=1)
    unfinished = folder / "run.json.part"
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return unfinished.replace(folder / "run.json")


async def _measure(case: Case, subject: Subject, k: int) -> Row:
    row = Row(case=case)
    try:
        row = _searched(case, subject.searcher.search(case.question, k=k, audience=None))
        return await _asked(row, subject.ask, subject.text_of) if subject.ask else row
    except Exception as error:  # one question must not end the run of all the others
        log.exception("question failed", extra={"question_id": case.id})
        return replace(row, error=f"{type(error).__name__}: {error}")


def _searched(case: Case, result: SearchResult) -> Row:
    spots = ranking(result.passages, case.relevant)
    return Row(
        case=case,
        found=tuple(spots[:DEPTH]),
        scores=retrieval_scores(spots, case.relevant),
        generation=result.generation,
        search_ms=result.ms,
    )


async def _asked(row: Row, ask: Ask, text_of: TextOf | None) -> Row:
    case = row.case
    answer = await ask(Question(text=case.question, audience=None, history=case.history))
    scores = answer_scores(case, answer, text_of=text_of)
    failed = answer.status is Status.FAILED
    return replace(
        row,
        scores={**row.scores, **scores},
        answer=answer,
        error=f"{answer.message} ({answer.reference})" if failed else "",
    )


def _unknown(cases: Sequence[Case], text_of: TextOf | None) -> tuple[str, ...]:
    if text_of is None:
        return ()
    named = {place.document for case in cases for place in case.relevant}
    return tuple(sorted(document for document in named if text_of(document) is None))


def _summaries(rows: Sequence[Row]) -> dict[str, Summary]:
    waits = [row.ms for row in rows if row.ms is not None]
    taken = {
        name: mean_of(row.scores[name] for row in rows if name in row.scores) for name in METRICS
    }
    taken["ms_p50"] = percentile_of(waits, 50)
    taken["ms_p95"] = percentile_of(waits, 95)
    return {name: summary for name, summary in taken.items() if summary}


def _run_id(name: str, started_at: datetime) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    return f"{started_at:%Y%m%dT%H%M%SZ}-{plain}-{secrets.token_hex(2)}"


def _row_json(row: Row) -> Json:
    answer = row.answer
    return {
        "id": row.case.id,
        "question": row.case.question,
        "answerable": row.case.answerable,
        "tags": list(row.case.tags),
        "status": row.status,
        "answer": answer.text if answer else None,
        "citations": _citations_json(answer.citations if answer else ()),
        "relevant": [asdict(place) for place in row.case.relevant],
        "found": [asdict(spot) for spot in row.found],
        "scores": dict(row.scores),
        "ms": row.ms,
        "search_ms": row.search_ms,
        "error": row.error or None,
    }


def _citations_json(citations: Iterable[Citation]) -> list[Json]:
    return [
        {
            "label": citation.label,
            "document": citation.document,
            "page": citation.page,
            "heading": list(citation.heading),
            "start": citation.start,
            "end": citation.end,
            "quote": citation.quote,
        }
        for citation in citations
    ]
