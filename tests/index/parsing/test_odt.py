from pathlib import Path

import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.odt import parse
from footnote_qa.index.types import ProblemKind
from tests.index.parsing.archives import zipped

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
    for name, kind in {
        "office": "office",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "presentation": "presentation",
        "style": "style",
    }.items()
)


def document(body: str, **parts: str) -> bytes:
    inner = f"<office:body><office:text>{body}</office:text></office:body>"
    content = f"<office:document-content {NAMES}>{inner}</office:document-content>"
    return zipped({"content.xml": content, **parts})


def text_of(body: str) -> str:
    return parse(document(body)).text


def kind_of(content: bytes) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(content)
    return caught.value.kind


def test_headings_and_paragraphs() -> None:
    parsed = parse(
        document(
            '<text:h text:outline-level="1">Leave</text:h><text:p>Twenty<text:s text:c="3"/>'
            "<text:span>days<text:tab/>a</text:span> year</text:p>"
            '<text:section><text:h text:outline-level="2">How</text:h></text:section>'
        )
    )

    assert parsed.text == "# Leave\n\nTwenty days a year\n\n## How"
    assert [(one.level, one.text) for one in parsed.headings] == [(1, "Leave"), (2, "How")]
    assert parsed.title == "Leave"


def test_lists_keep_their_levels() -> None:
    body = (
        "<text:list><text:list-item><text:p>Ask</text:p><text:list><text:list-item>"
        "<text:p>your lead</text:p></text:list-item></text:list></text:list-item></text:list>"
    )

    assert text_of(body) == "- Ask\n  - your lead"


def test_a_table_with_repeated_cells_and_rows() -> None:
    body = (
        "<table:table><table:table-header-rows><table:table-row>"
        "<table:table-cell><text:p>Day</text:p></table:table-cell>"
        "<table:table-cell><text:p>Hours</text:p></table:table-cell></table:table-row>"
        '</table:table-header-rows><table:table-row table:number-rows-repeated="2">'
        '<table:table-cell table:number-columns-repeated="2"><text:p>8</text:p>'
        "</table:table-cell></table:table-row>"
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row></table:table>'
    )

    assert text_of(body) == "| Day | Hours |\n| --- | --- |\n| 8 | 8 |\n| 8 | 8 |"


def test_notes_and_boxes_follow_their_paragraph() -> None:
    body = (
        "<text:p>Twenty<text:note><text:note-citation>1</text:note-citation><text:note-body>"
        "<text:p>Thirty in 2030</text:p></text:note-body></text:note> days<draw:frame>"
        "<draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p>"
    )

    assert text_of(body) == "Twenty days\n\nThirty in 2030\n\nIn a box"


def test_deleted_text_and_comments_are_left_out() -> None:
    body = (
        "<text:tracked-changes><text:p>Gone</text:p></text:tracked-changes>"
        "<text:p>Kept<office:annotation><text:p>A comment</text:p></office:annotation></text:p>"
    )

    assert text_of(body) == "Kept"


def test_the_title_is_the_document_s_own() -> None:
    meta = '<m xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Staff guide</dc:title></m>'

    assert parse(document("<text:p>x</text:p>", **{"meta.xml": meta})).title == "Staff guide"


def test_an_entity_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("canary")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{tmp_path.as_uri()}/secret">]>'
    content = (
        f"{doctype}<office:document-content {NAMES}><office:body><text:p>a &e; b</text:p>"
        "</office:body></office:document-content>"
    )

    text = parse(zipped({"content.xml": content})).text

    assert "canary" not in text
    assert text.startswith("a")


def test_an_encrypted_document_is_encrypted() -> None:
    manifest = '<m xmlns="urn:x"><file-entry><encryption-data/></file-entry></m>'

    assert kind_of(document("", **{"META-INF/manifest.xml": manifest})) is ProblemKind.ENCRYPTED


def test_a_damaged_part_is_broken() -> None:
    assert kind_of(zipped({"content.xml": "<office:body"})) is ProblemKind.BROKEN


def cell(words: str, repeated: int = 1) -> str:
    inner = f"<text:p>{words}</text:p>" if words else ""
    return (
        f'<table:table-cell table:number-columns-repeated="{repeated}">{inner}</table:table-cell>'
    )


def package(kind: str, body: str, styles: str = "") -> bytes:
    return zipped(
        {
            "content.xml": f"<office:document-content {NAMES}>{styles}<office:body>"
            f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
        }
    )


def test_each_sheet_is_a_table_under_its_name_and_hidden_ones_are_left_out() -> None:
    rows = (
        f"<table:table-row>{cell('Berth')}{cell('')}{cell('Fee')}</table:table-row>"
        f"<table:table-row>{cell('B1')}{cell('x')}{cell('17 €')}</table:table-row>"
        f'<table:table-row table:visibility="collapse">{cell("B2")}</table:table-row>'
        f"<table:table-row>{cell('B3')}{cell('', 1)}{cell('19 €')}</table:table-row>"
    )
    styles = (
        '<style:style style:name="off"><style:table-properties table:display="false"/>'
        "</style:style>"
    )
    body = (
        f'<table:table table:name="Fees">{rows}</table:table>'
        f'<table:table table:name="Lists" table:style-name="off">{rows}</table:table>'
    )

    parsed = parse(package("spreadsheet", body, styles))

    assert parsed.text == (
        "# Fees\n\n| Berth |  | Fee |\n| --- | --- | --- |\n| B1 | x | 17 € |\n| B3 |  | 19 € |"
    )
    assert parsed.title is None


def test_each_slide_is_a_page_with_its_title_and_notes() -> None:
    body = (
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Cranes</text:p>'
        "</draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>Twelve tonnes</text:p>"
        "</draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box>"
        "<text:p>Say it slowly</text:p></draw:text-box></draw:frame></presentation:notes>"
        "</draw:page>"
        "<draw:page><draw:frame><draw:text-box><text:p>Thanks</text:p></draw:text-box></draw:frame>"
        "</draw:page>"
    )

    parsed = parse(package("presentation", body))

    assert parsed.text == (
        "# Cranes\n\nTwelve tonnes\n\nSpeaker notes:\n\nSay it slowly\n\n# Slide 2\n\nThanks"
    )
    assert len(parsed.pages) == 2
