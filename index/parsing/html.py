"""Convert HTML to Markdown: headings, lists, tables and code; no scripts, links or images."""

import re
import warnings
from copy import copy

from bs4 import BeautifulSoup, Tag
from bs4.dammit import EncodingDetector
from markdownify import MarkdownConverter

from index.errors import UnreadableDocumentError
from index.parsing.text import clean, decode
from index.types import Heading, Parsed, ProblemKind

MAX_SOURCE_CHARS = 20_000_000

# Browsers read these as Windows-1252, and so did the authors of the pages.
_LATIN = frozenset({"iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"})
_DROPPED = ("script", "style", "nav", "template", "noscript", "iframe", "object", "svg", "canvas")
_ROWS = ("thead", "tbody", "tfoot", "tr", "th", "td")
_PLAIN = ["a", "b", "strong", "i", "em", "del", "s"]
_HIDING = re.compile(r"display:none|visibility:hidden")

# The converter makes three nested calls per level, and Python's limit is 1,000.
_MAX_DEPTH = 120
_MAX_SPAN = 100
_MAX_CELL_CHARS = 1_500

# A private character before every real heading, because a line of text may also begin with "#".
_MARK = "\uf8ff"


def parse(content: bytes) -> Parsed:
    """Return the visible text of the page *content* as Markdown."""
    declared = EncodingDetector.find_declared_encoding(content, is_html=True)
    if declared and declared.lower() in _LATIN:
        declared = "cp1252"
    return render(decode(content, declared=declared))


def render(source: str) -> Parsed:
    """Return the visible text of the HTML *source* as Markdown.

    Raises:
        UnreadableDocumentError: TOO_BIG if *source* is.
    """
    if len(source) > MAX_SOURCE_CHARS:
        raise UnreadableDocumentError(
            ProblemKind.TOO_BIG, f"the page has over {MAX_SOURCE_CHARS:,} characters; split it"
        )
    soup = _soup(source)
    title = soup.title.get_text() if soup.title else ""
    _strip(soup)
    _straighten_tables(soup)
    _flatten(soup)
    converter = _Converter(
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        heading_style="atx",
        strip=_PLAIN,
        table_infer_header=True,
    )
    text, headings = _take_marks(converter.convert_soup(soup))
    first = next((heading.text for heading in headings if heading.level == 1), None)
    return Parsed(text=text, title=" ".join(clean(title).split()) or first, headings=headings)


def _soup(source: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        # It warns about XHTML, and about short texts that look like a file name or an address.
        warnings.simplefilter("ignore")
        return BeautifulSoup(clean(source).replace(_MARK, ""), "lxml")


def _strip(soup: BeautifulSoup) -> None:
    """Remove the parts that a reader does not see or cannot use."""
    for tag in soup.find_all([*_DROPPED, "title"]):
        tag.decompose()
    for tag in soup.find_all(_is_hidden):
        if not tag.decomposed:
            tag.decompose()


def _is_hidden(tag: Tag) -> bool:
    style = str(tag.get("style", "")).replace(" ", "").lower()
    return tag.has_attr("hidden") or bool(style and _HIDING.search(style))


def _straighten_tables(soup: BeautifulSoup) -> None:
    """Turn layout tables into paragraphs, and fill the rows of tables with spanning cells."""
    for table in soup.find_all("table"):
        if _is_layout(table):
            table.name = "div"
        elif not table.get_text().strip():
            table.clear()
        elif table.find(rowspan=True):
            _fill_rows(table)
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
    cells = table.find_all(["td", "th"])
    return columns <= 1 or any(len(cell.get_text()) > _MAX_CELL_CHARS for cell in cells)


def _fill_rows(table: Tag) -> None:
    """Repeat a cell in each row it spans, so that columns line up."""
    spans: dict[int, tuple[Tag, int]] = {}
    for row in table.find_all("tr"):
        cells = iter(row.find_all(["td", "th"]))
        filled: list[Tag] = []
        column = 0
        while True:
            spanning, rows = spans.get(column, (None, 0))
            cell = copy(spanning) if spanning and rows else next(cells, None)
            if cell is None:
                break
            left = rows - 1 if rows else _span(cell, "rowspan") - 1
            spans[column] = (cell, left)
            filled.append(cell)
            column += _span(cell, "colspan")
        row.clear()
        row.extend(filled)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1"))
    return max(1, min(int(value), _MAX_SPAN)) if value.isdecimal() else 1


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
    def convert_hN(  # noqa: N802  markdownify calls this name
        self, n: int, _el: Tag, text: str, parent_tags: set[str]
    ) -> str:
        if "_inline" in parent_tags or not text.strip():
            return text
        words = " ".join(text.split())
        return f"\n\n{_MARK}{'#' * max(1, min(n, 6))} {words}\n\n"

    def convert_img(self, el: Tag, _text: str, **_: object) -> str:
        return " ".join(str(el.get("alt", "")).split())

    def convert_sup(self, _el: Tag, text: str, **_: object) -> str:
        # 10² must not become 102.
        return f"^{text}" if text.strip().lstrip("+-−").isdigit() else text

    def convert_td(self, el: Tag, text: str, **_: object) -> str:
        return _cell(el, text)

    def convert_th(self, el: Tag, text: str, **_: object) -> str:
        return _cell(el, text)


def _cell(cell: Tag, text: str) -> str:
    words = " ".join(text.replace("|", r"\|").split())
    return f" {words} |" + " |" * (_span(cell, "colspan") - 1)
