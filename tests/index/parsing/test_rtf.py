import pytest

from index.errors import UnreadableDocumentError
from index.parsing.rtf import parse
from index.types import ProblemKind


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
