"""Word documents by mammoth, and what it leaves out: text boxes, headers, footers, notes."""

import zipfile
from collections.abc import Iterator
from io import BytesIO

import mammoth
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from index.errors import UnreadableDocumentError
from index.parsing import html
from index.parsing.guard import ZIP_MAGIC, open_archive
from index.parsing.signature import OLE_MAGIC
from index.parsing.text import clean
from index.types import Heading, Parsed, ProblemKind

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")

_HEAD_PARTS = ("word/header",)
_TAIL_PARTS = ("word/footnotes", "word/endnotes", "word/footer")


def parse(content: bytes) -> Parsed:
    """Return the text of the document *content* as Markdown.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSAFE or TOO_BIG.
    """
    if not content.startswith(ZIP_MAGIC):
        raise _not_a_document(content)
    with open_archive(content) as archive:
        _check_parts(archive)
        body = html.render(_to_html(content))
        return _with_missed(body, archive)


def _not_a_document(content: bytes) -> UnreadableDocumentError:
    if not content.startswith(OLE_MAGIC):
        return UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says docx, the content is not; save it anew from Word"
        )
    if _ENCRYPTED_STREAM in content:
        return UnreadableDocumentError(
            ProblemKind.ENCRYPTED, "it is encrypted; save it without a password"
        )
    return UnreadableDocumentError(
        ProblemKind.BROKEN, "the name says docx, the content is an older format; save it as docx"
    )


def _check_parts(archive: zipfile.ZipFile) -> None:
    if not any(name.startswith("word/") for name in archive.namelist()):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says docx, the archive holds no Word document"
        )


def _to_html(content: bytes) -> str:
    try:
        result = mammoth.convert_to_html(
            BytesIO(content), style_map=_STYLES, convert_image=lambda _: []
        )
    except (KeyError, zipfile.BadZipFile) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "a part of the Word document is missing or damaged; save it anew"
        ) from error
    return str(result.value)


def _with_missed(body: Parsed, archive: zipfile.ZipFile) -> Parsed:
    """Put headers in front of *body*, and text boxes, notes and footers behind it."""
    seen = _Seen(body.text)
    head = [text for text in _part_paragraphs(archive, _HEAD_PARTS) if seen.is_new(text)]
    tail = [text for text in _text_boxes(archive) if seen.is_new(text)]
    tail += [text for text in _part_paragraphs(archive, _TAIL_PARTS) if seen.is_new(text)]
    before = "".join(f"{text}\n\n" for text in head)
    after = "".join(f"\n\n{text}" for text in tail)
    headings = tuple(
        Heading(start=heading.start + len(before), level=heading.level, text=heading.text)
        for heading in body.headings
    )
    return Parsed(text=(before + body.text + after).rstrip(), title=body.title, headings=headings)


class _Seen:
    """The paragraphs met so far, whatever their spaces and mark-up."""

    def __init__(self, text: str) -> None:
        self._body = _letters(text)
        self._added: set[str] = set()

    def is_new(self, text: str) -> bool:
        letters = _letters(text)
        if not letters or letters in self._added or letters in self._body:
            return False
        self._added.add(letters)
        return True


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _part_paragraphs(archive: zipfile.ZipFile, prefixes: tuple[str, ...]) -> Iterator[str]:
    for prefix in prefixes:
        for name in sorted(archive.namelist()):
            if name.startswith(prefix) and name.endswith(".xml"):
                yield from _paragraphs(_xml(archive, name))


def _text_boxes(archive: zipfile.ZipFile) -> Iterator[str]:
    if "word/document.xml" not in archive.namelist():
        return
    for box in _xml(archive, "word/document.xml").iter(f"{_W}txbxContent"):
        # Old programs get a copy of the same box as a fallback.
        if next(box.iterancestors(_FALLBACK), None) is None:
            yield from _paragraphs(box)


def _xml(archive: zipfile.ZipFile, name: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(archive.read(name), parser)
    except (etree.XMLSyntaxError, zipfile.BadZipFile) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, f"its part {name} is damaged; open it in Word and save it anew"
        ) from error


def _paragraphs(root: etree._Element) -> Iterator[str]:
    for paragraph in root.iter(f"{_W}p"):
        # Deleted text is in w:delText, so it is not among these.
        nodes = paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br")
        texts = ["".join(node.itertext()) if node.tag == f"{_W}t" else " " for node in nodes]
        text = " ".join(clean("".join(texts)).split())
        if text:
            yield text
