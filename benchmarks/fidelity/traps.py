"""Small documents made here, each with what must be read of it and what must not be."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import docx
import xlsxwriter
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table, TableStyle

_M = "xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math'"
_SENTENCE = "Guests may moor for nineteen nights and pay when they leave."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A document that is easily read wrongly.

    Attributes:
        kind: What is hard about it.
        name: Its file name.
        content: Its bytes.
        lines: Texts that must each be within one line of the stored text.
        absent: Texts that must not be in it.
        headings: Headings that must be found.
    """

    kind: str
    name: str
    content: bytes
    lines: tuple[str, ...]
    absent: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()


def traps() -> Iterator[Trap]:
    """Yield every trap."""
    yield from _encodings()
    yield from _texts()
    yield from _office()
    yield from _pdfs()
    yield from _others()


def _others() -> Iterator[Trap]:
    yield Trap(
        kind="notes and headings of rtf",
        name="a.rtf",
        content=rb"{\rtf1\ansi{\stylesheet{\s1 heading 1;}}\pard\s1 Dues\par\pard\plain The fee"
        rb"{\footnote Only in May.} is 19.\par}",
        lines=("The fee[1] is 19.", "[1] Only in May."),
        headings=("Dues",),
    )
    yield Trap(
        kind="table and roles of rst",
        name="a.rst",
        content=b"Dues\n====\n\nSee :ref:`the fees <fees>`.\n\n===== ===\nBerth Fee\n===== ===\n"
        b"B7    17\n===== ===\n\n.. note:: Only in May.\n\n.. a comment\n",
        lines=("See the fees.", "| B7 | 17 |", "Only in May."),
        absent=("a comment",),
        headings=("Dues",),
    )
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="b/c.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "b/c.opf",
            '<package><manifest><item id="x" href="two.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="y" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="y"/><itemref idref="x"/></spine></package>',
        )
        archive.writestr("b/one.xhtml", "<html><body><h1>First</h1><p>Begin.</p></body></html>")
        archive.writestr("b/two.xhtml", "<html><body><h1>Second</h1><p>End.</p></body></html>")
    yield Trap(
        kind="order of epub",
        name="a.epub",
        content=file.getvalue(),
        lines=("Begin.", "End."),
        headings=("First", "Second"),
    )
    yield Trap(
        kind="settings and code",
        name="a.yaml",
        content=b"# seconds until a request ends\nserver:\n  tls:\n    timeout: 30\n",
        lines=("seconds until a request ends", "tls.timeout: 30"),
        headings=("server",),
    )
    yield Trap(
        kind="settings and code",
        name="a.sql",
        content=b"CREATE TABLE staff (name text DEFAULT 'a;b');\nSELECT 1;\n",
        lines=("CREATE TABLE staff (name text DEFAULT 'a;b');",),
        headings=("CREATE TABLE staff",),
    )
    yield Trap(
        kind="settings and code",
        name="a.py",
        content=b"class Berth:\n    def free(self):\n        return True\n",
        lines=("def free(self):",),
        headings=("Berth", "Berth.free"),
    )


def _encodings() -> Iterator[Trap]:
    for page, text in {
        "cp1252": "Die Kündigungsfrist beträgt für Führungskräfte sechs Monate.",
        "cp1250": "Umowa wygasa z końcem miesiąca, jeżeli strony jej nie przedłużą.",
        "cp1251": "Договор действует до конца года.",
        "gb18030": "合同于年底到期，除非双方同意延长。",
        "cp932": "契約は年末に終了します。",
    }.items():
        yield Trap(kind="code page", name="a.txt", content=text.encode(page), lines=(text,))


def _texts() -> Iterator[Trap]:
    yield Trap(
        kind="invisible signs",
        name="a.md",
        content="mari\u00adtime Donau\u200bschiff Gebu\u0308hr".encode(),
        lines=("maritime", "Donauschiff", "Gebühr"),
    )
    yield Trap(
        kind="options of Sphinx",
        name="a.rst",
        content=b".. code-block:: sh\n   :caption: On the host\n\n   berth install\n",
        lines=("On the host", "berth install"),
    )
    yield Trap(
        kind="formulas",
        name="a.html",
        content=b"<p><math><msup><mn>10</mn><mn>6</mn></msup></math> m<sup>2</sup> "
        b"<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math></p>",
        lines=("10^6", "m^2", "1/2"),
    )
    yield Trap(
        kind="head of two rows",
        name="a.html",
        content=b'<table><tr><th rowspan="2">Day</th><th colspan="2">Hours</th></tr><tr><th>Summer'
        b"</th><th>Winter</th></tr><tr><td>Monday</td><td>7</td><td>9</td></tr></table>",
        lines=("| Day | Hours Summer | Hours Winter |", "| Monday | 7 | 9 |"),
    )
    menu = b"".join(b'<li><a href="/%d">Part %d</a></li>' % (n, n) for n in range(9))
    yield Trap(
        kind="menus",
        name="a.html",
        content=b"<body><nav><ul>"
        + menu
        + b"</ul></nav><main><h1>Dues</h1><p>"
        + _SENTENCE.encode() * 5
        + b"</p></main><footer>Imprint</footer></body>",
        lines=("Guests may moor",),
        absent=("Part 3", "Imprint"),
        headings=("Dues",),
    )
    long = " ".join(f"Sentence {n} says what the robbers do." for n in range(60))
    yield Trap(
        kind="long cell",
        name="a.csv",
        content=f"Year,Title,Plot\n1903,The Robbery,{long}\n".encode(),
        lines=("| 1903 | The Robbery | Sentence 0", "| Year | Title | Plot |"),
    )


def _office() -> Iterator[Trap]:
    document = docx.Document()
    formula = (
        "<m:f><m:num><m:r><m:t>L</m:t></m:r></m:num><m:den><m:r><m:t>4</m:t></m:r></m:den></m:f>"
    )
    for inner in (
        f"<m:oMath {_M}>{formula}</m:oMath>",
        "<w:fldSimple w:instr='DATE'><w:r><w:t>fieldvalue77</w:t></w:r></w:fldSimple>",
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden words</w:t></w:r>",
        "<w:r><w:rPr><w:strike/></w:rPr><w:t>Struck words</w:t></w:r>",
        "<w:pPr><w:outlineLvl w:val='1'/></w:pPr><w:r><w:t>Fees</w:t></w:r>",
    ):
        node = parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>")
        document.element.body.insert(len(document.element.body) - 1, node)
    file = BytesIO()
    document.save(file)
    yield Trap(
        kind="fields and formulas",
        name="a.docx",
        content=file.getvalue(),
        lines=("L/4", "fieldvalue77"),
        absent=("Hidden words", "Struck words"),
        headings=("Fees",),
    )
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("Fees")
        page.write_row(0, 0, ["Part", "Price", "Share", "Since", "Time"])
        page.write(1, 0, "Bolt")
        for column, (value, code) in enumerate(
            [(1234.5, "#,##0.00 €"), (0.075, "0.0%"), (45000, "dd/mm/yyyy"), (1.25, "[h]:mm")],
            start=1,
        ):
            page.write_number(1, column, value, book.add_format({"num_format": code}))
        page.write_row(2, 0, ["Secret", 1, 1, 1, 1])
        page.set_row(2, None, None, {"hidden": True})
    yield Trap(
        kind="number formats",
        name="a.xlsx",
        content=file.getvalue(),
        lines=("| Bolt | 1,234.50 € | 7.5% | 15/03/2023 | 30:00 |",),
        absent=("Secret",),
        headings=("Fees",),
    )


def _pdfs() -> Iterator[Trap]:
    head = ["Berth", "Length", "Fee", "Keeper"]
    rows = [
        [f"B{n}", f"{10 + n} m", f"{17 + n} euro" if n % 5 else "", f"Keeper{n}"] for n in range(9)
    ]
    lines = tuple(f"| {' | '.join(row)} |" for row in (head, *rows))
    styles = {
        "ruled table": [("GRID", (0, 0), (-1, -1), 0.5, colors.black)],
        "aligned table": [],
    }
    for kind, style in styles.items():
        file = BytesIO()
        canvas = Canvas(file, pagesize=A4)
        for number in (1, 2, 3):
            canvas.setFont("Helvetica", 8)
            canvas.drawString(60, 815, "Harbour Board")
            canvas.drawString(60, 20, f"page {number} of 3")
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawString(60, 770, f"Part {number}")
            table = Table([head, *rows], colWidths=90, style=TableStyle(style))
            table.wrapOn(canvas, 400, 600)
            table.drawOn(canvas, 70, 500)
            canvas.setFont("Helvetica", 10)
            for line in range(14):
                canvas.drawString(60, 440 - 14 * line, _SENTENCE)
            canvas.showPage()
        canvas.save()
        yield Trap(
            kind=kind,
            name="a.pdf",
            content=file.getvalue(),
            lines=(*lines, _SENTENCE),
            absent=("Harbour Board", "of 3"),
            headings=("Part 1", "Part 2", "Part 3"),
        )
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    canvas.drawString(60, 700, "Name of vessel:")
    canvas.acroForm.textfield(name="v", value="Saffron Gull", x=160, y=695, width=200, height=18)
    canvas.save()
    yield Trap(
        kind="form values",
        name="a.pdf",
        content=file.getvalue(),
        lines=("Name of vessel: Saffron Gull",),
    )
