"""One line of a question set of our own format: read, checked, written."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.types import Turn
from eval.errors import QuestionSetError
from eval.lines import IdLine, TurnLine, Word, read_unique
from eval.types import Case, Place


class PlaceLine(BaseModel):
    """Where the answer stands."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    document: Word
    page: int | None = Field(default=None, ge=1)
    heading: tuple[str, ...] = ()
    quote: str | None = None
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _is_a_span(self) -> "PlaceLine":
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end stand together or not at all")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("start is not before end")
        return self


class ShownLine(BaseModel):
    """What a person was shown when they were not content with it, or were."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    verdict: Word
    reason: str = ""
    answer: str = ""
    citations: tuple[PlaceLine, ...] = ()
    generation: str = ""


class CaseLine(IdLine):
    """One question; `reviewed` is false while it is a draft that nobody has accepted."""

    # An unknown field of our own format is a slip of the pen, such as "answer".
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    question: Word
    answers: tuple[str, ...] = ()
    answerable: bool = True
    relevant: tuple[PlaceLine, ...] = ()
    history: tuple[TurnLine, ...] = ()
    tags: tuple[str, ...] = ()
    reviewed: bool = True
    feedback: ShownLine | None = None

    @model_validator(mode="after")
    def _has_one_meaning(self) -> "CaseLine":
        if not self.answerable and (self.answers or self.relevant):
            raise ValueError("answerable is false, yet answers or relevant are given")
        return self

    def case(self) -> Case:
        """Return what is asked and what is known of the answer."""
        return Case(
            id=self.id,
            question=self.question,
            answers=self.answers,
            answerable=self.answerable,
            relevant=tuple(Place(**place.model_dump()) for place in self.relevant),
            history=tuple(Turn(role=turn.role, text=turn.content) for turn in self.history),
            tags=self.tags,
        )


def read_cases(path: Path) -> list[CaseLine]:
    """Read every line, drafts too; none if there is no such file.

    Raises:
        QuestionSetError: Names every wrong line at once.
    """
    if not path.exists():
        return []
    wrong: list[str] = []
    lines = list(read_unique(path, CaseLine, wrong))
    if wrong:
        raise QuestionSetError(path, wrong)
    return lines


def write_cases(path: Path, lines: Sequence[CaseLine]) -> None:
    """Write *lines* in place of the file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8") as file:
        for line in lines:
            fields = line.model_dump(mode="json", exclude_defaults=True)
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def add_cases(path: Path, new: Sequence[CaseLine]) -> list[CaseLine]:
    """Add those of *new* whose id is not in the file yet; returns the ones added."""
    old = read_cases(path)
    known = {line.id for line in old}
    added = [line for line in new if line.id not in known]
    if added:
        write_cases(path, [*old, *added])
    return added
