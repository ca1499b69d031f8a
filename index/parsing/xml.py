"""Parse XML: headings and paragraphs of documents, and values of data under their paths."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.html import render
from footnote_qa.index.parsing.parts import xml_root
from footnote_qa.index.parsing.tables import tables
from footnote_qa.index.types import Parsed, ProblemKind

_TITLES = frozenset({"title", "head", "heading", "caption"})
_CODE = frozenset({"programlisting", "screen", "code", "codeblock", "literallayout", "synopsis"})
_ITEMS = frozenset({"listitem", "item", "li"})
_ROWS = frozenset({"row", "tr"})
_HIDDEN = frozenset({"style", "script", "indexterm", "remark"})
_MARKUP = re.compile(r"<(?:p|br|div|b|i|a|ul|li|h[1-6])\b[^>]*>", re.IGNORECASE)
_RECORDS = frozenset({"item", "entry", "record", "row"})  # in them, a title is a value
_PARAGRAPHS = frozenset({"p", "para", "simpara", "shortdesc"})
_MOST_LEVELS = 6
_MOST_CONTEXT = 3
_LONG = 200  # characters of a value that is a paragraph of its own
_ID = re.compile(r"xmlns|schemaLocation|(?:xml:)?(?:id|space|base)$")


def parse(content: bytes) -> Parsed:
    """Return the texts, values and attributes of *content*.

    Raises:
        UnreadableDocumentError: BROKEN if it is not well-formed XML.
    """
    try:
        root = xml_root(content.lstrip())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "it is not well-formed XML; fix it or save it as text"
        ) from error
    blocks = Blocks()
    writer = _Writer(blocks)
    writer.add(root, (), 0)
    writer.flush()
    title = next((_words(node) for node in root.iter("{*}title") if _words(node)), None)
    return blocks.parsed(title or blocks.first_heading())


class _Writer:
    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._lines: list[str] = []

    def add(self, node: etree._Element, path: Sequence[str], level: int) -> None:
        """Add an element and everything below it.

        Args:
            node: The element.
            path: Names of the elements above it that have no title, without the outermost.
            level: How many titles are above it.
        """
        if not isinstance(node.tag, str) or _name(node) in _HIDDEN:
            return
        children = [child for child in node if isinstance(child.tag, str)]
        if _name(node) in _CODE:
            self.flush()
            self._blocks.add(fenced("".join(_texts(node)).strip("\n")))
        elif _is_table(node):
            self.flush()
            for part in tables([[_words(cell) for cell in row] for row in _rows(node)]):
                self._blocks.add(part)
        elif not children or _is_text(node):
            self._add_text(node, path)
        else:
            self._add_parts(node, children, path, level)

    def flush(self) -> None:
        """End the paragraph."""
        self._blocks.add("\n".join(self._lines))
        self._lines = []

    def _add_parts(  # noqa: PLR0917  where an element is
        self,
        node: etree._Element,
        children: list[etree._Element],
        path: Sequence[str],
        level: int,
    ) -> None:
        is_outermost = node.getparent() is None
        within = () if is_outermost else (*path, _name(node))
        title = next((_words(one) for one in children[:2] if _name(one) in _TITLES), "")
        is_section = title and level < _MOST_LEVELS and _name(node) not in _RECORDS
        if is_section:
            self.flush()
            level += 1
            self._blocks.heading(level, title)
            within = ()
            children = [one for one in children if _words(one) != title]
        self._lines += _attributes(node, within or (_name(node),))
        is_list = len({_name(child) for child in children}) < len(children) > 1
        for child in children:
            if is_list and len(child):
                self.flush()
            self.add(child, within, level)
        if is_section or is_list or len(within) <= 1:
            self.flush()

    def _add_text(self, node: etree._Element, path: Sequence[str]) -> None:
        text = _words(node)
        if _MARKUP.search(text):  # feeds hold pages of HTML as texts
            text = render(text).text
        within = (*path, _name(node))
        if _name(node) in _ITEMS:
            self._lines.append(f"- {text}")
        elif len(text) > _LONG or _name(node) in _PARAGRAPHS:
            self.flush()
            self._blocks.add(text)
        elif text:
            self._lines.append(f"{'.'.join(within[-_MOST_CONTEXT:])}: {text}")
        self._lines += _attributes(node, within)


def _name(node: etree._Element) -> str:
    return str(etree.QName(node).localname)


def _words(node: etree._Element) -> str:
    return " ".join("".join(_texts(node)).split())


def _texts(node: etree._Element) -> Iterator[str]:
    """Yield the texts in an element; comments and what could not be resolved are none."""
    if node.text:
        yield str(node.text)
    for child in node:
        if isinstance(child.tag, str):
            yield from _texts(child)
        if child.tail:
            yield str(child.tail)


def _is_text(node: etree._Element) -> bool:
    """Return whether an element mixes words with other elements, as a paragraph does."""
    texts = [node.text, *[child.tail for child in node]]
    return any(text and text.strip() for text in texts)


def _is_table(node: etree._Element) -> bool:
    return _name(node) in {"tgroup", "table", "informaltable", "simpletable"} and any(_rows(node))


def _rows(node: etree._Element) -> Iterator[list[etree._Element]]:
    for row in node.iter():
        if isinstance(row.tag, str) and (_name(row) in _ROWS or _name(row).endswith("row")):
            yield [cell for cell in row if isinstance(cell.tag, str)]


def _attributes(node: etree._Element, path: Sequence[str]) -> list[str]:
    prefix = ".".join(path[-_MOST_CONTEXT:])
    return [
        f"{prefix}.{etree.QName(key).localname}: {value}"
        for key, value in node.attrib.items()
        if value.strip() and not _ID.match(str(key)) and prefix
    ]
