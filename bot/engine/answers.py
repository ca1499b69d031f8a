"""Make the answer that is shown from a checked draft, with notes on how it was made."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace

from footnote_qa.bot.citations import disagreements
from footnote_qa.bot.engine.synthesis import Result
from footnote_qa.bot.languages import (
    ASK_SOMETHING,
    NO_OWN_WORDS,
    NOT_FOUND,
    OVER_BUDGET,
    OWN_WORDS,
    PARTIAL,
    UNREACHABLE,
    UNSUPPORTED,
    WORDS_ONLY,
)
from footnote_qa.bot.llm import ModelSession
from footnote_qa.bot.types import LABEL, Answer, Status, Usage
from footnote_qa.index.search import reading_note
from footnote_qa.index.types import Passage, SearchResult

__all__ = [
    "ASK_SOMETHING",
    "NOT_FOUND",
    "NO_OWN_WORDS",
    "OVER_BUDGET",
    "OWN_WORDS",
    "UNREACHABLE",
    "UNSUPPORTED",
]

NEAREST = 3
LEAST_COSINE = 0.25
"""Passages with a lower similarity to the question are not shown as related."""
NO_DOCUMENT = "No document mentions"
CUT = "This is the beginning: {count} more in the source."
FAILED = "Something went wrong. Try again; if it keeps failing, report the reference {reference}."


def answer_of(result: Result, found: SearchResult, session: ModelSession) -> Answer:
    """Return the answer, with notes on how it was made."""
    checked = result.checked
    if checked.citations:
        status, notes = Status.ANSWERED, [OWN_WORDS] if result.fell_back else []
    elif result.said_something:
        status, notes = Status.UNSUPPORTED, [UNSUPPORTED]
    else:
        status, notes = Status.NOT_FOUND, [_refusal(result)]
    if result.left_out and checked.citations:
        notes.append(CUT.format(count=result.left_out))
    if checked.citations and result.is_partial:
        notes.append(PARTIAL)
    notes += disagreements(checked.citations, found.passages)
    if result.fell_back:
        notes.insert(0, OVER_BUDGET if session.over_budget else UNREACHABLE)
    return replace(
        blank(status, message=" ".join([*notes, *session.notes])),
        text=checked.text,
        citations=checked.citations,
        nearest=() if checked.citations else _nearest(found.passages),
        answerer=result.answerer,
        usage=session.usage,
        confidence=result.confidence,
        highlights=_places(result.points_at, checked.text),
        blocks=checked.parts,
    )


def _refusal(result: Result) -> str:
    """Return the explanation for an answer without text."""
    if result.missing:
        return f"{NO_DOCUMENT} {_joined(result.missing)}."
    return NO_OWN_WORDS if result.fell_back else NOT_FOUND


def _joined(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _nearest(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the best passage and similar ones, to show when there is no answer.

    They cannot read their sections any more: an answer is plain data that can be stored.
    """
    near = (one for one in passages[1:] if one.cosine is None or one.cosine >= LEAST_COSINE)
    return tuple(replace(one, around=None) for one in (*passages[:1], *near)[:NEAREST])


def _places(words: Sequence[str], text: str) -> tuple[tuple[int, int], ...]:
    """Return where the *words* of each sentence are in *text*; the sentences are in order.

    >>> _places(["30 days", "3"], "There are 30 days [1]. They last until 3 May [3].")
    ((10, 17), (39, 40))
    """
    unlabelled = LABEL.sub(lambda label: " " * len(label.group()), text)
    found: list[tuple[int, int]] = []
    after = 0
    for one in filter(None, words):
        whole = re.compile(rf"(?<!\w){re.escape(one)}(?!\w)").search(unlabelled, after)
        start = whole.start() if whole else unlabelled.find(one, after)
        if start >= 0:
            after = start + len(one)
            found.append((start, after))
    return tuple(found)


def blank(status: Status, *, message: str) -> Answer:
    """Return an answer that has only a message."""
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


def failed(reference: str) -> Answer:
    """Return the answer that a failed question gets."""
    answer = blank(Status.FAILED, message=FAILED.format(reference=reference))
    return replace(answer, reference=reference)


def dated(answer: Answer, result: SearchResult | None, started: float) -> Answer:
    """Return *answer* with its generation, how the question was read, and the time it took."""
    if result is not None and result.generation:
        answer = replace(answer, generation=result.generation, indexed_at=result.created_at)
        if result.lexical_only:
            answer = replace(answer, message=f"{answer.message} {WORDS_ONLY}".strip())
        answer = _as_read(answer, result)
    return replace(answer, ms=round((time.perf_counter() - started) * 1000, 1))


def _as_read(answer: Answer, result: SearchResult) -> Answer:
    """Return *answer* with the words that were searched instead of those of the question."""
    suggestions = () if answer.status is Status.ANSWERED else result.suggestions
    read = replace(result, suggestions=suggestions)
    return replace(
        answer,
        message=f"{answer.message} {reading_note(read)}".strip(),
        corrections=result.corrections,
        suggestions=suggestions,
    )
