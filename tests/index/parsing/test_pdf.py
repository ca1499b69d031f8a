from io import BytesIO
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import pdf
from footnote_qa.index.parsing.pdf import parse
from footnote_qa.index.parsing.pdf_hyphens import rejoin
from footnote_qa.index.types import ProblemKind


def made(*pages: list[str], title: str = "", outline: tuple[tuple[str, int], ...] = ()) -> bytes:
    """A PDF with these lines on each page, and bookmarks (title, page from 0)."""
    file = BytesIO()
    canvas = Canvas(file)
    canvas.setTitle(title)
    for number, lines in enumerate(pages):
        for position, line in enumerate(lines):
            canvas.drawString(72, 750 - 20 * position, line)
        for name, _ in (one for one in outline if one[1] == number):
            canvas.bookmarkPage(name)
            canvas.addOutlineEntry(name, name)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)
    return caught.value.kind


def test_every_page_has_its_offset_also_an_empty_one() -> None:
    parsed = parse(made(["One", "two"], [], ["Three"]))

    assert parsed.text == "One\ntwo\n\n\n\nThree"
    assert parsed.pages == (0, 9, 11)
    assert parsed.text[parsed.pages[2] :] == "Three"


def test_the_title_is_the_one_in_the_file_unless_a_program_put_it_there() -> None:
    assert parse(made(["x"], title="Travel  policy")).title == "Travel policy"
    assert parse(made(["x"], title="Microsoft Word - v2 final.docx")).title is None
    assert parse(made(["x"], title="untitled")).title is None
    assert parse(made(["x"], title="scan0001.jpg")).title is None


def test_a_bookmark_is_a_heading_at_the_place_of_its_line() -> None:
    content = made(
        ["Contents", "Paid leave 2"],
        ["2.1 Paid Leave", "You get 25 days."],
        outline=(("Paid leave", 1), ("Not on the page", 1)),
    )

    parsed = parse(content)

    assert [(one.level, one.text) for one in parsed.headings] == [(1, "Paid leave")]
    assert parsed.text[parsed.headings[0].start :].startswith("2.1 Paid Leave\n")


def test_a_locked_file_is_encrypted() -> None:
    file = BytesIO()
    canvas = Canvas(file, encrypt=StandardEncryption("secret"))
    canvas.drawString(72, 700, "hidden")
    canvas.save()

    assert kind_of(file.getvalue()) is ProblemKind.ENCRYPTED


def test_pages_that_are_pictures_need_ocr() -> None:
    file = BytesIO()
    canvas = Canvas(file)
    canvas.rect(100, 100, 200, 200)
    canvas.save()

    assert kind_of(file.getvalue()) is ProblemKind.SCANNED


def test_pages_with_nothing_on_them_are_empty() -> None:
    assert kind_of(made([])) is ProblemKind.EMPTY


def test_a_file_cut_short_at_its_start_is_broken() -> None:
    assert kind_of(b"%PDF-1.7\n" + b"rubbish" * 100) is ProblemKind.BROKEN


def test_more_pages_than_the_limit_are_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 1)

    assert kind_of(made(["a"], ["b"])) is ProblemKind.TOO_BIG


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("infor\ufffemation", "information"),
        ("an Open\ufffeSource licence", "an Open-Source licence"),
        ("long\ufffeterm and long-term", "long-term and long-term"),
        ("the user, a guide, the user\ufffeguide", "the user, a guide, the user-guide"),
        ("the over and time, overtime, over\ufffetime", "the over and time, overtime, overtime"),
        ("out-of\ufffepocket", "out-of-pocket"),
        ("Long\ufffeTerm, cutting\ufffeedge", "Long-Term, cutting-edge"),
        ("from 2019\ufffe2021", "from 2019-2021"),
        ("soft\xadware", "software"),
    ],
)
def test_a_word_broken_at_a_lines_end_is_joined_as_the_document_writes_it(
    text: str, joined: str
) -> None:
    assert rejoin([text]) == [joined]


def test_the_words_of_other_pages_count() -> None:
    assert rejoin(["co\ufffeoperate", "cooperate", "co-op"])[0] == "cooperate"


def test_a_real_handbook_keeps_its_reading_order() -> None:
    path = Path(__file__).resolve().parents[3].parent / (
        "shared/data/eval/northwind_pdf/pdfs/employee_handbook.pdf"
    )
    if not path.exists():
        pytest.skip(f"no {path.name} in the shared data")

    parsed = parse(path.read_bytes())

    assert len(parsed.pages) == 11
    assert parsed.text.startswith("Contoso Electronics Employee Handbook\n\nThis document contains")
    assert "creating cutting-edge systems" in parsed.text
    assert parsed.text.index("Last Updated") < parsed.text.index("aerospace industry")
