"""Data types of evaluation: place, case, question set."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from footnote_qa.bot.types import Turn

Complete = Callable[[str], Awaitable[str]]
"""Sends one prompt to a model and returns its complete reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the answer to a question is.

    Attributes:
        document: Id of the document.
        page: Physical page, from 1; None means anywhere in the document.
        heading: Headings from the outermost to the innermost; empty means under any.
        quote: The exact words; None if nobody has marked them.
        grade: How relevant, 1 or more.
        start: Offset of the evidence in the document's stored text; None if nobody has marked it.
        end: One past its last code point.
    """

    document: str
    page: int | None = None
    heading: tuple[str, ...] = ()
    quote: str | None = None
    grade: int = 1
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question and what is known about its answer.

    Attributes:
        id: Occurs once in its set.
        question: The question.
        answers: Each one is right; empty means that none is known.
        must: Groups of wordings: a complete answer holds at least one wording of each group.
        answerable: Whether the documents have the answer.
        relevant: Where the answer is; empty means that nobody has marked it.
        history: Earlier turns, oldest first.
        tags: Categories of the question.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    must: tuple[tuple[str, ...], ...] = ()
    answerable: bool = True
    relevant: tuple[Place, ...] = ()
    history: tuple[Turn, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Another system's scores on all questions of the set.

    Attributes:
        name: As the set names it.
        scores: By metric.
    """

    name: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Questions for measuring a system.

    Attributes:
        name: Of its file or folder, without a suffix.
        digest: SHA-256 of its bytes, in hex.
        cases: In the order of the file.
        corpus: The documents that come with it; None if there are none.
        baselines: Other systems' scores on it.
        drafts: How many questions nobody has reviewed yet; they are not among the cases.
    """

    name: str
    digest: str
    cases: tuple[Case, ...]
    corpus: Path | None = None
    baselines: tuple[Baseline, ...] = ()
    drafts: int = 0
