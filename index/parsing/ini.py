"""Parse INI, TOML and properties files: each section under its name, comments as sentences."""

import re
from collections.abc import Iterator

from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_SECTION = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:[#;].*)?$")
_COMMENT = re.compile(r"\s*(?:[#;!]+|//)\s?(.*)")
_VALUE = re.compile(r"\s*(?P<key>[^\s=:#;\[{][^=:]*?)\s*(?:=|:(?!:))\s*(?P<value>.*)$")
_MOST_LINE, _MOST_KEY = 2_000, 200  # characters; the search for a key can be slow
_OPENS = {'"""': '"""', "'''": "'''"}


def parse(content: bytes) -> Parsed:
    """Return the values of *content* as lines such as `mail.port: 25`, section by section."""
    blocks = Blocks()
    section = ""
    lines: list[str] = []
    for line in _logical_lines(clean(decode(content))):
        match = _SECTION.match(line[:_MOST_LINE])
        if match is None:
            lines.append(_shown(line, section))
            continue
        _add(blocks, lines)
        lines = []
        section = match[1].replace('"', "")
        blocks.heading(min(6, section.count(".") + 1), section)
    _add(blocks, lines)
    return blocks.parsed()


def _add(blocks: Blocks, lines: list[str]) -> None:
    """Add the lines of a section; a blank line ends a paragraph."""
    for paragraph in "\n".join(lines).split("\n\n"):
        blocks.add(paragraph.strip("\n"))


def _logical_lines(text: str) -> Iterator[str]:
    """Yield lines, and a value that goes over several lines as one."""
    waiting: list[str] = []
    closing = ""
    for line in text.split("\n"):
        if waiting:
            waiting.append(line.strip())
            is_end = closing in line if closing else not line.rstrip().endswith("\\")
            if closing == "]":
                is_end = " ".join(waiting).count("[") <= " ".join(waiting).count("]")
            if is_end:
                yield " ".join(waiting)
                waiting, closing = [], ""
            continue
        closing = _left_open(line)
        if closing or (line.rstrip().endswith("\\") and not _COMMENT.match(line)):
            waiting = [line.rstrip("\\ ") if not closing else line]
        else:
            yield line
    if waiting:
        yield from waiting


def _left_open(line: str) -> str:
    """Return what closes a value that goes on in the next line; "" if it does not."""
    match = _value(line)
    value = match["value"] if match else ""
    for opening, closing in _OPENS.items():
        if value.startswith(opening) and closing not in value[3:]:
            return closing
    is_list = value.startswith("[") and value.count("[") > value.count("]")
    return "]" if is_list else ""


def _value(line: str) -> re.Match[str] | None:
    """Return the key and the value in a line; None if the key is missing or very long."""
    is_short = len(line) <= _MOST_LINE or "=" in line[:_MOST_KEY] or ":" in line[:_MOST_KEY]
    return _VALUE.match(line) if is_short else None


def _shown(line: str, section: str) -> str:
    """Return a line as it is shown: a comment without its mark, a value behind its key."""
    comment = _COMMENT.match(line)
    if comment is not None:
        return comment[1].rstrip("#;- ")
    match = _value(line)
    if match is None:
        return line.strip()
    value = match["value"].strip()
    for mark in (*_OPENS, '"', "'"):
        if len(value) >= 2 * len(mark) and value.startswith(mark) and value.endswith(mark):
            value = value[len(mark) : -len(mark)].strip()
            break
    name = f"{section}.{match['key']}" if section else match["key"]
    return f"{name}: {value}"
