from collections.abc import Callable
from datetime import date, time
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import xlsx
from footnote_qa.index.parsing.xlsx import parse
from footnote_qa.index.types import ProblemKind
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


def test_each_sheet_is_under_its_name() -> None:
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
    content = rows(["Day", "Sum", "Whole", "Done"], [date(2030, 5, 1), 0.1 + 0.2, 12.0, True])

    assert parse(content).text.endswith("| 2030-05-01 | 0.3 | 12 | TRUE |")


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        (1234.5, "#,##0.00 €", "1,234.50 €"),
        (1234.5, "[$£-809]#,##0.00", "£1,234.50"),
        (-12, '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\)', "$(12.00)"),
        (0.075, "0.0%", "7.5%"),
        (45000, "dd/mm/yyyy", "15/03/2023"),
        (45000.5, 'd. mmmm yyyy, h:mm "h"', "15. March 2023, 12:00 h"),
        (1.25, "[h]:mm", "30:00"),
        (42, "00000", "00042"),
        (2.5, "# ?/?", "2 1/2"),
        (12, '0 "kg"', "12 kg"),
        (5550123, "000-0000", "555-0123"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (0, "#,##0;-#,##0;;@", ""),
        (50, '[>100]"much" 0;"little" 0', "little 50"),
        (150, '[>100]"much" 0;"little" 0', "much 150"),
        (-3, "[Red][<0]-0.0;0", "-3.0"),
    ],
)
def test_a_number_is_written_as_the_sheet_shows_it(value: float, code: str, seen: str) -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.write_row(0, 0, ["Part", "Value"])
        page.write(1, 0, "Bolt")
        page.write_number(1, 1, value, book.add_format({"num_format": code}))
        page.write_row(2, 0, ["Nut", "x"])

    assert f"| Bolt | {seen} |" in parse(workbook(write)).text


def test_hidden_rows_and_columns_are_left_out_and_filtered_and_folded_ones_are_not() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        for number in range(9):
            page.write_row(number, 0, [f"a{number}", f"b{number}", f"c{number}"])
        page.set_column(1, 1, None, None, {"hidden": True})
        page.set_row(2, None, None, {"hidden": True})
        page.set_row(3, None, None, {"hidden": True, "level": 1})

    text = parse(workbook(write)).text

    assert "| a1 | c1 |" in text
    assert "b1" not in text
    assert "a2" not in text
    assert "a3" in text


def test_a_row_that_a_filter_hides_is_kept() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.write_column(0, 0, ["Name", "Ada", "Bob", "Cyd"])
        page.autofilter(0, 0, 3, 0)
        page.filter_column(0, "x == Ada")
        page.set_row(2, None, None, {"hidden": True})

    assert "Bob" in parse(workbook(write)).text


def test_merged_cells_fill_their_rows_and_name_all_their_columns() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.merge_range("A1:C1", "Fees of 2030")
        page.merge_range("B2:C2", "Rate")
        page.merge_range("A2:A3", "Season")
        page.write_row("B3", ["Day", "Week"])
        page.merge_range("A4:A5", "Winter")
        page.write_row("B4", [17, 84])
        page.write_row("B5", [18, 90])

    assert parse(workbook(write)).text == (
        "# S\n\nFees of 2030\n\n| Season | Rate Day | Rate Week |\n| --- | --- | --- |\n"
        "| Winter | 17 | 84 |\n| Winter | 18 | 90 |"
    )


def test_a_group_over_some_columns_names_them_and_is_no_title() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.merge_range("B1:C1", "Rate")
        page.write_row("A2", ["Season", "Day", "Week"])
        page.write_row("A3", ["Summer", 7, 40])

    text = parse(workbook(write)).text

    assert "| Season | Rate Day | Rate Week |\n| --- | --- | --- |\n| Summer | 7 | 40 |" in text


def test_a_title_over_a_table_that_is_narrower_than_the_sheet_is_a_title() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.merge_range("A1:B1", "Fees of 2030")
        page.write_row("A2", ["Season", "Day"])
        page.write_row("A3", ["Summer", 7])
        page.write_row("A6", ["Berth", "Keeper", "Phone", "Place"])
        page.write_row("A7", ["B1", "Ada", "555", "North"])

    text = parse(workbook(write)).text

    assert "Fees of 2030\n\n| Season | Day |\n| --- | --- |\n| Summer | 7 |" in text


def test_raised_and_lowered_parts_of_a_cell_stay_apart_and_struck_cells_are_left_out() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.write_row("A1", ["Area", "Fee"])
        up, down = book.add_format({"font_script": 1}), book.add_format({"font_script": 2})
        page.write_rich_string("A2", "10", up, "6", " m")
        page.write("B2", "12 euro", book.add_format({"font_strikeout": True}))
        page.write_rich_string("A3", "log", down, "2", "8")
        page.write("B3", "14 euro")

    text = parse(workbook(write)).text

    assert "| 10^6 m |  |\n| log_2 8 | 14 euro |" in text


def test_a_column_of_values_has_no_head() -> None:
    assert parse(rows([3], [4], [5])).text == "# Staff\n\n- 3\n- 4\n- 5"


def test_notes_on_cells_follow_their_sheet() -> None:
    def write(book: Workbook) -> None:
        page = book.add_worksheet("S")
        page.write_row(0, 0, ["Part", "Price"])
        page.write_row(1, 0, ["Bolt", 7])
        page.write_comment("B2", "Without tax", {"author": "Ada"})

    assert parse(workbook(write)).text.endswith("| Bolt | 7 |\n\nNote on B2: Without tax")


def test_tables_side_by_side_are_two_tables() -> None:
    content = rows(
        ["Berth", "Fee", None, "Keeper", "Room"],
        ["B1", "low", None, "Ada", "12"],
        ["B2", "high", None, "Bob", "14"],
    )

    assert parse(content).text.split("\n\n")[1:] == [
        "| Berth | Fee |\n| --- | --- |\n| B1 | low |\n| B2 | high |",
        "| Keeper | Room |\n| --- | --- |\n| Ada | 12 |\n| Bob | 14 |",
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([["Depot key", "hangs in cabinet 9"]], "Depot key: hangs in cabinet 9"),
        ([["Length:", "12 m"], ["Keeper:", "Ada"]], "- Length: 12 m\n- Keeper: Ada"),
        (
            [["Ada", 34, "Bern"], ["Bob", 51, "Basel"]],
            "|  |  |  |\n| --- | --- | --- |\n| Ada | 34",
        ),
        ([["Item", 2029, 2030], ["North", 5, 6]], "| Item | 2029 | 2030 |\n| --- | --- | --- |"),
    ],
)
def test_a_sheet_without_a_head_has_no_row_taken_for_one(
    lines: list[list[object]], text: str
) -> None:
    assert parse(rows(*lines)).text.startswith(f"# Staff\n\n{text}")


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


def test_the_message_on_an_old_workbook_says_how_to_save_it() -> None:
    assert kind_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600) is ProblemKind.UNSUPPORTED


def test_an_archive_without_a_workbook_is_broken() -> None:
    assert kind_of(zipped({"word/document.xml": "<a/>"})) is ProblemKind.BROKEN
