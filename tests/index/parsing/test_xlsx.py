from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook

from index.errors import UnreadableDocumentError
from index.parsing import xlsx
from index.parsing.xlsx import parse
from index.types import ProblemKind
from tests.index.parsing.archives import changed, zipped


def workbook(write: Callable[[Workbook], object]) -> bytes:
    file = BytesIO()
    with xlsxwriter.Workbook(file) as book:
        write(book)
    return file.getvalue()


def rows(*lines: list[object], sheet: str = "Staff") -> bytes:
    def write(book: Workbook) -> None:
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, line in enumerate(lines):
            for column, value in enumerate(line):
                if isinstance(value, date | time):
                    page.write_datetime(number, column, value, day)
                else:
                    page.write(number, column, value)

    return workbook(write)


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)
    return caught.value.kind


def test_each_sheet_stands_under_its_name() -> None:
    def write(book: Workbook) -> None:
        book.add_worksheet("North").write_row(0, 0, ["Name", "Days"])
        book.get_worksheet_by_name("North").write_row(1, 0, ["Ada", 20])
        book.add_worksheet("Blank")
        book.add_worksheet("South").write(0, 0, "Nobody")

    parsed = parse(workbook(write))

    assert parsed.text == (
        "# North\n\n| Name | Days |\n| --- | --- |\n| Ada | 20 |\n\n# South\n\nNobody"
    )
    assert [heading.text for heading in parsed.headings] == ["North", "South"]
    assert parsed.title is None


def test_values_are_written_as_a_person_reads_them() -> None:
    content = rows(
        ["Day", "Time", "Sum", "Whole", "Done"],
        [date(2030, 5, 1), datetime(2030, 5, 1, 9, 30), 0.1 + 0.2, 12.0, True],  # noqa: DTZ001
    )

    assert parse(content).text.endswith("| 2030-05-01 | 2030-05-01 09:30:00 | 0.3 | 12 | TRUE |")


def test_a_formula_is_its_value() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("Sums")
        page.write_row(0, 0, ["Part", 40])
        page.write(1, 0, "Total")
        page.write_formula(1, 1, "=SUM(B1:B1)", None, 42)

    assert parse(workbook(write)).text.endswith("- Part: 40\n- Total: 42")


def test_a_long_sheet_repeats_its_head() -> None:
    content = rows(["Name", "Days"], *([f"Person {number}", number] for number in range(200)))

    text = parse(content).text

    assert text.count("| Name | Days |") == text.count("| --- | --- |") > 5
    assert text.count("| Person ") == 200


def test_a_hidden_sheet_is_left_out() -> None:
    def write(book: Workbook) -> None:
        book.add_worksheet("Shown").write(0, 0, "Seen")
        hidden = book.add_worksheet("Lists")
        hidden.write(0, 0, "Unseen")
        hidden.hide()

    assert parse(workbook(write)).text == "# Shown\n\nSeen"


def test_a_box_over_the_cells_is_read() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.write(0, 0, "Cell")
        page.insert_textbox(3, 3, "In a box")

    assert parse(workbook(write)).text == "# S\n\nCell\n\nIn a box"


def test_the_title_is_that_of_the_workbook() -> None:
    def write(book: Workbook) -> None:
        book.set_properties({"title": "Pay bands"})
        book.add_worksheet("Sheet1").write(0, 0, "x")

    assert parse(workbook(write)).title == "Pay bands"


def test_blank_cells_are_empty() -> None:
    assert kind_of(rows()) is ProblemKind.EMPTY


def test_a_sheet_that_spans_too_many_cells_is_too_big(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_CELLS", 3)

    assert parse(rows(["a", "b", "c"])).text
    assert kind_of(rows(["a", "b"], ["c", "d"])) is ProblemKind.TOO_BIG


def test_an_entity_in_a_sheet_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{tmp_path.as_uri()}/secret">]>'
    content = changed(
        rows(["Head", "CELL"]),
        "xl/sharedStrings.xml",
        lambda xml: doctype + xml.split("?>", 1)[1].replace("CELL", "a &e; b"),
    )

    try:
        text = parse(content).text
    except Exception as error:  # noqa: BLE001 - a refusal is as good
        text = str(error)

    assert "canary" not in text


def test_an_encrypted_workbook_is_encrypted() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")

    assert kind_of(ole) is ProblemKind.ENCRYPTED


def test_an_older_workbook_is_told_how_to_be_saved() -> None:
    assert kind_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600) is ProblemKind.UNSUPPORTED


def test_an_archive_without_a_workbook_is_broken() -> None:
    assert kind_of(zipped({"word/document.xml": "<a/>"})) is ProblemKind.BROKEN
