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
        "svg": "svg-compatible",
    }.items()
)
NAMES += ' xmlns:xlink="http://www.w3.org/1999/xlink"'


def document(body: str, *, kind: str = "text", styles: str = "", **parts: str) -> bytes:
    inner = (
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    )
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


NUMBERED = (
    '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" '
    'style:num-format="1"/><text:list-level-style-bullet text:level="2"/>'
    '<text:list-level-style-number text:level="3" style:num-format="a" text:start-value="4"/>'
    '<text:list-level-style-number text:level="4" style:num-format=""/></text:list-style>'
)


def items(*texts: str, more: str = "", inside: str = "") -> str:
    found = "".join(f"<text:list-item><text:p>{text}</text:p></text:list-item>" for text in texts)
    last = found.removesuffix("</text:list-item>")
    return f"<text:list {more}>{last}{inside}</text:list-item></text:list>"


L1 = 'text:style-name="L1"'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (items("Ask", "Pay", more=L1), "1. Ask\n2. Pay"),
        (items("Ask", more=L1) + items("Pay", more=L1), "1. Ask\n\n1. Pay"),
        (
            items("Ask", more=L1)
            + "<text:p>then</text:p>"
            + items("Pay", more=f'{L1} text:continue-numbering="true"'),
            "1. Ask\n\nthen\n\n2. Pay",
        ),
        (
            items("Ask", more=L1, inside=items("you", inside=items("x", "y", inside=items("z")))),
            "1. Ask\n  - you\n    4. x\n    5. y\n      - z",
        ),
        (
            items("Pay", more=L1).replace("list-item>", 'list-item text:start-value="7">', 1),
            "7. Pay",
        ),
        (items("Ask</text:p><text:p>Then wait", "Pay", more=L1), "1. Ask\n   Then wait\n2. Pay"),
        (items("Ask", more='text:style-name="unknown"'), "- Ask"),
        (items("Ask", "Pay", more=L1).replace("list-item>", "list-header>", 2), "Ask\n1. Pay"),
    ],
)
def test_the_items_of_a_numbered_list_have_their_numbers(body: str, text: str) -> None:
    assert parse(document(body, styles=NUMBERED)).text == text


@pytest.mark.parametrize("id_", ["geo1#dec", "1st", "a b"])
def test_an_id_that_is_no_name_loses_no_document(id_: str) -> None:
    assert text_of(f'<text:p xml:id="{id_}">Kept</text:p>') == "Kept"


def test_a_table_whose_rows_are_all_hidden_loses_no_other_words() -> None:
    row = '<table:table-row table:visibility="collapse"/>'

    assert text_of(f"<text:p>Kept</text:p><table:table>{row * 3}</table:table>") == "Kept"


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


def row(*cells: str, tag: str = "") -> str:
    inside = "".join(
        cell
        if cell.startswith("<")
        else f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>"
        for cell in cells
    )
    return f"<table:table-row{tag}>{inside}</table:table-row>"


def style(name: str, properties: str, *, attributes: str = "") -> str:
    inner = f"<style:text-properties {properties}/>" if properties else ""
    return f'<style:style style:name="{name}" {attributes}>{inner}</style:style>'


COVERED = "<table:covered-table-cell/>"
STYLES = (
    style("Struck", 'style:text-line-through-style="solid"')
    + style("Hidden", 'text:display="none"')
    + style("Up", 'style:text-position="super 58%"')
    + style("Down", 'style:text-position="-33% 58%"')
    + style("Own", "", attributes='style:parent-style-name="Second"')
    + style("Second", "", attributes='style:default-outline-level="2"')
    + style("Below", "", attributes='style:parent-style-name="Struck"')
)


def span(name: str, words: str) -> str:
    return f'<text:span text:style-name="{name}">{words}</text:span>'


def test_hidden_and_struck_out_words_are_left_out() -> None:
    body = (
        f"<text:p>Pay {span('Struck', '12')} {span('Below', '13')} 14</text:p>"
        f"<text:p>{span('Hidden', 'x')}</text:p>"
        '<text:section text:display="none"><text:p>Draft</text:p></text:section>'
        '<text:p text:style-name="Hidden">Secret</text:p>'
    )

    assert parse(document(body, styles=STYLES)).text == "Pay 14"


def test_raised_and_lowered_words_stay_apart_from_their_base() -> None:
    body = f"<text:p>10{span('Up', '6')} H{span('Down', '2')}O log{span('Down', '2')}8</text:p>"

    assert parse(document(body, styles=STYLES)).text == "10^6 H2O log_2 8"


def test_a_paragraph_whose_style_is_a_heading_s_is_one() -> None:
    parsed = parse(document('<text:p text:style-name="Own">How</text:p>', styles=STYLES))

    assert [(one.level, one.text) for one in parsed.headings] == [(2, "How")]


def test_formulas_and_readings_are_among_the_words() -> None:
    math = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mfrac><mi>L</mi><mn>4</mn>'
        "</mfrac><annotation>L over 4</annotation></semantics></math>"
    )
    body = (
        '<text:p>It is <draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>.</text:p>'
        "<text:p><text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう"
        "</text:ruby-text></text:ruby></text:p>"
    )

    text = parse(document(body, **{"Object 1/content.xml": math})).text

    assert " ".join(text.split()) == "It is L/4 . 東京(とうきょう)"


def test_an_embedded_sheet_is_read() -> None:
    inner = (
        f"<office:document-content {NAMES}><office:body><office:spreadsheet><table:table>"
        f"{row('Berth', 'Fee')}{row('B7', '17')}</table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    body = '<text:p>See<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'

    assert "| B7 | 17 |" in parse(document(body, **{"Object 1/content.xml": inner})).text


def test_merged_cells_of_a_text_fill_their_rows_and_a_group_names_its_columns() -> None:
    head = (
        '<table:table-cell table:number-rows-spanned="2"><text:p>Season</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-spanned="2"><text:p>Rate</text:p>'
        "</table:table-cell>"
    )
    body = (
        f"<table:table><table:table-header-rows>{row(head, COVERED)}{row(COVERED, 'Day', 'Week')}"
        f"</table:table-header-rows>{row('Summer', '7', '40')}</table:table>"
    )

    assert text_of(body) == (
        "| Season | Rate Day | Rate Week |\n| --- | --- | --- |\n| Summer | 7 | 40 |"
    )


def test_each_piece_of_a_long_table_has_its_head_and_caption() -> None:
    rows = "".join(row(f"B{number}", f"{number} euro", f"Keeper {number}") for number in range(40))
    body = f"<text:p>Table 1: Berths</text:p><table:table>{row('Berth', 'Fee', 'By')}{rows}"

    text = text_of(f"{body}</table:table>")

    pieces = text.count("| --- | --- | --- |")
    assert pieces > 2
    assert text.count("Table 1: Berths\n\n| Berth | Fee | By |\n") == pieces


def test_hidden_rows_and_columns_are_left_out_and_notes_follow_their_sheet() -> None:
    hidden = ' table:visibility="collapse"'
    noted = (
        "<table:table-cell><office:annotation><text:p>in May</text:p></office:annotation>"
        "<text:p>9</text:p></table:table-cell>"
    )
    value = '<table:table-cell office:value-type="float" office:value="7"/>'
    body = (
        f'<table:table table:name="S"><table:table-column/><table:table-column{hidden}/>'
        f"{row('Part', 'Secret', 'Price')}{row('Bolt', 's1', noted)}{row('x', 'y', tag=hidden)}"
        f"{row('Nut', 's2', value)}</table:table>"
    )

    text = parse(document(body, kind="spreadsheet")).text

    assert text == (
        "# S\n\n| Part | Price |\n| --- | --- |\n| Bolt | 9 |\n| Nut | 7 |\n\nNote on 9: in May"
    )


def test_boxes_of_a_slide_are_read_from_the_top_and_hidden_slides_are_left_out() -> None:
    def box(x: int, y: int, words: str) -> str:
        return (
            f'<draw:frame svg:x="{x}cm" svg:y="{y}cm"><draw:text-box><text:p>{words}</text:p>'
            "</draw:text-box></draw:frame>"
        )

    body = (
        f"<draw:page>{box(9, 8, 'four')}{box(1, 8, 'three')}<draw:g>{box(9, 1, 'two')}</draw:g>"
        f"{box(1, 1, 'one')}</draw:page>"
        f'<draw:page draw:style-name="Off">{box(1, 1, "gone")}</draw:page>'
    )
    off = (
        '<style:style style:name="Off"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )

    parsed = parse(document(body, kind="presentation", styles=off))

    assert parsed.text.split()[3:] == ["one", "two", "three", "four"]
    assert len(parsed.pages) == 2
