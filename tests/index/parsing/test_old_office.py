"""Word, PowerPoint, Excel and Outlook files of before 2007."""

import contextlib
from pathlib import Path

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import attachments, parse
from footnote_qa.index.types import ProblemKind
from tests.index.parsing.compound import compound, outlook, presentation, word

DOCUMENTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "documents"


def problem(content: bytes, name: str) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content, name=name)
    return caught.value.kind


def test_paragraphs_and_headings_of_word_are_read() -> None:
    parsed = parse(
        word("Fees\rThe fee is 19 €.\rGebühren\rEnd.\r", styles={0: 1, 2: 2}), name="a.doc"
    )

    assert parsed.text == "# Fees\n\nThe fee is 19 €.\n\n## Gebühren\n\nEnd."
    assert [(one.level, one.text) for one in parsed.headings] == [(1, "Fees"), (2, "Gebühren")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Length\x07Fee\x07\x078 m\x0712\x07\x07\r",
            "| Length | Fee |\n| --- | --- |\n| 8 m | 12 |",
        ),
        ("see \x13 HYPERLINK \\l x \x14our page\x15.\r", "see our page."),
        ("one\x0btwo \x1e three\r", "one\ntwo - three"),
        ("a \x13 IF \x13 PAGE \x141\x15 \x14b\x15 c\r", "a b c"),
    ],
)
def test_tables_fields_and_breaks_of_word_are_read(text: str, expected: str) -> None:
    assert parse(word(text), name="a.doc").text == expected


def test_an_encrypted_and_an_ancient_word_file_are_problems() -> None:
    old = word("Text.\r").replace(b"\xec\xa5", b"\xdc\xa5", 1)

    assert problem(word("Text.\r", flags=0x0300), "a.doc") is ProblemKind.ENCRYPTED
    assert problem(old, "a.doc") is ProblemKind.UNSUPPORTED


def test_slides_have_titles_texts_and_boxes_and_hidden_ones_are_left_out() -> None:
    content = presentation(
        [
            ("Fees", "First line\rSecond line", "In a box – 19 €"),
            ("Hidden", "secret", "secret too"),
            ("Crane", "lifts 10 t", ""),
        ]
    )

    parsed = parse(content, name="a.ppt")

    assert parsed.text == (
        "# Fees\n\nFirst line\nSecond line\n\nIn a box – 19 €\n\n# Crane\n\nlifts 10 t"
    )
    assert [parsed.text[start:].split("\n")[0] for start in parsed.pages] == ["# Fees", "# Crane"]


def test_an_encrypted_presentation_is_a_problem() -> None:
    content = presentation([("Fees", "a", "b")], token=0xF3D1C4DF)

    assert problem(content, "a.ppt") is ProblemKind.ENCRYPTED


def test_a_mail_of_outlook_has_people_text_and_attached_files() -> None:
    content = outlook(
        {
            "0037": "Fees",
            "0C1A": "Ada Berg",
            "5D01": "ada@example.org",
            "0E04": "Bo",
            "1000": "They rise.",
        },
        {"plan.csv": b"Berth,Fee\nB7,17\n", "logo.xyz": b"abc"},
    )

    parsed = parse(content, name="a.msg")
    files = attachments(content, name="a.msg")

    assert parsed.title == "Fees"
    assert "From: Ada Berg <ada@example.org>" in parsed.text
    assert "They rise." in parsed.text
    assert "Attachments: plan.csv, logo.xyz" in parsed.text
    assert [one.name for one in files] == ["plan.csv"]
    assert files[0].content.rstrip(b"\0") == b"Berth,Fee\nB7,17\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"0037": "Only a subject"}, "# Only a subject"),
        ({"1000": "Only a text"}, "Only a text"),
        ({"0037": "Page", "1013": "<p>In <b>HTML</b></p>"}, "# Page\n\nIn HTML"),
    ],
)
def test_a_mail_needs_no_more_than_some_text(texts: dict[str, str], expected: str) -> None:
    assert parse(outlook(texts), name="a.msg").text == expected


@pytest.mark.parametrize("files", [["smime.p7m"], ["x.pgp-encrypted", "y.bin"]])
def test_an_encrypted_mail_is_a_problem(files: list[str]) -> None:
    content = outlook({"0037": "Secret"}, dict.fromkeys(files, b"abc"))

    assert problem(content, "a.msg") is ProblemKind.ENCRYPTED


@pytest.mark.parametrize("name", ["a.doc", "a.ppt", "a.xls", "a.msg"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ProblemKind.EMPTY),
        (b"plain text", ProblemKind.BROKEN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ProblemKind.BROKEN),
        (compound({"EncryptedPackage": b"x"}), ProblemKind.ENCRYPTED),
    ],
)
def test_a_bad_file_is_a_problem(name: str, content: bytes, kind: ProblemKind) -> None:
    assert problem(content, name) is kind


@pytest.mark.parametrize("made", ["doc", "ppt", "msg"])
def test_a_file_that_is_cut_short_is_a_problem_or_read_in_part(made: str) -> None:
    contents = {
        "doc": word("A long text. " * 900 + "\r"),
        "ppt": presentation([("Fees", "a", "b")] * 30),
        "msg": outlook({"0037": "Fees", "1000": "long " * 2000}),
    }
    content = contents[made]

    for share in (0.2, 0.5, 0.9):
        part = content[: int(len(content) * share)]
        with contextlib.suppress(UnreadableDocumentError):
            assert parse(part, name=f"a.{made}").text


def test_the_content_decides_what_an_old_office_file_is() -> None:
    content = word("Fees.\r")

    assert parse(content, name="a.xls").text == parse(content, name="a.docx").text == "Fees."


def test_an_excel_file_of_the_nineties_is_read_as_tables() -> None:
    path = DOCUMENTS / "misc" / "markitdown__test.xls"
    if not path.exists():
        pytest.skip("no documents in the shared data")

    parsed = parse(path.read_bytes(), name=path.name)

    assert "# Sheet1" in parsed.text
    assert "| 82 | 28 | 1 | 39 |" in parsed.text
