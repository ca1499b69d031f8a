import re
import sys
from bisect import bisect_left
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_qa.index.chunking.chunker import chunk
from footnote_qa.index.chunking.markup import HIDDEN, mask
from footnote_qa.index.parsing import parse
from footnote_qa.index.types import Heading, Parsed, Span


def words(text: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\S+", text)]


def spans(parsed: Parsed, max_tokens: int = 20) -> list[Span]:
    return chunk(parsed, words(parsed.text), max_tokens=max_tokens)


def texts(source: str, max_tokens: int = 20) -> list[str]:
    parsed = parse(source.encode(), name="a.md")
    return [parsed.text[one.start : one.end] for one in spans(parsed, max_tokens)]


def sentence(count: int, *, word: str = "word") -> str:
    return " ".join([word.title(), *[word] * (count - 2), "end."])


def test_a_short_document_is_one_chunk() -> None:
    assert texts("Only one line.\n\nAnd another.\n") == ["Only one line.\n\nAnd another."]


def test_a_text_of_spaces_has_no_chunk() -> None:
    assert spans(Parsed(text=" \n\n ")) == []


def test_each_section_is_a_chunk_with_the_headings_above_it() -> None:
    source = "Intro.\n# Guide\nWelcome.\n## Leave\nAsk.\n### Days\n25.\n## Notice\nWait.\n"
    parsed = parse(source.encode(), name="a.md")

    found = [(one.heading, parsed.text[one.start : one.end]) for one in spans(parsed)]

    assert found == [
        ((), "Intro."),
        (("Guide",), "# Guide\nWelcome."),
        (("Guide", "Leave"), "## Leave\nAsk."),
        (("Guide", "Leave", "Days"), "### Days\n25."),
        (("Guide", "Notice"), "## Notice\nWait."),
    ]


def test_a_heading_with_nothing_under_it_joins_what_follows() -> None:
    parsed = parse(b"# Guide\n\n## Leave\n\nAsk first.\n\n## Empty\n", name="a.md")

    found = [(one.heading, parsed.text[one.start : one.end]) for one in spans(parsed)]

    assert found == [
        (("Guide", "Leave"), "# Guide\n\n## Leave\n\nAsk first."),
        (("Guide", "Empty"), "## Empty"),
    ]


def test_a_heading_stays_with_its_text_when_the_section_is_long() -> None:
    found = texts(f"## Leave of absence\n\n{sentence(19)} {sentence(19)}\n\n{sentence(19)}")

    assert len(found[0].split()) > 4
    assert found[0].startswith("## Leave of absence\n\nWord")
    assert all(len(one.split()) <= 20 for one in found)


def test_a_chunk_never_goes_beyond_its_page() -> None:
    pages = ["First page.", "", "Third page", "Fourth."]
    text = "\n\n".join(pages)
    starts = tuple(sum(len(page) + 2 for page in pages[:number]) for number in range(4))

    found = spans(Parsed(text=text, pages=starts))

    assert [(one.page, text[one.start : one.end]) for one in found] == [
        (1, "First page."),
        (3, "Third page"),
        (4, "Fourth."),
    ]


def test_a_section_goes_on_over_a_page() -> None:
    text = "Leave\nAsk.\n\nWait."
    parsed = Parsed(text=text, pages=(0, 12), headings=(Heading(start=0, level=1, text="Leave"),))

    assert [(one.page, one.heading) for one in spans(parsed)] == [(1, ("Leave",)), (2, ("Leave",))]


def test_paragraphs_that_fit_are_not_torn() -> None:
    found = texts(f"{sentence(12)}\n\n{sentence(6)} {sentence(6)}\n\n{sentence(12)}")

    assert found == [sentence(12), f"{sentence(6)} {sentence(6)}", sentence(12)]


def test_a_break_between_blocks_is_worth_unlike_sizes() -> None:
    long = [sentence(5)] * 5

    found = texts(f"{sentence(10)}\n\n{' '.join(long)}\n\n{sentence(11)}")

    assert found == [
        f"{sentence(10)}\n\n{' '.join(long[:2])}",
        " ".join(long[2:]),
        sentence(11),
    ]


def test_code_is_not_cut_if_it_fits() -> None:
    code = "```\na = 1\nb = 2\n\nc = 3\nd = 4\n```"

    found = texts(f"{sentence(10)}\n{code}")

    assert found == [sentence(10), code]


def test_a_table_is_not_cut_if_it_fits_and_otherwise_cut_between_rows() -> None:
    rows = ["| a | b |", "| --- | --- |", *(f"| {number} | x |" for number in range(4))]

    assert texts("\n".join([sentence(14), *rows[:3], sentence(14)])) == [
        sentence(14),
        "\n".join(rows[:3]),
        sentence(14),
    ]
    assert texts("\n".join(rows)) == ["\n".join(rows[:3]), "\n".join(rows[3:])]


def test_items_of_a_list_are_cut_between_them() -> None:
    items = [f"- {sentence(8)}" for _ in range(4)]

    assert texts("\n".join(items)) == ["\n".join(items[:2]), "\n".join(items[2:])]


def test_a_long_paragraph_is_cut_between_sentences_into_like_sizes() -> None:
    found = texts(" ".join([sentence(7)] * 4))

    assert found == [f"{sentence(7)} {sentence(7)}"] * 2


def test_a_title_without_a_full_stop_goes_with_what_follows() -> None:
    wide = sentence(12, word="wordiness")

    found = texts(f"{wide}\nPremiums\n{wide}\n")

    assert found == [wide, f"Premiums\n{wide}"]


def test_a_long_sentence_is_cut_between_words() -> None:
    found = texts(" ".join(["word"] * 50))

    assert [len(one.split()) for one in found] == [20, 20, 10]


def test_a_long_word_is_cut_between_tokens() -> None:
    text = "x" * 50

    found = chunk(Parsed(text=text), list(range(50)), max_tokens=20)

    assert [(one.start, one.end) for one in found] == [(0, 20), (20, 40), (40, 50)]


def test_tokens_that_begin_at_one_character_are_not_torn() -> None:
    found = chunk(Parsed(text="a🙂b"), [0, 1, 1, 1, 1, 2], max_tokens=2)

    assert [(one.start, one.end) for one in found] == [(0, 1), (1, 2), (2, 3)]


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="not 0"):
        chunk(Parsed(text="a"), [0], max_tokens=0)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Parsed, list[int], int]:
    text = draw(st.text(alphabet="ab.A \n\t#-|`1=", max_size=200))
    offset = st.integers(0, max(0, len(text) - 1))
    levels = draw(st.dictionaries(offset, st.integers(1, 3), max_size=5))
    headings = tuple(
        Heading(start=start, level=level, text=f"h{start}")
        for start, level in sorted(levels.items())
    )
    pages = draw(st.sets(offset, max_size=4))
    starts = draw(st.lists(offset, max_size=150)) if text else []
    parsed = Parsed(text=text, headings=headings, pages=tuple(sorted({0, *pages})) if pages else ())
    return parsed, sorted(starts), draw(st.integers(1, 12))


@given(documents())
def test_spans_hold_every_character_once_within_the_limit(
    document: tuple[Parsed, list[int], int],
) -> None:
    parsed, starts, limit = document

    found = chunk(parsed, starts, max_tokens=limit)

    text = mask(parsed.text).replace(HIDDEN, " ")  # what a reader sees
    assert all(text[one.start : one.end].strip() for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert "".join("".join(text[one.start : one.end].split()) for one in found) == "".join(
        text.split()
    )
    for one in found:
        inside = starts[bisect_left(starts, one.start) : bisect_left(starts, one.end)]
        assert len(inside) <= limit or len(set(inside)) == 1
        assert not any(one.start < page < one.end for page in parsed.pages)


def steps(text: str, starts: list[int]) -> int:
    """Count the lines of our own code that chunking *text* executes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if "/index/" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        chunk(Parsed(text=text), starts, max_tokens=20)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "part", ["a ", "a. ", "a\n\n", "- a\n", "| a\n", "a", "```\n", ". ", "a\n"]
)
def test_twice_the_text_takes_twice_the_steps(part: str) -> None:
    once, twice = part * 500, part * 1000

    assert steps(twice, list(range(len(twice)))) <= 2.2 * steps(once, list(range(len(once)))) + 500


def test_characters_that_no_token_knows_do_not_take_quadratic_steps() -> None:
    known = "word. " * 21

    once = steps(known + "? " * 600, words(known))
    twice = steps(known + "? " * 1200, words(known))

    assert twice <= 2.6 * once
