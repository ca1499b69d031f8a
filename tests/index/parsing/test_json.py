import json

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.json import parse
from footnote_qa.index.types import ProblemKind


def text_of(value: object) -> str:
    return parse(json.dumps(value).encode()).text


def test_values_are_under_the_path_that_leads_to_them() -> None:
    value = {"name": "Footnote", "owner": {"team": {"lead": "Ada"}, "size": 4}, "open": True}

    assert text_of(value) == "name: Footnote\nopen: true\n\n# owner\n\nteam.lead: Ada\nsize: 4"


def test_each_object_of_a_list_is_a_record_of_its_own() -> None:
    value = {"staff": [{"name": "Ada", "tags": ["hr", "it"]}, {"name": "Bob", "left": None}]}

    parsed = parse(json.dumps(value).encode())

    assert parsed.text == "# staff\n\nname: Ada\ntags: hr, it\n\nname: Bob\nleft: null"
    assert [heading.text for heading in parsed.headings] == ["staff"]


def test_lists_in_records_are_numbered() -> None:
    value = [{"id": 7, "orders": [{"sku": "a"}, {"sku": "b"}]}]

    assert text_of(value) == "id: 7\n\norders[1].sku: a\n\norders[2].sku: b"


def test_numbers_stay_as_they_are_written() -> None:
    text = parse(b'{"a": 1.10, "b": 12345678901234567890123, "c": NaN}').text

    assert text == "a: 1.10\nb: 12345678901234567890123\nc: NaN"


def test_the_title_is_the_one_it_names() -> None:
    assert parse(b'{"title": "Pay bands", "x": 1}').title == "Pay bands"
    assert parse(b'{"title": ["x"], "a": {"b": 1}}').title is None


@pytest.mark.parametrize("ends", ["", "\n", "\n\n"])
def test_json_lines_are_records(ends: str) -> None:
    assert parse(f'{{"a": 1}}\n{{"a": 2}}{ends}'.encode()).text == "a: 1\n\na: 2"


def test_a_line_that_was_cut_off_is_kept_as_it_is() -> None:
    assert parse(b'{"a": 1}\n{"a": 2').text == 'a: 1\n{"a": 2'


def test_what_is_not_json_is_broken_and_says_where() -> None:
    with pytest.raises(UnreadableDocumentError, match=r"line 2") as caught:
        parse(b'{"a": 1,\n oops}')

    assert caught.value.kind is ProblemKind.BROKEN


def test_a_long_list_of_words_has_a_line_for_each() -> None:
    words = [f"word number {number}" for number in range(30)]

    assert text_of({"words": words}).split("\n")[2:5] == words[:3]
