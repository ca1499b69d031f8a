"""Rows, headings and main content of documents, by extractors that share no code with ours."""

import csv
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from html import unescape
from io import BytesIO, StringIO

from lxml import etree, html  # type: ignore[import-untyped]  # lxml ships no types

from benchmarks.fidelity.decoding import as_text

MOST_PAGES = 12

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MOST_ROW_CHARS = 200  # a longer row does not fit into a chunk, and is cut between cells
_LEAST_CELLS = 2
_AROUND = ("nav", "footer", "aside", "header")
_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search"})
_BLOCKS = ("p", "li", "td", "th", "dd", "dt", "pre", "blockquote", "figcaption", "h1", "h2", "h3")
_LEAST_BLOCK_WORDS = 10
_MOST_LINKED = 1 / 3
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.MULTILINE | re.DOTALL)


def rows_of(content: bytes, suffix: str) -> list[list[str]]:
    """Return the short rows of two or more cells; nothing for formats without an extractor."""
    found = _ROWS[suffix](content) if suffix in _ROWS else iter(())
    rows = [[" ".join(cell.split()) for cell in row if cell.strip()] for row in found]
    return [
        row for row in rows if len(row) >= _LEAST_CELLS and sum(map(len, row)) <= _MOST_ROW_CHARS
    ]


def _pdf_rows(content: bytes) -> Iterator[list[str]]:
    import pdfplumber  # noqa: PLC0415  it takes a second, and only PDFs need it

    with pdfplumber.open(BytesIO(content)) as document:
        for page in document.pages[:MOST_PAGES]:
            for table in page.extract_tables():
                for row in table:
                    yield from _lines_of([cell or "" for cell in row])


def _lines_of(row: list[str]) -> Iterator[list[str]]:
    """Yield a row; several if each of its cells has as many lines, because no rule is between."""
    lines = [cell.strip().split("\n") for cell in row if cell.strip()]
    several = {len(one) for one in lines if len(one) > 1}
    if len(lines) >= _LEAST_CELLS and len({len(one) for one in lines}) == 1 and several:
        yield from (list(one) for one in zip(*lines, strict=True))
    else:
        yield row


def _docx_rows(content: bytes) -> Iterator[list[str]]:
    for row in _part(content, "word/document.xml").iter(f"{_W}tr"):
        if next(row.iter(f"{_W}del", f"{_W}tbl", f"{_W}vanish"), None) is None:
            yield ["".join(node.text or "" for node in cell.iter(f"{_W}t")) for cell in row]


def _pptx_rows(content: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = [one for one in archive.namelist() if re.match(r"ppt/slides/slide\d+\.xml", one)]
    for name in names:
        for row in _part(content, name).iter(f"{_A}tr"):
            yield ["".join(node.text or "" for node in cell.iter(f"{_A}t")) for cell in row]


def _html_rows(content: bytes) -> Iterator[list[str]]:
    for row in _page(content).iter("tr"):
        is_plain = next(row.iter("table", "script", "style"), None) is None
        if is_plain and not _is_around(row) and _link_share(row) < _MOST_LINKED:
            yield [cell.text_content() for cell in row.iterchildren("td", "th")]


def _csv_rows(content: bytes) -> Iterator[list[str]]:
    text = as_text(content)
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)
    yield from csv.reader(StringIO(text), delimiter=separator)


def headings_of(content: bytes, suffix: str) -> list[str]:
    """Return the headings that the format marks; nothing for formats without an extractor."""
    found = _HEADINGS[suffix](content) if suffix in _HEADINGS else iter(())
    return [words for one in found if (words := " ".join(one.split()))]


def _docx_headings(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if "word/styles.xml" not in archive.namelist():
            return
    names = {
        str(style.get(f"{_W}styleId")): str(style.find(f"{_W}name").get(f"{_W}val")).lower()
        for style in _part(content, "word/styles.xml").iter(f"{_W}style")
        if style.find(f"{_W}name") is not None
    }
    for paragraph in _part(content, "word/document.xml").iter(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        is_cell = next(paragraph.iterancestors(f"{_W}tc"), None) is not None
        name = "" if style is None else names.get(str(style.get(f"{_W}val")), "")
        if re.fullmatch(r"heading [1-6]", name) and not is_cell:
            yield "".join(node.text or "" for node in paragraph.iter(f"{_W}t"))


def _html_headings(content: bytes) -> Iterator[str]:
    for heading in _page(content).iter("h1", "h2", "h3", "h4", "h5", "h6"):
        is_cell = next(heading.iterancestors("table", "li"), None) is not None
        if not _is_around(heading) and not is_cell and not _is_unseen(heading):
            yield str(heading.text_content())


def _md_headings(content: bytes) -> Iterator[str]:
    text = re.sub(r"\A---\n.*?\n(?:---|\.\.\.)\n", "", as_text(content), flags=re.DOTALL)
    for match in re.finditer(r"^#{1,6} +(.+?) *#*$", _FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"<[^>]*>|!?\[([^\]]*)\]\([^)]*\)|[`*_]", r"\1", match[1])
        yield unescape(plain)


def _odt_headings(content: bytes) -> Iterator[str]:
    for heading in _part(content, "content.xml").iter(f"{_TEXT}h"):
        yield "".join(heading.itertext())


def main_text(content: bytes) -> str:
    """Return the blocks of a web page that are sentences and no lists of links."""
    texts = [
        str(block.text_content())
        for block in _page(content).iter(*_BLOCKS)
        if not _is_around(block)
        and not _is_unseen(block)
        and next(block.iterdescendants(*_BLOCKS, "script", "style", "math"), None) is None
        and _link_share(block) < _MOST_LINKED
    ]
    return "\n".join(text for text in texts if len(text.split()) >= _LEAST_BLOCK_WORDS)


def linked_words(content: bytes) -> Counter[str]:
    """Return the words of a page that are links, or in its menus, heads and feet."""
    page = _page(content)
    around = [one for one in page.iter(*_AROUND) if not _is_around(one.getparent())]
    links = [one for one in page.iter("a") if not _is_around(one)]
    texts = [str(one.text_content()) for one in (*around, *links)]
    return Counter(word for text in texts for word in re.findall(r"[^\W_]+", text.lower()))


def _page(content: bytes) -> "etree._Element":
    return html.document_fromstring(as_text(content).encode(), parser=_PARSER)


def _is_around(node: "etree._Element | None") -> bool:
    return node is not None and any(
        one.tag in _AROUND or one.get("role") in _ROLES for one in (node, *node.iterancestors())
    )


def _is_unseen(node: "etree._Element") -> bool:
    return any(
        one.get("hidden") is not None
        or re.search(r"display:\s*none", str(one.get("style", ""))) is not None
        or one.tag in {"noscript", "template"}
        for one in (node, *node.iterancestors())
    )


def _link_share(node: "etree._Element") -> float:
    whole = len("".join(str(node.text_content()).split()))
    linked = sum(len("".join(str(one.text_content()).split())) for one in node.iter("a"))
    return linked / max(1, whole)


def _part(content: bytes, name: str) -> "etree._Element":
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return etree.fromstring(archive.read(name), parser)


_PARSER = html.HTMLParser(encoding="utf-8")
_ROWS = {
    ".pdf": _pdf_rows,
    ".docx": _docx_rows,
    ".pptx": _pptx_rows,
    ".html": _html_rows,
    ".htm": _html_rows,
    ".csv": _csv_rows,
    ".tsv": _csv_rows,
}
_HEADINGS = {
    ".docx": _docx_headings,
    ".html": _html_headings,
    ".htm": _html_headings,
    ".md": _md_headings,
    ".odt": _odt_headings,
}
