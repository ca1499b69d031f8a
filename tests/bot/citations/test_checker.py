import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.bot.citations import Checked, Checker, Reason, check
from footnote_qa.bot.engine.reply_parser import parse_draft
from footnote_qa.bot.errors import AnswererError
from footnote_qa.bot.types import Evidence, Sentence, ShownPassage
from tests.fakes.searcher import a_passage

LEAVE = "Everybody has 30 days of leave a year. Unused days do not carry over into the next year."
PARKING = "Parking costs 3 euros a day. Visitors park free of charge."
SHOWN = (
    ShownPassage(id="k7q2mz", passage=a_passage(LEAVE, id=1, document="leave.md", start=100)),
    ShownPassage(id="x3n5ab", passage=a_passage(PARKING, id=2, document="parking.md", page=4)),
)


def said(text: str, *evidence: tuple[str, str]) -> Sentence:
    return Sentence(
        text=text, evidence=tuple(Evidence(passage_id=i, quote=quote) for i, quote in evidence)
    )


def reasons(checked: Checked) -> list[Reason]:
    return [removed.reason for removed in checked.removed]


def checked(*sentences: Sentence, shown: Sequence[ShownPassage] = SHOWN) -> Checked:
    return check(sentences, shown)


@pytest.mark.parametrize("reply", ["NOT FOUND", " NOT FOUND.\n", "**NOT FOUND**"])
def test_not_found_alone_is_no_part(reply: str) -> None:
    assert parse_draft(reply) == ()


def test_not_found_beside_a_statement_does_not_hide_it() -> None:
    assert [one.text for one in parse_draft("NOT FOUND\n\nYou have 30 days.")] == [
        "You have 30 days."
    ]


def test_statement_without_a_marker_is_cited_from_where_its_words_are() -> None:
    result = checked(*parse_draft("You have 30 days of leave a year.\n\nAsk the CEO of Acme."))

    assert result.text == "You have 30 days of leave a year [1]."
    assert [one.quote for one in result.citations] == ["Everybody has 30 days of leave a year."]


@pytest.mark.parametrize("reply", ["", " \n\t"])
def test_empty_reply_is_an_error(reply: str) -> None:
    with pytest.raises(AnswererError, match="empty"):
        parse_draft(reply)


def test_supported_sentence_is_cited_with_the_exact_place_of_its_quote() -> None:
    result = checked(
        said("You have 30 days of leave.", ("k7q2mz", "everybody has 30  days of leave"))
    )

    assert result.text == "You have 30 days of leave [1]."
    citation = result.citations[0]
    assert citation.quote == "Everybody has 30 days of leave"
    assert (citation.document, citation.start, citation.end) == ("leave.md", 100, 130)
    assert result.removed == ()


def test_page_of_a_citation_is_its_passages() -> None:
    result = checked(said("Visitors park for free.", ("x3n5ab", "Visitors park free of charge")))

    assert result.citations[0].page == 4


def test_labels_are_numbered_in_order_of_use_and_a_span_has_one() -> None:
    result = checked(
        said("Visitors park free!", ("x3n5ab", "Visitors park free of charge")),
        said(
            "You have 30 days and park at 3 euros.",
            ("k7q2mz", "Everybody has 30 days"),
            ("x3n5ab", "Parking costs 3 euros a day"),
        ),
        said("Guests park free", ("x3n5ab", "visitors park free of charge")),
    )

    assert result.text == (
        "Visitors park free [1]! You have 30 days and park at 3 euros [2][3]. Guests park free [1]"
    )
    assert [citation.label for citation in result.citations] == [1, 2, 3]


def test_quote_under_an_invented_id_is_cited_from_the_passage_that_has_it() -> None:
    result = checked(said("You have 30 days.", ("aaaaa2", "Everybody has 30 days")))

    assert result.citations[0].document == "leave.md"


def test_quote_under_the_id_of_another_passage_is_cited_from_the_passage_that_has_it() -> None:
    result = checked(said("You have 30 days.", ("x3n5ab", "Everybody has 30 days")))

    assert result.citations[0].document == "leave.md"


def test_passage_that_was_named_goes_before_another_with_the_same_words() -> None:
    twin = ShownPassage(id="b4b4b4", passage=a_passage(LEAVE, id=3, document="copy.md"))

    result = checked(
        said("You have 30 days.", ("b4b4b4", "Everybody has 30 days")), shown=(*SHOWN, twin)
    )

    assert result.citations[0].document == "copy.md"


def test_later_place_of_a_quote_is_cited_when_the_first_is_only_part_of_a_line() -> None:
    shown = ShownPassage(id="k7q2mz", passage=a_passage("It was 3 euros.\n\n- 3 euros", start=0))

    result = checked(said("It costs 3 euros.", ("k7q2mz", "3 euros")), shown=[shown])

    assert (result.citations[0].start, result.citations[0].end) == (19, 26)


def test_invented_quote_beside_a_true_one_is_dropped() -> None:
    result = checked(
        said(
            "You have 30 days.",
            ("k7q2mz", "Everybody has 30 days"),
            ("k7q2mz", "directors have no limit"),
        )
    )

    assert result.text == "You have 30 days [1]."


def test_quote_that_says_it_all_is_enough_beside_one_that_denies_something() -> None:
    result = checked(
        said(
            "You have 30 days.",
            ("k7q2mz", "Everybody has 30 days"),
            ("k7q2mz", "Unused days do not carry over"),
            ("k7q2mz", "have not 30 days"),
        )
    )

    assert result.text.startswith("You have 30 days [1]")


def test_sentence_that_one_quote_denies_is_cited_with_the_other_alone() -> None:
    text = "Staff may carry days over. Interns may not carry days over."
    shown = ShownPassage(id="k7q2mz", passage=a_passage(text))
    quotes = [
        ("k7q2mz", "Interns may not carry days over"),
        ("k7q2mz", "Staff may carry days over"),
    ]

    result = checked(said("Staff may carry days over.", *quotes), shown=[shown])

    assert [citation.quote for citation in result.citations] == ["Staff may carry days over"]


def test_slip_at_the_end_of_a_long_quote_is_left_out_of_the_citation() -> None:
    quote = "Unused days do not carry over into the next years"

    result = checked(said("Unused days do not carry over.", ("k7q2mz", quote)))

    assert result.citations[0].quote == "Unused days do not carry over into the next year"


def test_slip_in_the_middle_of_a_long_quote_is_not_forgiven() -> None:
    quote = "Unused days do carry over into the next year, as everybody knows"

    result = checked(said("Unused days do carry over.", ("k7q2mz", quote)))

    assert reasons(result) == [Reason.QUOTE_NOT_FOUND]


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        (said("Lunch is at noon."), Reason.NO_EVIDENCE),
        (said("You have days.", ("k7q2mz", "directors have no limit")), Reason.QUOTE_NOT_FOUND),
        (said("You have days.", ("k7q2mz", "!")), Reason.QUOTE_NOT_FOUND),
        (said("You have days.", ("k7q2mz", "30 days")), Reason.QUOTE_TOO_SHORT),
        (said("You have 40 days.", ("k7q2mz", "Everybody has 30 days")), Reason.NUMBER),
        (said("90 days a year.", ("x3n5ab", "Visitors park free")), Reason.NUMBER),
        (said("Days carry over.", ("k7q2mz", "Unused days do not carry over")), Reason.NEGATION),
        (said("Days carry over.", ("k7q2mz", "carry over into the next")), Reason.QUOTE_CUT),
        (said("Days at Acme.", ("k7q2mz", "Everybody has 30 days")), Reason.NAME),
        (said("See https://x.example/a", ("k7q2mz", "Everybody has 30 days")), Reason.LINK),
        (said("You have ten days.", ("k7q2mz", "Everybody has 30 days")), Reason.NUMBER),
        (said(" [1] ", ("k7q2mz", "Everybody has 30 days")), Reason.EMPTY),
    ],
)
def test_unsupported_sentence_is_removed_with_its_reason(
    sentence: Sentence, reason: Reason
) -> None:
    result = checked(sentence)

    assert result == Checked(text="", citations=(), removed=result.removed)
    assert reasons(result) == [reason]
    assert result.removed[0].sentence is sentence


def test_number_may_come_from_the_heading_above_the_quote() -> None:
    shown = ShownPassage(
        id="k7q2mz", passage=a_passage("The daily fee is 3 euros.", heading=("Fees 2026",))
    )

    result = checked(
        said("In 2026 the fee is 3 euros.", ("k7q2mz", "daily fee is 3 euros")), shown=[shown]
    )

    assert result.text == "In 2026 the fee is 3 euros [1]."


@pytest.mark.parametrize(
    "text",
    [
        "You have 30 days [7].",
        "You have 30 days [1][2].",
        "You have 30 days [[3]].",
        "You have 30 days [ [1] ].",
        "You have 30 days 【1】.",
        "You have 30 days [1, 2–4].",
        "You have 30 days [٣].",
        "You have 30 days [^1].",
        "You have 30 days [¹].",
    ],
)
def test_what_looks_like_a_label_in_a_models_sentence_is_taken_out(text: str) -> None:
    result = checked(said(text, ("k7q2mz", "Everybody has 30 days")))

    assert result.text == "You have 30 days [1]."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("He said “30 days.”", "He said “30 days [1].”"),
        ("30 days", "30 days [1]"),
        ("30 days。", "30 days [1]。"),
        ("30 days:\n- for you", "30 days:\n- for you [1]"),
    ],
)
def test_label_comes_before_the_full_stop(text: str, shown: str) -> None:
    result = checked(said(text, ("k7q2mz", "Everybody has 30 days")))

    assert result.text == shown


def test_lines_of_a_sentence_are_kept_apart_from_the_next_sentence() -> None:
    result = checked(
        said("30 days:\n- for all", ("k7q2mz", "Everybody has 30 days")),
        said("Visitors park free.", ("x3n5ab", "Visitors park free of")),
    )

    assert result.text == "30 days:\n- for all [1]\n\nVisitors park free [2]."


pieces = st.sampled_from(
    [
        *LEAVE.split(),
        *PARKING.split(),
        "[1]",
        "[2, 1]",
        "(2)",
        "【1】",
        "```",
        "\n```\n",
        "\n| a | b |\n",
        "\n|---|---|\n",
        "\n## ",
        "\n1. ",
        ":\n",
        "[",
        "]",
        "|",
        "\n",
        "3",
        "not",
        "<think>",
        "</think>",
        '{"answer": "',
        "NOT FOUND",
        "\u2028",
        "\n- ",
        "**",
        "（",
        "[٣]",
        "\x00",
    ]
)
replies = st.lists(pieces | st.text(max_size=5), min_size=1).map(" ".join)
whole_quotes = st.sampled_from(
    [
        "You have 30 days of leave [2].",
        "- Visitors park free of charge [",
        "| Visitors | park free of charge [2] |",
        "Do this:\n\n1. Visitors park free of charge.",
    ]
)


@given(st.lists(replies | whole_quotes, min_size=1, max_size=6).map("\n".join))
def test_no_reply_breaks_the_check_and_every_quote_is_a_slice_of_its_passage(reply: str) -> None:
    try:
        sentences = parse_draft(reply)
    except AnswererError:
        return

    result = check(sentences, SHOWN)

    chunks = {one.passage.chunk.document: one.passage.chunk for one in SHOWN}
    for citation in result.citations:
        chunk = chunks[citation.document]
        assert (
            citation.quote
            == chunk.text[citation.start - chunk.start : citation.end - chunk.start]
            != ""
        )
    used = [int(number) for number in re.findall(r"\[(\d+)\]", result.text)]
    assert list(dict.fromkeys(used)) == [citation.label for citation in result.citations]
    assert bool(result.text) == bool(result.citations)


@given(st.text())
def test_no_text_breaks_the_parser(reply: str) -> None:
    try:
        sentences = parse_draft(reply)
    except AnswererError:
        return

    result = check(sentences, SHOWN)

    assert bool(result.text) == bool(result.citations)


def of_two_passages(text: str) -> Checker:
    """Check a sentence that names both passages."""
    checker = Checker(
        [
            ShownPassage(id="1", passage=a_passage("Ann Lee leads the Falcon team.", id=1)),
            ShownPassage(id="2", passage=a_passage("Ann Lee works in Oslo, in room 12.", id=2)),
        ]
    )
    evidence = (Evidence(passage_id="1"), Evidence(passage_id="2"))
    checker.add(Sentence(text=text, evidence=evidence))
    return checker


def test_sentence_from_two_passages_waits_for_a_verdict_and_cites_both() -> None:
    checker = of_two_passages("Ann Lee leads the Falcon team and works in room 12.")

    assert len(checker.undecided) == 1
    assert "Falcon" in checker.undecided[0].evidence
    assert "room 12" in checker.undecided[0].evidence
    checker.settle({0: True})
    assert checker.checked.text == "Ann Lee leads the Falcon team and works in room 12 [1][2]."


def test_sentence_from_two_passages_is_marked_with_both_quotes_if_nobody_decides() -> None:
    checker = of_two_passages("Ann Lee leads the Falcon team and works in room 12.")

    checker.settle({})

    assert "“Ann Lee leads the Falcon team” and “Ann Lee works in Oslo" in checker.checked.text


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee leads the Falcon team and works in room 13.",
        "Bob Ray leads the Falcon team and works in room 12.",
        "Ann Lee does not lead the Falcon team and works in room 12.",
    ],
)
def test_two_passages_together_do_not_let_a_fault_pass(text: str) -> None:
    checker = of_two_passages(text)

    checker.settle({})

    assert checker.checked.text == ""
