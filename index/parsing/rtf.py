"""Parse rich text (RTF) with striprtf: words, tables, headings, notes, page headers and footers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from striprtf.striprtf import rtf_to_text

from footnote_qa.index.chunking import is_caption
from footnote_qa.index.errors import UnreadableDocumentError
from footnote_qa.index.parsing.blocks import Blocks
from footnote_qa.index.parsing.rtf_marks import prepared, with_scripts, written
from footnote_qa.index.parsing.tables import captioned, tables
from footnote_qa.index.parsing.text import clean
from footnote_qa.index.types import Parsed, ProblemKind

_MAGIC = b"{\\rtf"
_TITLE = re.compile(r"\{\\title ([^{}]{1,500})\}")
_CHARSET = re.compile(r"\\(mac|pca?)(?![a-z])")
_CHARSETS = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
_ANSI = "cp1252"
_HEADER = 200  # characters at the start that can name the character set
_CODE_PAGE = re.compile(r"\\ansicpg\d+")
_SIGN = re.compile(r"\\[\\{}]|[{}]")
_NOTE = re.compile(r"\{\s*(?:\\\*\s*)?\\footnote(?![a-z])")
_BOX = re.compile(r"\{\s*(?:\\\*\s*)?\\shptxt(?![a-z])")
_BYTES = re.compile(r"(?<!\\)\\bin(\d*)(?![a-z]) ?")
_MARGIN = re.compile(r"\{\s*\\(?:header|footer)[lrf]?(?![a-z])")
_STYLES = re.compile(r"\{\s*\\stylesheet(?![a-z])")
_STYLE = re.compile(r"\{\s*\\s(\d+)(?!\d)[^{};]*?\bheading (\d)\s*;?\s*\}", re.IGNORECASE)
_LEVEL = re.compile(r"\\(s|outlinelevel)(\d+)(?!\d) ?")
_MOST_LEVEL = 6
_PLAIN_LEVEL = 9  # an outline level that says: no heading

_MARK = "\uf8ff"  # a private character before a heading
_MARKED = re.compile(rf"{_MARK}(\d) ?")


def parse(content: bytes) -> Parsed:
    """Return the text of *content*; notes are at its end, with their numbers in the text.

    Raises:
        UnreadableDocumentError: BROKEN if it is not rich text.
    """
    if not content.lstrip().startswith(_MAGIC):
        raise UnreadableDocumentError(
            ProblemKind.BROKEN, "the name says rtf, the content is not; save it again"
        )
    # The format itself is ASCII; other letters are escaped, in the encoding that it names.
    source = _without_bytes(content.decode("latin-1"))
    encoding = _encoding(source)
    parts = _taken_apart(source, encoding)
    blocks = Blocks()
    _add_body(blocks, clean(_plain(parts.text, encoding)).split("\n"))
    for line in (line for box in parts.boxes for line in clean(box).split("\n")):
        _add_line(blocks, line)
    for number, note in enumerate(parts.notes, start=1):
        blocks.add(f"[{number}] {' '.join(clean(note).split())}")
    for margin in dict.fromkeys(" ".join(clean(one).split()) for one in parts.margins):
        blocks.add("" if margin.isdigit() else margin)
    title = _TITLE.search(source)
    return blocks.parsed(_plain(f"{{\\rtf1\\ansi {title[1]}}}", encoding) if title else None)


def _encoding(source: str) -> str:
    """Return the character set of the document; fonts and code pages that it names come first."""
    charset = _CHARSET.search(source[:_HEADER])
    return _ANSI if charset is None else _CHARSETS[charset[1]]


def _add_body(blocks: Blocks, lines: list[str]) -> None:
    before = ""
    for is_row, group in groupby(filter(str.strip, lines), key=_is_row):
        if is_row:
            rows = [_MARKED.sub("", line).split("|")[:-1] for line in group]
            caption = before if is_caption(before) else ""
            for block in captioned(tables(rows), caption, first=False):
                blocks.add(block)
            continue
        for line in group:
            _add_line(blocks, line)
            before = line


@dataclass(frozen=True, slots=True)
class _Parts:
    """The text with marks before its headings, the boxes, the notes, and the pages' margins."""

    text: str
    boxes: list[str]
    notes: list[str]
    margins: list[str]


def _without_bytes(source: str) -> str:
    """Return rich text without the bytes of pictures, which can look like anything."""
    pieces: list[str] = []
    end = 0
    for match in _BYTES.finditer(source):
        if match.start() >= end:  # else it is among the bytes of a picture
            pieces.append(source[end : match.start()])
            end = match.end() + int(match[1] or 0)
    return "".join([*pieces, source[end:]])


def _taken_apart(source: str, encoding: str) -> _Parts:
    page = _CODE_PAGE.search(source)
    start = f"{{\\rtf1\\ansi{page[0] if page else ''} "
    boxes: list[str] = []
    notes: list[str] = []
    margins: list[str] = []
    pieces: list[str] = []
    styles: Mapping[int, int] = {}
    at = 0
    for begin, end in _groups(source):
        group = source[begin:end]
        if (match := _STYLES.match(group)) is not None:
            styles = {int(one[1]): int(one[2]) for one in _STYLE.finditer(group)}
            pieces.append(source[at:begin])
        elif (match := _NOTE.match(group)) is not None:
            notes.append(_plain(start + group[match.end() :], encoding))
            pieces += [source[at:begin], f"[{len(notes)}]"]
        elif (match := _BOX.match(group)) is not None:
            boxes.append(_plain(start + group[match.end() :], encoding))
            pieces.append(source[at:begin])
        elif (match := _MARGIN.match(group)) is not None:
            margins.append(_plain(start + group[match.end() :], encoding))
            pieces.append(source[at:begin])
        at = end if match is not None else at
    pieces.append(source[at:])
    return _Parts(_with_marks("".join(pieces), styles), boxes, notes, margins)


def _groups(source: str) -> Iterator[tuple[int, int]]:
    """Yield where the groups that may be taken out begin and end; none is within another."""
    wanted = {
        match.start()
        for pattern in (_NOTE, _BOX, _MARGIN, _STYLES)
        for match in pattern.finditer(source)
    }
    depth, begin, inside = 0, -1, 0
    for sign in _SIGN.finditer(source) if wanted else ():
        if sign[0] == "{":
            depth += 1
            if begin < 0 and sign.start() in wanted:
                begin, inside = sign.start(), depth
        elif sign[0] == "}":
            if begin >= 0 and depth == inside:
                yield begin, sign.end()
                begin = -1
            depth -= 1


def _with_marks(text: str, styles: Mapping[int, int]) -> str:
    """Write a mark and a level where the format says that a paragraph is a heading."""

    def marked(match: re.Match[str]) -> str:
        number = int(match[2])
        level = styles.get(number, 0) if match[1] == "s" else number % _PLAIN_LEVEL + 1
        is_heading = level and (match[1] == "s" or number < _PLAIN_LEVEL)
        return f"{match[0]}{written(_MARK)}{min(level, _MOST_LEVEL)} " if is_heading else match[0]

    return _LEVEL.sub(marked, text)


def _add_line(blocks: Blocks, line: str) -> None:
    words = _MARKED.sub("", line).replace(_MARK, "").strip()
    level = _MARKED.search(line)
    if level is not None and words:
        blocks.heading(int(level[1]), words)
    else:
        blocks.add(words)


def _is_row(line: str) -> bool:
    """Return whether a line is a table row, in which each cell ends with a bar."""
    return line.rstrip().endswith("|") and line.count("|") > 1


def _plain(source: str, encoding: str) -> str:
    # The library is not typed.
    text = rtf_to_text(prepared(source), encoding, "replace")  # type: ignore[no-untyped-call]
    return with_scripts(str(text))
