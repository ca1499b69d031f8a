from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import attachments
from footnote_qa.index.parsing.eml import parse
from footnote_qa.index.types import ProblemKind


def mail(subject: str = "Leave", text: str | None = "Twenty days.\n") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada <ada@example.org>"
    message["To"] = "staff@example.org"
    message["Date"] = "Wed, 01 May 2030 09:30:00 +0200"
    message["Subject"] = subject
    if text is not None:
        message.set_content(text)
    return message


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)
    return caught.value.kind


def test_a_mail_says_who_wrote_when_to_whom() -> None:
    parsed = parse(mail("Grüße aus Köln").as_bytes())

    assert parsed.text == (
        "# Grüße aus Köln\n\nFrom: Ada <ada@example.org>\nTo: staff@example.org\n"
        "Date: Wed, 01 May 2030 09:30:00 +0200\n\nTwenty days."
    )
    assert parsed.title == "Grüße aus Köln"
    assert parsed.modified_at == datetime(2030, 5, 1, 7, 30, tzinfo=UTC)


def test_plain_text_is_read_before_a_page() -> None:
    message = mail(text="As text.")
    message.add_alternative("<h1>As page</h1>", subtype="html")

    text = parse(message.as_bytes()).text

    assert text.endswith("As text.")
    assert "As page" not in text


def test_a_mail_that_is_only_a_page_is_turned_into_markdown() -> None:
    message = mail(text=None)
    message.set_content("<h2>Rules</h2><p>Ask <b>first</b><script>x</script>", subtype="html")

    parsed = parse(message.as_bytes())

    assert parsed.text.endswith("\n\n## Rules\n\nAsk first")
    assert [heading.text for heading in parsed.headings] == ["Leave", "Rules"]


def test_attachments_are_named() -> None:
    message = mail()
    message.add_attachment(b"secret", maintype="application", subtype="pdf", filename="pay.pdf")
    message.add_attachment("inner words", filename="notes.txt")

    text = parse(message.as_bytes()).text

    assert text.endswith("Twenty days.\n\nAttachments: pay.pdf, notes.txt")


def test_a_mail_that_is_passed_on_is_read_under_its_subject() -> None:
    message = mail("Fwd: Leave", "See below.")
    message.add_attachment(mail("The rule", "Thirty days."))

    parsed = parse(message.as_bytes())

    assert parsed.text.endswith("Thirty days.")
    assert [(one.level, one.text) for one in parsed.headings] == [
        (1, "Fwd: Leave"),
        (2, "The rule"),
    ]


def test_mails_in_mails_come_to_an_end() -> None:
    message = mail("0", "text 0")
    for number in range(1, 10):
        outer = mail(str(number), f"text {number}")
        outer.add_attachment(message)
        message = outer

    text = parse(message.as_bytes()).text

    assert "text 9" in text
    assert "text 4" in text
    assert "text 3" not in text


def test_an_unknown_encoding_is_guessed() -> None:
    content = mail(text=None).as_bytes().rstrip() + (
        b"\nContent-Type: text/plain; charset=x-unheard-of\n\nSchr\xf6der wohnt in K\xf6ln.\n"
    )

    assert "Schröder wohnt in Köln." in parse(content).text


def test_an_encrypted_mail_is_encrypted() -> None:
    content = b"Subject: x\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nMII="

    assert kind_of(content) is ProblemKind.ENCRYPTED


def test_a_mail_without_words_is_empty() -> None:
    assert kind_of(b"From: ada@example.org\n\n\n") is ProblemKind.EMPTY


def test_a_text_without_headers_is_broken() -> None:
    assert kind_of(b"Dear all, the leave is twenty days.\n") is ProblemKind.BROKEN


@pytest.mark.parametrize(
    "header", [b"Date: soon", b"Date: Wed, 99 May 2030 09:30:00 +9999", b'To: "<@', b"From: =?x?y?"]
)
def test_a_damaged_header_costs_that_header_only(header: bytes) -> None:
    parsed = parse(b"Subject: Leave\n" + header + b"\n\nTwenty days.")

    assert parsed.title == "Leave"
    assert parsed.modified_at is None
    assert parsed.text.endswith("Twenty days.")


def attached(*files: tuple[str, bytes]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Harbour"
    message.set_content("See the file.")
    for name, content in files:
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["fees.csv", "fees.csv"], ["fees.csv", "fees (2).csv"]),
        (["../../etc/a.md", "C:\\b.md"], ["a.md", "b.md"]),
        (["logo.xyz", "a.docx"], ["a.docx"]),
        ([".hidden.md", "Übersicht 1.pdf"], ["hidden.md", "Übersicht 1.pdf"]),
    ],
)
def test_attached_files_have_names_of_their_own(given: list[str], expected: list[str]) -> None:
    message = attached(*[(name, b"content") for name in given])

    assert [one.name for one in attachments(message.as_bytes(), name="a.eml")] == expected


def test_files_of_a_mail_that_is_passed_on_are_found_too() -> None:
    outer = mail()
    outer.add_attachment(attached(("rules.md", b"# Rules")))

    found = attachments(outer.as_bytes(), name="a.eml")

    assert [(one.name, one.content) for one in found] == [("rules.md", b"# Rules")]


def test_a_picture_within_the_text_is_no_attached_file() -> None:
    message = mail()
    message.add_attachment(b"x", maintype="image", subtype="png", filename="a.png", cid="<1>")
    message.add_attachment(b"y", maintype="image", subtype="png", filename="scan.png")

    found = attachments(message.as_bytes(), name="a.eml")

    assert [one.name for one in found] == ["scan.png"]


def test_an_attached_file_that_cannot_be_read_is_named_alone() -> None:
    message = EmailMessage()
    message["Subject"] = "Harbour"
    message.set_content("See the file.")
    message.add_attachment(b"PK broken", maintype="application", subtype="zip", filename="a.docx")

    assert parse(message.as_bytes()).text.endswith("Attachments: a.docx")
