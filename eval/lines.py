"""Files of one record a line are read and checked, line by line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError


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

    Lines end at `\n` alone: JSON may hold U+2028 and its like as they are.

    Args:
        path: The file.
        wrong: Takes one entry for each line that cannot be read.
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


def read_unique(path: Path, model: type[Line], wrong: list[str]) -> Iterator[Line]:
    """Yield each line of *path*, JSON Lines, that is what *model* says and whose id is new.

    Args:
        path: The file.
        model: What a line must be.
        wrong: Takes one entry for each line that is not.
    """
    met: set[str] = set()
    for number, text in text_lines(path, wrong):
        try:
            line = model.model_validate_json(text)
        except ValidationError as error:
            wrong.append(f"{path.name} line {number}: {in_words(error)}")
            continue
        if line.id in met:
            wrong.append(f"{path.name} line {number}: the id {line.id!r} occurs before")
            continue
        met.add(line.id)
        yield line


def in_words(error: ValidationError) -> str:
    """Say everything that is wrong with a line, field by field."""
    mistakes = []
    for mistake in error.errors(include_url=False):
        field = ".".join(str(part) for part in mistake["loc"])
        plain = mistake["msg"].removeprefix("Value error, ").removeprefix("Input ")
        message = _WORDS.get(mistake["type"], plain)
        mistakes.append(f"{field}: {message}" if field else message)
    return "; ".join(mistakes)
