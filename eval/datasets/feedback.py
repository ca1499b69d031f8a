"""What people thought of answers becomes questions to test by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.datasets.json_lines import (
    CaseLine,
    PlaceLine,
    ShownLine,
    TurnLine,
    Word,
    in_words,
    text_lines,
)
from eval.errors import QuestionSetError
from eval.metrics import without_labels


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
        """Return where it points to."""
        return PlaceLine(**self.model_dump(exclude={"label"}))


class FeedbackLine(BaseModel):
    """One piece of feedback, as the bot exports it; what it says beyond this is not needed.

    Attributes:
        id: Of the question that was asked.
        status: How the question ended.
        rating: "up" or "down".
        reason: What was chosen from the list of reasons.
        comment: What the person wrote.
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
    """Read one piece of feedback a line.

    Raises:
        QuestionSetError: Names every wrong line at once.
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
    """Return a draft for each question that somebody rated; one complaint outweighs all praise.

    Praise of an answer makes it the expected one, with the places that it cites; praise of a
    refusal makes the question unanswerable. A complaint says only that what was shown is wrong:
    the answer is left for a person to fill in, with the reason beside it.
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
