import re

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.rtf import parse
from footnote_qa.index.types import ProblemKind


def test_words_and_paragraphs_are_read() -> None:
    parsed = parse(
        rb"{\rtf1\ansi\ansicpg1252{\info{\title Gr\'fc\'dfe}}\b Leave\b0\par Twenty days.}"
    )

    assert parsed.text == "Leave\n\nTwenty days."
    assert parsed.title == "Grüße"


def test_letters_are_read_in_the_encoding_that_it_names() -> None:
    parsed = parse(rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2 \u8364?}")

    assert parsed.text == "Привет €"


def test_a_table_is_one() -> None:
    row = rb"\trowd\cellx100\cellx200 %s\cell %s\cell\row "
    content = rb"{\rtf1 Before\par " + row % (b"Day", b"Hours") + row % (b"Mon", b"8") + b"After}"

    assert parse(content).text == "Before\n\n| Day | Hours |\n| --- | --- |\n| Mon | 8 |\n\nAfter"


def test_a_picture_leaves_nothing() -> None:
    content = rb"{\rtf1 Kept{\*\shppict{\pict\pngblip " + b"89504e47" * 200 + b"}}}"

    assert parse(content).text == "Kept"


def test_what_is_no_rich_text_is_broken() -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(b"Dear all")

    assert caught.value.kind is ProblemKind.BROKEN


STYLES = rb"{\stylesheet{\s0 Normal;}{\s1\b\fs32 heading 1;}{\s7\b heading 2;}{\*\cs10 x;}}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            STYLES + rb"\pard\s1\b Fees\par\pard\plain Nineteen.\par\pard\s7 Guests\par Ten.",
            "# Fees\n\nNineteen.\n\n## Guests\n\nTen.",
        ),
        (rb"{\pard \outlinelevel0 \b Fees\par}{\pard Nineteen.\par}", "# Fees\n\nNineteen."),
        (rb"\pard\outlinelevel1 Fees\par\pard\outlinelevel9 Nineteen.\par", "## Fees\n\nNineteen."),
        (STYLES + rb"\pard\s0 Plain\par\pard\s5 Other\par", "Plain\n\nOther"),
    ],
)
def test_headings_are_found_by_their_style_or_outline_level(body: bytes, expected: str) -> None:
    parsed = parse(rb"{\rtf1\ansi " + body + b"}")

    assert parsed.text == expected
    assert len(parsed.headings) == len(re.findall(r"^#", expected, re.MULTILINE))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            rb"The fee{\super\chftn{\footnote\pard{\super\chftn} Only in May.}} is 19.",
            "The fee[1] is 19.\n\n[1] Only in May.",
        ),
        (
            rb"One{\footnote First \'fc.}, two{\*\footnote\ftnalt Second.}.",
            "One[1], two[2].\n\n[1] First \u00fc.\n\n[2] Second.",
        ),
        (
            rb"{\header\pard Harbour Board\par}{\footer\pard 1\par}{\headerf Harbour Board}Text.",
            "Text.\n\nHarbour Board",
        ),
        (rb"A \{ brace {\footnote with \} brace.}", "A { brace [1]\n\n[1] with } brace."),
    ],
)
def test_notes_and_margins_are_at_the_end(body: bytes, expected: str) -> None:
    assert parse(rb"{\rtf1\ansi\ansicpg1252 " + body + b"}").text == expected


@pytest.mark.parametrize("body", [b"{\\footnote never closed", b"}}}{\\header x", b"{" * 500])
def test_groups_that_do_not_close_lose_nothing_before_them(body: bytes) -> None:
    assert "Twenty days." in parse(b"{\\rtf1 Twenty days." + body).text
