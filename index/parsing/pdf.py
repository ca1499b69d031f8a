"""Parse PDF with pdfium: the text of each page, with headings from the outline."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from pypdfium2 import PdfDocument, PdfiumError, PdfPage
from pypdfium2 import raw as pdfium_c

from index.errors import UnreadableDocumentError
from index.parsing.text import clean
from index.types import Heading, Parsed, ProblemKind

MAX_PAGES = 10_000

_PAGE_BREAK = "\n\n"
_MAX_BOOKMARKS = 5_000
_MAX_OUTLINE_DEPTH = 6
_HEADER_BYTES = 1024

# pdfium writes this in place of a hyphen at a line's end and the line break after it.
_BROKEN_WORD = re.compile("([^\\W\\d_]+(?:-[^\\W\\d_]+)*)\ufffe([^\\W\\d_]+)")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_MIN_PART_CHARS = 3

_NUMBER = re.compile(r"\s{0,9}[\d.]{1,12}[.)]?\s")

# Titles that programs set by themselves.
_NO_TITLE = re.compile(
    r"\(?(?:anonymous|untitled)\)?|microsoft (?:word|powerpoint|excel) - .*|powerpoint presentation"
    r"|.*\.(?:pdf|docx?|pptx?|xlsx?|odt|rtf|tex|indd|jpe?g|png|tiff?|exe|html?|txt)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bookmark:
    page: int
    level: int
    title: str


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
        texts = _rejoin(_page_texts(document))
        pages = _page_starts(texts)
        return Parsed(
            text=_PAGE_BREAK.join(texts),
            title=_title(document),
            headings=_headings(texts, pages, _bookmarks(document)),
            pages=pages,
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


def _page_texts(document: PdfDocument) -> list[str]:
    texts: list[str] = []
    failed = objects = 0
    for number in range(len(document)):
        try:
            page = document[number]
            text, count = _page_text(page)
        except PdfiumError:
            text, count, failed = "", 0, failed + 1
        texts.append(text)
        objects += count
    if any(text.strip() for text in texts):
        return texts
    raise _nothing_read(document, failed=failed == len(texts), has_objects=objects > 0)


def _page_text(page: PdfPage) -> tuple[str, int]:
    """Return the text of *page*, and if there is none, how many objects are drawn on it."""
    try:
        text_page = page.get_textpage()
        try:
            text = str(text_page.get_text_range())
        finally:
            text_page.close()
        objects = 0 if text.strip() else int(pdfium_c.FPDFPage_CountObjects(page))
    finally:
        page.close()
    return text, objects


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
        return UnreadableDocumentError(
            ProblemKind.SCANNED, "its pages are images without text: run OCR on it first"
        )
    return UnreadableDocumentError(ProblemKind.EMPTY, "its pages are blank")


def _rejoin(texts: list[str]) -> list[str]:
    """Join words broken at the ends of lines, spelled as elsewhere in the same document."""
    if not any("\ufffe" in text for text in texts):
        return [_tidy(text) for text in texts]
    # The halves of broken words are not words.
    whole = (_BROKEN_WORD.sub(" ", text) for text in texts)
    known = {word.lower() for text in whole for word in _WORD.findall(text)}
    evidence = [
        _keeps_hyphen(match[1], match[2], known)
        for text in texts
        for match in _BROKEN_WORD.finditer(text)
    ]
    kept, joined = evidence.count(True), evidence.count(False)
    # A program without hyphenation breaks lines only at the hyphens of compounds, which is rare.
    by_default = kept > joined or (not joined and len(evidence) < len(texts))

    def join(match: re.Match[str]) -> str:
        keeps = _keeps_hyphen(match[1], match[2], known)
        hyphen = "-" if keeps or (keeps is None and by_default) else ""
        return f"{match[1]}{hyphen}{match[2]}"

    return [_tidy(_BROKEN_WORD.sub(join, text).replace("\ufffe", "-")) for text in texts]


def _keeps_hyphen(left: str, right: str, known: set[str]) -> bool | None:
    """Return whether a hyphen stays, as in "chat-optimized"; None if *known* doesn't show it."""
    if (left + right).lower() in known:
        return False
    if "-" in left or left.isupper() != right.isupper() or right.istitle():
        return True
    parts = {left.lower(), right}
    both_words = parts <= known and min(map(len, parts)) >= _MIN_PART_CHARS
    return True if both_words or f"{left}-{right}".lower() in known else None


def _tidy(text: str) -> str:
    # A soft hyphen that pdfium kept is inside a line and never visible.
    lines = clean(text.replace("\xad", "")).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


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
    texts: list[str], pages: tuple[int, ...], bookmarks: list[_Bookmark]
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
