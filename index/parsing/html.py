"""Convert HTML to Markdown: headings, lists, tables and code; no scripts, links or images."""

import re
import warnings

from bs4 import BeautifulSoup, NavigableString, Tag
from bs4.dammit import EncodingDetector
from markdownify import MarkdownConverter

from footnote_qa.index.chunking import is_caption
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.html_content import keep_main_content, remove_unseen
from footnote_qa.index.parsing.html_math import math_text
from footnote_qa.index.parsing.html_tables import table_parts
from footnote_qa.index.parsing.scripts import lowered, raised
from footnote_qa.index.parsing.tables import captioned
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Heading, Parsed, ProblemKind

MAX_SOURCE_CHARS = 20_000_000

# Browsers read these as Windows-1252, and so did the authors of the pages.
_LATIN = frozenset({"iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"})
_ROWS = ("thead", "tbody", "tfoot", "tr", "th", "td")
_PLAIN = ["a", "b", "strong", "i", "em"]

# The converter makes three nested calls per level, and Python's limit is 1,000.
_MAX_DEPTH = 120
_MAX_CELL_CHARS = 1_500
_BLOCKS = ("p", "div", "ul", "ol", "dl", "pre", "h1", "h2", "h3", "h4", "h5", "h6")
_LEAST_BLOCKS = 4

# A private character before every real heading, because a line of text may also begin with "#".
_MARK = "\uf8ff"


def parse(content: bytes, *, is_page: bool = True) -> Parsed:
    """Return the visible text of *content* as Markdown.

    Args:
        content: A page of a website, or a part of a book.
        is_page: Whether there are menus and footers around its content.
    """
    declared = EncodingDetector.find_declared_encoding(content, is_html=True)
    if declared and declared.lower() in _LATIN:
        declared = "cp1252"
    return render(decode(content, declared=declared), is_page=is_page)


def render(source: str, *, is_page: bool = False) -> Parsed:
    """Return the visible text of the HTML *source* as Markdown.

    Args:
        source: The page.
        is_page: Whether it is a page of a website, with menus and footers around its content.

    Raises:
        UnreadableDocumentError: TOO_BIG if *source* is.
    """
    if len(source) > MAX_SOURCE_CHARS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG, f"the page has over {MAX_SOURCE_CHARS:,} characters; split it"
        )
    soup = _soup(source)
    title = soup.title.get_text() if soup.title else ""
    remove_unseen(soup)
    if is_page:
        keep_main_content(soup)
    _straighten(soup)
    _flatten(soup)
    converter = _Converter()
    # References to characters, such as &shy;, became characters only now
    text, headings = _take_marks(clean(converter.convert_soup(soup)))
    first = next((heading.text for heading in headings if heading.level == 1), None)
    return Parsed(text=text, title=" ".join(clean(title).split()) or first, headings=headings)


def _soup(source: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        # It warns about XHTML, and about short texts that look like a file name or an address.
        warnings.simplefilter("ignore")
        return BeautifulSoup(clean(source).replace(_MARK, ""), "lxml")


def _straighten(soup: BeautifulSoup) -> None:
    """Write formulas as text, and turn layout tables into paragraphs."""
    for math in soup.find_all(re.compile(r"^(?:\w+:)?math$")):
        if not math.decomposed:
            before = " " if _previous(math)[-1:].isalnum() else ""
            after = " " if _next(math)[:1].isalnum() else ""
            math.replace_with(f"{before}{math_text(math)}{after}")
    for table in soup.find_all("table"):
        if _is_layout(table):
            table.name = "div"
        elif not table.get_text().strip():
            table.clear()
    for cell in soup.find_all(_ROWS):
        if cell.find_parent("table") is None:
            cell.name = "div"


def _flatten(soup: BeautifulSoup) -> None:
    """Turn elements that are nested too deeply into plain text."""
    depths = {id(soup): 0}
    too_deep: list[Tag] = []
    for tag in soup.find_all(name=True):
        depth = depths[id(tag)] = depths[id(tag.parent)] + 1
        if depth == _MAX_DEPTH:
            too_deep.append(tag)
    for tag in too_deep:
        words = tag.get_text("\n")
        tag.clear()
        tag.append(words)


def _is_layout(table: Tag) -> bool:
    """Return whether a table is used only for layout, with columns that mean nothing."""
    if table.find("table"):
        return True
    columns = max((len(row.find_all(["td", "th"])) for row in table.find_all("tr")), default=0)
    if columns <= 1:
        return True
    if table.find("th"):
        return False
    return any(
        len(cell.get_text()) > _MAX_CELL_CHARS and len(cell.find_all(_BLOCKS)) >= _LEAST_BLOCKS
        for cell in table.find_all("td")
    )


def _take_marks(rendered: str) -> tuple[str, tuple[Heading, ...]]:
    """Return the text without doubled blank lines, and the headings that were marked in it."""
    lines: list[str] = []
    headings: list[Heading] = []
    offset = 0
    for marked in rendered.strip().split("\n"):
        line = marked.replace(_MARK, "").rstrip()
        if not line and (not lines or not lines[-1]):
            continue
        hashes, _, words = line.partition(" ")
        if marked.startswith(_MARK) and words:
            headings.append(Heading(start=offset, level=len(hashes), text=words))
        lines.append(line)
        offset += len(line) + 1
    return "\n".join(lines), tuple(headings)


class _Converter(MarkdownConverter):
    """Writes Markdown; the texts of cells wait until their table is complete."""

    def __init__(self) -> None:
        super().__init__(
            bullets="-",
            escape_asterisks=False,
            escape_underscores=False,
            heading_style="atx",
            strip=_PLAIN,
        )
        self._cells: dict[int, str] = {}
        self._captions: dict[int, str] = {}

    def convert_hN(  # noqa: N802  markdownify calls this name
        self, n: int, _el: Tag, text: str, parent_tags: set[str]
    ) -> str:
        if "_inline" in parent_tags or not text.strip():
            return f" {text.strip()} "  # in a cell, another one can be next to it
        words = " ".join(text.split())
        return f"\n\n{_MARK}{'#' * max(1, min(n, 6))} {words}\n\n"

    def convert_img(self, el: Tag, _text: str, **_: object) -> str:
        return " ".join(str(el.get("alt", "")).split())

    def convert_sup(self, el: Tag, text: str, **_: object) -> str:
        is_above = _next(el).lstrip().startswith(("⁄", "∕", "/"))  # of a fraction
        return raised(text, before=_previous(el), is_above=is_above)

    def convert_rt(self, _el: Tag, text: str, **_: object) -> str:
        return f"({text.strip()})" if text.strip() else ""  # how the word before it is read

    def convert_rp(self, _el: Tag, _text: str, **_: object) -> str:
        return ""

    def convert_option(self, _el: Tag, text: str, **_: object) -> str:
        return f"{text.strip()}\n"

    def convert_summary(self, _el: Tag, text: str, **_: object) -> str:
        return f"\n\n{text.strip()}\n\n"

    convert_legend = convert_select = convert_textarea = convert_summary

    def convert_button(self, _el: Tag, text: str, **_: object) -> str:
        return f" {text.strip()} "  # there is space around it on the page

    convert_label = convert_button

    def convert_sub(self, el: Tag, text: str, **_: object) -> str:
        return lowered(text, before=_previous(el), after=_next(el))

    def convert_td(self, el: Tag, text: str, **_: object) -> str:
        self._cells[id(el)] = " ".join(text.split())
        return ""

    def convert_th(self, el: Tag, text: str, **_: object) -> str:
        return self.convert_td(el, text)

    def convert_tr(self, _el: Tag, _text: str, **_: object) -> str:
        return ""

    def convert_caption(self, el: Tag, text: str, **_: object) -> str:
        self._captions[id(el.parent)] = " ".join(text.split())
        return ""

    def convert_table(self, el: Tag, _text: str, **_: object) -> str:
        own = self._captions.get(id(el), "")
        parts = captioned(table_parts(el, self._cells), own or _caption_above(el), first=bool(own))
        return "\n\n" + "\n\n".join(part.replace(_MARK, "") for part in parts) + "\n\n"


def _caption_above(table: Tag) -> str:
    """Return the paragraph above a table if it is the table's caption, as in Word, else ""."""
    before = table.find_previous_sibling()
    words = " ".join(before.get_text().split()) if before is not None else ""
    is_paragraph = before is not None and before.name == "p"
    return words if is_paragraph and is_caption(words) else ""


def _next(el: Tag) -> str:
    return str(el.next_sibling) if isinstance(el.next_sibling, NavigableString) else ""


def _previous(el: Tag) -> str:
    return str(el.previous_sibling) if isinstance(el.previous_sibling, NavigableString) else ""
