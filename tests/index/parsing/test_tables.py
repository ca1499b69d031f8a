import re

from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.parsing.sheets import sheet
from footnote_qa.index.parsing.tables import MAX_TABLE_TOKENS, tables


def test_a_long_table_is_cut_and_each_part_repeats_the_head() -> None:
    rows = [["Name", "Days"], *([f"Person {number}", str(number)] for number in range(60))]

    parts = list(tables(rows))

    assert len(parts) == 3
    assert all(part.startswith("| Name | Days |\n| --- | --- |\n| Person ") for part in parts)
    told = [line for part in parts for line in part.split("\n")[2:]]
    assert told == [f"| Person {number} | {number} |" for number in range(60)]


def test_a_wide_table_becomes_a_list_for_each_row_with_the_names_of_its_columns() -> None:
    head = [f"Column {number}" for number in range(30)]

    parts = list(tables([head, ["a", "", "c"], ["d"]]))

    names = ", ".join(name for name in head if name not in {"Column 0", "Column 2"})
    assert parts == [
        *("- Column 0: a\n- Column 2: c", "- Column 0: d"),
        f"Columns without values: {names}",
    ]


def test_a_list_that_is_cut_repeats_what_names_the_row() -> None:
    head = [f"Column {number}" for number in range(60)]

    parts = list(tables([head, [f"value {number}" for number in range(60)]]))

    assert len(parts) > 1
    assert all(part.startswith("- Column 0: value 0\n- Column ") for part in parts)


def test_text_above_a_table_is_a_paragraph() -> None:
    rows = [["", "Report 2030", ""], ["In euros"], [], ["Name", "", "Pay"], ["Ada", "", "1,200"]]

    assert list(sheet(rows)) == [
        "Report 2030",
        "In euros",
        "| Name | Pay |\n| --- | --- |\n| Ada | 1,200 |",
    ]


def test_values_under_a_gap_keep_the_head_of_the_table_above() -> None:
    rows = [
        ["Name", "Days"],
        ["Ada", "20"],
        [""],
        ["Bob", "25"],
        [""],
        ["Place", "City"],
        ["A", "B"],
    ]

    assert list(sheet(rows)) == [
        "| Name | Days |\n| --- | --- |\n| Ada | 20 |",
        "| Name | Days |\n| --- | --- |\n| Bob | 25 |",
        "| Place | City |\n| --- | --- |\n| A | B |",
    ]


def test_a_head_of_two_rows_becomes_one() -> None:
    rows = [["In millions", "2029", "2030"], ["", "Sales", "Sales"], ["North", "1", "2"]]
    rows[0] = ["In millions", "Year", ""]

    assert list(sheet(rows)) == [
        "| In millions | Year Sales | Year Sales |\n| --- | --- | --- |\n| North | 1 | 2 |"
    ]


def test_one_column_is_a_table() -> None:
    assert list(sheet([["City"], ["Bern"], ["Basel"]])) == [
        "| City |\n| --- |\n| Bern |\n| Basel |"
    ]


def test_blank_rows_alone_are_nothing() -> None:
    assert list(sheet([["", " "], []])) == []
    assert list(tables([["", ""]])) == []


@given(
    st.lists(
        st.lists(st.text(alphabet="ab1 |\n-", max_size=8), min_size=1, max_size=6),
        min_size=1,
        max_size=40,
    )
)
def test_no_word_of_a_sheet_is_lost(rows: list[list[str]]) -> None:
    told = " ".join(sheet(rows))

    written = {word for row in rows for text in row for word in re.findall(r"[ab1]+", text)}
    assert written <= set(re.findall(r"[ab1]+", told))
    assert MAX_TABLE_TOKENS < 200
