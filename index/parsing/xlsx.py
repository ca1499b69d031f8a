"""Parse Excel with calamine: each sheet under its name, rows as tables that repeat their head."""

import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.number_formats import Value, shown
from footnote_qa.index.parsing.parts import core_title, open_office, xml_part
from footnote_qa.index.parsing.sheet_layout import SheetLayout, scripts_of, sheet_layouts
from footnote_qa.index.parsing.sheets import sheet
from footnote_qa.index.types import Parsed, ProblemKind

MAX_CELLS = 20_000_000

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def parse(content: bytes) -> Parsed:
    """Return the cells of every visible sheet of *content*, with their last computed values.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSUPPORTED, UNSAFE or TOO_BIG.
    """
    with open_office(content, "xlsx", holds="xl/") as archive:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        blocks = Blocks()
        layouts = sheet_layouts(archive)
        scripts = scripts_of(archive)
        for meta in workbook.sheets_metadata:
            is_shown = meta.visible == SheetVisibleEnum.Visible
            if is_shown and meta.typ == SheetTypeEnum.WorkSheet:
                layout = layouts.get(meta.name) or SheetLayout()
                _add_sheet(blocks, workbook.get_sheet_by_name(meta.name), layout, scripts=scripts)
        texts = list(_text_boxes(archive))
        if not blocks.parsed().text and not texts:
            raise UnreadableDocumentError(ProblemKind.EMPTY, "there is nothing in its cells")
        for text in texts:
            blocks.add(text)
        # The name of the first sheet is not a title.
        return blocks.parsed(core_title(archive, "docProps/core.xml"))


def _add_sheet(
    blocks: Blocks, cells: CalamineSheet, layout: SheetLayout, *, scripts: Mapping[str, str]
) -> None:
    if cells.height * cells.width > MAX_CELLS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"its sheet {cells.name} spans {cells.height * cells.width:,} cells; at most"
            f" {MAX_CELLS:,} are read; split it or delete cells far from the rest",
        )
    texts = [*sheet(_rows(cells, layout, scripts)), *layout.notes]
    if texts:
        blocks.heading(1, cells.name)
    for text in texts:
        blocks.add(text)


def _rows(cells: CalamineSheet, layout: SheetLayout, scripts: Mapping[str, str]) -> list[list[str]]:
    """Return the shown cells as texts; a merged cell fills all of its rows, and its head."""

    def text(value: Value, row: int, column: int) -> str:
        if (row, column) in layout.struck:
            return ""
        words = shown(value, layout.format_of(row, column))
        return scripts.get(words, words)

    values = list(cells.iter_rows())
    rows = [
        [
            text(value, number, column)
            for column, value in enumerate(row)
            if column not in layout.hidden_columns
        ]
        for number, row in enumerate(values)
    ]
    width = max(map(len, values), default=0)
    columns = [column for column in range(width) if column not in layout.hidden_columns]
    places = {column: place for place, column in enumerate(columns)}
    for top, left, bottom, right in layout.merged:
        _fill(rows, places, (top, left, bottom, right))
    return [row for number, row in enumerate(rows) if number not in layout.hidden_rows]


def _fill(rows: list[list[str]], places: dict[int, int], area: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = area
    if top >= len(rows) or left not in places or places[left] >= len(rows[top]):
        return
    text = rows[top][places[left]]
    # The cell of a label fills its rows; one that is a title over the complete table fills nothing
    is_group = top == bottom and right - left + 1 < len(rows[top])
    for row in range(top, min(bottom + 1, len(rows))):
        for column in range(left, (right if is_group else left) + 1):
            place = places.get(column, len(rows[row]))
            if place < len(rows[row]) and not rows[row][place]:
                rows[row][place] = text


def _text_boxes(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the words in shapes that are over the cells."""
    for name in sorted(archive.namelist()):
        if name.startswith("xl/drawings/drawing") and name.endswith(".xml"):
            for paragraph in xml_part(archive, name).iter(f"{_A}p"):
                yield "".join(node.text or "" for node in paragraph.iter(f"{_A}t"))
