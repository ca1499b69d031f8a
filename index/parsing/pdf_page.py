"""Read one page of a PDF with pdfium: its words with their places, its lines and its pictures."""

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeAlias

from pypdfium2 import PdfPage, PdfTextPage
from pypdfium2 import raw as pdfium_c

from footnote_qa.index.parsing.page import Box, Look, Page, Word

_WORD = re.compile(r"\S+")
_BREAK = "\ufffe"  # pdfium writes it in place of a hyphen at a line's end and the break after it
_MOST_OBJECTS = 30_000
_MAX_DEPTH = 4
_NAME_BYTES = 128
_BOLD = re.compile(rb"bold|black|heavy|semibold|demi|-bd", re.IGNORECASE)
_BOLD_WEIGHT = 600
_RULE_WIDTH = 3.0

_TEXT, _PATH, _IMAGE, _FORM = 1, 2, 3, 5


def read_page(page: PdfPage) -> Page:
    """Return what is on *page*; raises `PdfiumError`."""
    frame = frame_of(page)
    found = Page(width=frame.size[0], height=frame.size[1])
    text_page = page.get_textpage()
    try:
        _read_words(found, text_page, frame)
    finally:
        text_page.close()
    _read_objects(found, page, frame)
    return found


def frame_of(page: PdfPage) -> "Frame":
    """Return how places on the sheet become places on the page."""
    return Frame(page.get_bbox(), page.get_rotation())


class Frame:
    """Turns places on the sheet into places on the page as it is shown.

    Args:
        sheet: The edges of the page on its sheet.
        rotation: By how many degrees it is shown turned to the right.
    """

    def __init__(self, sheet: Box, rotation: int) -> None:
        self._origin = sheet[:2]
        width, height = self._sheet = sheet[2] - sheet[0], sheet[3] - sheet[1]
        self._rotation = rotation % 360
        self._is_plain = self._rotation == 0 and self._origin == (0.0, 0.0)
        self.size = (height, width) if self._rotation in {90, 270} else (width, height)

    def box(self, left: float, bottom: float, *rest: float) -> Box:
        """Return a box, given by left, bottom, right and top, as it is shown."""
        right, top = rest
        if self._is_plain:
            return left, bottom, right, top
        x0, x1 = left - self._origin[0], right - self._origin[0]
        y0, y1 = bottom - self._origin[1], top - self._origin[1]
        width, height = self._sheet
        if self._rotation == 90:  # noqa: PLR2004  clockwise
            return y0, width - x1, y1, width - x0
        if self._rotation == 180:  # noqa: PLR2004
            return width - x1, height - y1, width - x0, height - y0
        if self._rotation == 270:  # noqa: PLR2004
            return height - y1, x0, height - y0, x1
        return x0, y0, x1, y1


def _read_words(found: Page, text_page: PdfTextPage, frame: Frame) -> None:
    text = str(text_page.get_text_range())
    same = len(text) == int(text_page.count_chars())
    rectangle = pdfium_c.FS_RECTF()
    reference = ctypes.byref(rectangle)
    box_of = pdfium_c.FPDFText_GetLooseCharBox
    raw = text_page.raw

    def place(at: int) -> tuple[int, Box]:
        # Letters beyond the first 65,536 take two places in pdfium's own text
        index = at
        if not same:
            before = len(text[:at].encode("utf-16-le", "surrogatepass")) // 2
            index = pdfium_c.FPDFText_GetCharIndexFromTextIndex(raw, before)
        box_of(raw, index, reference)
        edges = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        return index, frame.box(*edges)

    for number, line, offset in _numbered_lines(text):
        index = -1
        for match in _WORD.finditer(line):
            start = offset + match.start()
            index, first = place(start)
            cut = match.group().find(_BREAK)
            end = start + (cut if cut > 0 else len(match.group())) - 1
            last = place(end)[1] if end > start else first
            box = (
                min(first[0], last[0]),
                min(first[1], last[1]),
                max(first[2], last[2]),
                max(first[3], last[3]),
            )
            found.words.append(Word(match.group(), box, number))
            if number not in found.looks:
                found.looks[number] = _look(raw, index)
        # A line that only begins bold is a paragraph with its subject before it
        look = found.looks.get(number)
        if look is not None and look.is_bold and not _look(raw, index).is_bold:
            found.looks[number] = replace(look, is_bold=False)


def _numbered_lines(text: str) -> Iterator[tuple[int, str, int]]:
    offset = 0
    for number, line in enumerate(text.split("\n")):
        yield number, line, offset
        offset += len(line) + 1


def _look(text_page: object, index: int) -> Look:
    name = ctypes.create_string_buffer(_NAME_BYTES)
    pdfium_c.FPDFText_GetFontInfo(text_page, index, name, _NAME_BYTES, None)
    size = float(pdfium_c.FPDFText_GetFontSize(text_page, index))
    matrix = pdfium_c.FS_MATRIX()
    if pdfium_c.FPDFText_GetMatrix(text_page, index, ctypes.byref(matrix)):
        scale = max(abs(matrix.d), abs(matrix.b))
        size = size * scale if scale else size
    weight = int(pdfium_c.FPDFText_GetFontWeight(text_page, index))
    is_bold = weight >= _BOLD_WEIGHT or _BOLD.search(name.value) is not None
    return Look(size=round(size * 2) / 2, is_bold=is_bold)


def _read_objects(found: Page, page: PdfPage, frame: Frame) -> None:
    found.objects = int(pdfium_c.FPDFPage_CountObjects(page))
    if found.objects > _MOST_OBJECTS:
        return
    area = max(1.0, found.width * found.height)
    rules: list[Box] = []
    for kind, item, matrix in _objects(page):
        if kind == _IMAGE:
            left, bottom, right, top = frame.box(*_moved(_bounds(item), matrix))
            width = min(right, found.width) - max(left, 0.0)
            height = min(top, found.height) - max(bottom, 0.0)
            found.picture = max(found.picture, max(0.0, width) * max(0.0, height) / area)
        elif kind == _PATH:
            rules += [frame.box(*rule) for rule in _rules(item, matrix)]
    found.rules = rules


_Matrix: TypeAlias = tuple[float, float, float, float, float, float]


def _objects(page: PdfPage) -> Iterator[tuple[int, object, _Matrix]]:
    """Yield the things drawn on a page, with those inside groups."""
    count = pdfium_c.FPDFPage_CountObjects(page)
    for number in range(count):
        item = pdfium_c.FPDFPage_GetObject(page, number)
        yield from _flattened(item, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), depth=0)


def _flattened(
    item: object, outer: _Matrix, *, depth: int
) -> Iterator[tuple[int, object, _Matrix]]:
    kind = int(pdfium_c.FPDFPageObj_GetType(item))
    if kind != _FORM:
        yield kind, item, outer
        return
    inner = _times(_matrix(item), outer)
    count = pdfium_c.FPDFFormObj_CountObjects(item) if depth < _MAX_DEPTH else 0
    for number in range(min(max(0, count), _MOST_OBJECTS)):
        yield from _flattened(pdfium_c.FPDFFormObj_GetObject(item, number), inner, depth=depth + 1)


def _matrix(item: object) -> _Matrix:
    found = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(item, ctypes.byref(found)):
        return 1.0, 0.0, 0.0, 1.0, 0.0, 0.0
    return found.a, found.b, found.c, found.d, found.e, found.f


def _times(one: _Matrix, two: _Matrix) -> _Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def _bounds(item: object) -> Box:
    edges = [ctypes.c_float() for _ in range(4)]
    pdfium_c.FPDFPageObj_GetBounds(item, *map(ctypes.byref, edges))
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _moved(box: Box, matrix: _Matrix) -> Box:
    corners = [_point(matrix, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _point(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _rules(path: object, outer: _Matrix) -> Iterator[Box]:
    """Yield the straight horizontal and vertical lines of a path, as flat boxes."""
    count = int(pdfium_c.FPDFPath_CountSegments(path))
    if count > _MOST_OBJECTS:
        return
    matrix = _times(_matrix(path), outer)
    points = list(_subpaths(path, count, matrix))
    for subpath in points:
        xs, ys = [x for x, _ in subpath], [y for _, y in subpath]
        if not subpath:
            continue
        box = (min(xs), min(ys), max(xs), max(ys))
        if min(box[2] - box[0], box[3] - box[1]) <= _RULE_WIDTH:
            yield box  # a line, or a rectangle so thin that it is one
            continue
        for (x0, y0), (x1, y1) in pairwise(subpath):
            if abs(x0 - x1) <= 1 or abs(y0 - y1) <= 1:
                yield min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _subpaths(path: object, count: int, matrix: _Matrix) -> Iterator[Sequence[tuple[float, float]]]:
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    for number in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, number)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        pdfium_c.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        if kind != pdfium_c.FPDF_SEGMENT_LINETO:  # a new subpath, or a curve
            yield points
            points = []
        points.append(_point(matrix, x.value, y.value))
        if pdfium_c.FPDFPathSegment_GetClose(segment) and len(points) > 1:
            points.append(points[0])
    yield points
