import pytest

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.epub import parse
from footnote_qa.index.types import ProblemKind
from tests.index.parsing.archives import zipped

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
BOOK = (
    '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<metadata><dc:title>The staff book</dc:title></metadata><manifest>"
    '<item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="s" href="style.css" media-type="text/css"/>'
    '<item id="x" href="left-out.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/><itemref idref="s"/><itemref idref="b"/><itemref idref="gone"/>'
    "</spine></package>"
)
PARTS = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": BOOK,
    "OPS/two b.xhtml": "<html><body><h1>Pay</h1><p>On the 25th</p></body></html>",
    "OPS/one.xhtml": "<html><body><h1>Leave</h1><p>Twenty days</p></body></html>",
    "OPS/left-out.xhtml": "<html><body>Not in the book</body></html>",
    "OPS/style.css": "p {}",
}


def kind_of(parts: dict[str, str]) -> ProblemKind:
    with pytest.raises(UnreadableDocumentError) as caught:
        parse(zipped(parts))
    return caught.value.kind


def test_pages_come_in_the_order_in_which_the_book_is_read() -> None:
    parsed = parse(zipped(PARTS))

    assert parsed.text == "# Leave\n\nTwenty days\n\n# Pay\n\nOn the 25th"
    assert parsed.title == "The staff book"
    assert [parsed.text[one.start :].split("\n")[0] for one in parsed.headings] == [
        "# Leave",
        "# Pay",
    ]


def test_a_protected_book_is_encrypted() -> None:
    lock = '<encryption><CipherReference URI="OPS/one.xhtml"/></encryption>'

    assert kind_of(PARTS | {"META-INF/encryption.xml": lock}) is ProblemKind.ENCRYPTED


def test_a_book_with_protected_fonts_is_read() -> None:
    lock = '<encryption><CipherReference URI="OPS/font.ttf"/></encryption>'

    assert parse(zipped(PARTS | {"META-INF/encryption.xml": lock})).text.startswith("# Leave")


def test_a_book_without_a_table_of_its_parts_is_broken() -> None:
    assert kind_of(PARTS | {"META-INF/container.xml": "<container/>"}) is ProblemKind.BROKEN


def test_a_page_outside_the_book_is_not_looked_for() -> None:
    book = BOOK.replace("one.xhtml", "../../etc/passwd")

    assert parse(zipped(PARTS | {"OPS/book.opf": book})).text == "# Pay\n\nOn the 25th"


def test_asides_and_footers_within_a_book_are_part_of_it() -> None:
    page = (
        "<html><body><section><h1>Leave</h1><p>Twenty days<a href='#n'>1</a></p>"
        "<aside id='n'>In the first year.</aside><footer>After Ada</footer></section></body></html>"
    )

    parsed = parse(zipped({**PARTS, "OPS/one.xhtml": page}))

    assert "In the first year." in parsed.text
    assert "After Ada" in parsed.text
