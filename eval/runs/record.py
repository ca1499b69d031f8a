"""The record of a run: written and read as one JSON object with documented keys."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from footnote_qa.eval.errors import ChoiceError, RunError
from footnote_qa.eval.metrics import Summary
from footnote_qa.eval.runs.row import Around, Row
from footnote_qa.eval.runs.run import RunResult

RECORD = "run.json"
_NAMED = 5
Json = dict[str, object]


class _Read(BaseModel):
    # A record may come from a newer release that has more fields.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Cited(_Read):
    """One citation of an answer, with the text on both sides of its quote."""

    label: int
    document: str
    title: str = ""
    page: int | None = None
    heading: tuple[str, ...] = ()
    start: int
    end: int
    quote: str
    before: str = ""
    after: str = ""


class Expected(_Read):
    """Where the answer is in the documents."""

    document: str
    page: int | None = None
    heading: tuple[str, ...] = ()
    quote: str | None = None
    grade: int = 1


class FoundSpot(_Read):
    """A document or page that the search found."""

    document: str
    page: int | None = None


class Said(_Read):
    """One earlier message."""

    role: str
    text: str


class Asked(_Read):
    """One question of a run, and its outcome.

    Attributes:
        values: All values that metrics use, by name.
    """

    id: str
    question: str
    history: tuple[Said, ...] = ()
    answers: tuple[str, ...] = ()
    answerable: bool
    tags: tuple[str, ...] = ()
    status: str | None = None
    answer: str | None = None
    message: str | None = None
    confidence: float | None = None
    citations: tuple[Cited, ...] = ()
    relevant: tuple[Expected, ...] = ()
    found: tuple[FoundSpot, ...] = ()
    scores: dict[str, float] = {}
    values: dict[str, float] = {}
    ms: float | None = None
    error: str | None = None


class RunRecord(_Read):
    """A recorded run."""

    set: str
    run: str
    name: str = ""
    note: str = ""
    metrics: dict[str, Summary]
    tags: dict[str, dict[str, Summary]] = {}
    questions: tuple[Asked, ...]
    settings: dict[str, object]
    baselines: dict[str, dict[str, float]] = {}


def to_json(result: RunResult) -> Json:
    """Return *result* as one object with the documented keys of the command line's JSON output."""
    return {
        "set": result.set,
        "run": result.run,
        "name": result.name,
        "note": result.note,
        "metrics": _summaries_json(result.metrics),
        "tags": {tag: _summaries_json(metrics) for tag, metrics in result.tags.items()},
        "counts": {
            "questions": len(result.rows),
            "failed": result.failed,
            "reused": result.reused,
        },
        "unknown_documents": list(result.unknown),
        "questions": [_row_json(row) for row in result.rows],
        "settings": dict(result.settings),
        "baselines": {baseline.name: dict(baseline.scores) for baseline in result.baselines},
    }


def to_record(result: RunResult) -> RunRecord:
    """Return *result* as it would be read back from its record."""
    return RunRecord.model_validate(to_json(result))


def save(result: RunResult, data_dir: Path) -> Path:
    """Write the record of a run under *data_dir* in one step; return its file."""
    folder = data_dir / "runs" / result.run
    folder.mkdir(parents=True)
    return _write(folder / RECORD, to_json(result))


def save_scores(record: RunRecord, data_dir: Path) -> Path:
    """Replace the scores and metrics in the file of *record* with those of *record*.

    Raises:
        RunError: Its file is not under *data_dir*.
    """
    path = _path_of(record.run, data_dir)
    whole = json.loads(path.read_bytes())
    for fields, asked in zip(whole["questions"], record.questions, strict=True):
        fields |= {"scores": asked.scores, "values": asked.values}
    whole["metrics"] = _summaries_json(record.metrics)
    whole["tags"] = {tag: _summaries_json(metrics) for tag, metrics in record.tags.items()}
    whole["settings"] = record.settings
    return _write(path, whole)


def _write(path: Path, value: Json) -> Path:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    unfinished = path.with_name(f"{path.name}.part")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    return unfinished.replace(path)


def load_record(name: str, data_dir: Path) -> RunRecord:
    """Read the record of a run by its id, the beginning of its id, its name, folder or file.

    Raises:
        ChoiceError: There is no such run, or more than one.
        RunError: The file is not a record.
    """
    path = _path_of(name, data_dir)
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"{path} is not the record of a run: run `footnote eval run` again") from (
            error
        )


def records(data_dir: Path) -> list[Path]:
    """Return the files of all runs, the oldest first."""
    return sorted((data_dir / "runs").glob(f"*/{RECORD}"))


def _name_of(path: Path) -> str:
    try:
        return RunRecord.model_validate_json(path.read_bytes()).name
    except (OSError, ValidationError):
        return ""


def _path_of(name: str, data_dir: Path) -> Path:
    given = Path(name)
    if given.is_file():
        return given
    if (given / RECORD).is_file():
        return given / RECORD
    found = [path for path in records(data_dir) if path.parent.name.startswith(name)]
    exact = [path for path in found if path.parent.name == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found and (called := [path for path in records(data_dir) if _name_of(path) == name]):
        return called[-1]  # of several with one name, the newest
    if not found:
        newest = ", ".join(path.parent.name for path in records(data_dir)[-_NAMED:])
        there = f"the newest are {newest}" if newest else "begin with `footnote eval run SET`"
        raise ChoiceError(f"there is no run {name!r} in {data_dir / 'runs'}: {there}")
    names = ", ".join(path.parent.name for path in found[:_NAMED])
    raise ChoiceError(f"{name!r} may be any of {len(found)} runs, such as {names}: give more of it")


def _summaries_json(metrics: Mapping[str, Summary]) -> Json:
    return {name: asdict(summary) for name, summary in metrics.items()}


def _row_json(row: Row) -> Json:
    answer, case = row.answer, row.case
    return {
        "id": case.id,
        "question": case.question,
        "history": [asdict(turn) for turn in case.history],
        "answers": list(case.answers),
        "answerable": case.answerable,
        "tags": list(case.tags),
        "status": row.status,
        "answer": answer.text if answer else None,
        "message": answer.message if answer else None,
        "answerer": answer.answerer if answer else None,
        "confidence": answer.confidence if answer else None,
        "citations": _citations_json(row),
        "relevant": [asdict(place) for place in case.relevant],
        "found": [asdict(spot) for spot in row.found],
        "scores": dict(row.scores),
        "values": row.values,
        "generation": row.generation,
        "ms": row.ms,
        "search_ms": row.search_ms,
        "error": row.error or None,
    }


def _citations_json(row: Row) -> list[Json]:
    citations = row.answer.citations if row.answer else ()
    around = row.around or (Around(before="", after=""),) * len(citations)
    return [
        {**citation.to_json(), "before": beside.before, "after": beside.after}
        for citation, beside in zip(citations, around, strict=True)
    ]
