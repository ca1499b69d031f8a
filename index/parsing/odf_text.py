"""Read the words of OpenDocument paragraphs: only what is shown, with formulas and readings."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, Tag
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.html_math import math_text
from footnote_qa.index.parsing.odf_styles import OdfStyle, OdfStyles
from footnote_qa.index.parsing.parts import xml_root
from footnote_qa.index.parsing.scripts import lowered, raised

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_HREF = "{http://www.w3.org/1999/xlink}href"

# Inside a paragraph, but read separately from it.
APART = (f"{TEXT}note", f"{DRAW}text-box")
LEFT_OUT = frozenset(
    {
        f"{TEXT}tracked-changes",
        f"{TEXT}sequence-decls",
        f"{OFFICE}annotation",
        f"{TEXT}note-citation",
        f"{TEXT}hidden-text",
    }
)
_SPACES = {f"{TEXT}tab": " ", f"{TEXT}line-break": "\n", f"{TEXT}s": " "}
_PLAIN = OdfStyle()
_NEAR = 40  # characters before a raised word that matter


@dataclass(slots=True)
class OdfReader:
    """Reads the words of one document.

    Attributes:
        archive: The document.
        styles: Its styles.
    """

    archive: zipfile.ZipFile
    styles: OdfStyles = field(default_factory=dict)

    def style_of(self, node: etree._Element, kind: str = TEXT) -> OdfStyle:
        """Return the style of an element; *kind* is the namespace of its attribute."""
        return self.styles.get(str(node.get(f"{kind}style-name")), _PLAIN)

    def is_hidden(self, node: etree._Element) -> bool:
        """Return whether a paragraph, a section or a table is not shown."""
        if node.get(f"{TEXT}display") == "none":
            return True
        return any(self.style_of(node, kind).is_unshown for kind in (TEXT, TABLE, DRAW))

    def words(self, node: etree._Element) -> str:
        """Return the words of a paragraph, without the notes and boxes inside it."""
        if self.is_hidden(node):
            return ""
        lines = self._inside(node, "").split("\n")
        return "\n".join(" ".join(line.split()) for line in lines)

    def paragraphs(self, node: etree._Element) -> Iterator[str]:
        """Yield the words of each paragraph below *node*."""
        for paragraph in node.iter(f"{TEXT}p", f"{TEXT}h"):
            if words := self.words(paragraph):
                yield words

    def root_of(self, frame: etree._Element) -> etree._Element | None:
        """Return what is embedded in a frame, such as a chart; None if it is kept elsewhere."""
        name = str(frame.get(_HREF, "")).removeprefix("./")
        if f"{name}/content.xml" not in self.archive.namelist():
            return None
        try:
            return xml_root(self.archive.read(f"{name}/content.xml"))
        except etree.XMLSyntaxError:
            return None

    def _inside(self, node: etree._Element, before: str) -> str:
        """Return the words within a node; *before* is what is written before them."""
        told = " ".join((node.text or "").splitlines())
        for child in node:
            tail = " ".join((child.tail or "").splitlines())
            told += self._child(child, (before + told[-_NEAR:])[-_NEAR:], after=tail) + tail
        return told

    def _child(self, child: etree._Element, before: str, *, after: str) -> str:
        if child.tag in _SPACES:
            return _SPACES[child.tag]
        style = self.style_of(child)
        is_apart = not isinstance(child.tag, str) or child.tag in LEFT_OUT | {*APART}
        if is_apart or style.is_unshown:
            return ""
        if child.tag == f"{DRAW}object":
            return self._formula(child)
        words = self._inside(child, before)
        if child.tag == f"{TEXT}ruby-text" and words:
            return f"({words})"
        if style.script == "super":
            return raised(words, before=before)
        return lowered(words, before=before, after=after) if style.script == "sub" else words

    def _formula(self, frame: etree._Element) -> str:
        root = self.root_of(frame)
        if root is None or etree.QName(root).localname != "math":
            return ""
        math = BeautifulSoup(etree.tostring(root), "html.parser").find(
            lambda tag: tag.name.rpartition(":")[2] == "math"
        )
        return f" {math_text(math)} " if isinstance(math, Tag) else ""
