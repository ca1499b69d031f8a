"""Parse PDF with pdfium: text, tables and headings of each page, form values and notes."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from pypdfium2 import PdfDocument, PdfiumError
from pypdfium2 import raw as pdfium_c

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.ocr_pages import Recognised
from footnote_qa.index.parsing.page import Page
from footnote_qa.index.parsing.page_numbers import page_numbers
from footnote_qa.index.parsing.pdf_forms import add_entries
from footnote_qa.index.parsing.pdf_layout import PdfLines, are_stamps, is_garbled, is_scan
from footnote_qa.index.parsing.pdf_outline import outline_headings
from footnote_qa.index.parsing.pdf_page import read_page
from footnote_qa.index.parsing.pdf_text import lines_of, page_texts
from footnote_qa.index.parsing.text import clean
from footnote_qa.index.types import Heading, Parsed, ProblemKind

MAX_PAGES = 10_000

_HEADER_BYTES = 1024
_PAGES_A_HEADING = 10
_SCANNED = "its pages are images without text: switch on ocr under [documents]"
_UNRECOGNISED = "the words on its pages could not be recognised in time: raise ocr_page_timeout_s"
_PICTURES = "with pictures instead of text: switch on ocr under [documents]"
_GARBLED = "with letters that make no words: export the file again, or switch on ocr"

# Titles that programs set by themselves.
_NO_TITLE = re.compile(
    r"\(?(?:anonymous|untitled)\)?|microsoft (?:word|powerpoint|excel) - .*|powerpoint presentation"
    r"|.*\.(?:pdf|docx?|pptx?|xlsx?|odt|rtf|tex|indd|jpe?g|png|tiff?|exe|html?|txt)",
    re.IGNORECASE,
)


def parse(content: bytes, recognised: Recognised = None) -> Parsed:
    """Return the text of every page of *content*, with the offset of each physical page.

    Args:
        content: The file.
        recognised: What text recognition found on pages without text of their own.

    Raises:
        UnreadableDocumentError: ENCRYPTED, SCANNED, EMPTY, TOO_BIG or BROKEN.
    """
    if b"%PDF-" not in content[:_HEADER_BYTES]:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says pdf, the content is not; export it again"
        )
    document = open_pdf(content)
    try:
        read = _read_pages(document)
        if recognised is not None:
            unread = [n for n, page in enumerate(read.pages, start=1) if _is_unread(page)]
            if wanted := tuple(n for n in unread if n not in recognised):
                return Parsed(text="", wanted=wanted)
            _use(read, recognised)
        return _parsed(document, read, _checked(document, read))
    finally:
        document.close()


def _is_unread(page: PdfLines) -> bool:
    """Return whether only text recognition can read a page."""
    is_drawn = bool(page.objects) and not page.text.strip()
    return is_drawn or is_scan(page) or is_garbled(page.text)


def _use(read: "_Read", recognised: Mapping[int, Page | None]) -> None:
    """Replace pages by what text recognition found on them."""
    read.looked_at = True
    for number, found in recognised.items():
        if not 0 < number <= len(read.pages):
            continue
        if found is None:
            read.unrecognised.append(number)
        elif found.words:
            read.pages[number - 1] = lines_of(found)
            read.recognised.append(number)
        else:  # it shows no words
            read.pages[number - 1].is_picture = False


def _parsed(document: PdfDocument, read: "_Read", pages: list[PdfLines]) -> Parsed:
    scans = [number for number, page in enumerate(pages, start=1) if is_scan(page)]
    garbled = [
        number
        for number, page in enumerate(pages, start=1)
        if number not in read.recognised and is_garbled(page.text)
    ]
    told = page_texts(pages)
    outlined = outline_headings(document, told.texts, told.starts)
    return Parsed(
        text=told.text,
        title=_title(document),
        headings=_chosen(outlined, told.headings, len(pages)),
        pages=told.starts,
        note=_note(read, scans=scans, garbled=garbled),
        recognised=tuple(read.recognised),
    )


def open_pdf(content: bytes) -> PdfDocument:
    """Open a PDF; raises `UnreadableDocumentError`."""
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
    """The pages of a document, and the numbers of those that were not simply read.

    Attributes:
        pages: All of them.
        failed: Those that are damaged.
        recognised: Those whose words were recognised in a picture.
        unrecognised: Those for which that failed.
        looked_at: Whether text recognition is on.
    """

    pages: list[PdfLines] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)
    unrecognised: list[int] = field(default_factory=list)
    looked_at: bool = False


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
                read.pages.append(lines_of(found))
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
    if has_text and (read.recognised or not are_stamps(pages)):
        return pages
    if has_text or read.unrecognised:
        raise UnreadableDocumentError(
            ProblemKind.SCANNED, _UNRECOGNISED if read.unrecognised else _SCANNED
        )
    raise _nothing_read(
        document,
        failed=len(read.failed) == len(pages),
        has_objects=not read.looked_at and any(page.objects for page in pages),
    )


def _chosen(
    outlined: tuple[Heading, ...], printed: tuple[Heading, ...], pages: int
) -> tuple[Heading, ...]:
    """Return the headings of the outline, or those by size if the outline has hardly any."""
    return outlined if len(outlined) * _PAGES_A_HEADING >= pages and outlined else printed


def _note(read: "_Read", *, scans: list[int], garbled: list[int]) -> str | None:
    """Return what a reader of the document misses, as one sentence; None if nothing."""
    unrecognised = read.unrecognised
    parts = [
        f"{page_numbers(found)} {what}"
        for found, what in (
            ([one for one in scans if one not in unrecognised], _PICTURES),
            ([one for one in garbled if one not in unrecognised], _GARBLED),
            (unrecognised, "whose words could not be recognised in time"),
            (read.failed, "that cannot be read"),
        )
        if found
    ]
    return "; ".join(parts) or None


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


def _title(document: PdfDocument) -> str | None:
    raw = clean(str(document.get_metadata_value("Title")))
    title = " ".join(raw.split())
    return None if not title or _NO_TITLE.fullmatch(title) else title
