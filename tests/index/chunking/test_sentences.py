import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.chunking import lines as lines_module
from footnote_qa.index.chunking import sentences as sentences_module
from footnote_qa.index.chunking.sentences import split_sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Dr. J. Smith of the U.S. Government met Mr. Brown at 9 a.m. on Jan. 5.",
        "Rates differ, e.g. by region, i.e. by state, cf. Fig. 3 and No. 7 vs. Art. 12.",
        "It costs 3.50 EUR at example.com in version 2.1.3.",
        "Wait... there is more.",
        'He said "Really?" and left.',
        "Acme Inc. Berlin pays.",
        "2.1. Leave is granted on request.",
        "Das gilt z.B. für Nr. 5 und bzw. ca. 3 Tage.",
        "Is it so?!",
        "The claim stands.[2][13]",
    ],
)
def test_a_dot_within_a_sentence_does_not_end_it(sentence: str) -> None:
    assert split(sentence) == [sentence]


@pytest.mark.parametrize(
    "parts",
    [
        ["One.", "Two!", "Three?", "Four"],
        ['He said "Stop."', "Then he left.", "(Twice.)", "Good."],
        ["Etc. is short for et cetera.", "Use it rarely."],
        ["They moved to the U.S.", "The office stayed."],
        ["We chose plan B.", "It works.", "It was 2020.", "Next came 2021."],
        ["**Bold.**", "_Then._", "[Linked.](x) Plain."],
        ["It was cited.[1]", "And again.²", "So it is."],
        ["یہ ہے۔", "وہ ہے؟", "ہاں"],
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(parts: list[str]) -> None:
    assert split(" ".join(parts)) == parts


def test_a_full_stop_of_east_asia_needs_no_space() -> None:
    parts = ["这是第一句。", "这是第二句！", "「第三句？」", "完了"]

    assert split("".join(parts)) == parts


@pytest.mark.parametrize("last", ["that", "the", "und", "LA"])
def test_a_short_line_goes_on_after_a_word_that_ends_none(last: str) -> None:
    text = f"{'A line that is as wide as the page is set. ' * 3}\nAcme is {last}\nBell would sign."

    assert [text[slice(*span)] for span in split_sentences(text)][
        -1
    ] == f"Acme is {last}\nBell would sign."


def test_a_wrapped_line_does_not_end_a_sentence() -> None:
    parts = [
        "Every employee may take up to twenty-five days of paid leave in each\ncalendar year.",
        """Days that were not taken by the end of March of the next
Year are lost, unless the lead agreed to something else before.""",
    ]

    assert split(" ".join(parts)) == parts


def test_a_title_without_a_full_stop_is_one_of_its_own() -> None:
    parts = [
        "SUMMARY OF COSTS",
        "Premiums",
        """Premiums are what you pay each month to keep the coverage in force, whatever
you use of it.""",
    ]

    assert split("\n".join(parts)) == parts


def test_items_rows_headings_and_code_are_never_joined() -> None:
    text = (
        "# Paid leave\nAsk first:\n- your lead. Then\n  wait\n* the office\n1. One\n2) Two. Three."
        "\n| a. B | c |\n| --- | --- |\n```\nx. Y\n```\n> quoted\n> on\nplain"
    )

    assert split(text) == [
        "# Paid leave",
        "Ask first:",
        "- your lead.",
        "Then\n  wait",
        "* the office",
        "1. One",
        "2) Two.",
        "Three.",
        "| a. B | c |",
        "| --- | --- |",
        "```",
        "x. Y",
        "```",
        "> quoted\n> on\nplain",
    ]


@given(st.text(alphabet="ab A.!?。\n\t-*#|`~\"')1[]>", max_size=300))
def test_every_character_is_in_exactly_one_sentence(text: str) -> None:
    found = split_sentences(text)

    assert all(start < end for start, end in found)
    assert all(text[start:end] == text[start:end].strip() for start, end in found)
    ends = [0, *(end for _, end in found)]
    starts = [*(start for start, _ in found), len(text)]
    gaps = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    assert all(end <= start for end, start in zip(ends, starts, strict=True))
    assert not any(gap.strip() for gap in gaps)


@given(st.text(max_size=100))
def test_any_text_is_split(text: str) -> None:
    joined = "".join("".join(part.split()) for part in split(text))

    assert joined == "".join(text.split())


def steps(run: Callable[[], object]) -> int:
    """Count the lines of our own code that *run* executes."""
    count = 0
    files = {lines_module.__file__, sentences_module.__file__}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in files:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "part",
    [". ", "a. ", ".", "\n", "- x\n", "```\n", "U.S.", "( ", "A\n", "1. ", '." ', "word ", "| x\n"],
)
def test_twice_the_text_takes_twice_the_steps(part: str) -> None:
    once = steps(lambda: split_sentences(part * 1000))
    twice = steps(lambda: split_sentences(part * 2000))

    assert twice <= 2.1 * once + 100


@pytest.mark.parametrize("hostile", ["." * 400_000, "。" * 400_000, " " * 400_000, "-" * 400_000])
def test_a_long_run_of_one_character_is_one_step_for_the_patterns(hostile: str) -> None:
    assert steps(lambda: split_sentences(hostile)) < 200


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u2009", "\u3000", "\r"])
@pytest.mark.parametrize("short", ["A.", "Acme Inc.", "the U.S.", "Dr."])
def test_a_long_run_of_any_space_after_an_abbreviation_is_one_space(short: str, space: str) -> None:
    text = f"Ask {short}{space * 60}Visitors pay 4 EUR."

    assert [text[start:end] for start, end in split_sentences(text)] == [text]
