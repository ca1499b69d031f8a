"""Parse Word 97 to 2003: paragraphs, headings and tables, from the streams of the file."""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.ole import Container
from footnote_qa.index.parsing.tables import tables
from footnote_qa.index.types import Parsed, ProblemKind

_MAGIC = 0xA5EC
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_PIECES_AT, _STYLES_AT = 0x01A2, 0x0102  # where the file says where these tables are
_PART_LENGTHS = (0x4C, 0x50, 0x54, 0x58, 0x5C, 0x60, 0x64)  # text, notes, heads, macros, remarks …
_HEADERS = 2  # of these parts: heads and feet, which repeat
_PAGE = 512
_MOST_HEADING_STYLE = 9
_CELL, _PARAGRAPH, _BREAK, _PAGE_BREAK = "\x07", "\r", "\x0b", "\x0c"
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x15]*))?\x15")
_INVISIBLE = re.compile("[\x00-\x06\x08\x0e-\x1d\x1f]")
_ENDS = re.compile("[\x07\r\x0c]")


def parse(content: bytes) -> Parsed:
    """Return the text of *content*; deleted words that the file still holds can be among it.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, EMPTY, or UNSUPPORTED before Word 97.
    """
    container = Container(content, "doc")
    text = _text(container)
    blocks = Blocks()
    for part in _parts(text):
        if isinstance(part, _Paragraph):
            if part.level:
                blocks.heading(part.level, part.text)
            else:
                blocks.add(part.text)
            continue
        for table in tables(part):
            blocks.add(table)
    return blocks.parsed(container.title())


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    level: int = 0  # of a heading
    is_cell: bool = False


def _text(container: Container) -> list[_Paragraph]:
    main = container.read("WordDocument")
    if len(main) < _PIECES_AT + 8:
        raise _broken()
    magic, flags = struct.unpack_from("<H", main, 0)[0], struct.unpack_from("<H", main, 0x0A)[0]
    if magic != _MAGIC:
        raise UnreadableDocumentError(
            ProblemKind.UNSUPPORTED, "it is from a Word before 1997; save it as docx"
        )
    if flags & _ENCRYPTED:
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
        )
    table = container.read("1Table" if flags & _SECOND_TABLE else "0Table")
    try:
        pieces = list(_pieces(main, table))
        styles = _Styles(main, table)
    except (struct.error, IndexError) as error:
        raise _broken() from error
    return list(_paragraphs(pieces, styles, _lengths(main)))


def _broken() -> UnreadableDocumentError:
    return UnreadableDocumentError(
        ProblemKind.BROKEN, "the file is damaged; open it in its program and save it again"
    )


def _lengths(main: bytes) -> list[int]:
    return [struct.unpack_from("<i", main, at)[0] for at in _PART_LENGTHS]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the text: its characters, where they are in the file, and how wide they are."""

    text: str
    offset: int
    width: int


def _pieces(main: bytes, table: bytes) -> Iterator[_Piece]:
    start, length = struct.unpack_from("<II", main, _PIECES_AT)
    data = table[start : start + length]
    at = 0
    while at < len(data) and data[at] == 1:  # changes of format, which have no text
        at += 3 + struct.unpack_from("<H", data, at + 1)[0]
    if at >= len(data) or data[at] != 2:  # noqa: PLR2004  the mark of the table of pieces
        raise _broken()
    count = (struct.unpack_from("<I", data, at + 1)[0] - 4) // 12
    at += 5
    places = struct.unpack_from(f"<{count + 1}I", data, at)
    for number in range(count):
        raw = struct.unpack_from("<I", data, at + 4 * (count + 1) + 8 * number + 2)[0]
        chars = places[number + 1] - places[number]
        is_narrow = bool(raw & 0x40000000)
        offset = (raw & 0x3FFFFFFF) // 2 if is_narrow else raw & 0x3FFFFFFF
        width = 1 if is_narrow else 2
        found = main[offset : offset + chars * width]
        text = found.decode("cp1252" if is_narrow else "utf-16-le", errors="replace")
        yield _Piece(text, offset, width)


class _Styles:
    """The number of the style of each paragraph, by its place in the file."""

    def __init__(self, main: bytes, table: bytes) -> None:
        self._ends: list[int] = []
        self._numbers: list[int] = []
        start, length = struct.unpack_from("<II", main, _STYLES_AT)
        count = max(0, (length - 4) // 8)
        pages = struct.unpack_from(f"<{count}I", table, start + 4 * (count + 1)) if count else ()
        runs: dict[int, int] = {}
        for page in pages:
            runs |= _page_styles(main[page * _PAGE : (page + 1) * _PAGE])
        for end in sorted(runs):
            self._ends.append(end)
            self._numbers.append(runs[end])

    def level(self, offset: int) -> int:
        """Return the level of the heading whose mark is at *offset*; 0 for other paragraphs."""
        at = bisect_right(self._ends, offset)
        number = self._numbers[at] if at < len(self._numbers) else 0
        return number if 0 < number <= _MOST_HEADING_STYLE else 0


def _page_styles(page: bytes) -> dict[int, int]:
    """Return the end of each paragraph on a page of formats, and the number of its style."""
    if len(page) < _PAGE:
        return {}
    count = page[_PAGE - 1]
    ends = struct.unpack_from(f"<{count + 1}I", page, 0)
    found: dict[int, int] = {}
    for number in range(count):
        at = page[4 * (count + 1) + 13 * number] * 2
        if at == 0 or at + 4 > _PAGE:
            continue
        # The length is in this byte, or in the next one if this is 0
        at += 1 if page[at] else 2
        found[ends[number + 1]] = struct.unpack_from("<H", page, at)[0]
    return found


def _paragraphs(
    pieces: Sequence[_Piece], styles: _Styles, lengths: Sequence[int]
) -> Iterator[_Paragraph]:
    text = "".join(piece.text for piece in pieces)
    starts: list[int] = []
    total = 0
    for piece in pieces:
        starts.append(total)
        total += len(piece.text)
    heads = sum(lengths[:_HEADERS])
    skipped = range(heads, heads + lengths[_HEADERS])
    start = 0
    for match in _ENDS.finditer(text):
        at = match.start()
        if start not in skipped:
            piece = pieces[bisect_right(starts, at) - 1]
            offset = piece.offset + (at - starts[bisect_right(starts, at) - 1]) * piece.width
            is_cell = match[0] == _CELL
            level = 0 if is_cell else styles.level(offset)
            yield _Paragraph(_shown(text[start:at]), level, is_cell)
        start = match.end()
    if text[start:].strip() and start not in skipped:
        yield _Paragraph(_shown(text[start:]))


def _shown(text: str) -> str:
    before = None
    while before != text:  # fields can be within fields
        before, text = text, _FIELD.sub(lambda match: match[1] or "", text)
    text = text.replace(_BREAK, "\n").replace("\x1e", "-").replace("\x13", "").replace("\x15", "")
    return _INVISIBLE.sub("", text).strip()


def _parts(paragraphs: Sequence[_Paragraph]) -> Iterator[_Paragraph | list[list[str]]]:
    """Yield paragraphs and tables; paragraphs within a cell belong to its table."""
    waiting: list[_Paragraph] = []
    cells: list[str] = []
    last_cell = max((n for n, one in enumerate(paragraphs) if one.is_cell), default=-1)
    for number, one in enumerate(paragraphs):
        if one.is_cell:
            cells.append("\n".join([*(before.text for before in waiting), one.text]).strip())
            waiting = []
            continue
        follows = cells and number < last_cell and _cell_is_near(paragraphs, number)
        if follows and not one.level:
            waiting.append(one)
            continue
        yield from _table(cells)
        cells = []
        yield from waiting
        waiting = []
        yield one
    yield from _table(cells)
    yield from waiting


def _cell_is_near(paragraphs: Sequence[_Paragraph], start: int) -> bool:
    return any(one.is_cell for one in paragraphs[start : start + 3])


def _table(cells: list[str]) -> Iterator[list[list[str]]]:
    """Yield the rows of a table: each ends with an empty cell, as Word marks it."""
    if not cells:
        return
    for width in range(2, len(cells) + 1):
        rows = [cells[at : at + width] for at in range(0, len(cells), width)]
        if len(cells) % width == 0 and all(not row[-1] for row in rows):
            yield [row[:-1] for row in rows]
            return
    yield [[cell] for cell in cells if cell]
