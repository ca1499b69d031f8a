"""Split a Markdown reply that streams in into parts: sentences, items, rows, code, headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from footnote_qa.bot.engine.citation_markers import are_markers, without_markers
from footnote_qa.bot.engine.open_text import OpenText, cells, may_be_marker, with_their_markers
from footnote_qa.bot.types import Evidence, PartKind, Place, Sentence
from footnote_qa.index.chunking import split_sentences

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^`]*$")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_BOLD_LINE = re.compile(r"\s*(?:\*\*|__)[^*_]+(?:\*\*:?|__:?|:\*\*|:__)\s*$")
_RULE_LINE = re.compile(r"\s*(?:[-=_*][ \t]*){3,}$")
_ITEM = re.compile(r"([ \t]*)([-*+•–▪]|\d{1,3}[.)])[ \t]+(?=\S)(.*)$")
_TABLE_RULE = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)*\s*:?-+:?\s*\|?\s*$")
_QUOTE = re.compile(r"\s{0,3}>\s?(.*)$")
# A footnote, or an entry of a list of sources: the program lists the sources itself
_FOOTNOTE = re.compile(
    r"\s*(?:[-*]\s+)?(?:\[\^?\d{1,3}\]\s*:|\^?\d{1,3}\s*[:=]\s*passage\b|\[\d{1,3}\]\s)"
)
_TRAILER = re.compile(
    r"\s*(?:#{1,6}\s*)?(?:\*\*|__)?(?:sources?|references|citations?|evidence|footnotes|quellen|"
    r"belege)\s*:?\s*(?:\*\*|__)?\s*:?\s*(?:\[?\d[\d,\s\[\]]*)?$",
    re.IGNORECASE,
)
_REPLY = re.compile(r"\W*(?:yes|no|ja|nein|oui|non|sí|correct|right)\b[\s.!,*]*$", re.IGNORECASE)
# The beginning of a line that can only be running text, so that its sentences need not wait for
# its end
_RUNNING = re.compile(
    r"\s{0,3}(?:(?!\*\*)[^\s#|>`~{<*+•–▪_=\-\d\[]|\*\*[^\s*]|\d+[^\s\d.)]|\d+\s+\S)"
)
_END = re.compile(r"[.!?。！？:：]")
_PAIR = re.compile(r"[^.!?:\n]{1,60}:\s+\S[^\n]*$")


@dataclass
class MarkdownReader:
    r"""Parses a reply in Markdown; each part is returned once it is complete.

    Citation markers are taken out of the text and become evidence without a quote. A list of
    sources at the end is dropped: the program makes its own.

    Args:
        passages: How many passages were shown; higher numbers name none.

    >>> reader = MarkdownReader(passages=2)
    >>> [one.text for one in reader.feed("It is 3 euros. [1] It is due in")]
    ['It is 3 euros.']
    >>> [(one.text, one.kind.value) for one in reader.feed(" May [2].\n\n- one\n- two\n")]
    [('It is due in May.', 'sentence'), ('one', 'item')]
    """

    passages: int
    _line: str = ""
    _open: OpenText | None = None
    _fence: str = ""
    _code: list[str] = field(default_factory=list)
    _table: str = ""  # the row that may be the head of a table
    _in_table: bool = False
    _in_list: bool = False
    _in_trailer: bool = False
    _block: int = 0
    _lines: int = 0
    _count: int = 0
    _headings: list[tuple[int, int]] = field(default_factory=list)  # (level, number)
    _items: list[tuple[int, int]] = field(default_factory=list)  # (indent, number)
    _lead: int | None = None
    _head: int | None = None
    _reply: str = ""  # a bare yes or no, which belongs to the next sentence

    @property
    def is_unread(self) -> bool:
        """Whether nothing was read yet."""
        return self._lines == 0 and not self._line.strip() and not self._fence

    def feed(self, text: str) -> list[Sentence]:
        """Read the next part of the reply; return the parts of the answer that it completes."""
        *whole, self._line = (self._line + text).split("\n")
        made = [part for line in whole for part in self._read(line.rstrip("\r"))]
        return [*made, *self._early()]

    def end(self) -> list[Sentence]:
        """Return the parts completed by the end of the reply."""
        made = [*self._read(self._line.rstrip("\r"))] if self._line.strip() else []
        self._line = ""
        made += self._close_table()
        made += self._close()
        if self._code or self._fence:
            made += self._code_part()
        if self._reply:
            made += [self._part(self._reply, PartKind.SENTENCE)]
        return made

    def _early(self) -> Iterator[Sentence]:
        """Yield the complete sentences of a paragraph whose last line is not complete."""
        rest = self._line
        if self._fence or self._in_table or self._table or self._in_trailer:
            return
        item = _ITEM.match(rest)
        if self._open is None and not _RUNNING.match(rest):
            return
        if self._open is not None and (item or not _RUNNING.match(rest)):
            return
        if not _END.search(rest):
            return
        opened = self._open
        text = f"{opened.text}\n{rest}" if opened else rest.lstrip()
        spans = split_sentences(text[opened.told if opened else 0 :])
        if len(spans) < 2 or may_be_marker(text[opened.told if opened else 0 :][spans[-1][0] :]):  # noqa: PLR2004 - one, and the start of the next
            return
        if opened is None:
            opened = self._open = self._paragraph("")
            self._line = ""
            opened.text = text
        else:
            opened.text, self._line = text, ""
        # What follows on this line continues the paragraph
        yield from self._sentences(opened, last=False)
        self._line = opened.text[opened.told :]
        opened.text = opened.text[: opened.told]

    def _read(self, line: str) -> Iterator[Sentence]:
        if self._fence:
            yield from self._in_code(line)
        elif fence := _FENCE.match(line):
            yield from self._close_table()
            yield from self._close()
            self._fence, self._code = fence[2], [line.rstrip()]
        elif not line.strip():
            yield from self._close_table()
            yield from self._close()
        elif _TRAILER.match(line):
            yield from self._close_table()
            yield from self._close()
            self._in_trailer = True
        elif _FOOTNOTE.match(line) and not self._goes_on():
            yield from self._close()
        elif self._in_trailer and (_ITEM.match(line) or _FOOTNOTE.match(line)):
            return
        else:
            self._in_trailer = False
            yield from self._read_shown(line)

    def _goes_on(self) -> bool:
        """Return whether a paragraph is open, which a line like a note then continues."""
        return self._open is not None and not are_markers(self._line)

    def _read_shown(self, line: str) -> Iterator[Sentence]:
        if self._is_row(line):
            yield from self._close()
            yield from self._row(line)
            return
        yield from self._close_table()
        if heading := _HEADING.match(line):
            yield from self._close()
            yield from self._heading(heading[2], len(heading[1]))
        elif _RULE_LINE.match(line):
            yield from self._close()
        elif item := _ITEM.match(line):
            yield from self._close()
            yield from self._item(item)
        elif _BOLD_LINE.match(line) and self._open is None:
            yield from self._heading(line.strip(), 7)
        else:
            yield from self._text(line)

    def _text(self, line: str) -> Iterator[Sentence]:
        quote = _QUOTE.match(line)
        prefix, words = ("> ", quote[1]) if quote else ("", line.strip())
        opened = self._open
        is_pair = opened and _PAIR.match(words) and _PAIR.fullmatch(opened.text[opened.told :])
        if opened and is_pair:
            yield from self._sentences(opened, last=True)
            self._lines += 1
            opened.line, opened.text, opened.told = self._lines, words, 0
        elif opened is None or (quote and opened.prefix != "> "):
            yield from self._close()
            indent = len(line) - len(line.lstrip())
            if self._in_list and indent and self._items:
                self._open = self._continued(indent)
            else:
                self._open = self._paragraph(prefix)
            self._open.text = words
        else:
            opened.text += f"\n{words}" if opened.text[opened.told :].strip() else words

    def _paragraph(self, prefix: str) -> OpenText:
        """Begin a paragraph, which ends every list and takes the lead-in before it."""
        if self._in_list:
            self._lead = None
        self._in_list, self._items = False, []
        self._block += 1
        self._lines += 1
        return OpenText(PartKind.SENTENCE, prefix=prefix, line=self._lines)

    def _continued(self, indent: int) -> OpenText:
        """Begin a further paragraph of an item."""
        self._lines += 1
        return OpenText(PartKind.SENTENCE, prefix=" " * indent, line=self._lines, indent=indent)

    def _item(self, item: re.Match[str]) -> Iterator[Sentence]:
        if not self._in_list:
            self._block += 1
            self._in_list, self._items = True, []
        self._lines += 1
        indent = len(item[1].expandtabs(4))
        while self._items and self._items[-1][0] >= indent:
            self._items.pop()
        sign = item[2] if item[2][0].isdigit() else "-"
        self._open = OpenText(
            PartKind.ITEM, f"{item[1]}{sign} ", item[3].strip(), line=self._lines, indent=indent
        )
        yield from ()

    def _heading(self, text: str, level: int) -> Iterator[Sentence]:
        self._in_list, self._items, self._lead = False, [], None
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._block += 1
        self._lines += 1
        clean, _ = without_markers(text, most=self.passages)
        shown = f"{'#' * level} {clean}" if level < 7 else clean  # noqa: PLR2004 - a bold line
        if not clean:
            return
        part = self._part(shown, PartKind.HEADING)
        self._headings.append((level, self._count))
        yield part

    def _sentences(self, opened: OpenText, *, last: bool) -> Iterator[Sentence]:
        """Yield the complete sentences of the open text; all of them if it has ended."""
        text = opened.text
        spans = [
            (opened.told + start, opened.told + end)
            for start, end in split_sentences(text[opened.told :])
        ]
        groups = with_their_markers(text, spans)
        if not last:
            groups = groups[:-1]
        for at, (start, end) in enumerate(groups):
            gap = text[opened.told : start]
            if at and "\n" in gap and not _END.search(text[start - 1 - len(gap) : start]):
                self._lines += 1
                opened.line = self._lines
            opened.told = end
            is_end = last and at == len(groups) - 1
            yield from self._made(text[start:end], opened, is_end=is_end)
            if opened.kind is PartKind.ITEM:
                opened.kind = PartKind.SENTENCE

    def _made(self, raw: str, opened: OpenText, *, is_end: bool) -> Iterator[Sentence]:
        raw = re.sub(r"\s*\n\s*", " ", raw).strip()
        if _REPLY.fullmatch(raw) and not is_end:
            self._reply = raw
            return
        raw, self._reply = f"{self._reply} {raw}".strip(), ""
        words, named = without_markers(raw, most=self.passages)
        is_lead = is_end and not named and words.rstrip("*_ ").endswith((":", "："))
        kind = PartKind.HEADING if is_lead else opened.kind
        if not words:
            return
        yield self._part(words, kind, named=named, opened=opened)
        if is_lead and opened.indent == 0 and not self._in_list:
            self._lead = self._count
        elif is_lead:
            self._items.append((opened.indent, self._count))

    def _close(self) -> Iterator[Sentence]:
        if self._open is not None:
            opened, self._open = self._open, None
            had = self._lead
            yield from self._sentences(opened, last=True)
            if not self._in_list and self._lead == had:
                self._lead = None  # a paragraph took it

    def _is_row(self, line: str) -> bool:
        stripped = line.strip()
        if stripped.startswith("|") and stripped.count("|") > 1:
            return True
        if (self._in_table or self._table) and "|" in stripped:
            return True
        before = self._open
        is_rule = "|" in stripped and bool(_TABLE_RULE.match(stripped))
        if is_rule and before is not None and "|" in before.text and "\n" not in before.text:
            self._table, self._open = before.text, None
            return True
        return False

    def _row(self, line: str) -> Iterator[Sentence]:
        row = line.strip()
        is_rule = bool(_TABLE_RULE.match(row))
        if self._in_table:
            if not is_rule:
                yield self._row_part(row)
            return
        if not self._table:
            self._table = row
            return
        head, self._table, self._in_table = self._table, "", True
        self._block += 1
        if self._in_list:
            self._in_list, self._items, self._lead = False, [], None
        if not is_rule:
            yield self._row_part(head)
            yield self._row_part(row)
            return
        names = cells(without_markers(head, most=self.passages)[0])
        self._lines += 1
        yield self._part(f"| {' | '.join(names)} |\n|{' --- |' * len(names)}", PartKind.HEADING)
        self._head = self._count

    def _row_part(self, row: str) -> Sentence:
        self._lines += 1
        words, named = without_markers(row, most=self.passages)
        return self._part(f"| {' | '.join(cells(words))} |", PartKind.ROW, named=named)

    def _close_table(self) -> Iterator[Sentence]:
        if self._table:
            line, self._table = self._table, ""
            yield from self._text(line)
        if self._in_table:
            self._in_table, self._head, self._lead = False, None, None

    def _in_code(self, line: str) -> Iterator[Sentence]:
        self._code.append(line.rstrip())
        stripped = line.strip()
        if stripped and set(stripped) == {self._fence[0]} and len(stripped) >= len(self._fence):
            yield from self._code_part()

    def _code_part(self) -> list[Sentence]:
        lines, self._code, self._fence = self._code, [], ""
        fence = _FENCE.match(lines[0])
        closing = f"{fence[1]}{fence[2]}" if fence else "```"
        if len(lines) == 1 or lines[-1].strip() != closing.strip():
            lines.append(closing)
        if not any(line.strip() for line in lines[1:-1]):
            return []
        if not (self._in_list and lines[0].startswith(" ")):
            self._block += 1
        self._lines += 1
        return [self._part("\n".join(lines), PartKind.CODE)]

    def _part(
        self,
        text: str,
        kind: PartKind,
        *,
        named: tuple[int, ...] = (),
        opened: OpenText | None = None,
    ) -> Sentence:
        self._count += 1
        above = [number for _, number in self._headings]
        above += [self._lead] if self._lead is not None else []
        indent = opened.indent if opened else 10_000
        above += [number for depth, number in self._items if depth < indent]
        above += [self._head] if self._head is not None else []
        return Sentence(
            text=text,
            evidence=tuple(Evidence(passage_id=str(number)) for number in named),
            kind=kind,
            place=Place(
                number=self._count,
                block=self._block,
                line=opened.line if opened else self._lines,
                prefix=opened.prefix if opened else "",
                leads=tuple(dict.fromkeys(above)),
            ),
        )
