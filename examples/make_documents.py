"""The example documents, made from `sources/` and from the handbook; the same bytes each time."""

import io
import shutil
import sys
import textwrap
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from string import Template

import docx
from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.shared import Cm, Pt, RGBColor
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

EXAMPLES = Path(__file__).resolve().parent
SOURCES = EXAMPLES / "sources"
HANDBOOK = EXAMPLES.parent / "docs" / "handbook"
DOCUMENTS = EXAMPLES / "documents"

MADE_ON = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
INK, DARK, PALE, LINE = "#22303c", "#1f3a5f", "#eef3f9", "#c9d3de"
TEXT_COLUMNS = 88
TABLE_STYLE = "Light List Accent 1"

FORMATS = {
    "who-is-involved": "md",
    "capacity-and-dates": "pdf",
    "money": "docx",
    "why-diversify": "html",
    "industry-outlook": "md",
    "open-questions": "txt",
    "faq-and-glossary": "pdf",
    "lessons-for-our-portfolio": "docx",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a source.

    Attributes:
        kind: heading, paragraph, bullets, table, shares or page.
        lines: The text of a heading or paragraph, the items of a list, the rows of shares.
        level: Of a heading, 1 is the outermost.
        rows: Of a table, its head first.
    """

    kind: str
    lines: tuple[str, ...] = ()
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(markdown: str) -> list[Block]:
    r"""Take a source apart.

    Args:
        markdown: Headings, paragraphs, bullets, tables, `---` for a new page and one fence named
            `share`; no mark-up inside the lines.

    Returns:
        Its pieces in order.

    >>> [(b.kind, b.lines) for b in blocks("# Title\n\nOne\nline.")]
    [('heading', ('Title',)), ('paragraph', ('One line.',))]
    """
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(markdown))
    return [_block(node) for node in tree.children]


def _block(node: SyntaxTreeNode) -> Block:
    if node.type == "heading":
        return Block(kind="heading", lines=(_text(node),), level=int(node.tag[1]))
    if node.type == "paragraph":
        return Block(kind="paragraph", lines=(_text(node),))
    if node.type == "bullet_list":
        return Block(kind="bullets", lines=tuple(_text(item) for item in node.children))
    if node.type == "table":
        rows = [row for part in node.children for row in part.children]
        cells = tuple(tuple(_text(cell) for cell in row.children) for row in rows)
        return Block(kind="table", rows=cells)
    if node.type == "fence" and node.info == "share":
        return Block(kind="shares", lines=tuple(node.content.splitlines()))
    if node.type == "hr":
        return Block(kind="page")
    raise ValueError(f"a source cannot hold a {node.type}")


def _text(node: SyntaxTreeNode) -> str:
    inline = [part.content for part in node.walk() if part.type == "inline"]
    return " ".join(" ".join(inline).split())


def to_text(source: str) -> bytes:
    """Write plain text: underlined headings, paragraphs wrapped."""
    return ("\n\n".join(_plain(block) for block in blocks(source)) + "\n").encode()


def _plain(block: Block) -> str:
    if block.kind == "heading":
        title = block.lines[0].upper() if block.level == 1 else block.lines[0]
        return f"{title}\n{('=' if block.level == 1 else '-') * len(title)}"
    if block.kind == "bullets":
        items = (
            textwrap.fill(line, TEXT_COLUMNS, initial_indent="- ", subsequent_indent="  ")
            for line in block.lines
        )
        return "\n".join(items)
    if block.kind == "paragraph":
        return textwrap.fill(block.lines[0], TEXT_COLUMNS)
    raise ValueError(f"plain text cannot hold a {block.kind}")


def to_html(source: str) -> bytes:
    """Write a web page with what surrounds an article on a real site."""
    page = Template((SOURCES / "page.html").read_text(encoding="utf-8"))
    body = MarkdownIt("commonmark").enable("table").render(source)
    return page.substitute(title=blocks(source)[0].lines[0], body=body).encode()


def to_docx(source: str) -> bytes:
    """Write a Word document."""
    document = docx.Document()
    _set_up(document, title=blocks(source)[0].lines[0])
    for block in blocks(source):
        _append(document, block)
    _slim(document)
    written = io.BytesIO()
    document.save(written)
    return _without_clock(written.getvalue())


def _set_up(document: DocxDocument, *, title: str) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, "Team briefings", ""
    properties.created = properties.modified = MADE_ON
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    styles = document.styles
    styles["Normal"].font.name, styles["Normal"].font.size = "Calibri", Pt(11)
    for level, size in ((1, 22), (2, 14), (3, 12)):
        font = styles[f"Heading {level}"].font
        font.name, font.size, font.color.rgb = "Calibri", Pt(size), RGBColor.from_string(DARK[1:])


def _slim(document: DocxDocument) -> None:
    """Drop what the template brings and nobody sees: 800 kB of styles, another page's preview."""
    for style in list(document.styles):
        if style.type is WD_STYLE_TYPE.TABLE and style.name not in {"Normal Table", TABLE_STYLE}:
            style.delete()
    for relations in (document.part.rels, document.part.package.rels):
        for key, relation in list(relations.items()):
            if relation.reltype.endswith(("/stylesWithEffects", "/thumbnail")):
                del relations[key]


def _append(document: DocxDocument, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(block.lines[0], level=block.level)
    elif block.kind == "table":
        _append_table(document, block)
    else:
        style = {"bullets": "List Bullet", "paragraph": "Normal"}[block.kind]
        for line in block.lines:
            document.add_paragraph(line, style=style)


def _append_table(document: DocxDocument, block: Block) -> None:
    table = document.add_table(rows=0, cols=len(block.rows[0]), style=TABLE_STYLE)
    for row in block.rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def _without_clock(archive: bytes) -> bytes:
    """Repack a zip with one fixed time and no compression, which differs between zlib builds."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, MADE_ON.timetuple()[:6]), old.read(name))
    return made.getvalue()


def to_pdf(source: str) -> bytes:
    """Write a PDF of A5 pages with a running foot."""
    pieces = blocks(source)
    title = pieces[0].lines[0]
    written = io.BytesIO()
    document = BaseDocTemplate(
        written,
        pagesize=A5,
        title=title,
        author="Team briefings",
        subject="Example document",
        invariant=1,  # no clock and no random id, so that the bytes stay the same
        pageCompression=0,
    )
    width, height = A5
    frame = Frame(1.6 * cm, 1.7 * cm, width - 3.2 * cm, height - 3 * cm, 0, 0, 0, 0)
    foot = partial(_foot, title=title)
    document.addPageTemplates(PageTemplate(frames=[frame], onPageEnd=foot))
    document.build([flowable for piece in pieces for flowable in _flowables(piece, frame)])
    return written.getvalue()


def _foot(canvas: Canvas, document: BaseDocTemplate, *, title: str) -> None:
    width, _ = A5
    canvas.setStrokeColor(HexColor(LINE))
    canvas.line(1.6 * cm, 1.35 * cm, width - 1.6 * cm, 1.35 * cm)
    canvas.setFillColor(HexColor(INK))
    canvas.setFont("Helvetica", 8)
    canvas.drawString(1.6 * cm, 0.9 * cm, f"Team briefings: {title}")
    canvas.drawRightString(width - 1.6 * cm, 0.9 * cm, f"Page {document.page}")


def _style(name: str, size: float, **changes: object) -> ParagraphStyle:
    defaults = {"fontName": "Helvetica", "leading": size * 1.4, "textColor": HexColor(INK)}
    return ParagraphStyle(name, fontSize=size, alignment=TA_LEFT, **(defaults | changes))


HEADINGS = {
    level: _style(
        f"heading {level}",
        size,
        fontName="Helvetica-Bold",
        leading=size * 1.2,
        textColor=HexColor(DARK),
        spaceBefore=size * 0.7,
        spaceAfter=size * 0.35,
    )
    for level, size in ((1, 20), (2, 13), (3, 10.5))
}
BODY = _style("body", 10, spaceAfter=6)
BULLET = _style("bullet", 10, leftIndent=12, bulletIndent=2, spaceAfter=3)
CELL = _style("cell", 9)
HEAD_CELL = _style("head cell", 9, fontName="Helvetica-Bold", textColor=HexColor(DARK))


def _flowables(block: Block, frame: Frame) -> list[Flowable]:
    if block.kind == "heading":
        return [Paragraph(block.lines[0], HEADINGS[block.level])]
    if block.kind == "paragraph":
        return [Paragraph(block.lines[0], BODY)]
    if block.kind == "bullets":
        return [Paragraph(line, BULLET, bulletText="\N{BULLET}") for line in block.lines]
    if block.kind == "table":
        return [_table(block, frame), Spacer(0, 8)]
    if block.kind == "shares":
        return [_shares(block, frame), Spacer(0, 8)]
    return [PageBreak()]


def _table(block: Block, frame: Frame) -> Table:
    head, *body = block.rows
    cells = [[Paragraph(text, HEAD_CELL) for text in head]]
    cells += [[Paragraph(text, CELL) for text in row] for row in body]
    first = 0.3
    rest = (1 - first) / (len(head) - 1)
    table = Table(cells, colWidths=[frame.width * s for s in (first, *[rest] * (len(head) - 1))])
    rules = [
        ("BACKGROUND", (0, 0), (-1, 0), HexColor(PALE)),
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, HexColor(LINE)),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    table.setStyle(TableStyle(rules))
    return table


def _shares(block: Block, frame: Frame) -> Drawing:
    """Draw shares as one bar, each share named below it."""
    parts = [line.rsplit(": ", 1) for line in block.lines]
    edges = [0.0]
    for _, percent in parts:
        edges.append(edges[-1] + frame.width * float(percent) / 100)
    drawing = Drawing(frame.width, 26 + 14 * len(parts))
    top = drawing.height - 20
    for number, ((name, percent), (left, right)) in enumerate(
        zip(parts, pairwise(edges), strict=True)
    ):
        colour, y = HexColor((DARK, LINE)[number % 2]), top - 16 - 14 * number
        drawing.add(Rect(left, top, right - left, 18, fillColor=colour, strokeColor=None))
        drawing.add(Rect(0, y, 8, 8, fillColor=colour, strokeColor=None))
        label = f"{name}: {percent}%"
        drawing.add(String(13, y + 1, label, fontName="Helvetica", fontSize=9))
    return drawing


WRITERS: Mapping[str, Callable[[str], bytes]] = {
    "md": str.encode,
    "txt": to_text,
    "html": to_html,
    "docx": to_docx,
    "pdf": to_pdf,
}


def make(folder: Path) -> list[Path]:
    """Write all example documents into *folder* in place of what is there.

    Returns:
        The files written, sorted.
    """
    for name in ("briefings", "handbook"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    for stem, suffix in FORMATS.items():
        source = (SOURCES / "briefings" / f"{stem}.md").read_text(encoding="utf-8")
        (folder / "briefings" / f"{stem}.{suffix}").write_bytes(WRITERS[suffix](source))
    for page in HANDBOOK.glob("*.md"):
        shutil.copyfile(page, folder / "handbook" / page.name)
    return sorted(path for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    for made in make(DOCUMENTS):
        sys.stdout.write(f"{made.relative_to(EXAMPLES)}\n")
