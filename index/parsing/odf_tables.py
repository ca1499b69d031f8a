"""Read the tables of OpenDocument files: spans filled in, hidden rows and columns left out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.odf_text import OFFICE, TABLE, TEXT, OdfReader

_MAX_REPEATS = 1_000
_HEAD = f"{TABLE}table-header-rows"
_ROW_GROUPS = frozenset({_HEAD, f"{TABLE}table-rows", f"{TABLE}table-row-group"})
_COLUMN_GROUPS = frozenset(
    {f"{TABLE}table-header-columns", f"{TABLE}table-columns", f"{TABLE}table-column-group"}
)
_HIDDEN = "collapse"


@dataclass(slots=True)
class OdfTable:
    """The shown cells of a table.

    Attributes:
        rows: Their texts; a cell is repeated in each row, and a group in each column, it covers.
        heads: How many rows are marked as its head; 0 if none is.
        notes: What people noted on cells.
    """

    rows: list[list[str]] = field(default_factory=list)
    heads: int = 0
    notes: list[str] = field(default_factory=list)


def odf_table(reader: OdfReader, table: etree._Element) -> OdfTable:
    """Return the cells of *table*."""
    found = OdfTable()
    hidden = {number for number, is_hidden in enumerate(_columns(table)) if is_hidden}
    open_spans: dict[int, tuple[str, int]] = {}
    for row, is_head in _rows(table, is_head=False):
        cells = _cells(reader, row, open_spans)
        if row.get(f"{TABLE}visibility") == _HIDDEN:
            continue
        shown = [text for column, text in enumerate(cells) if column not in hidden]
        # Programs store the blank rest of a page as one row, repeated thousands of times.
        times = _repeats(row, "rows") if any(shown) else 1
        found.rows += [list(shown) for _ in range(times)]
        found.heads += is_head
        found.notes += _notes(reader, row)
    return found


def _columns(table: etree._Element) -> Iterator[bool]:
    """Yield for each column whether it is hidden."""
    for node in table:
        if node.tag == f"{TABLE}table-column":
            is_hidden = node.get(f"{TABLE}visibility") == _HIDDEN
            yield from [is_hidden] * _repeats(node, "columns")
        elif node.tag in _COLUMN_GROUPS:
            yield from _columns(node)


def _rows(table: etree._Element, *, is_head: bool) -> Iterator[tuple[etree._Element, bool]]:
    for node in table:
        if node.tag == f"{TABLE}table-row":
            yield node, is_head
        elif node.tag in _ROW_GROUPS:
            yield from _rows(node, is_head=is_head or node.tag == _HEAD)


@dataclass(slots=True)
class _Line:
    """A row that is being read.

    Attributes:
        cells: Its texts.
        blank: How many blank cells follow; none is written for the blank rest of a row.
        group: The text of the last cell that covers several columns.
        left: How many columns it still covers.
    """

    cells: list[str] = field(default_factory=list)
    blank: int = 0
    group: str = ""
    left: int = 0

    def add(self, text: str, times: int = 1) -> None:
        """Add a cell several times."""
        if text:
            self.cells += [*[""] * self.blank, *[text] * times]
            self.blank = 0
        else:
            self.blank += times


def _cells(
    reader: OdfReader, row: etree._Element, open_spans: dict[int, tuple[str, int]]
) -> list[str]:
    """Return the texts of a row; *open_spans* has the cells above that reach into it."""
    line = _Line()
    cells = list(row.iterchildren(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"))
    is_title = any(_number(cell, "columns-spanned") >= len(cells) > 1 for cell in cells)
    for cell in cells:
        text, times = _text(reader, cell), _repeats(cell, "columns")
        if cell.tag == f"{TABLE}covered-table-cell":
            for _ in range(times):
                above = _above(open_spans, len(line.cells) + line.blank)
                group = line.group if line.left > 0 and not is_title else ""
                line.left -= 1
                line.add(text or above or group)
            continue
        line.group, line.left = text, _number(cell, "columns-spanned") - 1
        rows = _number(cell, "rows-spanned")
        if text and rows > 1:
            open_spans[len(line.cells) + line.blank] = text, rows - 1
        line.add(text, times)
    return line.cells


def _above(open_spans: dict[int, tuple[str, int]], column: int) -> str:
    """Return the text of the cell above that covers a column, and count the row."""
    text, left = open_spans.pop(column, ("", 0))
    if left > 1:
        open_spans[column] = text, left - 1
    return text if left else ""


def _text(reader: OdfReader, cell: etree._Element) -> str:
    # Not every paragraph below a cell: a note on it has paragraphs too
    lines = [
        paragraph
        for one in cell.iterchildren(f"{TEXT}p", f"{TEXT}h", f"{TEXT}list")
        for paragraph in one.iter(f"{TEXT}p", f"{TEXT}h")
    ]
    if lines:
        return " ".join(filter(None, map(reader.words, lines)))
    kind = str(cell.get(f"{OFFICE}value-type", ""))
    return str(cell.get(f"{OFFICE}{_VALUES.get(kind, 'value')}", "")) if kind else ""


_VALUES = {"date": "date-value", "time": "time-value", "boolean": "boolean-value"}


def _notes(reader: OdfReader, row: etree._Element) -> Iterator[str]:
    for note in row.iter(f"{OFFICE}annotation"):
        words = " ".join(reader.paragraphs(note))
        cell = next(note.iterancestors(f"{TABLE}table-cell"), None)
        if words and cell is not None:
            on = _text(reader, cell)
            yield f"Note on {on}: {words}" if on else f"Note: {words}"


def _repeats(node: etree._Element, what: str) -> int:
    return min(_number(node, f"{what}-repeated"), _MAX_REPEATS)


def _number(node: etree._Element, what: str) -> int:
    number = str(node.get(f"{TABLE}number-{what}", "1"))
    return max(1, int(number)) if number.isdecimal() else 1
