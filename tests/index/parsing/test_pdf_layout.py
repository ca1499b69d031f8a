"""Tables, headings, running heads, form values and scanned pages of PDFs, on pages drawn here."""

from collections.abc import Callable, Sequence
from io import BytesIO

import pytest
from PIL import Image
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table, TableStyle

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.pdf import parse
from footnote_qa.index.types import ProblemKind

HEAD = ["Berth", "Length", "Fee", "Keeper"]
ROWS = [
    [f"B{n}", f"{10 + n} m", "" if n == 4 else f"{17 + n} euro", f"Keeper{n}"] for n in range(9)
]
SENTENCE = "Guests may moor for nineteen nights and pay when they leave. "


def drawn(*pages: Callable[[Canvas], object]) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def table(canvas: Canvas, rows: Sequence[Sequence[object]], *style: object, y: float = 400) -> None:
    made = Table(rows, colWidths=90, style=TableStyle(list(style)))
    made.wrapOn(canvas, 400, 600)
    made.drawOn(canvas, 70, y)


def prose(canvas: Canvas, *, lines: int = 12, y: float = 380) -> None:
    canvas.setFont("Helvetica", 10)
    for number in range(lines):
        canvas.drawString(70, y - 14 * number, SENTENCE)


GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)
BOX = ("BOX", (0, 0), (-1, -1), 1, colors.black)
DOWN = ("LINEAFTER", (0, 0), (-1, -1), 0.5, colors.black)
UNDER_HEAD = ("LINEBELOW", (0, 0), (-1, 0), 1, colors.black)
SHADED = ("BACKGROUND", (0, 0), (-1, -1), colors.lightgrey)
SHADED_HEAD = ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey)
INNER = ("INNERGRID", (0, 1), (-1, -1), 0.25, colors.black)


@pytest.mark.parametrize(
    "style",
    [
        (GRID,),
        (GRID, SHADED),
        (BOX, DOWN, UNDER_HEAD),
        (UNDER_HEAD,),
        (),
        (SHADED_HEAD, INNER),
        (INNER,),
    ],
)
def test_a_table_is_rows_with_a_head_however_it_is_ruled(style: tuple[object, ...]) -> None:
    def draw(canvas: Canvas) -> None:
        table(canvas, [HEAD, *ROWS], *style)
        prose(canvas)

    text = parse(drawn(draw)).text

    assert "| Berth | Length | Fee | Keeper |\n| --- | --- | --- | --- |" in text
    for row in ROWS:
        assert f"| {' | '.join(row)} |" in text
    assert text.count(SENTENCE.strip()) == 12


def test_a_table_that_is_painted_column_by_column_has_complete_rows() -> None:
    def draw(canvas: Canvas) -> None:
        columns = list(zip(HEAD, *ROWS, strict=True))
        for column, texts in enumerate(columns):
            for row, text in enumerate(texts):
                canvas.drawString(75 + 90 * column, 700 - 20 * row, text)
        canvas.grid([70 + 90 * n for n in range(5)], [714 - 20 * n for n in range(11)])

    text = parse(drawn(draw)).text

    assert all(f"| {' | '.join(row)} |" in text for row in ROWS)


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    rows = [["Berth", "Keeper"], ["B1", "Ada of the\nnorth quay\nat night"], ["B2", "Bob"]]

    text = parse(drawn(lambda canvas: table(canvas, rows, GRID))).text

    assert "| B1 | Ada of the north quay at night |\n| B2 | Bob |" in text


@pytest.mark.parametrize("both", [False, True])
def test_cells_of_several_lines_without_rules_stay_in_their_rows(*, both: bool) -> None:
    text = "Guests who come late pay on the next morning at the office"
    who = "Members and their guests" if both else "Members"
    style = getSampleStyleSheet()["Normal"]
    rows: list[list[object]] = [
        [f"B{n}", Paragraph(text, style), Paragraph(who, style), f"{17 + n} euro"] for n in range(6)
    ]

    def draw(canvas: Canvas) -> None:
        table(canvas, [HEAD, *rows], ("VALIGN", (0, 0), (-1, -1), "TOP"))
        prose(canvas, y=300)

    parsed = parse(drawn(draw))

    assert "| Berth | Length | Fee | Keeper |" in parsed.text
    for number in range(6):
        assert f"| B{number} | {text} | {who} | {17 + number} euro |" in parsed.text
    assert parsed.text.count(SENTENCE.strip()) == 12


def test_a_heading_of_a_short_document_is_found_beside_its_table() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(70, 700, "Dues of berths")
        canvas.setFont("Helvetica", 10)
        canvas.drawString(70, 660, "They are paid at the office.")
        table(canvas, [HEAD, *ROWS], GRID)

    assert [one.text for one in parse(drawn(draw)).headings] == ["Dues of berths"]


def test_a_line_whose_first_word_alone_is_bold_is_no_heading() -> None:
    def draw(canvas: Canvas) -> None:
        for number, begin in enumerate(["Arrival", "Departure"]):
            canvas.setFont("Helvetica-Bold", 10)
            canvas.drawString(70, 700 - 60 * number, f"{begin}:")
            canvas.setFont("Helvetica", 10)
            canvas.drawString(140, 700 - 60 * number, "before nine in the evening")
            canvas.drawString(70, 680 - 60 * number, SENTENCE)
        prose(canvas)

    assert parse(drawn(draw)).headings == ()


def test_a_merged_cell_fills_its_rows_and_a_group_names_its_columns() -> None:
    rows = [
        ["Season", "Rate", ""],
        ["", "Day", "Week"],
        ["Winter", "17", "84"],
        ["", "18", "90"],
    ]
    spans = (("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 2), (0, 3)))

    text = parse(drawn(lambda canvas: table(canvas, rows, GRID, *spans))).text

    assert text == (
        "| Season | Rate Day | Rate Week |\n| --- | --- | --- |\n"
        "| Winter | 17 | 84 |\n| Winter | 18 | 90 |"
    )


def test_a_table_on_a_turned_page_has_complete_rows() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        canvas.translate(595, 0)
        canvas.rotate(90)
        table(canvas, [HEAD, *ROWS], GRID, y=200)

    text = parse(drawn(draw)).text

    assert all(f"| {' | '.join(row)} |" in text for row in ROWS)


def test_text_in_a_box_or_in_two_columns_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(60, 390, 480, 30)
        canvas.setFont("Helvetica", 9)
        canvas.drawString(70, 400, SENTENCE)
        for column in (70, 310):
            for row in range(10):
                words = (
                    "when the tide is low and wind" if row % 2 else "the keeper of the north quay"
                )
                canvas.drawString(column, 300 - 12 * row, words)

    text = parse(drawn(draw)).text

    assert "|" not in text
    assert text.index("when the tide") < text.index("the keeper", text.index("when the tide"))


def running(canvas: Canvas, number: int, pages: int) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(60, 815, "Harbour Board - Mooring handbook")
    canvas.drawString(60, 20, f"Version 7 - page {number} of {pages}")
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(60, 770, ["Mooring", "Winter dues", "Cranes", "Fuel"][number - 1])
    prose(canvas, y=740)
    canvas.setFont("Helvetica-Bold", 10)
    canvas.drawString(60, 560, f"Rules of part {number}")
    prose(canvas, y=540)


@pytest.mark.parametrize("pages", [2, 3, 4])
def test_running_heads_and_page_numbers_are_left_out(pages: int) -> None:
    draws = [lambda canvas, n=n: running(canvas, n, pages) for n in range(1, pages + 1)]

    parsed = parse(drawn(*draws))

    assert "Harbour Board" not in parsed.text
    assert "Version 7" not in parsed.text
    assert parsed.text.count(SENTENCE.strip()) == 24 * pages


@pytest.mark.parametrize("foot", ["Version 7 - page {}", "{} of 3", "Part of the rules, {}/3"])
def test_a_foot_in_larger_type_than_the_text_is_left_out(foot: str) -> None:
    def draw(canvas: Canvas, number: int) -> None:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(60, 20, foot.format(number))
        canvas.drawString(60, 815, f"page {number} of 3")
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(60, 780, f"Part {number}")
        prose(canvas, y=740)

    parsed = parse(drawn(*(lambda canvas, n=n: draw(canvas, n) for n in (1, 2, 3))))

    assert [one.text for one in parsed.headings] == ["Part 1", "Part 2", "Part 3"]
    assert foot.format(2) not in parsed.text
    assert "of 3" not in parsed.text


def test_headings_are_found_by_size_and_weight_where_there_is_no_outline() -> None:
    draws = [lambda canvas, n=n: running(canvas, n, 3) for n in (1, 2, 3)]

    parsed = parse(drawn(*draws))

    assert [(one.level, one.text) for one in parsed.headings] == [
        (1, "Mooring"),
        (2, "Rules of part 1"),
        (1, "Winter dues"),
        (2, "Rules of part 2"),
        (1, "Cranes"),
        (2, "Rules of part 3"),
    ]
    for heading in parsed.headings:
        assert parsed.text[heading.start :].startswith(heading.text)


def test_one_page_keeps_what_is_in_its_margins() -> None:
    text = parse(drawn(lambda canvas: running(canvas, 1, 1))).text

    assert "Harbour Board - Mooring handbook" in text
    assert "page 1 of 1" in text


def form(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 10)
    canvas.drawString(60, 700, "Name of vessel:")
    canvas.acroForm.textfield(
        name="vessel", value="Saffron Gull", x=160, y=695, width=200, height=18
    )
    canvas.drawString(60, 660, "Insured:")
    canvas.acroForm.checkbox(name="insured", checked=True, x=160, y=655, size=15)
    canvas.drawString(60, 620, "Crew on board:")
    canvas.acroForm.checkbox(name="crew", checked=False, x=160, y=615, size=15)
    canvas.drawString(60, 580, "Flag:")
    canvas.acroForm.choice(
        name="flag", value="Norway", options=["Norway", "Chile"], x=160, y=575, width=90, height=18
    )


def test_the_values_of_a_form_follow_their_labels() -> None:
    text = parse(drawn(form)).text

    assert "Name of vessel: Saffron Gull" in text
    assert "Insured: [x]" in text
    assert "Crew on board: [ ]" in text
    assert "Flag: Norway" in text


def test_a_field_without_a_label_has_its_name() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(60, 780, "Application")
        canvas.acroForm.textfield(name="Vessel", value="Saffron Gull", x=60, y=500, width=200)

    assert "Vessel: Saffron Gull" in parse(drawn(draw)).text


def test_a_note_on_a_page_is_read() -> None:
    def draw(canvas: Canvas) -> None:
        prose(canvas)
        canvas.textAnnotation("Ask the warden first.", Rect=[100, 700, 120, 720])

    assert parse(drawn(draw)).text.endswith("Note: Ask the warden first.")


def picture(canvas: Canvas, stamp: str = "") -> None:
    canvas.drawImage(ImageReader(Image.new("L", (60, 80), 200)), 0, 0, *A4)
    canvas.drawString(20, 10, stamp)


def test_a_document_says_which_of_its_pages_are_pictures() -> None:
    parsed = parse(drawn(prose, picture, lambda canvas: picture(canvas, "Scanned with X"), prose))

    assert (
        parsed.note == "pages 2 to 3 with pictures instead of text: switch on ocr under [documents]"
    )
    assert len(parsed.pages) == 4


def test_a_document_of_stamped_pictures_is_scanned() -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(drawn(*[lambda canvas: picture(canvas, "Scanned with PocketScan")] * 3))

    assert caught.value.kind is ProblemKind.SCANNED


def test_a_page_whose_letters_make_no_words_is_named() -> None:
    def garbled(canvas: Canvas) -> None:
        for row in range(12):
            shifted = "".join(chr(ord(c) + 3) if c.isalpha() else c for c in SENTENCE.lower())
            canvas.drawString(60, 700 - 14 * row, shifted)

    note = parse(drawn(prose, garbled)).note

    assert note is not None
    assert note.startswith("page 2 with letters that make no words")


def test_a_page_of_text_has_no_note() -> None:
    assert parse(drawn(prose, form)).note is None


def test_a_poster_with_few_words_on_a_picture_is_read() -> None:
    words = "Harbour feast on the third of May at the north quay, free for all guests"

    parsed = parse(drawn(lambda canvas: picture(canvas, words)))

    assert parsed.text == words
    assert parsed.note == "page 1 with pictures instead of text: switch on ocr under [documents]"
