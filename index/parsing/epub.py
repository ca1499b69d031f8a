"""Parse EPUB books: pages in reading order, converted from HTML to Markdown."""

import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing import html
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.guard import open_archive
from footnote_qa.index.parsing.parts import core_title, xml_part
from footnote_qa.index.types import Parsed, ProblemKind

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html"})


def parse(content: bytes) -> Parsed:
    """Return the text of the book *content* in reading order.

    Raises:
        UnreadableDocumentError: ENCRYPTED, BROKEN, UNSAFE or TOO_BIG.
    """
    with open_archive(content) as archive:
        package = _package(archive)
        locked = _locked(archive)
        blocks = Blocks()
        for name in _spine(archive, package):
            if name in locked:
                raise UnreadableDocumentError(ProblemKind.ENCRYPTED, "the book is copy-protected")
            blocks.add_parsed(html.parse(archive.read(name), is_page=False))
        return blocks.parsed(core_title(archive, package) or blocks.first_heading())


def _package(archive: zipfile.ZipFile) -> str:
    """Return the name of the part that lists all other parts."""
    for node in _named(xml_part(archive, _CONTAINER), "rootfile"):
        name = str(node.get("full-path", ""))
        if name in archive.namelist():
            return name
    raise UnreadableDocumentError(ProblemKind.BROKEN, "the book has no list of its parts")


def _spine(archive: zipfile.ZipFile, package: str) -> Iterator[str]:
    root = xml_part(archive, package)
    folder = posixpath.dirname(package)
    names = {
        node.get("id"): posixpath.normpath(posixpath.join(folder, unquote(node.get("href", ""))))
        for node in _named(root, "item")
        if node.get("media-type") in _PAGES
    }
    present = set(archive.namelist())
    for node in _named(root, "itemref"):
        name = names.get(node.get("idref"))
        if name in present:
            yield name


def _locked(archive: zipfile.ZipFile) -> set[str]:
    if _ENCRYPTION not in archive.namelist():
        return set()
    references = _named(xml_part(archive, _ENCRYPTION), "CipherReference")
    return {unquote(node.get("URI", "")) for node in references}


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    yield from root.iter(f"{{*}}{name}")
