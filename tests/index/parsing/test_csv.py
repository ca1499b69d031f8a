import time

import pytest

from footnote_qa.index.parsing.csv import parse

TABLE = "| Name | Days |\n| --- | --- |\n| Ada, the first | 20 |\n| Bob | 25 |"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    source = f'Name{separator}Days\n"Ada, the first"{separator}20\nBob{separator}25\n'

    assert parse(source.encode()).text == TABLE


def test_a_hint_of_excel_is_followed_and_is_no_row() -> None:
    assert parse(b"sep=#\nName#Days\nAda, the first#20\nBob#25").text == TABLE


def test_an_old_encoding_is_found() -> None:
    source = "Name;Straße\nMüller;Königsallee\nSchröder;Hauptstraße\n"

    assert parse(source.encode("cp1252")).text.endswith("| Schröder | Hauptstraße |")


def test_a_cell_over_two_lines_is_one_cell() -> None:
    assert parse(b'a,b\n"one\ntwo",2\n').text == "| a | b |\n| --- | --- |\n| one two | 2 |"


def test_a_quotation_mark_left_open_swallows_no_rows() -> None:
    lines = ["Name,Days", '"Ada,20', *(f"Person {number},{number}" for number in range(50))]

    text = parse("\n".join(lines).encode()).text

    assert "| Ada | 20 |" in text
    assert text.count("| Person ") == 50


def test_a_field_of_any_length_is_kept() -> None:
    source = "a,b\n1," + "word " * 40_000

    assert parse(source.encode()).text.count("word") == 40_000


def test_rows_of_different_length_are_filled() -> None:
    assert parse(b"a,b,c\n1,2\n3,4,5,6\n7,8,9\n").text == (
        "| a | b | c |  |\n| --- | --- | --- | --- |\n"
        "| 1 | 2 |  |  |\n| 3 | 4 | 5 | 6 |\n| 7 | 8 | 9 |  |"
    )


def test_one_column_with_commas_nowhere_is_a_table() -> None:
    assert parse(b"City\nBern\nBasel\n").text == "| City |\n| --- |\n| Bern |\n| Basel |"


def test_the_time_for_a_sheet_grows_with_its_rows_and_not_with_their_square() -> None:
    def seconds(rows: int) -> float:
        content = "Berth,Fee,Keeper\n" + "".join(f"B{n},{n},Keeper {n}\n" for n in range(rows))
        began = time.process_time()
        parse(content.encode())
        return time.process_time() - began

    small = min(seconds(1_000) for _ in range(3))

    assert seconds(8_000) < 25 * small  # a square would be 64 times
