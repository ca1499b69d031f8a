"""A page of a document: its words with their places, how its lines look, what is drawn on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right, top, in points from the page's lower left corner."""

_LEAST_PICTURE_SHARE = 0.4


@dataclass(slots=True)
class Word:
    """A word on a page.

    Attributes:
        text: As pdfium reads it.
        box: Where it is.
        line: Number of its line, in the order in which pdfium reads the page.
    """

    text: str
    box: Box
    line: int

    @property
    def middle(self) -> float:
        """Height of its middle above the lower edge of the page."""
        return (self.box[1] + self.box[3]) / 2


@dataclass(slots=True)
class Look:
    """How the first word of a line is printed: its size in points, and whether it is bold."""

    size: float
    is_bold: bool


@dataclass(slots=True, kw_only=True)
class Page:
    """One page.

    Attributes:
        width: In points.
        height: In points.
        words: In the order in which pdfium reads them.
        looks: How each line is printed, by its number.
        rules: Straight lines that are drawn on it, as flat boxes.
        picture: Share of the page that its largest picture covers.
        objects: How many things are drawn on it.
        has_fields: Whether it has fields to fill in.
    """

    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)
    rules: list[Box] = field(default_factory=list)
    picture: float = 0.0
    objects: int = 0
    has_fields: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether a picture covers so much of it that it could be a scan."""
        return self.picture >= _LEAST_PICTURE_SHARE


def words_text(page: Page, numbers: Sequence[int]) -> str:
    """Return words of a page with spaces between them."""
    return " ".join(page.words[number].text for number in numbers)


def word_lines(page: Page, numbers: Sequence[int]) -> list[list[int]]:
    """Return words as lines from the top, each from left to right."""
    lines: list[list[int]] = []
    for number in sorted(numbers, key=lambda one: -page.words[one].middle):
        word = page.words[number]
        level = page.words[lines[-1][0]] if lines else None
        height = min(word.box[3] - word.box[1], height_of(level)) if level else 0
        if level is not None and abs(level.middle - word.middle) <= max(2.0, height * 0.4):
            lines[-1].append(number)
        else:
            lines.append([number])
    return [sorted(line, key=lambda one: page.words[one].box[0]) for line in lines]


def height_of(word: Word | None) -> float:
    """Return the height of a word's line; 0 for none."""
    return word.box[3] - word.box[1] if word else 0.0
