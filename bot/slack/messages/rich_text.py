"""Convert the Markdown of an answer to Slack rich text, in which Slack reads no markup."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from footnote_qa.bot.slack.messages.elements import Block
from footnote_qa.bot.slack.messages.texts import inert
from footnote_qa.bot.types import LABEL

MAX_ROWS: Final = 100
MAX_COLUMNS: Final = 20
MAX_TABLE_CHARS: Final = 4000

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("reference")
_YEARS: Final = 100
"""A line that begins with a higher number is a sentence and not an item."""
_STYLES: Final = {"strong": "bold", "em": "italic"}

Place = tuple[int, int]

# Noncharacters, which never have a meaning; to Markdown they are ordinary letters
_OPENS, _CLOSES = "\ufdd0", "\ufdd1"
_MARK = re.compile(f"([{_OPENS}{_CLOSES}])")
_JOINERS = frozenset("\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text in one style.

    Attributes:
        styles: Any of bold, italic and code.
    """

    text: str
    styles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A paragraph, a list item, a piece of code or a table.

    Attributes:
        kind: "text", "item", "code" or "table".
        indent: How deep an item is.
        number: Of an item of a numbered list.
        rows: Of a table, its head first.
    """

    kind: str
    pieces: tuple[Piece, ...] = ()
    indent: int = 0
    number: int | None = None
    rows: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def chars(self) -> int:
        """Length of its text."""
        in_rows = sum(len(cell) for row in self.rows for cell in row)
        return in_rows + sum(len(piece.text) for piece in self.pieces)


def parts(markdown: str, bold: Sequence[Place] = ()) -> list[Part]:
    r"""Split an answer into parts that contain all of its words, except the URLs of links.

    Args:
        markdown: The answer.
        bold: Ranges to make bold, as (start, end), in order and without overlap. A range that
            would change how the rest is parsed is left out.

    >>> [(p.kind, p.pieces[0].text) for p in parts("Yes [1].\n\n- one\n- two")]
    [('text', 'Yes [1].'), ('item', 'one'), ('item', 'two')]
    >>> [(piece.text, *piece.styles) for piece in parts("In 30 days.", [(3, 10)])[0].pieces]
    [('In ',), ('30 days', 'bold'), ('.',)]
    """
    unmarked = _taken_apart(markdown)
    if _MARK.search(markdown):
        return unmarked
    kept: list[Place] = []
    for place in bold:
        if _is_word(markdown, place) and _is_harmless(markdown, [*kept, place], unmarked):
            kept.append(place)
    if not kept:
        return unmarked
    return [_emboldened(part) for part in _taken_apart(_marked(markdown, kept))]


def _taken_apart(markdown: str) -> list[Part]:
    tree = SyntaxTreeNode(_PARSER.parse(markdown))
    return [part for node in tree.children for part in _parts(node, markdown, 0)]


def _marked(markdown: str, places: Sequence[Place]) -> str:
    for start, end in reversed(places):
        words = markdown[start:end]
        markdown = f"{markdown[:start]}{_OPENS}{words}{_CLOSES}{markdown[end:]}"
    return markdown


def _is_harmless(markdown: str, places: Sequence[Place], unmarked: list[Part]) -> bool:
    """Return whether the marks change nothing else in how the text is parsed."""
    tried = _taken_apart(_marked(markdown, places))
    marks = sum(len(_MARK.findall(piece.text)) for part in tried for piece in part.pieces)
    return marks == 2 * len(places) and [_without_marks(part) for part in tried] == unmarked


def _is_word(markdown: str, place: Place) -> bool:
    """Return whether a range is on one line, without a label, and splits no marks from letters."""
    start, end = place
    if "\n" in markdown[start:end] or not markdown[start:end].strip():
        return False
    if any(label.start() < end and label.end() > start for label in LABEL.finditer(markdown)):
        return False
    edges = (markdown[max(start - 1, 0) : start], markdown[end - 1 : end])
    beyond = (markdown[start : start + 1], markdown[end : end + 1])
    return not (_JOINERS.intersection(edges) or any(map(_leans, beyond)))


def _leans(character: str) -> bool:
    """Return whether a character belongs to the one before it, such as a combining accent."""
    is_mark = bool(character) and unicodedata.category(character).startswith("M")
    return is_mark or character in _JOINERS


def _without_marks(part: Part) -> Part:
    pieces = tuple(replace(piece, text=_MARK.sub("", piece.text)) for piece in part.pieces)
    return replace(part, pieces=pieces, rows=_rows_without_marks(part))


def _emboldened(part: Part) -> Part:
    """Make the text between the marks bold and remove the marks."""
    pieces: list[Piece] = []
    is_bold = False
    for piece in part.pieces:
        for run in _MARK.split(piece.text):
            if run in {_OPENS, _CLOSES}:
                is_bold = run == _OPENS
            elif run:
                pieces.append(Piece(run, piece.styles | {"bold"} if is_bold else piece.styles))
    return replace(part, pieces=tuple(pieces), rows=_rows_without_marks(part))


def _rows_without_marks(part: Part) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_MARK.sub("", cell) for cell in row) for row in part.rows)


def _parts(node: SyntaxTreeNode, markdown: str, depth: int) -> Iterator[Part]:
    if node.type in {"fence", "code_block"}:
        yield Part(kind="code", pieces=(Piece(node.content.rstrip("\n")),))
    elif node.type == "table":
        yield _table(node)
    elif node.type == "bullet_list" or (node.type == "ordered_list" and _first(node) < _YEARS):
        yield from _items(node, markdown, depth)
    elif node.type in {"paragraph", "heading"}:
        styles = frozenset({"bold"} if node.type == "heading" else ())
        yield Part(kind="text", pieces=tuple(_pieces(node.children[0], styles)))
    elif node.map is not None:
        # "1986. What a year!" is no list, although Markdown reads it as one
        first, end = node.map
        text = "\n".join(markdown.split("\n")[first:end]).strip("\n")
        yield Part(kind="text", pieces=(Piece(text),))


def _items(node: SyntaxTreeNode, markdown: str, depth: int) -> Iterator[Part]:
    start = None if node.type == "bullet_list" else _first(node)
    for at, item in enumerate(node.children):
        number = None if start is None else start + at
        if start is not None and item.info.isdigit():
            number = int(item.info)  # a step that was left out leaves its number out
        if not item.children and number is not None:
            # Nobody would see the number of an item without words
            yield Part(kind="text", pieces=(Piece(f"{number}."),))
        for child in item.children:
            for part in _parts(child, markdown, depth + 1):
                is_text = part.kind == "text"
                yield replace(part, kind="item", indent=depth, number=number) if is_text else part


def _first(node: SyntaxTreeNode) -> int:
    return int(node.attrs.get("start", 1))


def _table(node: SyntaxTreeNode) -> Part:
    rows = [row for section in node.children for row in section.children]
    cells = tuple(
        tuple(
            "".join(p.text for p in _pieces(cell.children[0], frozenset())) for cell in r.children
        )
        for r in rows
    )
    return Part(kind="table", rows=cells)


def _pieces(node: SyntaxTreeNode, styles: frozenset[str]) -> Iterator[Piece]:
    if node.type in _STYLES and node.markup.startswith("*"):
        styles |= {_STYLES[node.type]}
    elif node.type in _STYLES:  # names such as __init__ are not emphasis
        yield Piece(node.markup, styles)
    if node.type == "code_inline":
        yield Piece(node.content, styles | {"code"})
    elif node.type in {"softbreak", "hardbreak"}:
        yield Piece("\n", styles)
    elif node.type == "link" and node.children and node.children[0].content.isdigit():
        yield Piece("[", styles)  # a label followed by brackets, not a link
    elif not node.children and node.content:
        yield Piece(node.content, styles)
    for child in node.children:
        yield from _pieces(child, styles)
    yield from _closing(node, styles)


def _closing(node: SyntaxTreeNode, styles: frozenset[str]) -> Iterator[Piece]:
    if node.type in _STYLES and not node.markup.startswith("*"):
        yield Piece(node.markup, styles)
    if node.type == "link" and node.children and node.children[0].content.isdigit():
        yield Piece(f"]({node.attrs['href']})", styles)


def text_elements(pieces: Sequence[Piece]) -> list[Block]:
    """Return the elements of a section, without empty pieces, which Slack refuses."""
    return [_element(piece) for piece in pieces if inert(piece.text)]


def _element(piece: Piece) -> Block:
    element: Block = {"type": "text", "text": inert(piece.text)}
    return (
        element | {"style": dict.fromkeys(sorted(piece.styles), True)} if piece.styles else element
    )


def code_element(pieces: Sequence[Piece]) -> Block:
    """Return a box of code."""
    return {
        "type": "rich_text_preformatted",
        "elements": text_elements([Piece(piece.text) for piece in pieces])
        or [_element(Piece(" "))],
    }


def item_element(part: Part) -> Block:
    """Return a list of one item."""
    section = {"type": "rich_text_section", "elements": text_elements(part.pieces)}
    made: Block = {
        "type": "rich_text_list",
        "style": "bullet" if part.number is None else "ordered",
        "indent": min(part.indent, 8),
        "elements": [section],
    }
    return made | {"offset": part.number - 1} if part.number and part.number > 1 else made


def joined_lists(elements: Iterable[Block]) -> list[Block]:
    """Return the elements with the items that follow each other in one list."""
    made: list[Block] = []
    for element in elements:
        before = made[-1] if made else {}
        if not _continues(before, element):
            made.append(element)
            continue
        made[-1] = before | {"elements": [*_items_of(before), *_items_of(element)]}
    return made


def _continues(before: Block, element: Block) -> bool:
    if not (before.get("type") == element["type"] == "rich_text_list"):
        return False
    if (before["style"], before["indent"]) != (element["style"], element["indent"]):
        return False
    following = _offset(before) + len(_items_of(before))
    return element["style"] == "bullet" or _offset(element) == following


def _offset(element: Block) -> int:
    offset = element.get("offset", 0)
    return offset if isinstance(offset, int) else 0


def _items_of(element: Block) -> list[object]:
    items = element["elements"]
    return items if isinstance(items, list) else []


def is_showable(table: Part) -> bool:
    """Return whether Slack accepts the table as a table block."""
    sized = 0 < len(table.rows) <= MAX_ROWS and len(table.rows[0]) <= MAX_COLUMNS
    return sized and table.chars <= MAX_TABLE_CHARS


def table_block(table: Part) -> Block:
    """Return a table block."""
    rows = [
        [{"type": "raw_text", "text": inert(cell) or " "} for cell in row] for row in table.rows
    ]
    return {"type": "table", "rows": rows}


def table_text(table: Part) -> str:
    """Return a table as lines of text, for where no table can be shown."""
    return "\n".join(" | ".join(row) for row in table.rows)
