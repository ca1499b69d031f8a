"""Build a Markdown text block by block and record where headings and pages start."""

import re
from dataclasses import replace
from datetime import datetime

from footnote_qa.index.parsing.text import clean
from footnote_qa.index.types import Heading, Parsed

_MAX_LEVEL = 6
_BETWEEN = "\n\n"
_FENCE = re.compile(r"`{3,}")


def fenced(text: str, language: str = "") -> str:
    r"""Return *text* as a block of code; "" if it is blank.

    >>> fenced("x = 1", "python")
    '```python\nx = 1\n```'
    """
    if not text.strip():
        return ""
    longest = max((len(match[0]) for match in _FENCE.finditer(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


class Blocks:
    """A growing Markdown text: paragraphs, tables and headings, separated by blank lines."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._pages: list[int] = []

    def page(self) -> None:
        """Start a page here."""
        self._pages.append(self._next_start())

    def heading(self, level: int, text: str) -> None:
        """Add a heading; 1 is the outermost level."""
        words = " ".join(clean(text).split())
        if words:
            level = max(1, min(level, _MAX_LEVEL))
            self._headings.append(Heading(start=self._next_start(), level=level, text=words))
            self._add(f"{'#' * level} {words}")

    def add(self, text: str) -> None:
        """Add a block as it is; nothing if it is blank."""
        self._add("\n".join(line.rstrip() for line in clean(text).split("\n")).strip("\n"))

    def add_parsed(self, part: Parsed) -> None:
        """Add the text and the headings of a part that was parsed by itself."""
        if part.text.strip():
            start = self._next_start()
            self._headings += [
                replace(heading, start=start + heading.start) for heading in part.headings
            ]
            self._add(part.text.rstrip())

    def first_heading(self) -> str | None:
        """Return the first heading of the outermost level, which is often the title."""
        return next((heading.text for heading in self._headings if heading.level == 1), None)

    def parsed(self, title: str | None = None, *, modified_at: datetime | None = None) -> Parsed:
        """Return the complete text; a blank *title* counts as none."""
        words = " ".join(clean(title or "").split())
        return Parsed(
            text=_BETWEEN.join(self._blocks),
            title=words or None,
            headings=tuple(self._headings),
            pages=tuple(min(page, self._length) for page in self._pages),
            modified_at=modified_at,
        )

    def _next_start(self) -> int:
        return self._length + len(_BETWEEN) if self._blocks else 0

    def _add(self, block: str) -> None:
        if block:
            self._length = self._next_start() + len(block)
            self._blocks.append(block)
