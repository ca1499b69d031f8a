from datetime import UTC, datetime

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.front_matter import front_matter
from footnote_qa.index.parsing.markdown import parse
from footnote_qa.index.types import ProblemKind


def audience(source: str) -> tuple[str, ...]:
    return parse(source.encode()).audience


def refusal(source: str) -> UnreadableDocumentError:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(source.encode())
    return caught.value


def test_front_matter_gives_title_audience_address_and_date() -> None:
    parsed = parse(
        b"---\ntitle: 'Paid leave'\naudience: [hr, board]\nurl: https://x.test/leave\n"
        b"date: 2030-05-01T09:30:00+02:00\n---\nText\n"
    )

    assert parsed.title == "Paid leave"
    assert parsed.audience == ("hr", "board")
    assert parsed.url == "https://x.test/leave"
    assert parsed.modified_at == datetime(2030, 5, 1, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    ["audience: hr", "audience: [hr]", "Audience: 'hr'", "audience:\n  - hr", '"audience": hr'],
)
def test_an_audience_can_be_written_in_many_ways(line: str) -> None:
    assert audience(f"---\n{line}\n---\nText") == ("hr",)


def test_groups_may_be_parted_by_commas_and_be_called_no() -> None:
    assert audience("---\naudience: hr, board\n---\n") == ("hr", "board")
    assert audience("---\naudience: [no, 12]\n---\n") == ("no", "12")


@pytest.mark.parametrize("line", ["audience:", "audience: []", "audience: ''", "tags: [hr]"])
def test_no_group_is_nothing_said(line: str) -> None:
    assert audience(f"---\n{line}\n---\nText") == ()


@pytest.mark.parametrize(
    "source",
    [
        "---\naudience: {hr: yes}\n---\nText",
        "---\naudience: [[hr]]\n---\nText",
        "---\naudience: [hr\n---\nText",
        "---\ntitle: Pay: the rule\naudience: [hr]\n---\nText",
        "---\nmeta:\n  audience: hr\n---\nText",
        "---\naudience: hr\nThis line belongs to nothing\n---\nText",
        "---\naudience: hr\nNo rule closes it",
    ],
)
def test_an_audience_that_cannot_be_understood_is_not_taken_for_everybody(source: str) -> None:
    error = refusal(source)

    assert error.kind is ProblemKind.UNSAFE
    assert "write `audience: [hr]`" in error.reason


def test_a_word_in_the_text_is_no_audience() -> None:
    assert audience("---\n\nText\n\nAudience: the whole staff\n") == ()
    assert audience("# Talk\n\naudience: [hr]\n") == ()


def test_a_colon_in_the_title_leaves_the_other_entries() -> None:
    found = front_matter(["---", "title: Pay: the rule", "date: 2030-05-01", "---"])

    assert found.title == "Pay: the rule"
    assert found.modified_at == datetime(2030, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "javascript://x.test/%0Aalert(1)",
        "file:///etc/passwd",
        "https://",
        "/leave",
        "https://x.test/a b",
    ],
)
def test_an_address_that_cannot_be_opened_is_left_out(url: str) -> None:
    assert parse(f"---\nurl: {url}\n---\nText".encode()).url is None


@pytest.mark.parametrize("date", ["soon", "2030-13-45", "0001-01-01T00:00:00+14:00"])
def test_a_date_that_is_none_is_left_out(date: str) -> None:
    assert parse(f"---\ndate: {date}\n---\nText".encode()).modified_at is None


def test_aliases_do_not_burst() -> None:
    lines = [
        "a: &a [x, x]",
        *(f"b{n}: &b{n} [*{p}, *{p}]" for n, p in enumerate(["a", "b0", "b1"])),
    ]

    assert audience("---\n" + "\n".join([*lines, "audience: [hr]"]) + "\n---\n") == ("hr",)
