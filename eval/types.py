"""The words of a measurement: place, case, question set."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.types import Turn

Complete = Callable[[str], Awaitable[str]]
"""Sends one prompt to a model and returns its whole reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the answer to a question stands.

    Attributes:
        document: Id of the document.
        page: Physical page, from 1; None means anywhere in the document.
        heading: Headings one below the other, the outermost first; empty means under any.
        quote: The words themselves; None if nobody has marked them.
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
        question: What is asked.
        answers: Each one is right; empty means that none is known.
        answerable: Whether the documents hold the answer.
        relevant: Where it stands; empty means that nobody has marked it.
        history: Earlier turns, oldest first.
        tags: What the question is an example of.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    relevant: tuple[Place, ...] = ()
    history: tuple[Turn, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What another system scores on all questions of the set.

    Attributes:
        name: As the set names it.
        scores: By metric.
    """

    name: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """Questions that a system can be measured by.

    Attributes:
        name: Of its file or folder, without a suffix.
        digest: SHA-256 of its bytes, in hex.
        cases: In the order of the file.
        corpus: The documents that it brings; None if it brings none.
        baselines: What others score on it.
        drafts: How many questions nobody has reviewed yet; they are not among the cases.
    """

    name: str
    digest: str
    cases: tuple[Case, ...]
    corpus: Path | None = None
    baselines: tuple[Baseline, ...] = ()
    drafts: int = 0
