"""Tell the parts of PDF pages apart: running heads, headings by size and weight, scanned pages."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from footnote_qa.index.parsing.code_pages import fluency

_MARGIN = 0.12  # share of a page's height in which running heads and page numbers are
_MOST_RUNNING = 4
_LEVEL_POINTS = 8.0
_LEAST_SHARE = 0.5
_LEAST_ALTERNATING = 3
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,6}\b", re.IGNORECASE)

_PAGE_OF_PAGES = re.compile(r"\b\d+ ?(?:/|of|von|de|sur|di|van|av|z) ?\d+\b", re.IGNORECASE)

_MOST_HEADING_CHARS = 120
_MOST_HEADING_WORDS = 16
_LARGER = 1.12
_MOST_HEADINGS_SHARE = 0.25
_FEW_HEADINGS = 3
_MOST_LEVELS = 5
_LETTERS = re.compile(r"[^\W\d_]")

_LEAST_PAGE_WORDS = 20
_MOST_STAMP_WORDS = 6
_LEAST_LETTERS = 120
_LEAST_FLUENCY = -4.2
_MOST_ODD_SHARE = 0.3


@dataclass(slots=True, kw_only=True)
class PdfLine:
    """A line of a page, or a table.

    Attributes:
        text: What it says.
        top: Height of its upper edge above the page's lower one, in points.
        bottom: Height of its lower edge.
        size: Of its type, in points; 0 for a table.
        is_bold: Whether it is printed bold.
        is_table: Whether it is a table in Markdown.
        level: Of a heading, from 1; 0 for any other line.
    """

    text: str
    top: float
    bottom: float
    size: float = 0.0
    is_bold: bool = False
    is_table: bool = False
    level: int = 0


@dataclass(slots=True, kw_only=True)
class PdfLines:
    """The lines of a page in reading order, and what else is on it.

    Attributes:
        height: Of the page, in points.
        lines: From first to last.
        is_picture: Whether a picture covers most of it.
        objects: How many things are drawn on it.
    """

    height: float
    lines: list[PdfLine] = field(default_factory=list)
    is_picture: bool = False
    objects: int = 0

    @property
    def text(self) -> str:
        """All of its words."""
        return "\n".join(line.text for line in self.lines)


def drop_running_lines(pages: Sequence[PdfLines]) -> None:
    """Remove the heads, feet and page numbers that are repeated on the margins of many pages."""
    body = _body_size(pages)
    places: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for number, page in enumerate(pages):
        for line in _marginal(page):
            places[_key(line, page, body)].append((number, line.top))
    running = {key for key, found in places.items() if _is_running(found, len(pages))}
    for page in pages:
        dropped = [line for line in _marginal(page) if _key(line, page, body) in running]
        # A page of nothing else keeps them
        if len(dropped) < len(page.lines):
            page.lines = [line for line in page.lines if not any(line is one for one in dropped)]


def _marginal(page: PdfLines) -> list[PdfLine]:
    upper, lower = page.height * (1 - _MARGIN), page.height * _MARGIN
    outer = [line for line in page.lines if not line.is_table]
    at_top = sorted((one for one in outer if one.bottom >= upper), key=lambda one: -one.top)
    at_foot = sorted((one for one in outer if one.top <= lower), key=lambda one: one.top)
    return at_top[:_MOST_RUNNING] + at_foot[:_MOST_RUNNING]


def _key(line: PdfLine, page: PdfLines, body: float) -> str:
    """Return what is equal for the same line of all pages, whatever number it has.

    The largest type at the top of a page is a heading, such as "Part 2": only its number differs
    from others.
    """
    is_top = line.bottom > page.height / 2 and line.size >= body * _LARGER
    is_large = is_top and line.size >= max(one.size for one in page.lines)
    is_heading = is_large and not _PAGE_OF_PAGES.search(line.text)
    text = line.text if is_heading else _NUMBER.sub("#", line.text)
    return "".join(text.split()).casefold()


def _body_size(pages: Sequence[PdfLines]) -> float:
    """Return the size of type in which most of the text is printed."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[line.size] += 0 if line.is_table else len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _is_running(found: Sequence[tuple[int, float]], pages: int) -> bool:
    usual = Counter(round(top / _LEVEL_POINTS) for _, top in found).most_common(1)[0][0]
    level = [number for number, top in found if abs(top / _LEVEL_POINTS - usual) <= 1]
    on = len(set(level))
    if pages <= 1 or on <= 1:
        return False
    # Left and right pages often have heads of their own
    return on >= _LEAST_SHARE * pages or (on >= _LEAST_ALTERNATING and on >= pages / 4)


def mark_headings(pages: Sequence[PdfLines]) -> None:
    """Set the level of each line that is larger than the text, or bold and alone."""
    lines = [line for page in pages for line in page.lines if not line.is_table]
    body = _body_size(pages)
    large = [line for line in lines if line.size >= body * _LARGER and _could_be_heading(line)]
    bold = [
        line
        for page in pages
        for before, line, after in _neighbours(page.lines)
        if line.is_bold and body * 0.95 <= line.size < body * _LARGER
        if _could_be_heading(line) and _is_alone(before, line, after)
    ]
    found = large + bold
    if _are_too_many(found, pages):
        found = [] if _are_too_many(large, pages) else large
    styles = sorted({(-line.size, not line.is_bold) for line in found})
    for line in found:
        line.level = min(styles.index((-line.size, not line.is_bold)) + 1, _MOST_LEVELS)


def _are_too_many(headings: Sequence[PdfLine], pages: Sequence[PdfLines]) -> bool:
    """Return whether so much is large or bold that it says nothing: a poster, a slide."""
    lines = sum(line.text.count("\n") + 1 for page in pages for line in page.lines)
    if len(headings) <= _MOST_HEADINGS_SHARE * lines:
        return False
    chars = sum(len(line.text) for page in pages for line in page.lines)
    told = sum(len(line.text) for line in headings)
    return len(headings) > _FEW_HEADINGS or told > _MOST_HEADINGS_SHARE * chars


def _neighbours(
    lines: Sequence[PdfLine],
) -> list[tuple[PdfLine | None, PdfLine, PdfLine | None]]:
    padded: list[PdfLine | None] = [None, *lines, None]
    return list(zip(padded, lines, padded[2:], strict=False))


def _could_be_heading(line: PdfLine) -> bool:
    text = line.text.strip()
    if line.is_table or not text or len(text) > _MOST_HEADING_CHARS:
        return False
    if len(text.split()) > _MOST_HEADING_WORDS or not _LETTERS.search(text):
        return False
    return text[-1] not in ".,;" and not (text[0].islower() and len(text) > 1)


def _is_alone(before: PdfLine | None, line: PdfLine, after: PdfLine | None) -> bool:
    """Return whether a bold line is parted from the text above, and has other text below."""
    height = max(1.0, line.top - line.bottom)
    is_apart = before is None or before.is_table or abs(before.bottom - line.top) > 0.3 * height
    ends = after is not None and not after.is_table and not after.is_bold
    return is_apart and ends


def join_headings(page: PdfLines) -> None:
    """Join the lines of a heading that goes over several lines."""
    joined: list[PdfLine] = []
    for line in page.lines:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.level == line.level > 0
            and abs(last.bottom - line.top) < 0.8 * max(1.0, line.top - line.bottom)
            and len(last.text) + len(line.text) <= _MOST_HEADING_CHARS
            and not _NUMBER.match(line.text)
        ):
            last.text, last.bottom = f"{last.text} {line.text}", line.bottom
        else:
            joined.append(line)
    page.lines = joined


def is_scan(page: PdfLines) -> bool:
    """Return whether a page is a picture, with no text or with no more than a stamp on it."""
    words = page.text.split()
    return page.is_picture and len(words) < _LEAST_PAGE_WORDS


def are_stamps(pages: Sequence[PdfLines]) -> bool:
    """Return whether all text is what a program stamps on scanned pages, such as its own name.

    A poster has few words on a picture too, but more than a stamp, or others on each page.
    """
    told = [page for page in pages if page.text.strip()]
    if not all(is_scan(page) for page in told):
        return False
    stamps = {_NUMBER.sub("#", page.text) for page in told}
    is_short = all(len(page.text.split()) <= _MOST_STAMP_WORDS for page in told)
    return len(stamps) == 1 and (len(told) > 1 or is_short)


def is_garbled(text: str) -> bool:
    r"""Return whether the letters of a page cannot be what is printed: its fonts name wrong ones.

    >>> is_garbled("The guests may moor for nineteen nights in the north of the harbour. " * 4)
    False
    >>> is_garbled("7KH JXHVWV PD\\ PRRU IRU QLQHWHHQ QLJKWV LQ WKH QRUWK RI WKH KDUERXU " * 4)
    True
    """
    signs = [char for char in text if not char.isspace()]
    odd = sum("\ue000" <= char <= "\uf8fe" or char == "\ufffd" for char in signs)
    if len(signs) >= _LEAST_PAGE_WORDS and odd > _MOST_ODD_SHARE * len(signs):
        return True
    letters = [char for char in signs if char.isalpha()]
    latin = sum(char < "\u0250" for char in letters)
    if len(letters) < _LEAST_LETTERS or latin < 0.9 * len(letters):
        return False
    # A page of codes and part numbers is no running text
    return len(letters) > len(signs) / 2 and fluency(text) < _LEAST_FLUENCY
