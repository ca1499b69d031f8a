"""Parse Word documents with mammoth, adding text boxes, headers, footers, notes and charts."""

import zipfile
from collections.abc import Iterator
from io import BytesIO

import mammoth
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import html
from footnote_qa.index.parsing.charts import chart_texts
from footnote_qa.index.parsing.docx_body import prepared
from footnote_qa.index.parsing.parts import open_office, picture_words, xml_part
from footnote_qa.index.parsing.text import clean
from footnote_qa.index.types import Heading, Parsed, ProblemKind

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"

_HEAD_PARTS = ("word/header",)
_TAIL_PARTS = ("word/footnotes", "word/endnotes", "word/footer")


def parse(content: bytes) -> Parsed:
    """Return the text of the document *content* as Markdown.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSUPPORTED, UNSAFE or TOO_BIG.
    """
    with open_office(content, "docx", holds="word/") as archive:
        body = html.render(_to_html(prepared(archive)))
        return _with_missed(body, archive)


def _to_html(content: bytes) -> str:
    try:
        result = mammoth.convert_to_html(
            BytesIO(content),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(_described),
        )
    except (KeyError, zipfile.BadZipFile) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "a part of the Word document is missing or damaged; save it again"
        ) from error
    return str(result.value)


def _described(image: mammoth.documents.Image) -> dict[str, str]:
    return {"alt": picture_words(image.alt_text or "")}


def _with_missed(body: Parsed, archive: zipfile.ZipFile) -> Parsed:
    """Put headers before *body*, and text boxes, notes and footers after it."""
    seen = _Seen(body.text)
    head = [text for text in _part_paragraphs(archive, _HEAD_PARTS) if seen.is_new(text)]
    tail = [text for text in _text_boxes(archive) if seen.is_new(text)]
    tail += [text for text in _part_paragraphs(archive, _TAIL_PARTS) if seen.is_new(text)]
    tail += [*_charts(archive), *_comments(archive)]
    before = "".join(f"{text}\n\n" for text in head)
    after = "".join(f"\n\n{text}" for text in tail)
    headings = tuple(
        Heading(start=heading.start + len(before), level=heading.level, text=heading.text)
        for heading in body.headings
    )
    return Parsed(text=(before + body.text + after).rstrip(), title=body.title, headings=headings)


class _Seen:
    """The paragraphs found so far, compared without spaces and markup."""

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
                yield from _paragraphs(xml_part(archive, name))


def _text_boxes(archive: zipfile.ZipFile) -> Iterator[str]:
    if "word/document.xml" not in archive.namelist():
        return
    for box in xml_part(archive, "word/document.xml").iter(f"{_W}txbxContent"):
        # For old programs, the file holds a copy of the same box as a fallback.
        if next(box.iterancestors(_FALLBACK), None) is None:
            yield from _paragraphs(box)


def _charts(archive: zipfile.ZipFile) -> Iterator[str]:
    for name in sorted(archive.namelist()):
        if name.startswith("word/charts/chart") and name.endswith(".xml"):
            yield from chart_texts(xml_part(archive, name))


def _comments(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the comments, which belong to the document but are not part of its text."""
    if "word/comments.xml" not in archive.namelist():
        return
    for comment in xml_part(archive, "word/comments.xml").iter(f"{_W}comment"):
        words = " ".join(_paragraphs(comment))
        if words:
            yield f"Comment by {comment.get(f'{_W}author') or 'somebody'}: {words}"


def _paragraphs(root: etree._Element) -> Iterator[str]:
    for paragraph in root.iter(f"{_W}p"):
        # Deleted text is in w:delText, so it is not among these.
        nodes = paragraph.iter(f"{_W}t", f"{_W}tab", f"{_W}br")
        texts = ["".join(node.itertext()) if node.tag == f"{_W}t" else " " for node in nodes]
        text = " ".join(clean("".join(texts)).split())
        if text:
            yield text
