"""Parse OpenDocument texts, sheets and slides: headings, paragraphs, lists, tables and notes."""

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.chunking import is_caption
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.odf_lists import OdfLists, odf_lists
from footnote_qa.index.parsing.odf_order import in_reading_order
from footnote_qa.index.parsing.odf_styles import odf_styles
from footnote_qa.index.parsing.odf_tables import odf_table
from footnote_qa.index.parsing.odf_text import APART, DRAW, LEFT_OUT, OFFICE, TABLE, TEXT, OdfReader
from footnote_qa.index.parsing.parts import core_title, open_office, xml_part
from footnote_qa.index.parsing.sheets import count_heads, sheet
from footnote_qa.index.parsing.tables import captioned, tables
from footnote_qa.index.types import Parsed, ProblemKind

_PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_MANIFEST = "META-INF/manifest.xml"
_MAX_DEPTH = 50

_BLOCKS = frozenset({f"{TEXT}h", f"{TEXT}p", f"{TEXT}list", f"{TABLE}table"})


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
        reader = OdfReader(archive, odf_styles(archive, root))
        lists = odf_lists(reader, root)
        body = next(root.iter(f"{OFFICE}body"), None)
        own = core_title(archive, "meta.xml")
        for sheet in [] if body is None else body.iterfind(f"{OFFICE}spreadsheet/{TABLE}table"):
            _add_sheet(blocks, reader, sheet)
        slides = [] if body is None else list(body.iterfind(f"{OFFICE}presentation/{DRAW}page"))
        for number, slide in enumerate(slides, start=1):
            _add_slide(blocks, lists, slide, number=number)
        if body is not None and not blocks.parsed().text:
            _add(blocks, lists, body, depth=0)
        return blocks.parsed(own or _first(blocks, body))


def _first(blocks: Blocks, body: etree._Element | None) -> str | None:
    """Return the first heading as the title; the name of a sheet is none."""
    is_sheet = body is not None and body.find(f"{OFFICE}spreadsheet") is not None
    return None if is_sheet else blocks.first_heading()


def _add_sheet(blocks: Blocks, reader: OdfReader, table: etree._Element) -> None:
    if reader.is_hidden(table):
        return
    found = odf_table(reader, table)
    texts = [*sheet(found.rows), *found.notes]
    for shape in table.iterfind(f"{TABLE}shapes"):
        for frame in shape.iter(f"{DRAW}object"):
            texts += _embedded(reader, frame)
    if texts:
        blocks.heading(1, str(table.get(f"{TABLE}name", "")))
    for text in texts:
        blocks.add(text)


def _add_slide(blocks: Blocks, lists: OdfLists, slide: etree._Element, *, number: int) -> None:
    """Add a slide as a page: its title is its heading, and its notes come last."""
    reader = lists.reader
    blocks.page()
    if reader.is_hidden(slide):  # it keeps its number, so that those after it keep theirs
        return
    frames = [frame for frame in slide.iterchildren() if frame.tag != f"{_PRESENTATION}notes"]
    title = next((one for one in frames if one.get(f"{_PRESENTATION}class") == "title"), None)
    words = "" if title is None else " ".join(" ".join(reader.paragraphs(title)).split())
    blocks.heading(1, words or f"Slide {number}")
    for frame in in_reading_order(frames):
        if frame is not title:
            _add(blocks, lists, frame, depth=0)
    notes = [
        words
        for note in slide.iterfind(f"{_PRESENTATION}notes")
        for words in reader.paragraphs(note)
    ]
    if notes:
        blocks.add("Speaker notes:\n\n" + "\n".join(notes))


def _add(blocks: Blocks, lists: OdfLists, parent: etree._Element, *, depth: int) -> None:
    reader = lists.reader
    before = ""
    for node in parent:
        if node.tag in _BLOCKS:
            _add_block(blocks, lists, node, before=before)
            before = reader.words(node) if node.tag == f"{TEXT}p" else ""
        elif node.tag == f"{DRAW}object":
            for text in _embedded(reader, node):
                blocks.add(text)
        elif node.tag not in LEFT_OUT and depth < _MAX_DEPTH and not reader.is_hidden(node):
            _add(blocks, lists, node, depth=depth + 1)


def _add_block(blocks: Blocks, lists: OdfLists, node: etree._Element, *, before: str) -> None:
    reader = lists.reader
    texts: list[str] = []
    if level := _level(reader, node):
        blocks.heading(level, reader.words(node))
    elif node.tag == f"{TEXT}p":
        texts += [reader.words(node)]
    elif node.tag == f"{TEXT}list":
        texts += ["\n".join(lists.lines(node))]
    else:
        texts += _table(reader, node, caption=before if is_caption(before) else "")
    texts += [words for apart in node.iter(*APART) for words in reader.paragraphs(apart)]
    texts += [text for frame in node.iter(f"{DRAW}object") for text in _embedded(reader, frame)]
    for text in texts:
        blocks.add(text)


def _table(reader: OdfReader, node: etree._Element, *, caption: str) -> Iterator[str]:
    found = odf_table(reader, node)
    if found.rows:
        heads = found.heads or max(1, count_heads(found.rows))
        yield from captioned(tables(found.rows, heads=heads), caption, first=False)


def _embedded(reader: OdfReader, frame: etree._Element) -> Iterator[str]:
    """Yield the tables of an embedded sheet or chart; a formula is among the words around it."""
    root = reader.root_of(frame)
    if root is None:
        return
    for table in root.iter(f"{TABLE}table"):
        yield from sheet(odf_table(reader, table).rows)


def _level(reader: OdfReader, node: etree._Element) -> int:
    """Return the level of a heading; 0 for anything else."""
    level = str(node.get(f"{TEXT}outline-level", ""))
    if node.tag == f"{TEXT}h":
        return int(level) if level.isdecimal() else 1
    return reader.style_of(node).level if node.tag == f"{TEXT}p" else 0
