"""Parse AsciiDoc and convert it to Markdown: headings, lists, tables, code, notes."""

import re
from collections.abc import Iterator, Mapping, Sequence

from footnote_qa.index.parsing.blocks import Blocks, fenced
from footnote_qa.index.parsing.tables import captioned, tables
from footnote_qa.index.parsing.text import clean, decode
from footnote_qa.index.types import Parsed

_HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*?)(?:\s+=+)?$")
_ATTRIBUTE = re.compile(r":(!?[\w-]+!?):(?:\s+(.*))?$")
_REFERENCE = re.compile(r"\{([\w-]+)\}")
_BLOCK_ATTRIBUTES = re.compile(r"\[(?!\[)([^\]]*)\]\s*$|\[\[[^\]]*\]\]\s*$")
_TITLE = re.compile(r"\.([^\s.].*)$")
_FENCES = (
    "----",
    "....",
    "====",
    "****",
    "____",
    "++++",
    "--",
    "|===",
    ",===",
    ":===",
    "////",
    "```",
)
_ITEM = re.compile(r"(\*{1,5}|-|\.{1,5}|\d+\.|<\d+>|<\.>)\s+(\S.*)$")
_TERM = re.compile(r"(\S.*?)(:{2,4}|;;)(?:\s+(.*))?$")
_NOTE = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+(.*)$")
_DIRECTIVE = re.compile(r"(?:include|ifdef|ifndef|ifeval|endif)::")
_INLINE: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"(?:https?|ftp|mailto):\S{1,1000}?\[([^\]]{1,300})\]"), r"\1"),
    (
        re.compile(r"(?:link|xref|mailto):[^\s\[]{1,300}\[([^\],^]{0,200})(?:[,^][^\]]{0,200})?\]"),
        r"\1",
    ),
    (re.compile(r"<<[^,>]{1,200},\s*([^>]{1,300})>>"), r"\1"),
    (re.compile(r"<<#?([^>]{1,200})>>"), r"\1"),
    (
        re.compile(
            r"(?:image|icon)::?[^\s\[]{1,300}\[\"?([^\],\"]{0,200})(?:[,\"][^\]]{0,200})?\]"
        ),
        r"\1",
    ),
    (
        re.compile(r"(?:kbd|btn|menu|footnote|pass|stem)(?::\w*)?:?[\w-]{0,50}\[([^\]]{0,1000})\]"),
        r"\1",
    ),
    (re.compile(r"indexterm:\[[^\]]{0,300}\]|\(\(\([^)]{0,300}\)\)\)"), ""),
    (re.compile(r"\(\(([^)]{1,300})\)\)"), r"\1"),
    (re.compile(r"\[[\w.#% -]{1,100}\](?=[#*_`])"), ""),
    (re.compile(r"(?<!\w)#{1,2}([^#\n]{1,300})#{1,2}(?!\w)"), r"\1"),
    (re.compile(r"(?<![\w*])\*\*?(\S(?:[^*\n]{0,200}\S)?)\*?\*(?![\w*])"), r"\1"),
    (re.compile(r"(?<![\w_])__?(\S(?:[^_\n]{0,200}\S)?)_?_(?![\w_])"), r"\1"),
    (re.compile(r"``?\+?([^`\n]{1,300}?)\+?``?"), r"`\1`"),
    (re.compile(r"\\(?=[{*_`#<])"), ""),
)
_SIGNS = {
    "nbsp": " ",
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "plus": "+",
    "zwsp": "",
    "sp": " ",
    "empty": "",
}
_SHOWN_NOTES = frozenset({"NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"})
_MOST_DEPTH = 8
_MOST_HEADING = 500  # characters
_CELL = re.compile(r"(?<!\\)((?:\d+(?:\.\d+)?\+|\.\d+\+|\d+\*)?[<^>.]*[a-z]?)\|(?!=)")


def parse(content: bytes) -> Parsed:
    """Return the text of *content* as Markdown; files that it includes are not opened."""
    reader = _Reader(clean(decode(content)).split("\n"))
    blocks = Blocks()
    reader.write(blocks)
    return blocks.parsed(reader.title)


class _Reader:
    """Reads the lines of a document, or of a part of one."""

    def __init__(
        self, lines: list[str], attributes: Mapping[str, str] | None = None, depth: int = 0
    ) -> None:
        self._lines = lines
        self._attributes = dict(attributes or _SIGNS)
        self._depth = depth
        self._at = 0
        self._style = ""
        self._caption = ""
        self.title: str | None = None

    def write(self, blocks: Blocks) -> None:
        """Add all blocks."""
        while self._at < len(self._lines):
            line = self._lines[self._at].rstrip()
            self._at += 1
            if not line.strip() or self._is_told(line):
                continue
            if self._is_fence(line):
                self._add_fence(blocks, line)
            elif (match := _HEADING.match(line[:_MOST_HEADING])) is not None:
                self._add_heading(blocks, match)
            else:
                self._add_paragraph(blocks, line)
            self._style = self._caption = ""

    def _is_told(self, line: str) -> bool:
        """Take a line that is about others: an attribute, a comment, a title, a directive."""
        if (match := _ATTRIBUTE.match(line)) is not None:
            self._attributes[match[1].strip("!")] = self._inline(match[2] or "")
            return True
        if line.startswith("//") and not line.startswith("////"):
            return True
        if _DIRECTIVE.match(line) or line in {"'''", "<<<", "+", "toc::[]", "---"}:
            return True
        if (match := _BLOCK_ATTRIBUTES.match(line)) is not None:
            self._style = match[1] or self._style
            return True
        if (match := _TITLE.match(line)) is not None:
            self._caption = self._inline(match[1])
            return True
        return False

    def _is_fence(self, line: str) -> bool:
        if line == "--" or line[:3] == "```":
            return True
        return line[:4] in _FENCES and len(set(line[1:])) == 1

    def _add_heading(self, blocks: Blocks, match: re.Match[str]) -> None:
        level = len(match[1])
        text = self._inline(match[2])
        if level == 1 and self.title is None:
            self.title = text
            self._skip_author()
        blocks.heading(level, text)

    def _skip_author(self) -> None:
        """Pass the lines of author and version right below the title."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            is_about = re.match(r"[^:=\[]+<[^>]+@[^>]+>|v?\d+(?:\.\d+)+\s*,?|v\d", line)
            if not is_about:
                return
            self._at += 1

    def _add_fence(self, blocks: Blocks, fence: str) -> None:
        closing = "```" if fence.startswith("```") else fence
        rest = range(self._at, len(self._lines))
        end = next((n for n in rest if self._lines[n].rstrip() == closing), len(self._lines))
        body, self._at = self._lines[self._at : end], end + 1
        kind = fence[:4]
        if kind in {"////", "++++"}:
            return
        caption = self._caption
        if kind in {"|===", ",===", ":==="}:
            self._add_table(blocks, body, caption)
            return
        if kind in {"----", "...."} or kind[:3] == "```":
            blocks.add(caption)
            language = self._style.partition(",")[2] if kind == "----" else fence[3:]
            word = re.match(r"\s*(\w*)", language)
            blocks.add(fenced("\n".join(body).strip("\n"), word[1] if word else ""))
            return
        note = self._style.split(",")[0].strip().upper()
        blocks.add(
            f"{note.capitalize()}: {caption}".rstrip(": ") + ":"
            if note in _SHOWN_NOTES
            else caption
        )
        self._add_inner(blocks, body)

    def _add_inner(self, blocks: Blocks, body: list[str]) -> None:
        if self._depth < _MOST_DEPTH:
            _Reader(body, self._attributes, self._depth + 1).write(blocks)
        else:
            blocks.add("\n".join(body))

    def _add_paragraph(self, blocks: Blocks, first: str) -> None:
        if _ITEM.match(first.strip()) or _TERM.match(first):
            blocks.add(self._caption)
            self._add_list(blocks, first)
            return
        lines = [first]
        while self._at < len(self._lines) and self._lines[self._at].strip():
            line = self._lines[self._at].rstrip()
            if self._is_fence(line) or _BLOCK_ATTRIBUTES.match(line):
                break
            self._at += 1
            if not line.startswith("//"):
                lines.append(line)
        blocks.add(self._caption)
        if first.startswith(" ") or self._style.startswith(("source", "listing", "literal")):
            blocks.add(fenced("\n".join(lines)))
            return
        text = self._inline("\n".join(line.removesuffix(" +") for line in lines))
        note = _NOTE.match(text)
        style = self._style.split(",")[0].strip()
        if note is not None:
            text = f"{note[1].capitalize()}: {text[note.start(2) :]}"
        elif style in _SHOWN_NOTES:
            text = f"{style.capitalize()}: {text}"
        blocks.add(text)

    def _add_list(self, blocks: Blocks, first: str) -> None:
        """Add a list; its lines end at a blank line that no item follows."""
        items: list[str] = []
        depth, kind = 0, ""
        line: str | None = first
        while line is not None:
            item, term = _ITEM.match(line.strip()), _TERM.match(line)
            mark_kind = "item" if item else "term" if term else ""
            if mark_kind and kind and mark_kind != kind and not depth:
                blocks.add("\n".join(items))
                items = []
            kind = mark_kind or kind
            if item is not None:
                depth = len(item[1]) - 1 if item[1][0] in "*." else 0
                mark = "1." if item[1][0] in ".<0123456789" else "-"
                items.append(f"{'  ' * depth}{mark} {self._inline(item[2])}")
            elif term is not None:
                items.append(f"- {self._inline(term[1])}: {self._inline(term[3] or '')}".rstrip())
            elif line.strip() == "+":
                self._continue_item(blocks, items)
                items = []
            elif items:
                items[-1] += f" {self._inline(line.strip())}"
            else:
                items.append(self._inline(line.strip()))
            line = self._next_of_list()
        blocks.add("\n".join(items))

    def _continue_item(self, blocks: Blocks, items: list[str]) -> None:
        blocks.add("\n".join(items))
        start = self._at
        if start < len(self._lines) and self._is_fence(self._lines[start].rstrip()):
            self._at += 1
            self._add_fence(blocks, self._lines[start].rstrip())

    def _next_of_list(self) -> str | None:
        at = self._at
        while at < len(self._lines) and not self._lines[at].strip():
            at += 1
        if at == len(self._lines):
            return None
        line = self._lines[at].rstrip()
        continues = _ITEM.match(line.strip()) or _TERM.match(line) or line == "+"
        if (
            self._is_fence(line)
            or _HEADING.match(line[:_MOST_HEADING])
            or _BLOCK_ATTRIBUTES.match(line)
        ):
            return None
        if at > self._at and not continues:
            return None
        self._at = at + 1
        return "" if line.startswith("//") else line

    def _add_table(self, blocks: Blocks, body: list[str], caption: str) -> None:
        rows = list(_rows(body, self._style, self._inline))
        for part in captioned(tables(rows), caption, first=True):
            blocks.add(part)

    def _inline(self, text: str) -> str:
        text = _REFERENCE.sub(lambda match: self._attributes.get(match[1].lower(), match[0]), text)
        for pattern, by in _INLINE:
            text = pattern.sub(by, text)
        return text.strip()


def _rows(body: list[str], style: str, inline: "object") -> Iterator[list[str]]:
    """Yield the rows of a table: cells begin with a bar, in one line or in several."""
    first = next((line for line in body if line.strip()), "")
    cells: list[str] = []
    for line in body:
        pieces = _CELL.split(line)
        if cells and pieces[0].strip():
            cells[-1] += f" {pieces[0].strip()}"
        for mark, text in zip(pieces[1::2], pieces[2::2], strict=True):
            count = int(mark.partition("*")[0]) if "*" in mark else 1
            span = re.match(r"(\d+)(?:\.\d+)?\+", mark)
            cells += [text.strip()] * count + [""] * (int(span[1]) - 1 if span else 0)
    columns = _columns(style) or len(_CELL.split(first)) // 2
    told = [inline(cell) if callable(inline) else cell for cell in cells]
    for start in range(0, len(told), max(1, columns)):
        yield told[start : start + columns]


def _columns(style: str) -> int:
    """Return how many columns `cols="1,2"` or `cols=3*` names; 0 if it names none."""
    match = re.search(r"cols\s*=\s*(?:\"([^\"]*)\"|([^,\s]*))", style)
    if match is None:
        return 0
    total = 0
    for part in (match[1] or match[2] or "").split(","):
        count = re.match(r"\s*(\d+)\*", part)
        total += int(count[1]) if count else 1
    return total
