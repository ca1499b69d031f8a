import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from docx.document import Document

import footnote_qa.index.parsing
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.docx import parse
from footnote_qa.index.types import ProblemKind
from tests.fakes.word import new_document
from tests.index.parsing.archives import changed

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
BOX = (
    '<w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/'
    'markup-compatibility/2006"><mc:Choice Requires="wps"><w:drawing><w:txbxContent><w:p><w:r>'
    "<w:t>In a box</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice><mc:Fallback/>"
    "</mc:AlternateContent></w:r></w:p>"
)


def saved(document: Document) -> bytes:
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)
    return caught.value.kind


def test_headings_lists_and_tables_become_markdown() -> None:
    document = new_document()
    document.add_heading("Staff guide", 0)
    document.add_heading("Leave", 1)
    document.add_paragraph("Ask first.", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["Year", "Days", "1", "25"], strict=True):
        cell.text = text

    parsed = parse(saved(document))

    assert parsed.text == (
        "# Staff guide\n\n# Leave\n\n- Ask first.\n\n| Year | Days |\n| --- | --- |\n| 1 | 25 |"
    )
    assert parsed.title == "Staff guide"
    assert [parsed.text[one.start :].split("\n")[0] for one in parsed.headings] == [
        "# Staff guide",
        "# Leave",
    ]


def test_headers_come_first_and_footers_last() -> None:
    document = new_document()
    document.add_heading("Leave", 1)
    document.sections[0].header.paragraphs[0].text = "Valid from 2030"
    document.sections[0].footer.paragraphs[0].text = "Human resources"

    parsed = parse(saved(document))

    assert parsed.text == "Valid from 2030\n\n# Leave\n\nHuman resources"
    assert parsed.text[parsed.headings[0].start :].startswith("# Leave")


def test_the_text_of_a_box_is_kept_once() -> None:
    document = new_document()
    document.add_paragraph("Body")
    content = changed(
        saved(document),
        "word/document.xml",
        lambda xml: xml.replace("<w:sectPr", BOX * 2 + "<w:sectPr"),
    )

    assert parse(content).text == "Body\n\nIn a box"


def test_deleted_text_is_left_out() -> None:
    document = new_document()
    document.add_paragraph("Kept")
    gone = "<w:p><w:del><w:r><w:delText>Gone</w:delText></w:r></w:del></w:p>"
    content = changed(
        saved(document),
        "word/document.xml",
        lambda xml: xml.replace("<w:sectPr", gone + "<w:sectPr"),
    )

    assert parse(content).text == "Kept"


def test_an_entity_in_a_part_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    document = new_document()
    document.add_paragraph("Body")
    document.sections[0].footer.paragraphs[0].text = "FOOT"
    doctype = '<!DOCTYPE x [<!ENTITY e SYSTEM "' + f"{tmp_path.as_uri()}/secret" + '">]>'
    content = changed(
        saved(document),
        "word/footer1.xml",
        lambda xml: doctype + xml.split("?>", 1)[1].replace("FOOT", "foot &e; end"),
    )

    parsed = parse(content)

    assert "canary" not in parsed.text
    assert parsed.text.startswith("Body")
    assert "end" in parsed.text


def test_an_encrypted_document_is_encrypted() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")

    assert kind_of(ole) is ProblemKind.ENCRYPTED


def test_an_old_document_is_not_taken_for_an_encrypted_one() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "WordDocument".encode("utf-16-le")

    assert kind_of(ole) is ProblemKind.UNSUPPORTED


def test_an_archive_without_a_document_is_broken() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")

    assert kind_of(file.getvalue()) is ProblemKind.BROKEN


def test_a_document_with_a_damaged_part_is_broken() -> None:
    content = changed(saved(new_document()), "word/document.xml", lambda xml: xml[: len(xml) // 2])

    with pytest.raises(UnreadableDocumentError) as caught:
        footnote_qa.index.parsing.parse(content, name="a.docx")

    assert caught.value.kind is ProblemKind.BROKEN
