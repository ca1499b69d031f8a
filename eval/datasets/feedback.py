"""Turn users' feedback on answers into draft test questions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from footnote_qa.eval.datasets.json_lines import (
    CaseLine,
    PlaceLine,
    ShownLine,
    TurnLine,
    Word,
    in_words,
    text_lines,
)
from footnote_qa.eval.errors import QuestionSetError
from footnote_qa.eval.metrics import without_labels


class CitedLine(BaseModel):
    """A citation that was shown."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    label: int = 0
    document: Word
    page: int | None = None
    heading: tuple[str, ...] = ()
    start: int
    end: int
    quote: str

    def place(self) -> PlaceLine:
        """Return the place that it points to."""
        return PlaceLine(**self.model_dump(exclude={"label"}))


class FeedbackLine(BaseModel):
    """One piece of feedback, as the bot exports it; other fields are ignored.

    Attributes:
        id: Id of the question.
        status: How the question ended.
        rating: "up" or "down".
        reason: The reason chosen from the list.
        comment: The person's comment.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    id: Word
    question: Word
    status: Literal["answered", "not_found", "unsupported", "failed"] = "answered"
    answer: str = ""
    citations: tuple[CitedLine, ...] = ()
    generation: str = ""
    rating: Literal["up", "down"]
    reason: str = ""
    comment: str = ""
    history: tuple[TurnLine, ...] = ()


def read_feedback(path: Path) -> list[FeedbackLine]:
    """Read one piece of feedback per line.

    Raises:
        QuestionSetError: Names all wrong lines together.
    """
    wrong: list[str] = []
    found = []
    try:
        for number, text in text_lines(path, wrong):
            try:
                found.append(FeedbackLine.model_validate_json(text))
            except ValidationError as error:
                wrong.append(f"{path.name} line {number}: {in_words(error)}")
    except OSError as error:
        raise QuestionSetError(path, [f"it cannot be read: {error.strerror}"]) from error
    if wrong:
        raise QuestionSetError(path, wrong)
    return found


def cases_of(feedback: Sequence[FeedbackLine]) -> list[CaseLine]:
    """Return a draft for each rated question; one complaint outweighs all praise.

    Praise of an answer makes it the expected one, with the places that it cites. Praise of a
    refusal makes the question unanswerable. A complaint says only that the answer was wrong: a
    person has to fill in the right one, and the reason is kept beside it.
    """
    by_id: dict[str, FeedbackLine] = {}
    for line in feedback:
        known = by_id.get(line.id)
        if known is None or (known.rating == "up" and line.rating == "down"):
            by_id[line.id] = line
    return [_case_of(line) for line in by_id.values()]


def _case_of(line: FeedbackLine) -> CaseLine:
    praised = line.rating == "up"
    answered = line.status == "answered"
    places = tuple(cited.place() for cited in line.citations)
    said = without_labels(line.answer, line.citations).strip()
    return CaseLine(
        id=f"feedback-{line.id}",
        question=line.question,
        answers=(said,) if praised and answered and said else (),
        answerable=not (praised and not answered),
        relevant=places if praised and answered else (),
        history=line.history,
        tags=("feedback", line.rating),
        reviewed=False,
        feedback=ShownLine(
            verdict=line.rating,
            reason=": ".join(part for part in (line.reason, line.comment) if part),
            answer=line.answer,
            citations=places,
            generation=line.generation,
        ),
    )
