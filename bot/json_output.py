"""Answers, passages and builds as the JSON objects that the command-line contract promises."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from footnote_qa.bot.trace import Step
from footnote_qa.bot.types import Answer, Citation
from footnote_qa.index.types import Correction, Passage, Problem, SearchResult

if TYPE_CHECKING:
    from footnote_qa.index.access import SyncNote
    from footnote_qa.index.building import BuildResult
    from footnote_qa.index.storage import DocumentRow, Manifest

Json = dict[str, object]

SCORE_DIGITS = 6


def time_json(value: datetime | None) -> str | None:
    """Return an ISO 8601 time in UTC.

    >>> time_json(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05Z'
    """
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _score(value: float | None) -> float | None:
    return None if value is None else round(value, SCORE_DIGITS)


def passage_json(passage: Passage) -> Json:
    """Return a passage of `search`, or of an answer's `nearest`."""
    chunk = passage.chunk
    return {
        "rank": passage.rank,
        "document": chunk.document,
        "title": chunk.title,
        "page": chunk.page,
        "heading": list(chunk.heading),
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "url": chunk.url,
        "modified_at": time_json(chunk.modified_at),
        "scores": {
            "fused": _score(passage.fused),
            "dense": _score(passage.cosine),
            "lexical": _score(passage.bm25),
        },
    }


def corrections_json(corrections: Sequence[Correction]) -> list[Json]:
    """Return words of a question and what they were read as."""
    return [{"written": one.written, "meant": one.meant} for one in corrections]


def search_json(result: SearchResult) -> Json:
    """Return what `search --json` prints."""
    return {
        "passages": [passage_json(passage) for passage in result.passages],
        "generation": result.generation,
        "lexical_only": result.lexical_only,
        "corrections": corrections_json(result.corrections),
        "suggestions": corrections_json(result.suggestions),
        "ms": round(result.ms, 2),
    }


def citation_json(citation: Citation) -> Json:
    """Return one citation of an answer."""
    return {
        **citation.to_json(),
        "url": citation.url,
        "modified_at": time_json(citation.modified_at),
    }


def answer_json(answer: Answer) -> Json:
    """Return what `ask --json` prints."""
    cost = answer.usage.cost_usd
    return {
        "status": str(answer.status),
        "answer": answer.text,
        "citations": [citation_json(citation) for citation in answer.citations],
        "blocks": [
            {
                "kind": str(part.kind),
                "text": part.text,
                "citations": list(part.labels),
                "marked": part.marked,
            }
            for part in answer.blocks
        ],
        "nearest": [passage_json(passage) for passage in answer.nearest],
        "message": answer.message,
        "choices": [{"label": one.label, "question": one.question} for one in answer.choices],
        "corrections": corrections_json(answer.corrections),
        "suggestions": corrections_json(answer.suggestions),
        "reference": answer.reference,
        "generation": answer.generation,
        "indexed_at": time_json(answer.indexed_at),
        "answerer": answer.answerer,
        "usage": {
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
            "cost_usd": None if cost is None else float(cost),
        },
        "asked": answer.asked,
        "trace": [step_json(step) for step in answer.trace],
        "ms": round(answer.ms, 2),
    }


def step_json(step: Step) -> Json:
    """Return one step of answering; what it counts depends on its kind."""
    cost = step.cost_usd
    return {
        "step": str(step.kind),
        "detail": step.detail,
        **step.counts,
        **step.names,
        **({} if cost is None else {"cost_usd": float(cost)}),
        "ms": step.ms,
    }


def problem_json(problem: Problem) -> Json:
    """Return one file that is not in the index."""
    return {"document": problem.document, "kind": str(problem.kind), "reason": problem.reason}


def build_json(result: "BuildResult") -> Json:
    """Return what `index build --json` prints."""
    actions = {str(action): count for action, count in result.actions.items()}
    counted = ("added", "changed", "renamed", "removed", "unchanged")
    return {
        "generation": result.generation,
        "promoted": result.promoted,
        "advice": result.advice,
        "documents": {name: actions.get(name, 0) for name in counted}
        | {"failed": len(result.problems)},
        "chunks": {
            "total": result.chunks,
            "embedded": result.embedded,
            "reused": result.chunks - result.embedded,
        },
        "problems": [problem_json(problem) for problem in result.problems],
        "left_out": list(result.left_out),
        "notes": [problem_json(note) for note in result.notes],
        "gate": [
            {"name": check.name, "passed": check.passed, "message": check.message}
            for check in result.gate
        ],
        "seconds": result.seconds,
    }


def source_json(note: "SyncNote") -> Json:
    """Return how the last sync of a service went."""
    return {
        "name": note.name,
        "kind": note.kind,
        "items": note.items,
        "fetched": note.fetched,
        "broken": note.broken,
        "tried_at": note.tried_at or None,
        "synced_at": note.synced_at or None,
        "faults": list(note.faults),
    }


def document_json(row: "DocumentRow") -> Json:
    """Return one row of `index documents --json`."""
    return {
        "document": row.document,
        "status": row.status,
        "kind": None if row.kind is None else str(row.kind),
        "reason": row.reason,
        "title": row.title,
        "chunks": row.chunks,
        "sha256": row.sha256,
        "modified_at": time_json(row.modified_at),
        "audience": list(row.audience),
    }


def generation_json(name: str, manifest: "Manifest | None", *, live: bool) -> Json:
    """Return one generation of `index generations --json`.

    Args:
        name: Of the generation.
        manifest: None if it cannot be read.
        live: Whether it is in use.
    """
    if manifest is None:
        nothing = dict.fromkeys(("created_at", "documents", "chunks", "lexical_only"))
        return {"generation": name, "live": live, "gate": "unreadable"} | nothing
    return {
        "generation": name,
        "created_at": time_json(manifest.created_at),
        "documents": manifest.documents,
        "chunks": manifest.chunks,
        "live": live,
        "gate": "passed" if manifest.passed else "failed",
        "lexical_only": manifest.lexical_only,
    }
