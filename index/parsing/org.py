"""Parse Org files and convert them to Markdown: headings, lists, tables, blocks of code."""

import re
from collections.abc import Iterator
from itertools import takewhile

from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.tables import captioned, tables
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_HEADING = re.compile(r"(\*+)\s+(\S.*)$")
_STATE = re.compile(r"^(?:TODO|DONE|NEXT|WAITING)\s+|\[#\w\]\s*")
_TAGS = re.compile(r"\s+:[\w@#%:]+:\s*$")
_KEYWORD = re.compile(r"\s*#\+(\w+)(?:\[[^\]]*\])?:\s*(.*)$", re.IGNORECASE)
_BEGIN = re.compile(r"\s*#\+begin_(\w+)\s*(\S*).*$", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:[\w-]+:\s*$")
_SECRET_DRAWERS = re.compile(r"\s*:(?:PROPERTIES|LOGBOOK):\s*$", re.IGNORECASE)
_LINK = re.compile(r"\[\[([^\]]{1,1000})\](?:\[([^\]]{1,1000})\])?\]")
_MARKED = re.compile(r"(?<![\w*/=~+])([*/=~+])(?=\S)([^\n]{0,500}?\S)\1(?![\w*/=~+])")
_ITEM = re.compile(r"(\s*)([-+]|\d+[.)])\s+(?:\[@\d+\]\s*)?(.*)$")
_TERM = re.compile(r"(.+?)\s+::\s*(.*)$")
_ROW = re.compile(r"\s*\|")
_RULE = re.compile(r"\s*\|[-+|]+\s*$")
_FIXED = re.compile(r"\s*:(?:\s|$)")
_CODE = frozenset({"src", "example", "export"})
_SHOWN = frozenset({"author", "date", "description"})


def parse(content: bytes) -> Parsed:
    """Return the text of *content* as Markdown; drawers of properties and comments are left out."""
    reader = _Reader(clean(decode(content)).split("\n"))
    reader.read()
    return reader.blocks.parsed(reader.title)


class _Reader:
    """Reads the lines of a file."""

    def __init__(self, lines: list[str]) -> None:
        self.blocks = Blocks()
        self.title: str | None = None
        self._lines = lines
        self._caption = ""

    def read(self) -> None:
        """Add all blocks."""
        at = 0
        while at < len(self._lines):
            at = self._next(at)

    def _next(self, at: int) -> int:
        """Add what begins at a line, and return the line after it."""
        line = self._lines[at]
        if (begin := _BEGIN.match(line)) is not None:
            end = _end_of(self._lines, at, begin[1])
            self._add_block(begin, self._lines[at + 1 : end])
            return end + 1
        if _SECRET_DRAWERS.match(line):
            return _after_drawer(self._lines, at)
        if (keyword := _KEYWORD.match(line)) is not None:
            self._keep(keyword[1].lower(), keyword[2].strip())
            return at + 1
        if (heading := _HEADING.match(line)) is not None:
            words = _STATE.sub("", _TAGS.sub("", heading[2]))
            self.blocks.heading(len(heading[1]), _inline(words))
            return at + 1
        return self._add_lines(at)

    def _add_lines(self, at: int) -> int:
        """Add a table, fixed text or a paragraph."""
        first = self._lines[at]
        if _ROW.match(first):
            rows = list(takewhile(_ROW.match, self._from(at)))
            for part in captioned(_table(rows), self._caption, first=True):
                self.blocks.add(part)
            self._caption = ""
            return at + len(rows)
        if _FIXED.match(first) and not _DRAWER.match(first):
            fixed = list(takewhile(_FIXED.match, self._from(at)))
            self.blocks.add(fenced("\n".join(_FIXED.sub("", one, count=1) for one in fixed)))
            return at + len(fixed)
        text = list(takewhile(_is_text, self._from(at))) or [first]
        self.blocks.add("\n".join(_lines(text)))
        return at + len(text)

    def _from(self, at: int) -> Iterator[str]:
        return (self._lines[number] for number in range(at, len(self._lines)))

    def _keep(self, name: str, value: str) -> None:
        if name == "title":
            self.title = f"{self.title or ''} {value}".strip()
        elif name == "caption":
            self._caption = _inline(value)
        elif name in _SHOWN and value:
            self.blocks.add(f"{name.capitalize()}: {value}")

    def _add_block(self, begin: re.Match[str], body: list[str]) -> None:
        kind = begin[1].lower()
        if kind == "comment":
            return
        self.blocks.add(self._caption)
        self._caption = ""
        if kind in _CODE:
            language = begin[2] if kind == "src" else ""
            self.blocks.add(fenced("\n".join(body).strip("\n"), language))
            return
        for paragraph in "\n".join(_lines(body)).split("\n\n"):
            self.blocks.add(paragraph)


def _is_text(line: str) -> bool:
    """Return whether a line goes on with a paragraph or a list."""
    others = (_BEGIN, _KEYWORD, _HEADING, _ROW, _SECRET_DRAWERS)
    return bool(line.strip()) and not any(one.match(line) for one in others)


def _lines(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if (
            re.match(r"\s*#(?:\s|$)", line)
            or _DRAWER.match(line)
            or re.match(r"\s*-{5,}\s*$", line)
        ):
            continue
        item = _ITEM.match(line)
        if item is None:
            yield _inline(line)
            continue
        term = _TERM.match(item[3])
        words = f"{term[1]}: {term[2]}" if term else item[3]
        mark = "-" if item[2] in "-+" else f"{item[2][:-1]}."
        yield f"{item[1]}{mark} {_inline(words)}"


def _end_of(lines: list[str], start: int, kind: str) -> int:
    closing = f"#+end_{kind}".lower()
    return next(
        (n for n in range(start + 1, len(lines)) if lines[n].strip().lower() == closing), len(lines)
    )


def _after_drawer(lines: list[str], start: int) -> int:
    for number in range(start + 1, len(lines)):
        if lines[number].strip().upper() == ":END:":
            return number + 1
        if _HEADING.match(lines[number]):
            return number
    return start + 1


def _table(lines: list[str]) -> Iterator[str]:
    rows = [
        [_inline(cell) for cell in line.strip().strip("|").split("|")]
        for line in lines
        if not _RULE.match(line)
    ]
    has_head = any(_RULE.match(line) for line in lines[1:2])
    yield from tables(rows, heads=1 if has_head or len(rows) > 1 else 0) if rows else ()


def _inline(text: str) -> str:
    text = _LINK.sub(lambda link: link[2] or link[1].partition(":")[2] or link[1], text)
    return _MARKED.sub(
        lambda match: f"`{match[2]}`" if match[1] in "=~" else "" if match[1] == "+" else match[2],
        text,
    )
