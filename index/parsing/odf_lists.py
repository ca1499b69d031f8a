"""Read the lists of OpenDocument texts: the levels of their items, and the numbers before them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.parsing.odf_text import TEXT, OdfReader
from footnote_qa.index.parsing.parts import xml_part

_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_WORDS = frozenset({f"{TEXT}p", f"{TEXT}h"})
_HEADER = f"{TEXT}list-header"

_Place = tuple[str, int]
"""The name of a list's style, and the level from 1."""


@dataclass(slots=True)
class OdfLists:
    """Writes the lists of one document as lines, in the order of the document.

    Attributes:
        reader: Reads their words.
        starts: The first number of each numbered level; other levels have bullets.
    """

    reader: OdfReader
    starts: Mapping[_Place, int] = field(default_factory=dict)
    _next: dict[_Place, int] = field(default_factory=dict)

    def lines(self, items: etree._Element, *, style: str = "", depth: int = 0) -> Iterator[str]:
        """Yield the items of a list and those of the lists within it; *style* is the outer one."""
        place = str(items.get(f"{TEXT}style-name", style)), depth + 1
        if items.get(f"{TEXT}continue-numbering") != "true":
            self._next[place] = self.starts.get(place, 1)
        for item in items:
            self._next[place] = _value(item, "start-value", self._next.get(place, 1))
            mark = "" if item.tag == _HEADER else self._mark(place)
            for node in item:
                if node.tag == f"{TEXT}list":
                    yield from self.lines(node, style=place[0], depth=depth + 1)
                elif node.tag in _WORDS and (words := self.reader.words(node)):
                    yield f"{'  ' * depth}{mark}{' '.join(words.split())}"
                    mark = " " * len(mark)  # further paragraphs are below the first

    def _mark(self, place: _Place) -> str:
        if place not in self.starts:
            return "- "
        self._next[place] += 1
        return f"{self._next[place] - 1}. "


def odf_lists(reader: OdfReader, content: etree._Element) -> OdfLists:
    """Return what writes the lists of a document."""
    archive = reader.archive
    roots = [xml_part(archive, "styles.xml")] if "styles.xml" in archive.namelist() else []
    starts = {
        (str(style.get(f"{_STYLE}name")), _value(level, "level", 1)): _value(
            level, "start-value", 1
        )
        for root in [*roots, content]
        for style in root.iter(f"{TEXT}list-style")
        for level in style.iterfind(f"{TEXT}list-level-style-number")
        if level.get(f"{_STYLE}num-format")
    }
    return OdfLists(reader, starts)


def _value(node: etree._Element, name: str, default: int) -> int:
    text = str(node.get(f"{TEXT}{name}", ""))
    return int(text) if text.isdecimal() else default
