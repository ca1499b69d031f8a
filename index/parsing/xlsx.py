"""Parse Excel with calamine: each sheet under its name, rows as tables that repeat their head."""

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import TypeAlias

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from index.errors import UnreadableDocumentError
from index.parsing.blocks import Blocks
from index.parsing.parts import core_title, open_office, xml_part
from index.parsing.sheets import sheet
from index.types import Parsed, ProblemKind

MAX_CELLS = 20_000_000

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

Value: TypeAlias = str | float | bool | datetime | date | time | timedelta


def parse(content: bytes) -> Parsed:
    """Return the cells of every visible sheet of *content*, with their last computed values.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSUPPORTED, UNSAFE or TOO_BIG.
    """
    with open_office(content, "xlsx", holds="xl/") as archive:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        blocks = Blocks()
        for meta in workbook.sheets_metadata:
            is_shown = meta.visible == SheetVisibleEnum.Visible
            if is_shown and meta.typ == SheetTypeEnum.WorkSheet:
                _add_sheet(blocks, workbook.get_sheet_by_name(meta.name))
        texts = list(_text_boxes(archive))
        if not blocks.parsed().text and not texts:
            raise UnreadableDocumentError(ProblemKind.EMPTY, "there is nothing in its cells")
        for text in texts:
            blocks.add(text)
        # The name of the first sheet is not a title.
        return blocks.parsed(core_title(archive, "docProps/core.xml"))


def _add_sheet(blocks: Blocks, cells: CalamineSheet) -> None:
    if cells.height * cells.width > MAX_CELLS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG,
            f"its sheet {cells.name} spans {cells.height * cells.width:,} cells; at most"
            f" {MAX_CELLS:,} are read; split it or delete cells far from the rest",
        )
    texts = list(sheet([_texts(row) for row in cells.iter_rows()]))
    if texts:
        blocks.heading(1, cells.name)
    for text in texts:
        blocks.add(text)


def _texts(row: Sequence[Value]) -> list[str]:
    return [shown(value) for value in row]


def shown(value: Value) -> str:
    """Return a cell's value as a person reads it.

    >>> shown(0.1 + 0.2), shown(12.0), shown(True), shown(datetime(2030, 5, 1))
    ('0.3', '12', 'TRUE', '2030-05-01')
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        # A cell holds 15 digits; the digits after them are noise of the binary form.
        return f"{value:.15g}"
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return value if isinstance(value, str) else str(value)


def _text_boxes(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the words in shapes that are over the cells."""
    for name in sorted(archive.namelist()):
        if name.startswith("xl/drawings/drawing") and name.endswith(".xml"):
            for paragraph in xml_part(archive, name).iter(f"{_A}p"):
                yield "".join(node.text or "" for node in paragraph.iter(f"{_A}t"))
