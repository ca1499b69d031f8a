"""Parts of Word documents that are easily lost or taken for valid: formulas, hidden text."""

from io import BytesIO

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from footnote_qa.index.parsing.docx import parse
from footnote_qa.index.types import Parsed
from tests.fakes.word import new_document
from tests.index.parsing.test_pptx import PIXEL

_NAMES = (
    f"{nsdecls('w')} xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math' "
    "xmlns:w14='http://schemas.microsoft.com/office/word/2010/wordml'"
)


def parsed(*paragraphs: str, styles: str = "") -> Parsed:
    document = new_document()
    for inner in paragraphs:
        node = parse_xml(f"<w:p {_NAMES}>{inner}</w:p>")
        document.element.body.insert(len(document.element.body) - 1, node)
    for style in filter(None, styles.split("\n")):
        document.styles.element.append(
            parse_xml(style.replace("<w:style", f"<w:style {_NAMES}", 1))
        )
    file = BytesIO()
    document.save(file)
    return parse(file.getvalue())


def run(words: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{words}</w:t></w:r>"


def math(inner: str) -> str:
    return f"<m:oMath>{inner}</m:oMath>"


def part(name: str, words: str) -> str:
    return f"<m:{name}><m:r><m:t>{words}</m:t></m:r></m:{name}>"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:r><m:t>x+41=y</m:t></m:r>", "x+41=y"),
        (f"<m:f>{part('num', 'L')}{part('den', '4')}</m:f>", "L/4"),
        (f"<m:f>{part('num', 'a+b')}{part('den', '2')}</m:f>", "(a+b)/2"),
        (f"<m:sSup>{part('e', '10')}{part('sup', '6')}</m:sSup>", "10^6"),
        (f"<m:sSub>{part('e', 'x')}{part('sub', '1')}</m:sSub>", "x_1"),
        (f"<m:rad>{part('deg', '')}{part('e', 'x')}</m:rad>", "√x"),
        (f"<m:d>{part('e', 'a')}{part('e', 'b')}</m:d>", "(a, b)"),
    ],
)
def test_a_formula_is_read(formula: str, text: str) -> None:
    assert parsed(run("It is ") + math(formula)).text == f"It is {text}"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        (f"<w:fldSimple w:instr='DATE'>{run('fieldvalue77')}</w:fldSimple>", "fieldvalue77"),
        (
            (
                "<w:r><w:ruby><w:rt><w:r><w:t>とうきょう</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>東京</w:t>"
                "</w:r></w:rubyBase></w:ruby></w:r>"
            ),
            "東京(とうきょう)",
        ),
        (
            (
                "<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val='1'/></w14:checkbox></w:sdtPr>"
                f"<w:sdtContent>{run('☒')}</w:sdtContent></w:sdt>"
            ),
            "☒",
        ),
    ],
)
def test_fields_readings_and_ticks_are_read(inner: str, text: str) -> None:
    assert parsed(run("Value: ") + inner).text == f"Value: {text}"


@pytest.mark.parametrize(
    "unshown",
    [
        run("secret", "<w:vanish/>"),
        run("secret", "<w:strike/>"),
        run("secret", "<w:dstrike/>"),
        run("secret", "<w:rStyle w:val='Gone'/>"),
        f"<w:moveFrom w:id='1' w:author='R'>{run('secret')}</w:moveFrom>",
        "<w:del w:id='1' w:author='R'><w:r><w:delText>secret</w:delText></w:r></w:del>",
    ],
)
def test_what_is_hidden_struck_out_or_deleted_is_left_out(unshown: str) -> None:
    style = (
        "<w:style w:type='character' w:styleId='Gone'><w:name w:val='Gone'/>"
        "<w:rPr><w:vanish/></w:rPr></w:style>"
    )

    assert parsed(run("Seen ") + unshown + run("too."), styles=style).text == "Seen too."


def test_a_run_that_says_it_is_shown_is_shown() -> None:
    assert parsed(run("Seen.", "<w:vanish w:val='0'/><w:strike w:val='false'/>")).text == "Seen."


@pytest.mark.parametrize(
    "properties",
    [
        "<w:pStyle w:val='Chapter'/>",
        "<w:pStyle w:val='Inner'/>",
        "<w:pStyle w:val='Levelled'/>",
        "<w:outlineLvl w:val='1'/>",
    ],
)
def test_a_heading_is_known_by_what_its_style_inherits_or_its_level(properties: str) -> None:
    styles = (
        "<w:style w:type='paragraph' w:styleId='Chapter'><w:name w:val='Chapter'/>"
        "<w:basedOn w:val='Heading2'/></w:style>\n"
        "<w:style w:type='paragraph' w:styleId='Inner'><w:name w:val='Inner'/>"
        "<w:basedOn w:val='Chapter'/></w:style>\n"
        "<w:style w:type='paragraph' w:styleId='Levelled'><w:name w:val='Levelled'/>"
        "<w:pPr><w:outlineLvl w:val='1'/></w:pPr></w:style>"
    )

    made = parsed(f"<w:pPr>{properties}</w:pPr>{run('Fees')}", run("They are low."), styles=styles)

    assert [(one.level, one.text) for one in made.headings] == [(2, "Fees")]


@pytest.mark.parametrize("kind", ["drop", "margin"])
def test_a_large_first_letter_belongs_to_its_word(kind: str) -> None:
    frame = f"<w:pPr><w:framePr w:dropCap='{kind}' w:lines='3'/></w:pPr>"

    first = parsed(frame + run("M"), "<w:pPr><w:jc w:val='left'/></w:pPr>" + run("ooring is free."))
    second = parsed(frame.replace(kind, "none") + run("M"), run("ooring is free."))

    assert first.text == "Mooring is free."
    assert second.text == "M\n\nooring is free."


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("The north pier at night", ["The north pier at night"]),
        ("C:\\pics\\pier.jpg", []),
        ("A pier. Description automatically generated", []),
        ("", []),
    ],
)
def test_the_description_of_a_picture_is_read_and_the_name_of_its_file_is_not(
    description: str, words: list[str]
) -> None:
    document = new_document()
    document.add_paragraph("Berths")
    document.add_picture(BytesIO(PIXEL))
    for node in document.element.body.iter("{*}docPr"):
        node.set("descr", description)
    file = BytesIO()
    document.save(file)

    assert parse(file.getvalue()).text.split("\n\n")[1:] == words


def test_a_comment_is_read_at_the_end() -> None:
    document = new_document()
    paragraph = document.add_paragraph("The crane lifts twelve tonnes.")
    document.add_comment(paragraph.runs, text="It is broken.", author="Ada")
    file = BytesIO()
    document.save(file)

    assert parse(file.getvalue()).text.endswith("tonnes.\n\nComment by Ada: It is broken.")


def test_a_hidden_row_of_a_table_is_left_out() -> None:
    document = new_document()
    table = document.add_table(3, 2)
    for row, words in zip(table.rows, ["Berth", "Gone", "B7"], strict=True):
        row.cells[0].text, row.cells[1].text = words, f"{words} too"
    hidden = parse_xml(f"<w:trPr {nsdecls('w')}><w:hidden/></w:trPr>")
    table.rows[1]._tr.insert(0, hidden)
    file = BytesIO()
    document.save(file)

    text = parse(file.getvalue()).text

    assert "B7 too" in text
    assert "Gone" not in text


def numbered(*paragraphs: tuple[str, str, int | None]) -> bytes:
    """Return a document with a list of three levels; each paragraph has a style and a level."""
    document = new_document()
    levels = "".join(
        f"<w:lvl w:ilvl='{number}'><w:start w:val='1'/><w:numFmt w:val='{kind}'/>{style}"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
        for number, (kind, style, text) in enumerate(
            [
                ("decimal", "<w:pStyle w:val='Heading1'/>", "§ %1"),
                ("decimal", "<w:pStyle w:val='Heading2'/>", "%1.%2"),
                ("lowerRoman", "", "%1.%2 (%3)"),
            ]
        )
    )
    lists = document.part.numbering_part.element
    lists.insert(
        0, parse_xml(f"<w:abstractNum {nsdecls('w')} w:abstractNumId='77'>{levels}</w:abstractNum>")
    )
    reference = "<w:abstractNumId w:val='77'/>"
    lists.append(parse_xml(f"<w:num {nsdecls('w')} w:numId='77'>{reference}</w:num>"))
    for style, text, level in paragraphs:
        paragraph = document.add_paragraph(text, style=style or None)
        if style.startswith("Heading") or level is not None:
            told = "" if level is None else f"<w:ilvl w:val='{level}'/>"
            number = f"<w:numPr {nsdecls('w')}>{told}<w:numId w:val='77'/></w:numPr>"
            paragraph._p.get_or_add_pPr().append(parse_xml(number))
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def test_headings_and_clauses_have_the_numbers_that_word_shows() -> None:
    made = parse(
        numbered(
            ("Heading 1", "Mooring", None),
            ("Heading 2", "Nights", None),
            ("", "Guests may stay nineteen nights.", 2),
            ("", "They pay when they leave.", 2),
            ("Heading 2", "Fees", None),
            ("Heading 1", "Cranes", None),
            ("Heading 2", "Weights", None),
        )
    )

    assert [one.text for one in made.headings] == [
        *("§ 1 Mooring", "1.1 Nights", "1.2 Fees", "§ 2 Cranes", "2.1 Weights")
    ]
    assert "1.1 (i) Guests may stay nineteen nights.\n\n1.1 (ii) They pay" in made.text


def test_items_of_a_list_are_numbered_once() -> None:
    document = new_document()
    for words in ("Call", "Tie up"):
        document.add_paragraph(words, style="List Number")
    file = BytesIO()
    document.save(file)

    assert parse(file.getvalue()).text == "1. Call\n2. Tie up"
