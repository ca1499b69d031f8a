"""Headings of a PDF from its outline, found as lines on the pages it leads to."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pypdfium2 import PdfDocument, PdfiumError

from footnote_qa.index.parsing.text import clean
from footnote_qa.index.types import Heading

_MAX_BOOKMARKS = 5_000
_MAX_OUTLINE_DEPTH = 6
_NUMBER = re.compile(r"\s{0,9}[\d.]{1,12}[.)]?\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bookmark:
    page: int
    level: int
    title: str


def outline_headings(
    document: PdfDocument, texts: Sequence[str], pages: tuple[int, ...]
) -> tuple[Heading, ...]:
    """Return a heading for each bookmark whose title is a line on the page it leads to.

    Args:
        document: Whose outline it is.
        texts: The text of each page.
        pages: Where each page starts in the text of the document.
    """
    return _headings(texts, pages, _bookmarks(document))


def _bookmarks(document: PdfDocument) -> list[_Bookmark]:
    """Return the outline; a damaged one is read as far as possible."""
    found: list[_Bookmark] = []
    try:
        for bookmark in document.get_toc(max_depth=_MAX_OUTLINE_DEPTH):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            title = " ".join(clean(bookmark.get_title()).split())
            if page is not None and title:
                found.append(_Bookmark(page=page, level=bookmark.level + 1, title=title))
            if len(found) >= _MAX_BOOKMARKS:
                break
    except PdfiumError:
        pass
    return found


def _headings(
    texts: Sequence[str], pages: tuple[int, ...], bookmarks: list[_Bookmark]
) -> tuple[Heading, ...]:
    """Return a heading for each bookmark whose title is a line on the page it leads to."""
    lines_of: dict[int, dict[str, int]] = {}
    found: dict[int, Heading] = {}
    for bookmark in bookmarks:
        if bookmark.page not in lines_of:
            lines_of[bookmark.page] = dict(_lines(texts[bookmark.page]))
        offset = lines_of[bookmark.page].get(_bare(bookmark.title))
        if offset is not None:
            start = pages[bookmark.page] + offset
            found[start] = Heading(start=start, level=bookmark.level, text=bookmark.title)
    return tuple(found[start] for start in sorted(found))


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each possible title with its offset: each line, and each line joined with the next."""
    lines = text.split("\n")
    ends = list(accumulate(len(line) + 1 for line in lines))
    # From last to first, so that in a mapping the first occurrence wins.
    for number in range(len(lines) - 1, -1, -1):
        offset = ends[number] - len(lines[number]) - 1
        if lines[number]:
            yield _bare(" ".join(lines[number : number + 2])), offset
            yield _bare(lines[number]), offset


def _bare(line: str) -> str:
    """Return *line* without its number, spaces and case, which outlines often leave out.

    >>> _bare("2.1  Paid leave")
    'paidleave'
    """
    number = _NUMBER.match(line)
    return "".join(line[number.end() if number else 0 :].split()).casefold()
