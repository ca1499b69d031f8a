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


@pytest.mark.parametrize(
    "picture",
    [
        rb"{\pict\jpegblip \bin ffd8ffe0}",
        rb"{\pict\wmetafile8\bin5 }{\\~}",
        rb"{\pict\bin12 }}\bin99 {{\par}",
    ],
)
def test_the_bytes_of_a_picture_end_nothing(picture: bytes) -> None:
    content = rb"{\rtf1\ansi Before " + picture + rb"after \\bin7 it.}"

    assert parse(content).text == r"Before after \bin7 it."


@pytest.mark.parametrize(
    "box",
    [
        rb"{\shp{\*\shpinst\shpleft1{\sp{\sn a}{\sv b}}{\shptxt \pard Only in \b May.\par}}}",
        rb"{\shp{\*\shpinst{\shptxt Only in May.}}{\shprslt{\*\do{\dptxbxtext Only in May.}}}}",
        rb"{\*\shptxt Only in May.\par }",
    ],
)
def test_a_text_box_is_after_the_text(box: bytes) -> None:
    content = rb"{\rtf1\ansi The fee" + box + rb" is 19.\par Pay now.}"

    assert parse(content).text == "The fee is 19.\n\nPay now.\n\nOnly in May."


@pytest.mark.parametrize(
    ("charset", "letters"),
    [(rb"\mac", rb"\'8e\'d5"), (rb"\pc", rb"\'82\'27"), (rb"\pca", rb"\'82\'27")],
)
def test_the_character_set_of_old_programs_is_used(charset: bytes, letters: bytes) -> None:
    parsed = parse(
        rb"{\rtf0 " + charset + rb" \deff3 lanc" + letters + rb" et {\footnote lanc\'8e}}"
    )

    assert parsed.text.startswith(("lanc\u00e9\u2019 et", "lanc\u00e9' et"))


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


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"Pay {\v secret }14", "Pay 14"),
        (rb"Pay {\strike 12 }{\striked1 13 }14", "Pay 14"),
        (rb"Pay \strike 12 \strike0 14 {\deleted 15}", "Pay 14"),
        (rb"\v hidden\plain  shown", "shown"),
        (rb"10{\super 6} H{\sub 2}O log{\sub 2}8", "10^6 H2O log_2 8"),
        (rb"10\super 6\nosupersub  m\up6 2\up0 .", "10^6 m^2."),
        (rb"\uc0 10{\super 6} \u8364 5", "10^6 \N{EURO SIGN}5"),
    ],
)
def test_only_what_is_shown_is_read_and_raised_words_stay_apart(body: bytes, text: str) -> None:
    assert parse(rb"{\rtf1\ansi " + body + b"}").text.strip() == text


def test_a_cell_of_several_paragraphs_is_one_cell() -> None:
    head, row = rb"\trowd\intbl Berth\cell Fee\cell\row", rb"\intbl B1\par north\cell 17\cell\row"
    content = rb"{\rtf1\ansi" + head + rb"\trowd" + row + b"}"

    assert parse(content).text == "| Berth | Fee |\n| --- | --- |\n| B1 north | 17 |"


def test_each_piece_of_a_long_table_has_its_caption() -> None:
    rows = b"".join(
        rb"\intbl B%d\cell Keeper %d of the north\cell\row " % (n, n) for n in range(40)
    )
    content = rb"{\rtf1\ansi Table 1: Berths\par\trowd\intbl Berth\cell By\cell\row " + rows + b"}"

    text = parse(content).text

    assert text.count("| --- | --- |") > 1
    assert text.count("Table 1: Berths") == text.count("| --- | --- |")
