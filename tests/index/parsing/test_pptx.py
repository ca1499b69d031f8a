import zipfile
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pptx
import pytest
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from pptx.chart.data import ChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml.ns import qn
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.util import Inches

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.pptx import parse
from footnote_qa.index.types import ProblemKind
from tests.index.parsing.archives import changed, zipped

ONE = Inches(1)
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def saved(deck: Presentation) -> bytes:
    file = BytesIO()
    deck.save(file)
    return file.getvalue()


def slide(deck: Presentation, title: str | None = None) -> Slide:
    """A slide with nothing but a title, or with nothing at all."""
    added: Slide = deck.slides.add_slide(deck.slide_layouts[6 if title is None else 5])
    if title is not None and added.shapes.title is not None:
        added.shapes.title.text_frame.text = title
    return added


def write(on: Slide, text: str) -> None:
    on.shapes.add_textbox(ONE, ONE, ONE, ONE).text_frame.text = text


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)
    return caught.value.kind


def test_each_slide_is_a_page_under_its_title() -> None:
    deck = pptx.Presentation()
    write(slide(deck, "Leave"), "Twenty days")
    write(slide(deck), "No title here")
    write(slide(deck, "Pay"), "On the 25th")

    parsed = parse(saved(deck))

    assert parsed.text == (
        "# Leave\n\nTwenty days\n\n# Slide 2\n\nNo title here\n\n# Pay\n\nOn the 25th"
    )
    starts = [parsed.text.index(title) for title in ("# Leave", "# Slide 2", "# Pay")]
    assert list(parsed.pages) == starts
    assert [heading.start for heading in parsed.headings] == starts


def test_a_blank_slide_is_a_page_too() -> None:
    deck = pptx.Presentation()
    slide(deck)
    write(slide(deck, "Leave"), "Twenty days")

    parsed = parse(saved(deck))

    assert parsed.text == "# Leave\n\nTwenty days"
    assert parsed.pages == (0, 0)


def test_a_picture_in_the_frame_of_the_title_loses_no_words() -> None:
    deck = pptx.Presentation()
    first = slide(deck)
    write(first, "Twenty days")
    picture = first.shapes.add_picture(BytesIO(PIXEL), ONE, ONE)
    place = next(picture._element.iter(qn("p:nvPr")))
    etree.SubElement(place, qn("p:ph"), type="title")

    assert parse(saved(deck)).text == "# Slide 1\n\nTwenty days"
    next(picture._element.iter(qn("p:cNvPr"))).set("descr", "The north pier")
    assert parse(saved(deck)).text == "# Slide 1\n\nTwenty days\n\nThe north pier"


def test_a_list_keeps_its_levels() -> None:
    deck = pptx.Presentation()
    frame = slide(deck, "Steps").shapes.add_textbox(ONE, ONE, ONE, ONE).text_frame
    frame.text = "Ask"
    second = frame.add_paragraph()
    second.text, second.level = "your lead", 1

    assert parse(saved(deck)).text.endswith("- Ask\n  - your lead")


def test_a_table_is_one_and_a_merged_cell_is_read_once() -> None:
    deck = pptx.Presentation()
    table = slide(deck, "T").shapes.add_table(2, 2, ONE, ONE, ONE, ONE).table
    for number, text in enumerate(["Day | night", "Hours", "Mon\nday", "8"]):
        table.cell(number // 2, number % 2).text = text

    assert parse(saved(deck)).text.endswith(
        "| Day \\| night | Hours |\n| --- | --- |\n| Mon day | 8 |"
    )


def test_a_group_over_some_columns_names_them_and_a_merged_cell_fills_its_rows() -> None:
    deck = pptx.Presentation()
    table = slide(deck, "T").shapes.add_table(4, 3, ONE, ONE, ONE, ONE).table
    for number, row in enumerate(
        [["Season", "Rate", ""], ["", "Day", "Week"], ["Summer", "7", "40"], ["Winter", "5", "30"]]
    ):
        for column, text in enumerate(row):
            table.cell(number, column).text = text
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(0, 1).merge(table.cell(0, 2))

    assert parse(saved(deck)).text.endswith(
        "| Season | Rate Day | Rate Week |\n| --- | --- | --- |\n| Summer | 7 | 40 |\n"
        "| Winter | 5 | 30 |"
    )


def test_struck_out_words_are_left_out_and_raised_ones_stay_apart() -> None:
    deck = pptx.Presentation()
    box = slide(deck, "T").shapes.add_textbox(ONE, ONE, ONE, ONE)
    for words, name, value in [
        ("Pay ", "lang", "en"),
        ("12 ", "strike", "sngStrike"),
        ("14 for 10", "strike", "noStrike"),
        ("6", "baseline", "30000"),
        (" H", "lang", "en"),
        ("2", "baseline", "-25000"),
        ("O", "lang", "en"),
    ]:
        run = box.text_frame.paragraphs[0].add_run()
        run.text = words
        run.font._element.set(name, value)

    assert parse(saved(deck)).text.endswith("Pay 14 for 10^6 H2O")


@pytest.mark.parametrize("kind", [XL_CHART_TYPE.COLUMN_CLUSTERED, XL_CHART_TYPE.THREE_D_COLUMN])
def test_a_chart_is_read_as_a_table(kind: XL_CHART_TYPE) -> None:
    data = ChartData()  # type: ignore[no-untyped-call]  # the library is typed in part
    data.categories = ["2029", "2030"]
    for name, values in {"Sales": (0.1 + 0.2, 7), "Costs": (1, None)}.items():
        data.add_series(name, values)  # type: ignore[no-untyped-call]  # as above
    deck = pptx.Presentation()
    on = slide(deck, "Year")
    on.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, ONE, ONE, ONE, ONE, data)
    content = saved(deck)
    if kind is XL_CHART_TYPE.THREE_D_COLUMN:
        (chart,) = (part for part in names(content) if part.startswith("ppt/charts/chart"))
        content = changed(content, chart, lambda xml: xml.replace("c:barChart", "c:bar3DChart"))

    parsed = parse(content)

    assert parsed.text.endswith(
        "|  | Sales | Costs |\n| --- | --- | --- |\n| 2029 | 0.3 | 1 |\n| 2030 | 7 |  |"
    )


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return archive.namelist()


def test_speaker_notes_are_on_the_page_of_their_slide() -> None:
    deck = pptx.Presentation()
    first = slide(deck, "Leave")
    notes = first.notes_slide.notes_text_frame
    assert notes is not None
    notes.text = "Say it slowly"
    slide(deck, "Pay")

    parsed = parse(saved(deck))

    assert parsed.text == "# Leave\n\nSpeaker notes:\n\nSay it slowly\n\n# Pay"
    assert parsed.pages == (0, parsed.text.index("# Pay"))


def test_shapes_in_groups_in_groups_are_read() -> None:
    deck = pptx.Presentation()
    outer = slide(deck, "G").shapes.add_group_shape()
    inner = outer.shapes.add_group_shape()
    inner.shapes.add_textbox(ONE, ONE, ONE, ONE).text_frame.text = "Deep inside"

    assert parse(saved(deck)).text == "# G\n\nDeep inside"


def test_the_title_is_the_deck_s_own_unless_a_program_gave_it() -> None:
    deck = pptx.Presentation()
    write(slide(deck, "Leave"), "x")
    deck.core_properties.title = "PowerPoint Presentation"
    assert parse(saved(deck)).title == "Leave"
    deck.core_properties.title = "Staff guide"

    assert parse(saved(deck)).title == "Staff guide"


def test_a_text_in_the_frame_of_the_title_is_no_heading() -> None:
    deck = pptx.Presentation()
    slide(deck, "word " * 60)

    parsed = parse(saved(deck))

    assert [heading.text for heading in parsed.headings] == ["Slide 1"]
    assert parsed.text.count("word") == 60


def test_an_entity_in_a_slide_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    deck = pptx.Presentation()
    write(slide(deck, "T"), "BODY")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{tmp_path.as_uri()}/secret">]>'
    content = changed(
        saved(deck),
        "ppt/slides/slide1.xml",
        lambda xml: doctype + xml.split("?>", 1)[1].replace("BODY", "a &e; b"),
    )

    parsed = parse(content)

    assert "canary" not in parsed.text
    assert "a" in parsed.text


def test_a_deck_without_text_is_empty() -> None:
    deck = pptx.Presentation()
    slide(deck)

    assert kind_of(saved(deck)) is ProblemKind.EMPTY


def test_the_message_on_an_old_slide_show_says_how_to_save_it() -> None:
    content = changed(
        saved(pptx.Presentation()),
        "[Content_Types].xml",
        lambda xml: xml.replace("presentation.main", "slideshow.main"),
    )

    assert kind_of(content) is ProblemKind.UNSUPPORTED


def test_an_archive_without_slides_is_broken() -> None:
    assert kind_of(zipped({"xl/workbook.xml": "<a/>"})) is ProblemKind.BROKEN


def test_boxes_are_read_from_the_top_and_from_left_to_right() -> None:
    deck = pptx.Presentation()
    page = deck.slides.add_slide(deck.slide_layouts[6])
    for words, left, top in (
        ("fourth", 1, 5),
        ("second", 5, 1.02),
        ("first", 1, 1),
        ("third", 3, 3),
    ):
        box = page.shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1))
        box.text_frame.text = words

    assert parse(saved(deck)).text.split("\n\n")[1:] == ["first", "second", "third", "fourth"]


def test_a_hidden_slide_is_left_out_and_the_pages_after_it_keep_their_numbers() -> None:
    deck = pptx.Presentation()
    for title in ("One", "Two", "Three"):
        slide(deck, title)
    deck.slides[1]._element.set("show", "0")

    parsed = parse(saved(deck))

    assert [heading.text for heading in parsed.headings] == ["One", "Three"]
    assert parsed.pages[2] == parsed.headings[1].start
