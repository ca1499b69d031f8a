"""Read what people filled into a PDF: form fields, and notes on its pages."""

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pypdfium2 import PdfPage
from pypdfium2 import raw as pdfium_c

from footnote_qa.index.parsing.page import Box, Page, Word
from footnote_qa.index.parsing.pdf_page import frame_of
from footnote_qa.index.parsing.text import clean

_MOST_NOTES = 2_000
_FIELD, _FREE_TEXT = pdfium_c.FPDF_ANNOT_WIDGET, pdfium_c.FPDF_ANNOT_FREETEXT
_UNREAD = frozenset({pdfium_c.FPDF_ANNOT_POPUP, pdfium_c.FPDF_ANNOT_LINK})
_TICKED = frozenset({pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON})
_HIDDEN_FLAG, _NO_VIEW_FLAG = 2, 32
_PASSWORD_FLAG = 1 << 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A note that somebody wrote on a page.

    Attributes:
        text: The words, or "[x]" and "[ ]" for a box to tick.
        name: Name of the field; "" for a note.
        box: Where it is.
        is_note: Whether it is a comment on the page, and no part of it.
    """

    text: str
    name: str
    box: Box
    is_note: bool


def add_entries(found: Page, page: PdfPage, form: object) -> None:
    """Add what people wrote on *page* to its words: a value follows the label to its left."""
    line = max((word.line for word in found.words), default=-1)
    for entry in _entries(page, form):
        found.has_fields = found.has_fields or bool(entry.name)
        at = None if entry.is_note else _label(found, entry.box)
        words = entry.text.split()
        if at is not None:
            found.words[at + 1 : at + 1] = [
                Word(word, entry.box, found.words[at].line) for word in words
            ]
            continue
        line += 1
        lead = "Note:" if entry.is_note else f"{entry.name}:" if entry.name else ""
        found.words += [Word(word, entry.box, line) for word in [*lead.split(), *words]]


def _label(found: Page, box: Box) -> int | None:
    """Return the word after which the value of a field is read: the nearest to its left."""
    best: int | None = None
    for number, word in enumerate(found.words):
        is_level = box[1] - 2 <= word.middle <= box[3] + 2
        is_left = word.box[0] < box[0] and word.box[2] <= (box[0] + box[2]) / 2
        is_nearer = best is None or word.box[2] >= found.words[best].box[2]
        if is_level and is_left and is_nearer:
            best = number
    return best


def _entries(page: PdfPage, form: object) -> Iterator[Entry]:
    frame = frame_of(page)
    count = int(pdfium_c.FPDFPage_GetAnnotCount(page))
    for number in range(min(count, _MOST_NOTES)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            kind = int(pdfium_c.FPDFAnnot_GetSubtype(annotation))
            flags = int(pdfium_c.FPDFAnnot_GetFlags(annotation))
            if kind in _UNREAD or flags & (_HIDDEN_FLAG | _NO_VIEW_FLAG):
                continue
            edges = pdfium_c.FS_RECTF()
            pdfium_c.FPDFAnnot_GetRect(annotation, ctypes.byref(edges))
            box = frame.box(edges.left, edges.bottom, edges.right, edges.top)
            if kind == _FIELD:
                text, name = _field(annotation, form) if form else ("", "")
            else:
                text, name = _string(annotation, b"Contents"), ""
            if text:
                is_note = kind not in {_FIELD, _FREE_TEXT}
                yield Entry(text=text, name=name, box=box, is_note=is_note)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _field(annotation: object, form: object) -> tuple[str, str]:
    """Return the value and the name of a form's field."""
    kind = int(pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation))
    flags = int(pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation))
    if kind == pdfium_c.FPDF_FORMFIELD_PUSHBUTTON or flags & _PASSWORD_FLAG:
        return "", ""
    told = _from_form(pdfium_c.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = told or _from_form(pdfium_c.FPDFAnnot_GetFormFieldName, form, annotation)
    if kind in _TICKED:
        return ("[x]" if pdfium_c.FPDFAnnot_IsChecked(form, annotation) else "[ ]"), name
    return _from_form(pdfium_c.FPDFAnnot_GetFormFieldValue, form, annotation), name


def _from_form(read: Callable[..., int], form: object, annotation: object) -> str:
    return _utf16(lambda buffer, size: read(form, annotation, buffer, size))


def _string(annotation: object, key: bytes) -> str:
    return _utf16(
        lambda buffer, size: pdfium_c.FPDFAnnot_GetStringValue(annotation, key, buffer, size)
    )


def _utf16(read: Callable[[object, int], int]) -> str:
    size = int(read(None, 0))
    if size <= 2:  # noqa: PLR2004  the end mark alone
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    read(buffer, size)
    return " ".join(clean(bytes(buffer)[: size - 2].decode("utf-16-le", errors="replace")).split())
