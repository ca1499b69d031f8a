"""Parse Excel 97 to 2003 with calamine: each sheet under its name, rows as tables."""

import struct
from io import BytesIO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.number_formats import shown
from footnote_qa.index.parsing.ole import Container
from footnote_qa.index.parsing.sheets import sheet
from footnote_qa.index.types import Parsed, ProblemKind

MAX_CELLS = 20_000_000
_FILE_PASS = 0x002F
_MOST_RECORDS = 100  # it is among the first


def parse(content: bytes) -> Parsed:
    """Return the cells of every visible sheet of *content*, with their last computed values.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, EMPTY or TOO_BIG.
    """
    container = Container(content, "xls")
    if _is_encrypted(container.read("Workbook")):
        raise UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
        )
    workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    blocks = Blocks()
    for meta in workbook.sheets_metadata:
        if meta.visible == SheetVisibleEnum.Visible and meta.typ == SheetTypeEnum.WorkSheet:
            _add_sheet(blocks, workbook.get_sheet_by_name(meta.name))
    if not blocks.parsed().text:
        raise UnreadableDocumentError(ProblemKind.EMPTY, "there is nothing in its cells")
    return blocks.parsed(container.title())


def _add_sheet(blocks: Blocks, cells: CalamineSheet) -> None:
    if cells.height * cells.width > MAX_CELLS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG, f"its sheet {cells.name} spans over {MAX_CELLS:,} cells; split it"
        )
    texts = list(sheet([[shown(value) for value in row] for row in cells.iter_rows()]))
    if texts:
        blocks.heading(1, cells.name)
    for text in texts:
        blocks.add(text)


def _is_encrypted(workbook: bytes) -> bool:
    """Return whether a workbook has the record that holds how it is encrypted."""
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + 4 > len(workbook):
            return False
        kind, length = struct.unpack_from("<HH", workbook, at)
        if kind == _FILE_PASS:
            return True
        at += 4 + length
    return False
