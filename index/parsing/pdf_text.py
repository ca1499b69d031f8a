"""Turn the words of pages into text: tables in their place, paragraphs, marked headings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote_qa.index.parsing.page import Look, Page, Word
from footnote_qa.index.parsing.pdf_columns import PdfTable
from footnote_qa.index.parsing.pdf_hyphens import rejoin
from footnote_qa.index.parsing.pdf_layout import (
    PdfLine,
    PdfLines,
    drop_running_lines,
    join_headings,
    mark_headings,
)
from footnote_qa.index.parsing.pdf_tables import find_tables
from footnote_qa.index.parsing.sheets import table_texts
from footnote_qa.index.types import Heading

_PAGE_BREAK = "\n\n"
_MARK = "\uf8ff"  # a private character before a heading
_GAP = 0.45  # between two paragraphs, in heights of a line


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTexts:
    """The text of all pages.

    Attributes:
        texts: Of each page.
        starts: Where each page starts in the complete text.
        headings: Lines that look like headings, with their places in the complete text.
    """

    texts: list[str]
    starts: tuple[int, ...]
    headings: tuple[Heading, ...]

    @property
    def text(self) -> str:
        """The complete text."""
        return _PAGE_BREAK.join(self.texts)


def page_texts(pages: Sequence[PdfLines]) -> PageTexts:
    """Return the text of *pages* without running heads; their lines are changed on the way."""
    drop_running_lines(pages)
    mark_headings(pages)
    texts, own = _written(pages)
    starts = _page_starts(texts)
    return PageTexts(texts=texts, starts=starts, headings=tuple(_offset(own, starts)))


def lines_of(found: Page) -> PdfLines:
    """Return the lines of a page in pdfium's order, each table where its first word is."""
    tables = find_tables(found)
    table_of = {number: table for table in tables for number in table.words}
    told: set[int] = set()
    made = PdfLines(height=found.height, is_picture=found.is_picture, objects=found.objects)
    words: list[Word] = []
    for number, word in enumerate(found.words):
        table = table_of.get(number)
        if words and (table is not None or words[-1].line != word.line):
            made.lines.append(_line(found, words))
            words = []
        if table is None:
            words.append(word)
        elif id(table) not in told:
            told.add(id(table))
            made.lines.append(_table_line(found, table))
    if words:
        made.lines.append(_line(found, words))
    return made


def _line(found: Page, words: list[Word]) -> PdfLine:
    look = found.looks.get(words[0].line) or Look(size=0.0, is_bold=False)
    return PdfLine(
        text=" ".join(word.text for word in words).replace(_MARK, ""),
        top=max(word.box[3] for word in words),
        bottom=min(word.box[1] for word in words),
        size=look.size,
        is_bold=look.is_bold,
    )


def _table_line(found: Page, table: PdfTable) -> PdfLine:
    boxes = [found.words[number].box for number in table.words]
    return PdfLine(
        text="\n\n".join(table_texts(table.rows)).replace(_MARK, ""),
        top=max(box[3] for box in boxes),
        bottom=min(box[1] for box in boxes),
        is_table=True,
    )


def _written(pages: Sequence[PdfLines]) -> tuple[list[str], list[list[Heading]]]:
    """Return the text of each page, and its headings with their places in it."""
    for page in pages:
        join_headings(page)
    texts: list[str] = []
    found: list[list[Heading]] = []
    for text in rejoin([_page_text(page) for page in pages]):
        lines: list[str] = []
        headings: list[Heading] = []
        offset = 0
        for marked in text.split("\n"):
            line = marked
            if marked.startswith(_MARK):
                line = marked[2:]
                headings.append(Heading(start=offset, level=int(marked[1]), text=line))
            lines.append(line)
            offset += len(line) + 1
        texts.append("\n".join(lines))
        found.append(headings)
    return texts, found


def _page_text(page: PdfLines) -> str:
    """Return the text of a page, with a blank line where there is a gap between its lines."""
    parts: list[str] = []
    before: PdfLine | None = None
    for line in page.lines:
        if before is not None:
            parts.append("\n\n" if _is_apart(before, line) else "\n")
        parts.append(f"{_MARK}{line.level}{line.text}" if line.level else line.text)
        before = line
    return "".join(parts)


def _is_apart(before: PdfLine, line: PdfLine) -> bool:
    if before.is_table or line.is_table or before.level or line.level:
        return True
    height = max(1.0, line.top - line.bottom)
    return before.bottom - line.top > _GAP * height


def _offset(own: list[list[Heading]], starts: tuple[int, ...]) -> list[Heading]:
    return [
        replace(heading, start=start + heading.start)
        for headings, start in zip(own, starts, strict=True)
        for heading in headings
    ]


def _page_starts(texts: list[str]) -> tuple[int, ...]:
    starts: list[int] = []
    offset = 0
    for text in texts:
        starts.append(offset)
        offset += len(text) + len(_PAGE_BREAK)
    return tuple(starts)
