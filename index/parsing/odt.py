"""Parse OpenDocument texts, sheets and slides: headings, paragraphs, lists, tables and notes."""

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.parts import core_title, open_office, xml_part
from footnote_qa.index.parsing.sheets import sheet
from footnote_qa.index.parsing.tables import tables
from footnote_qa.index.types import Parsed, ProblemKind

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_MAX_REPEATS = 1_000
_MAX_DEPTH = 50

_BLOCKS = frozenset({f"{_TEXT}h", f"{_TEXT}p", f"{_TEXT}list", f"{_TABLE}table"})
# Inside a paragraph, but read separately from it.
_APART = (f"{_TEXT}note", f"{_DRAW}text-box")
_ROW_GROUPS = frozenset(
    {f"{_TABLE}table-header-rows", f"{_TABLE}table-rows", f"{_TABLE}table-row-group"}
)
_LEFT_OUT = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TEXT}sequence-decls",
        f"{_OFFICE}annotation",
        f"{_TEXT}note-citation",
    }
)
_SPACES = {f"{_TEXT}tab": " ", f"{_TEXT}line-break": "\n", f"{_TEXT}s": " "}


def parse(content: bytes) -> Parsed:
    """Return the text of the document *content* as Markdown.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSUPPORTED, UNSAFE or TOO_BIG.
    """
    with open_office(content, "OpenDocument", holds="content.xml") as archive:
        if _MANIFEST in archive.namelist():
            manifest = xml_part(archive, _MANIFEST)
            if next(manifest.iter("{*}encryption-data"), None) is not None:
                raise UnreadableDocumentError(
                    ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
                )
        blocks = Blocks()
        root = xml_part(archive, "content.xml")
        body = next(root.iter(f"{_OFFICE}body"), None)
        own = core_title(archive, "meta.xml")
        for sheet in [] if body is None else body.iterfind(f"{_OFFICE}spreadsheet/{_TABLE}table"):
            _add_sheet(blocks, sheet, hidden=_hidden_tables(root))
        slides = [] if body is None else list(body.iterfind(f"{_OFFICE}presentation/{_DRAW}page"))
        for number, slide in enumerate(slides, start=1):
            _add_slide(blocks, slide, number)
        if body is not None and not blocks.parsed().text:
            _add(blocks, body, depth=0)
        return blocks.parsed(own or _first(blocks, body))


def _first(blocks: Blocks, body: etree._Element | None) -> str | None:
    """Return the first heading as the title; the name of a sheet is none."""
    is_sheet = body is not None and body.find(f"{_OFFICE}spreadsheet") is not None
    return None if is_sheet else blocks.first_heading()


def _hidden_tables(root: etree._Element) -> frozenset[str]:
    """Return the styles of tables that are not shown."""
    return frozenset(
        str(style.get(f"{_STYLE}name"))
        for style in root.iter(f"{_STYLE}style")
        for properties in style.iterfind(f"{_STYLE}table-properties")
        if properties.get(f"{_TABLE}display") == "false"
    )


def _add_sheet(blocks: Blocks, table: etree._Element, *, hidden: frozenset[str]) -> None:
    if table.get(f"{_TABLE}style-name") in hidden:
        return
    texts = list(sheet(list(_rows(table))))
    if texts:
        blocks.heading(1, str(table.get(f"{_TABLE}name", "")))
    for text in texts:
        blocks.add(text)


def _add_slide(blocks: Blocks, slide: etree._Element, number: int) -> None:
    """Add a slide as a page: its title is its heading, and its notes come last."""
    blocks.page()
    frames = [frame for frame in slide.iterchildren() if frame.tag != f"{_PRESENTATION}notes"]
    title = next((one for one in frames if one.get(f"{_PRESENTATION}class") == "title"), None)
    words = "" if title is None else " ".join(" ".join(title.itertext()).split())
    blocks.heading(1, words or f"Slide {number}")
    for frame in frames:
        if frame is not title:
            _add(blocks, frame, depth=0)
    notes = [
        words for note in slide.iterfind(f"{_PRESENTATION}notes") for words in _paragraphs(note)
    ]
    if notes:
        blocks.add("Speaker notes:\n\n" + "\n".join(notes))


def _paragraphs(node: etree._Element) -> Iterator[str]:
    for paragraph in node.iter(f"{_TEXT}p"):
        if words := _words(paragraph):
            yield words


def _add(blocks: Blocks, parent: etree._Element, *, depth: int) -> None:
    for node in parent:
        if node.tag in _BLOCKS:
            _add_block(blocks, node)
        elif node.tag not in _LEFT_OUT and depth < _MAX_DEPTH:
            _add(blocks, node, depth=depth + 1)


def _add_block(blocks: Blocks, node: etree._Element) -> None:
    if node.tag == f"{_TEXT}h":
        blocks.heading(_level(node), _words(node))
    elif node.tag == f"{_TEXT}p":
        blocks.add(_words(node))
    elif node.tag == f"{_TEXT}list":
        blocks.add("\n".join(_items(node, depth=0)))
    else:
        for table in tables(list(_rows(node))):
            blocks.add(table)
    for apart in node.iter(*_APART):
        for paragraph in apart.iter(f"{_TEXT}p", f"{_TEXT}h"):
            blocks.add(_words(paragraph))


def _level(node: etree._Element) -> int:
    level = str(node.get(f"{_TEXT}outline-level", "1"))
    return int(level) if level.isdecimal() else 1


def _words(node: etree._Element) -> str:
    lines = "".join(_pieces(node)).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines)


def _pieces(node: etree._Element) -> Iterator[str]:
    """Yield the words of a paragraph, without the notes and boxes inside it."""
    yield " ".join((node.text or "").splitlines())
    for child in node:
        if child.tag in _SPACES:
            yield _SPACES[child.tag]
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT | {*_APART}:
            yield from _pieces(child)
        yield " ".join((child.tail or "").splitlines())


def _items(items: etree._Element, *, depth: int) -> Iterator[str]:
    for item in items:
        for node in item:
            if node.tag == f"{_TEXT}list":
                yield from _items(node, depth=depth + 1)
            elif node.tag in {f"{_TEXT}p", f"{_TEXT}h"} and (words := _words(node)):
                yield f"{'  ' * depth}- {' '.join(words.split())}"


def _rows(table: etree._Element) -> Iterator[list[str]]:
    for node in table:
        if node.tag == f"{_TABLE}table-row":
            if node.get(f"{_TABLE}visibility") == "collapse":
                continue
            cells = list(_cells(node))
            # Programs store the blank rest of a page as one row, repeated thousands of times.
            yield from [cells] * (_repeats(node, "rows") if any(cells) else 1)
        elif node.tag in _ROW_GROUPS:
            yield from _rows(node)


def _cells(row: etree._Element) -> Iterator[str]:
    blank = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        # Not every paragraph below a cell: a note on it has paragraphs too
        lines = [
            paragraph
            for one in cell.iterchildren(f"{_TEXT}p", f"{_TEXT}h", f"{_TEXT}list")
            for paragraph in one.iter(f"{_TEXT}p", f"{_TEXT}h")
        ]
        words = " ".join(_words(paragraph) for paragraph in lines)
        if not words:  # nothing is written for the blank rest of a row
            blank += _repeats(cell, "columns")
            continue
        yield from [""] * blank
        blank = 0
        yield from [words] * _repeats(cell, "columns")


def _repeats(node: etree._Element, what: str) -> int:
    number = str(node.get(f"{_TABLE}number-{what}-repeated", "1"))
    return min(int(number), _MAX_REPEATS) if number.isdecimal() else 1
