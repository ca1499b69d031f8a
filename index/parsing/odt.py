"""Parse OpenDocument text: headings, paragraphs, lists, tables and notes."""

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from index.errors import UnreadableDocumentError
from index.parsing.blocks import Blocks
from index.parsing.parts import core_title, open_office, xml_part
from index.parsing.tables import tables
from index.types import Parsed, ProblemKind

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_MAX_REPEATS = 1_000
_MAX_DEPTH = 50

_BLOCKS = frozenset({f"{_TEXT}h", f"{_TEXT}p", f"{_TEXT}list", f"{_TABLE}table"})
# Inside a paragraph, but read separately from it.
_APART = (f"{_TEXT}note", f"{_DRAW}text-box")
_ROW_GROUPS = frozenset({f"{_TABLE}table-header-rows", f"{_TABLE}table-rows"})
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
    with open_office(content, "odt", holds="content.xml") as archive:
        if _MANIFEST in archive.namelist():
            manifest = xml_part(archive, _MANIFEST)
            if next(manifest.iter("{*}encryption-data"), None) is not None:
                raise UnreadableDocumentError(
                    ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
                )
        blocks = Blocks()
        body = next(xml_part(archive, "content.xml").iter(f"{_OFFICE}body"), None)
        if body is not None:
            _add(blocks, body, depth=0)
        return blocks.parsed(core_title(archive, "meta.xml") or blocks.first_heading())


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
            cells = list(_cells(node))
            # Programs store the blank rest of a page as one row, repeated thousands of times.
            yield from [cells] * (_repeats(node, "rows") if any(cells) else 1)
        elif node.tag in _ROW_GROUPS:
            yield from _rows(node)


def _cells(row: etree._Element) -> Iterator[str]:
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        paragraphs = cell.iter(f"{_TEXT}p", f"{_TEXT}h")
        words = " ".join(_words(paragraph) for paragraph in paragraphs)
        yield from [words] * (_repeats(cell, "columns") if words else 1)


def _repeats(node: etree._Element, what: str) -> int:
    number = str(node.get(f"{_TABLE}number-{what}-repeated", "1"))
    return min(int(number), _MAX_REPEATS) if number.isdecimal() else 1
