"""Parse PowerPoint with python-pptx: a page per slide, with title, tables, charts and notes."""

from collections.abc import Iterable, Iterator
from io import BytesIO

from pptx import Presentation
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.shapes.picture import Picture
from pptx.slide import Slide
from pptx.table import Table
from pptx.text.text import TextFrame, _Paragraph

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.charts import chart_texts
from footnote_qa.index.parsing.parts import open_office, picture_words, xml_root
from footnote_qa.index.parsing.scripts import lowered, raised
from footnote_qa.index.parsing.sheets import count_heads
from footnote_qa.index.parsing.tables import tables
from footnote_qa.index.types import Parsed, ProblemKind

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PROPERTIES = "{http://schemas.openxmlformats.org/presentationml/2006/main}cNvPr"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_NO_TITLE = frozenset({"powerpoint presentation", "powerpoint-präsentation", "presentation"})
_STYLED, _PLAIN = frozenset({"strike", "baseline"}), "noStrike"
_MAX_GROUP_DEPTH = 20
_SAME_ROW_EMU = 150_000  # about 12 points
_MAX_TITLE_CHARS = 200


def parse(content: bytes) -> Parsed:
    """Return the text of every slide of *content*; each slide is a page.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSUPPORTED, UNSAFE or TOO_BIG.
    """
    with open_office(content, "pptx", holds="ppt/"):
        pass
    try:
        presentation = Presentation(BytesIO(content))
    except ValueError as error:  # a slide show or a template
        raise UnreadableDocumentError(
            ProblemKind.UNSUPPORTED, "it is a slide show or a template; save it as pptx"
        ) from error
    blocks = Blocks()
    has_text = False
    for number, slide in enumerate(presentation.slides, start=1):
        blocks.page()
        if _is_hidden(slide):  # it keeps its number, so that those after it keep theirs
            continue
        title = _title(slide)
        texts = list(_slide_texts(slide, title))
        if title or texts:
            has_text = True
            # Without its own heading it would be under the heading of the slide before.
            blocks.heading(1, title or f"Slide {number}")
        for text in texts:
            blocks.add(text)
    if not has_text:
        raise UnreadableDocumentError(ProblemKind.EMPTY, "there is no text on its slides")
    return blocks.parsed(_own_title(presentation.core_properties.title) or blocks.first_heading())


def _own_title(title: str) -> str:
    return "" if title.strip().lower() in _NO_TITLE else title.strip()


def _title(slide: Slide) -> str:
    shape = slide.shapes.title
    # A picture can be in the frame of the title
    is_text = shape is not None and shape.has_text_frame
    words = " ".join(shape.text_frame.text.split()) if shape is not None and is_text else ""
    # Some authors put all of the text into the title frame.
    return words if len(words) <= _MAX_TITLE_CHARS else ""


def _slide_texts(slide: Slide, title: str) -> Iterator[str]:
    title_id = slide.shapes.title.shape_id if title and slide.shapes.title is not None else None
    for shape in _in_reading_order(slide.shapes):
        if shape.shape_id != title_id:
            yield from _shape_texts(shape, depth=0)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    text = "\n".join(_lines(notes)) if notes is not None else ""
    if text:
        yield f"Speaker notes:\n\n{text}"


def _is_hidden(slide: Slide) -> bool:
    return slide._element.get("show") in {"0", "false"}  # noqa: SLF001  there is no public API


def _in_reading_order(shapes: Iterable[BaseShape]) -> list[BaseShape]:
    """Return shapes from the top to the bottom, those at one height from left to right.

    A shape without a place is where its layout puts it, so such a slide keeps its own order.
    """
    found = list(shapes)
    places: list[int | None] = [edge for shape in found for edge in (shape.top, shape.left)]
    if None in places:
        return found
    rows: list[list[BaseShape]] = []
    for shape in sorted(found, key=lambda one: (one.top, one.left)):
        first = rows[-1][0] if rows else None
        # Shapes whose upper edges are within half a line of text are beside each other
        if first is not None and abs(shape.top - first.top) <= _SAME_ROW_EMU:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    return [shape for row in rows for shape in sorted(row, key=lambda one: one.left)]


def _shape_texts(shape: BaseShape, *, depth: int) -> Iterator[str]:
    if isinstance(shape, GroupShape):
        for part in _in_reading_order(shape.shapes) if depth < _MAX_GROUP_DEPTH else ():
            yield from _shape_texts(part, depth=depth + 1)
    elif isinstance(shape, GraphicFrame):
        yield from _graphic_texts(shape)
    elif isinstance(shape, Picture):
        yield from _description(shape)
    elif isinstance(shape, Shape) and shape.has_text_frame:
        text = "\n".join(_lines(shape.text_frame))
        if text:
            yield text


def _description(picture: Picture) -> Iterator[str]:
    for properties in picture._element.iter(_PROPERTIES):  # noqa: SLF001  there is no public API
        if words := picture_words(str(properties.get("descr", ""))):
            yield words


def _lines(frame: TextFrame) -> Iterator[str]:
    """Yield the paragraphs; in a list of several levels, those below the first are indented."""
    found = [(paragraph.level, _words(paragraph)) for paragraph in frame.paragraphs]
    found = [(level, words) for level, words in found if words]
    is_list = any(level for level, _ in found)
    for level, words in found:
        yield f"{'  ' * level}- {words}" if is_list else words


def _words(paragraph: _Paragraph) -> str:
    """Return what a paragraph shows: no struck-out words; raised ones stay apart."""
    if not any(_STYLED & set(run.attrib) for run in paragraph._p.iter(f"{_A}rPr")):  # noqa: SLF001
        return " ".join(paragraph.text.split())
    parts = list(paragraph._p)  # noqa: SLF001  there is no public API
    told = ""
    for number, part in enumerate(parts):
        properties = part.find(f"{_A}rPr")
        words = " " if part.tag == f"{_A}br" else "".join(n.text or "" for n in part.iter(f"{_A}t"))
        look = {} if properties is None else properties.attrib
        baseline = str(look.get("baseline", "0"))
        if look.get("strike", _PLAIN) != _PLAIN:
            continue
        if baseline.startswith("-"):
            after = "".join(
                n.text or "" for one in parts[number + 1 : number + 2] for n in one.iter(f"{_A}t")
            )
            told += lowered(words, before=told, after=after)
        else:
            told += raised(words, before=told) if baseline.rstrip("%") != "0" else words
    return " ".join(told.split())


def _rows(table: Table) -> list[list[str]]:
    """Return the cells; a merged one fills its rows, and in the first row its columns too."""
    rows = [["\n".join(_lines(cell.text_frame)) for cell in row.cells] for row in table.rows]
    for number, row in enumerate(table.rows):
        for column, cell in enumerate(row.cells):
            if not cell.is_merge_origin:
                continue
            is_group = number == 0 and cell.span_width < len(rows[0])
            for below in range(number, min(number + cell.span_height, len(rows))):
                across = cell.span_width if is_group else 1
                for beside in range(column, min(column + across, len(rows[below]))):
                    rows[below][beside] = rows[number][column]
    return rows


def _graphic_texts(frame: GraphicFrame) -> Iterator[str]:
    if frame.has_table:
        rows = _rows(frame.table)
        yield from tables(rows, heads=max(1, count_heads(rows)) if rows else 1)
    elif frame.has_chart:
        yield from chart_texts(xml_root(frame.chart.part.blob))
    else:
        yield from _diagram_texts(frame)


def _diagram_texts(frame: GraphicFrame) -> Iterator[str]:
    """Yield the words of a diagram (SmartArt), which are in a separate part."""
    for relation in frame._element.iter(_DIAGRAM):  # noqa: SLF001  there is no public API
        part = frame.part.related_part(relation.get(_RELATION))
        for paragraph in xml_root(part.blob).iter(f"{_A}p"):
            words = "".join(node.text or "" for node in paragraph.iter(f"{_A}t"))
            if words.strip():
                yield f"- {' '.join(words.split())}"
