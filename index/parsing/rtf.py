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
_CODE_PAGE = re.compile(r"\\ansicpg\d+")
_SIGN = re.compile(r"\\[\\{}]|[{}]")
_NOTE = re.compile(r"\{\s*(?:\\\*\s*)?\\footnote(?![a-z])")
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
    source = content.decode("latin-1")
    title = _TITLE.search(source)
    parts = _taken_apart(source)
    blocks = Blocks()
    lines = clean(_plain(parts.text)).split("\n")
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
    for number, note in enumerate(parts.notes, start=1):
        blocks.add(f"[{number}] {' '.join(clean(note).split())}")
    for margin in dict.fromkeys(" ".join(clean(one).split()) for one in parts.margins):
        blocks.add("" if margin.isdigit() else margin)
    return blocks.parsed(_plain(f"{{\\rtf1\\ansi {title[1]}}}") if title else None)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The text with marks before its headings, the notes, and what is in the pages' margins."""

    text: str
    notes: list[str]
    margins: list[str]


def _taken_apart(source: str) -> _Parts:
    page = _CODE_PAGE.search(source)
    start = f"{{\\rtf1\\ansi{page[0] if page else ''} "
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
            notes.append(_plain(start + group[match.end() :]))
            pieces += [source[at:begin], f"[{len(notes)}]"]
        elif (match := _MARGIN.match(group)) is not None:
            margins.append(_plain(start + group[match.end() :]))
            pieces.append(source[at:begin])
        at = end if match is not None else at
    pieces.append(source[at:])
    return _Parts(_with_marks("".join(pieces), styles), notes, margins)


def _groups(source: str) -> Iterator[tuple[int, int]]:
    """Yield where the groups that may be taken out begin and end; none is within another."""
    wanted = {
        match.start() for pattern in (_NOTE, _MARGIN, _STYLES) for match in pattern.finditer(source)
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


def _plain(source: str) -> str:
    # The library is not typed.
    text = rtf_to_text(prepared(source), errors="replace")  # type: ignore[no-untyped-call]
    return with_scripts(str(text))
