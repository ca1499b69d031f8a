"""Parse PDF with pdfium: text, tables and headings of each page, form values and notes."""

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pypdfium2 import PdfDocument, PdfiumError
from pypdfium2 import raw as pdfium_c

from index.errors import UnreadableDocumentError
from index.parsing.pdf_columns import PdfTable
from index.parsing.pdf_forms import add_entries
from index.parsing.pdf_hyphens import rejoin
from index.parsing.pdf_layout import (
    PdfLine,
    PdfLines,
    are_stamps,
    drop_running_lines,
    is_garbled,
    is_scan,
    join_headings,
    mark_headings,
)
from index.parsing.pdf_outline import outline_headings
from index.parsing.pdf_page import Look, Page, Word, read_page
from index.parsing.pdf_tables import find_tables
from index.parsing.sheets import table_texts
from index.parsing.text import clean
from index.types import Heading, Parsed, ProblemKind

MAX_PAGES = 10_000

_PAGE_BREAK = "\n\n"
_HEADER_BYTES = 1024
_MARK = "\uf8ff"  # a private character before a heading
_GAP = 0.45  # between two paragraphs, in heights of a line
_PAGES_A_HEADING = 10
_MOST_RANGES = 12
_SCANNED = "its pages are images without text: run OCR on it first"

# Titles that programs set by themselves.
_NO_TITLE = re.compile(
    r"\(?(?:anonymous|untitled)\)?|microsoft (?:word|powerpoint|excel) - .*|powerpoint presentation"
    r"|.*\.(?:pdf|docx?|pptx?|xlsx?|odt|rtf|tex|indd|jpe?g|png|tiff?|exe|html?|txt)",
    re.IGNORECASE,
)


def parse(content: bytes) -> Parsed:
    """Return the text of every page of *content*, with the offset of each physical page.

    Raises:
        UnreadableDocumentError: ENCRYPTED, SCANNED, EMPTY, TOO_BIG or BROKEN.
    """
    if b"%PDF-" not in content[:_HEADER_BYTES]:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says pdf, the content is not; export it again"
        )
    document = _open(content)
    try:
        read = _read_pages(document)
        pages = _checked(document, read)
        scans = [number for number, page in enumerate(pages, start=1) if is_scan(page)]
        garbled = [number for number, page in enumerate(pages, start=1) if is_garbled(page.text)]
        drop_running_lines(pages)
        mark_headings(pages)
        texts, own = _written(pages)
        starts = _page_starts(texts)
        outlined = outline_headings(document, texts, starts)
        return Parsed(
            text=_PAGE_BREAK.join(texts),
            title=_title(document),
            headings=_chosen(outlined, _offset(own, starts), len(pages)),
            pages=starts,
            note=_note(scans=scans, garbled=garbled, failed=read.failed),
        )
    finally:
        document.close()


def _open(content: bytes) -> PdfDocument:
    try:
        document = PdfDocument(content)
    except PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise UnreadableDocumentError(
                ProblemKind.ENCRYPTED, "it needs a password; save it without one"
            ) from error
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the PDF is damaged; export it again"
        ) from error
    if len(document) > MAX_PAGES:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"it has {len(document):,} pages, at most {MAX_PAGES:,} are taken; split it",
        )
    return document


@dataclass(slots=True, kw_only=True)
class _Read:
    """The pages of a document, and the numbers of those that could not be read."""

    pages: list[PdfLines] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)


def _read_pages(document: PdfDocument) -> _Read:
    read = _Read()
    form = None
    if pdfium_c.FPDF_GetFormType(document) != pdfium_c.FORMTYPE_NONE:
        with suppress(PdfiumError):
            document.init_forms()
            form = document.formenv.raw if document.formenv else None
    for number in range(len(document)):
        try:
            page = document[number]
            try:
                found = read_page(page)
                add_entries(found, page, form)
                read.pages.append(_lines(found))
            finally:
                page.close()
        except PdfiumError:
            read.pages.append(PdfLines(height=0))
            read.failed.append(number + 1)
    return read


def _checked(document: PdfDocument, read: _Read) -> list[PdfLines]:
    """Return the pages if any has text; raises `UnreadableDocumentError`."""
    pages = read.pages
    has_text = any(page.text.strip() for page in pages)
    if has_text and not are_stamps(pages):
        return pages
    if has_text:
        raise UnreadableDocumentError(ProblemKind.SCANNED, _SCANNED)
    raise _nothing_read(
        document,
        failed=len(read.failed) == len(pages),
        has_objects=any(page.objects for page in pages),
    )


def _lines(found: Page) -> PdfLines:
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


def _written(pages: list[PdfLines]) -> tuple[list[str], list[list[Heading]]]:
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


def _chosen(
    outlined: tuple[Heading, ...], printed: list[Heading], pages: int
) -> tuple[Heading, ...]:
    """Return the headings of the outline, or those by size if the outline has hardly any."""
    return outlined if len(outlined) * _PAGES_A_HEADING >= pages and outlined else tuple(printed)


def _note(*, scans: list[int], garbled: list[int], failed: list[int]) -> str | None:
    """Return what a reader of the document misses, as one sentence; None if nothing."""
    parts = [
        f"{_numbers(found)} {what}"
        for found, what in (
            (scans, "with pictures instead of text: run OCR on the file"),
            (garbled, "with letters that make no words: export the file again or run OCR on it"),
            (failed, "that cannot be read"),
        )
        if found
    ]
    return "; ".join(parts) or None


def _numbers(found: list[int]) -> str:
    """Return page numbers for people.

    >>> _numbers([2, 3, 4, 9]), _numbers([7])
    ('pages 2 to 4, 9', 'page 7')
    """
    ranges: list[list[int]] = []
    for number in found:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    words = [str(first) if first == last else f"{first} to {last}" for first, last in ranges]
    kept = words if len(words) <= _MOST_RANGES else [*words[:_MOST_RANGES], "and others"]
    return f"page{'s' if len(found) > 1 else ''} {', '.join(kept)}"


def _nothing_read(
    document: PdfDocument, *, failed: bool, has_objects: bool
) -> UnreadableDocumentError:
    if pdfium_c.FPDF_GetSecurityHandlerRevision(document) >= 0:
        return UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "its text is locked; save it without encryption"
        )
    if failed:
        return UnreadableDocumentError(
            ProblemKind.BROKEN, "no page of the PDF can be read; export it again"
        )
    if has_objects:
        return UnreadableDocumentError(ProblemKind.SCANNED, _SCANNED)
    return UnreadableDocumentError(ProblemKind.EMPTY, "its pages are blank")


def _page_starts(texts: list[str]) -> tuple[int, ...]:
    starts: list[int] = []
    offset = 0
    for text in texts:
        starts.append(offset)
        offset += len(text) + len(_PAGE_BREAK)
    return tuple(starts)


def _title(document: PdfDocument) -> str | None:
    raw = clean(str(document.get_metadata_value("Title")))
    title = " ".join(raw.split())
    return None if not title or _NO_TITLE.fullmatch(title) else title
