"""Words of a document by extractors that share no code with ours: XML, lxml, pdfminer."""

import re
import zipfile
from collections import Counter
from email import message_from_bytes, policy
from html.parser import HTMLParser
from io import BytesIO
from posixpath import dirname, join, normpath
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from benchmarks.fidelity.decoding import as_text
from benchmarks.fidelity.structure import MOST_PAGES, main_text

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SILENT = {"script", "style", "template", "noscript", "title", "svg", "math"}
_SILENT |= {"iframe", "object", "canvas"}
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "cite",
    "code",
    "dfn",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "mark",
    "q",
    "s",
    "small",
    "span",
}
_INLINE |= {"strong", "tt", "u", "var", "wbr", "time"}
_AROUND = {"nav", "footer", "aside", "header"}


def reference(content: bytes, suffix: str) -> str | None:
    """Return the text of a document; None if there is no other extractor for its format."""
    extract = _EXTRACTORS.get(suffix)
    return None if extract is None else extract(content)


def _docx(content: bytes) -> str:
    root = _part(content, "word/document.xml")
    paragraphs = []
    for paragraph in root.iter(f"{_W}p"):
        words = []
        for node in paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br"):
            is_inner = next(node.iterancestors(f"{_W}p")) is not paragraph
            is_copy = any(str(one.tag).endswith("}Fallback") for one in node.iterancestors())
            is_gone = next(node.iterancestors(f"{_W}del", f"{_W}moveFrom"), None) is not None
            run = next(node.iterancestors(f"{_W}r"), None)
            hidden = run is not None and any(
                run.find(f"{_W}rPr/{_W}{name}") is not None
                for name in ("vanish", "strike", "dstrike")
            )
            if not (is_inner or is_copy or is_gone or hidden):
                words.append(node.text or "" if node.tag == f"{_W}t" else " ")
        paragraphs.append("".join(words))
    return "\n".join(paragraphs)


def _pptx(content: bytes) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = [
            name for name in archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", name)
        ]
    texts = []
    for name in names:
        root = _part(content, name)
        for paragraph in root.iter("{*}p") if root.get("show") != "0" else ():
            nodes = paragraph.iter("{*}t", "{*}br")
            texts += ["".join(node.text or " " for node in nodes)]
    return "\n".join(texts)


def _xlsx(content: bytes) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if "xl/sharedStrings.xml" not in archive.namelist():
            return ""
    strings = _part(content, "xl/sharedStrings.xml").iter("{*}si")
    return "\n".join("".join(node.text or "" for node in one.iter("{*}t")) for one in strings)


def _odt(content: bytes) -> str:
    return "\n".join(
        "".join(one.itertext()) for one in _part(content, "content.xml").iter("{*}p", "{*}h")
    )


def _part(content: bytes, name: str) -> "etree._Element":
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return etree.fromstring(archive.read(name), parser)


class _Visible(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.texts.append("" if tag in _INLINE else " ")
        if tag in _SILENT | _AROUND:
            self._skipped.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.texts.append("" if tag in _INLINE else " ")
        if tag in self._skipped:
            del self._skipped[self._skipped.index(tag) :]

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.texts.append(data)


def _html(content: bytes) -> str:
    reader = _Visible()
    reader.feed(as_text(content))
    return "".join(reader.texts)


def _eml(content: bytes) -> str:
    message = message_from_bytes(content.lstrip(), policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    return "" if body is None else str(body.get_content())


def _epub(content: bytes) -> str:
    """Return the words of all pages, in the order in which the package lists them."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = archive.namelist()
        package = next(name for name in names if name.endswith(".opf"))
        root = _part(content, package)
        files = {item.get("id"): item.get("href") for item in root.iter("{*}item")}
        order = [files.get(one.get("idref")) or "" for one in root.iter("{*}itemref")]
        found = [normpath(join(dirname(package), unquote(href))) for href in order if href]
        return "\n".join(_html(archive.read(name)) for name in found if name in names)


def _rtf(content: bytes) -> str:
    """Return the words of rich text without its control words."""
    text = content.decode("latin-1")
    text = re.sub(r"\{\\(?:fonttbl|colortbl|stylesheet|info|\*)(?:[^{}]|\{[^{}]*\})*\}", " ", text)
    text = re.sub(r"\\'([0-9a-f]{2})", lambda one: bytes.fromhex(one[1]).decode("cp1252"), text)
    text = re.sub(r"\\(?:par|line|cell|row|tab)\b ?", "\n", text)
    return re.sub(r"\\[a-z]+-?\d* ?|[{}]", "", text)


def _rst(content: bytes) -> str:
    """Return the lines without the marks of the format."""
    lines = [
        line for line in as_text(content).split("\n") if not re.match(r"\s*(?:\.\. |:\w+:)", line)
    ]
    text = re.sub(r":[\w:]+:`([^`<]+)[^`]*`|`([^`<]+)<[^`>]*>`_+", r"\1\2", "\n".join(lines))
    return re.sub(r"^[=\-~^\"*+#.'`]{3,}$|[*`|]", " ", text, flags=re.MULTILINE)


def pages_of(content: bytes, suffix: str) -> list[str]:
    """Return the words of each page of a PDF or a presentation; nothing for other formats."""
    if suffix == ".pdf":
        import pdfplumber  # noqa: PLC0415  it takes a second, and only PDFs need it

        with pdfplumber.open(BytesIO(content)) as document:
            return [page.extract_text() or "" for page in document.pages[:MOST_PAGES]]
    return []


def _pdf(content: bytes) -> str:
    import pdfplumber  # noqa: PLC0415  it takes a second, and only PDFs need it

    with pdfplumber.open(BytesIO(content)) as document:
        pages = [page.extract_text() or "" for page in document.pages[:MOST_PAGES]]
    lines = Counter(_bare(line) for page in pages for line in set(page.split("\n")))
    # Running heads and page numbers are left out on purpose
    running = {line for line, count in lines.items() if count > 1 and count >= len(pages) / 3}
    kept = [line for page in pages for line in page.split("\n") if _bare(line) not in running]
    return re.sub(r"\(cid:\d+\)", "", "\n".join(kept))  # letters that pdfminer cannot read


def _bare(line: str) -> str:
    return re.sub(r"\d+", "#", "".join(line.split()))


_EXTRACTORS = {
    ".docx": _docx,
    ".pptx": _pptx,
    ".xlsx": _xlsx,
    ".odt": _odt,
    ".html": main_text,
    ".htm": main_text,
    ".eml": _eml,
    ".md": as_text,
    ".txt": as_text,
    ".csv": as_text,
    ".tsv": as_text,
    ".rst": _rst,
    ".epub": _epub,
    ".rtf": _rtf,
    ".yaml": as_text,
    ".sql": as_text,
    ".py": as_text,
    ".pdf": _pdf,
}
