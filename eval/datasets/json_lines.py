"""Read question sets in JSON Lines or YAML, checked entry by entry, and write JSON Lines."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from footnote_qa.bot.types import Turn
from footnote_qa.eval.errors import QuestionSetError
from footnote_qa.eval.types import Case, Place


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Word = Annotated[str, AfterValidator(_not_blank)]


class TurnLine(BaseModel):
    """One earlier message, as both layouts write it."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    role: Literal["user", "assistant"]
    content: str


class IdLine(BaseModel):
    """A line with an id that occurs once in its file."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: Word


_WORDS = {"missing": "is missing", "extra_forbidden": "there is no such field"}

Line = TypeVar("Line", bound=IdLine)


def text_lines(path: Path, wrong: list[str]) -> Iterator[tuple[int, str]]:
    r"""Yield (number from 1, line) of each line of *path* that is UTF-8 and not blank.

    Lines end only at `\n`: JSON may contain U+2028 and similar characters unescaped.

    Args:
        path: The file.
        wrong: Receives one entry for each line that cannot be read.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
            except UnicodeDecodeError as error:
                wrong.append(f"{path.name} line {number}: not UTF-8 at byte {error.start}")
                continue
            if line.strip():
                yield number, line


def yaml_entries(path: Path, wrong: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, entry as JSON) of each entry of a list in YAML.

    An entry without an id gets its question as one. Dates and the like become texts.

    Args:
        path: The file.
        wrong: Receives an entry if the file is no such list.
    """
    import yaml  # noqa: PLC0415 - few sets are in YAML

    try:
        found = yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError) as error:
        wrong.append(f"{path.name} is not readable YAML: {' '.join(str(error).split())}")
        return
    if not isinstance(found, list):
        wrong.append(f"{path.name} is not a list of questions: begin each with a dash")
        return
    for number, entry in enumerate(found, start=1):
        if isinstance(entry, dict) and "id" not in entry:
            entry = {"id": entry.get("question"), **entry}  # noqa: PLW2901 - with its id
        yield number, json.dumps(entry, default=str)


YAML: Final = frozenset({".yaml", ".yml"})


def read_unique(path: Path, model: type[Line], wrong: list[str]) -> Iterator[Line]:
    """Yield each line of a JSON Lines file that fits *model* and has a new id; or of a YAML list.

    Args:
        path: The file.
        model: The form of a line.
        wrong: Receives one entry for each line that does not fit.
    """
    met: set[str] = set()
    is_yaml = path.suffix.lower() in YAML
    what = "entry" if is_yaml else "line"
    for number, text in (yaml_entries if is_yaml else text_lines)(path, wrong):
        try:
            line = model.model_validate_json(text)
        except ValidationError as error:
            wrong.append(f"{path.name} {what} {number}: {in_words(error)}")
            continue
        if line.id in met:
            wrong.append(f"{path.name} {what} {number}: the id {line.id!r} occurs before")
            continue
        met.add(line.id)
        yield line


def in_words(error: ValidationError) -> str:
    """Return everything that is wrong with a line, field by field."""
    mistakes = []
    for mistake in error.errors(include_url=False):
        field = ".".join(str(part) for part in mistake["loc"])
        plain = mistake["msg"].removeprefix("Value error, ").removeprefix("Input ")
        message = _WORDS.get(mistake["type"], plain)
        mistakes.append(f"{field}: {message}" if field else message)
    return "; ".join(mistakes)


class PlaceLine(BaseModel):
    """Where the answer is in a document."""

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
            raise ValueError("give both start and end, or neither")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("start is not before end")
        return self


class ShownLine(BaseModel):
    """An answer that a person was shown and rated."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    verdict: Word
    reason: str = ""
    answer: str = ""
    citations: tuple[PlaceLine, ...] = ()
    generation: str = ""


class CaseLine(IdLine):
    """One question; `reviewed` is false for a draft that nobody has accepted yet."""

    # An unknown field in our own format is a typo, such as "answer".
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    question: Word
    answers: tuple[str, ...] = ()
    must: tuple[Annotated[tuple[Word, ...], Field(min_length=1)], ...] = ()
    answerable: bool = True
    relevant: tuple[PlaceLine, ...] = ()
    history: tuple[TurnLine, ...] = ()
    tags: tuple[str, ...] = ()
    reviewed: bool = True
    feedback: ShownLine | None = None

    @model_validator(mode="after")
    def _has_one_meaning(self) -> "CaseLine":
        if not self.answerable and (self.answers or self.must or self.relevant):
            raise ValueError("answerable is false, but answers, must or relevant are given")
        return self

    def case(self) -> Case:
        """Return the question and what is known about its answer."""
        return Case(
            id=self.id,
            question=self.question,
            answers=self.answers,
            must=self.must,
            answerable=self.answerable,
            relevant=tuple(Place(**place.model_dump()) for place in self.relevant),
            history=tuple(Turn(role=turn.role, text=turn.content) for turn in self.history),
            tags=self.tags,
        )


def read_cases(path: Path) -> list[CaseLine]:
    """Read every line, drafts included; empty if there is no such file.

    Raises:
        QuestionSetError: Names all wrong lines together.
    """
    if not path.exists():
        return []
    wrong: list[str] = []
    lines = list(read_unique(path, CaseLine, wrong))
    if wrong:
        raise QuestionSetError(path, wrong)
    return lines


def write_cases(path: Path, lines: Sequence[CaseLine]) -> None:
    """Replace the file's contents with *lines*, completely or not at all.

    Raises:
        QuestionSetError: It is in YAML, whose comments would be lost.
    """
    if path.suffix.lower() in YAML:
        raise QuestionSetError(path, ["it is in YAML, which is not written: use a .jsonl file"])
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
    """Add those of *new* whose id is not in the file yet; return the ones added."""
    old = read_cases(path)
    known = {line.id for line in old}
    added = [line for line in new if line.id not in known]
    if added:
        write_cases(path, [*old, *added])
    return added
