"""Run a question set against an index and an answerer, and score every result."""

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from footnote_qa.bot.types import Answer, Question, Status, Turn
from footnote_qa.eval.metrics import (
    DEPTH,
    Metric,
    OwnMetric,
    Summary,
    TextOf,
    Values,
    answer_scores,
    metrics_of,
    ranking,
    retrieval_scores,
    summaries,
)
from footnote_qa.eval.runs.journal import Journal, case_key, journal_path, open_journal
from footnote_qa.eval.runs.recorder import Recorder, recording
from footnote_qa.eval.runs.row import CONTEXT_CHARS, Around, Row
from footnote_qa.eval.types import Baseline, Case, QuestionSet
from footnote_qa.index.types import Encode, Searcher, SearchResult

log = logging.getLogger(__name__)

K = 100
"""Passages to search for: enough for ten documents, even if the documents are long."""

Ask = Callable[[Question], Awaitable[Answer]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The system to measure.

    Attributes:
        searcher: Finds passages; a `Recorder` that `ask` searches with too saves a second search.
        ask: Answers a question; None measures retrieval alone.
        text_of: Returns the stored text of a document, None if there is no such document. Without
            it quotes are not compared, and documents missing from the index are not reported.
        encode: Texts to unit vectors; without it meanings are not compared.
        generation: The generation to measure; "" takes that of the first question.
        served: Returns the name of the generation in use; None if it is not known.
        rewrite: Makes a follow-up and its history into a search query; None searches for the
            question as it is. Used only when retrieval alone is measured.
        own: Metrics of other packages, which *settings* describe.
        settings: Everything needed to repeat the run, such as the version of the code and the
            digests of the prompts; recorded as it is, and the key under which rows are kept.
    """

    searcher: Searcher
    ask: Ask | None = None
    text_of: TextOf | None = None
    encode: Encode | None = None
    generation: str = ""
    served: Callable[[], str | None] | None = None
    rewrite: Callable[[str, Sequence[Turn]], str] | None = None
    own: Sequence[OwnMetric] = ()
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a run.

    Attributes:
        k: How many passages are searched for before they are reduced to documents.
        limit: How many questions to take, spread evenly; None takes all.
        parallel: How many are asked at the same time; with 1, times are those of a single user.
        journals: Folder in which rows are kept as soon as they are measured; None keeps none.
        name: What the run is called, for people; "" for no name.
        note: What was tried in it, for people.
        progress: Called after each question with how many are done and how many there are.
    """

    k: int = K
    limit: int | None = None
    parallel: int = 1
    journals: Path | None = None
    name: str = ""
    note: str = ""
    progress: Progress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The results of a run.

    Attributes:
        set: Name of the question set.
        run: Id of the run; ids sort by time.
        metrics: By name; one without a value for any question is absent.
        tags: The same for the questions of each tag.
        rows: One for each question asked.
        settings: The settings of the run.
        reused: How many rows were taken from earlier runs with the same index and settings.
        unknown: Relevant documents that are not in the index, so that nothing could find them;
            also empty if stored texts are not available.
        baselines: Other systems' scores on all questions of the set.
        name: What the run is called, for people.
        note: What was tried in it, for people.
    """

    set: str
    run: str
    metrics: Mapping[str, Summary]
    tags: Mapping[str, Mapping[str, Summary]]
    rows: tuple[Row, ...]
    settings: Mapping[str, object]
    reused: int = 0
    unknown: tuple[str, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    name: str = ""
    note: str = ""

    @property
    def failed(self) -> int:
        """How many questions could not be measured, or only in part."""
        return sum(bool(row.error) for row in self.rows)


async def run_questions(
    questions: QuestionSet, subject: Subject, options: Options | None = None
) -> RunResult:
    """Ask *subject* all *questions* and score the results.

    A question that fails is kept with its error and counted; scores that could not be computed
    are in no mean, and neither are rows from another generation than the run's. With journals,
    rows measured earlier with the same index, prompts, settings and code are reused.

    Raises:
        RunError: Another run writes the same journal.
    """
    options = options or Options()
    started_at = datetime.now(UTC)
    cases = at_even_steps(questions.cases, options.limit)
    asked = {**subject.settings, "k": options.k, "retrieval_only": subject.ask is None}
    keep = journal_path(options.journals, asked) if options.journals else None
    with open_journal(keep) as journal:
        known = journal.rows if journal else {}
        rows = [known.get(case_key(case)) if known else None for case in cases]
        reused = sum(row is not None for row in rows)
        await _measure_all(cases, subject, options, rows=rows, journal=journal)
    measured, generation = _of_one_generation([row for row in rows if row], subject.generation)
    values = [row.values for row in measured]
    metrics = metrics_of(subject.settings)
    return RunResult(
        set=questions.name,
        run=_run_id(questions.name, started_at),
        metrics=summaries(values, metrics),
        tags=_by_tag(cases, values, metrics),
        rows=tuple(measured),
        settings={
            **asked,
            "set_digest": questions.digest,
            "questions": len(questions.cases),
            "drafts_left_out": questions.drafts,
            "limit": options.limit,
            "parallel": options.parallel,
            "depth": DEPTH,
            "generation": generation,
            # More than one if a build was promoted during the run.
            "generations": sorted({row.generation for row in measured} - {""}),
            "served_at_the_end": subject.served() if subject.served else None,
            "started_at": started_at.isoformat(),
        },
        reused=reused,
        unknown=_unknown(cases, subject.text_of),
        baselines=questions.baselines,
        name=options.name,
        note=options.note,
    )


def at_even_steps(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """Return *limit* cases spread evenly over all of them, always the same ones.

    >>> [case.id for case in at_even_steps([Case(id=c, question=c) for c in "abcdef"], 3)]
    ['a', 'c', 'e']
    """
    if limit is None or limit >= len(cases):
        return list(cases)
    return [cases[i * len(cases) // limit] for i in range(limit)]


async def _measure_all(
    cases: Sequence[Case],
    subject: Subject,
    options: Options,
    *,
    rows: list[Row | None],
    journal: Journal | None,
) -> None:
    """Fill the gaps in *rows*; each row has its question's position, whichever is done first."""
    gaps = iter([at for at, row in enumerate(rows) if row is None])
    done = sum(row is not None for row in rows)

    async def worker() -> None:
        nonlocal done
        for at in gaps:
            row = await _measure(cases[at], subject, options.k)
            rows[at] = row
            if journal and subject.generation in {"", row.generation}:
                journal.add(row)
            done += 1
            if options.progress:
                options.progress(done, len(cases))

    await asyncio.gather(*(worker() for _ in range(max(1, options.parallel))))


async def _measure(case: Case, subject: Subject, k: int) -> Row:
    row = Row(case=case)
    try:
        if subject.ask is None or not isinstance(subject.searcher, Recorder):
            row = _searched(case, await _search(case, subject, k))
        if subject.ask is None:
            return row
        with recording() as found:
            try:
                answer = await subject.ask(
                    Question(text=case.question, audience=None, history=case.history)
                )
            finally:
                row = _searched(case, found[0]) if found else row
        if not row.generation:  # it answered without searching
            row = _searched(case, await _search(case, subject, k))
        return _answered(row, answer, subject)
    except Exception as error:  # one question must not end the run of all the others
        log.exception("question failed", extra={"question_id": case.id})
        return replace(row, error=f"{type(error).__name__}: {error}")


async def _search(case: Case, subject: Subject, k: int) -> SearchResult:
    rewrite = subject.rewrite
    text = case.question if rewrite is None else rewrite(case.question, case.history)
    return await asyncio.to_thread(subject.searcher.search, text, k=k, audience=None)


def _searched(case: Case, result: SearchResult) -> Row:
    spots = ranking(result.passages, case.relevant)
    return Row(
        case=case,
        found=tuple(spots[:DEPTH]),
        scores=retrieval_scores(spots, case.relevant),
        generation=result.generation,
        search_ms=result.ms,
    )


def _answered(row: Row, answer: Answer, subject: Subject) -> Row:
    scores = answer_scores(row.case, answer, text_of=subject.text_of, encode=subject.encode)
    failed = answer.status is Status.FAILED
    own = {one.metric.name: one.score(row.case, answer) for one in subject.own if not failed}
    scores |= {name: score for name, score in own.items() if score is not None}
    return replace(
        row,
        scores={**row.scores, **scores},
        answer=answer,
        around=tuple(_around(answer, subject.text_of)) if subject.text_of else (),
        error=f"{answer.message} ({answer.reference})" if failed else "",
    )


def _around(answer: Answer, text_of: TextOf) -> list[Around]:
    texts = {citation.document: text_of(citation.document) or "" for citation in answer.citations}
    return [
        Around(
            before=texts[c.document][max(0, c.start - CONTEXT_CHARS) : c.start],
            after=texts[c.document][c.end : c.end + CONTEXT_CHARS],
        )
        for c in answer.citations
    ]


def _of_one_generation(rows: Sequence[Row], expected: str) -> tuple[list[Row], str]:
    """Remove the scores from rows of another generation than the run's, which must not be mixed."""
    of_run = expected or next((row.generation for row in rows if row.generation), "")
    return [
        row
        if row.generation in {"", of_run}
        else replace(
            row,
            scores={},
            error=f"the index changed meanwhile: this is from {row.generation}, "
            f"the run from {of_run}",
        )
        for row in rows
    ], of_run


def _unknown(cases: Sequence[Case], text_of: TextOf | None) -> tuple[str, ...]:
    if text_of is None:
        return ()
    named = {place.document for case in cases for place in case.relevant}
    return tuple(sorted(document for document in named if text_of(document) is None))


def _by_tag(
    cases: Sequence[Case], values: Sequence[Values], metrics: Mapping[str, Metric]
) -> dict[str, dict[str, Summary]]:
    by_tag: dict[str, list[Values]] = {}
    for case, value in zip(cases, values, strict=True):
        for tag in dict.fromkeys(case.tags):
            by_tag.setdefault(tag, []).append(value)
    return {tag: summaries(by_tag[tag], metrics) for tag in sorted(by_tag)}


def _run_id(name: str, started_at: datetime) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    moment = f"{started_at:%Y%m%dT%H%M%S}.{started_at.microsecond // 1000:03}Z"
    return f"{moment}-{plain}-{secrets.token_hex(2)}"
