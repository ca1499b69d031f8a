"""Cut excerpts from a section: the words to quote around an answer, and how to show them."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from footnote_qa.bot.citations import find, is_long_enough
from footnote_qa.bot.extractive.groups import Group, GroupKind, groups
from footnote_qa.bot.extractive.units import (
    Unit,
    block_text,
    cells,
    code_of,
    is_long_row,
    key_span,
    named,
)
from footnote_qa.index.chunking import marked_block, plain_block, split_sentences, stems_of
from footnote_qa.index.types import Block, BlockKind, Section

# A sentence that begins like this refers to the one before it
_LEANS = re.compile(
    r"(?:it|its|this|that|these|those|they|their|them|he|she|his|her|such|however|therefore|thus|"
    r"also|otherwise|instead|but|and|so|then|er|sie|es|dies\w*|jedoch|daher|"
    r"(?:if|unless|until|after|when) (?:it|this|that|they|so|not)|in (?:this|that) case)\b",
    re.IGNORECASE,
)
_CONTRASTS = re.compile(r", (?:however|though|therefore|instead),", re.IGNORECASE)
_REPLY = re.compile(r"(?:yes|no|ja|nein|oui|non|sí)\b", re.IGNORECASE)
_MOST_ITEMS = 14
_MOST_CHARS = 1600
_MOST_CHARS_AROUND = 600  # of a list that is quoted because of one item
_MOST_CODE_LINES = 25
_MOST_LEAD = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Words of a section as they are shown, and the slices of its text that they come from.

    Attributes:
        section: The section.
        text: Markdown: prose on one line, a list, a table, or code with the line introducing it.
        quotes: Each exactly a slice of the section's text.
        left_out: How many items, rows or lines at its end are not shown.
        first: Offset at which the part of the section that it covers begins.
        last: One past its last.
    """

    section: Section
    text: str
    quotes: tuple[str, ...]
    first: int
    last: int
    left_out: int = 0

    def overlaps(self, other: "Excerpt") -> bool:
        """Return whether both show some of the same words of the same document."""
        ours, theirs = self.section.chunk, other.section.chunk
        return (
            ours.document == theirs.document
            and ours.start + self.first < theirs.start + other.last
            and theirs.start + other.first < ours.start + self.last
        )


class Quoter:
    """Quotes the parts of one section.

    Args:
        section: The section to quote from.
        asked: Stems of the question's words.
    """

    def __init__(self, section: Section, asked: Collection[str]) -> None:
        self.section = section
        self._asked = frozenset(asked)

    def around(self, unit: Unit) -> Excerpt | None:
        """Return the excerpt to quote for *unit*; None if it cannot be cited."""
        group = self.group_of(unit.block)
        if unit.header is not None:
            return self.rows([unit.block])
        if group is None:
            return None
        if is_long_row(self._block(unit.block)):
            return self._part_of_row(unit)
        if group.kind is GroupKind.LIST:
            return self._list_around(group, unit)
        shown = group if group.kind is GroupKind.CODE else self._announced_by(group, unit)
        return self._prose(unit) if shown is None else self.group(shown)

    def block(self, at: int) -> Excerpt | None:
        """Return a single block: a row with its head, else as many sentences as fit."""
        if self._block(at).kind is BlockKind.ROW:
            return self.rows([at])
        ends = [last for _, last in split_sentences(self._masked(at))]
        return self._until(at, [*ends[:1], *(end for end in ends[1:] if end <= _MOST_CHARS_AROUND)])

    def opening(self, group: Group, *, most: int) -> Excerpt | None:
        """Return the first sentences of a paragraph, at most *most*."""
        ends = [last for _, last in split_sentences(self._masked(group.first))]
        return self._until(group.first, ends[:most])

    def _until(self, at: int, ends: Sequence[int]) -> Excerpt | None:
        """Return a block up to the last of *ends*, offsets from its start."""
        if not ends:
            return None
        start = self._block(at).start
        return self._plain(start, start + ends[-1])

    def headings_at(self, at: int) -> list[str]:
        """Return the headings above a block."""
        found: list[str] = []
        level = 7
        for block in reversed(self.section.blocks[:at]):
            if block.kind is BlockKind.HEADING and block.level < level:
                found.insert(0, plain_block(self.section.masked[block.start : block.end]))
                level = block.level
        return found or list(self.section.chunk.heading)

    def group_of(self, block: int) -> Group | None:
        """Return the group that holds a block; None for a heading."""
        return next((one for one in groups(self.section) if one.first <= block <= one.last), None)

    def group(self, group: Group, *, most_chars: int = _MOST_CHARS) -> Excerpt | None:
        """Return a complete list, table or piece of code, with the line that introduces it."""
        if group.kind is GroupKind.TABLE:
            rows = [at for at in range(group.first, group.last + 1) if not self._block(at).is_head]
            return self.rows(rows, lead=group.lead)
        if group.kind is GroupKind.PROSE:
            block = self._block(group.first)
            return self._plain(block.start, block.end)
        head = self._head_of(group)
        if not head and (self._block(group.first).number or 1) > 1:
            return None  # its first steps are in another section
        shown = self._fitting(group, most_chars)
        lines = [*self._lines(shown)]
        text = "\n".join([head, *lines] if head else lines)
        start = self._head_start(group)
        end = self._block(shown[-1]).end
        made = self._made(text, (start, end))
        return None if made is None else replace(made, left_out=self._left_out(group, shown))

    def _left_out(self, group: Group, shown: Sequence[int]) -> int:
        """Return how many items of a list, or lines of code, are not shown."""
        if group.kind is GroupKind.CODE:
            lines = code_of(self._masked(group.first))[1].count("\n") + 1
            return max(0, lines - _MOST_CODE_LINES)
        missing = range(shown[-1] + 1, group.last + 1)
        return sum(self._block(at).kind is BlockKind.ITEM for at in missing)

    def rows(self, rows: Sequence[int], *, lead: int | None = None) -> Excerpt:
        """Return rows of a table with the names of its columns.

        Args:
            rows: Positions of their blocks.
            lead: Position of the paragraph that introduces the table, if it is to be quoted.
        """
        shown = list(rows[:_MOST_ITEMS])
        head = next((at for at in range(rows[0], -1, -1) if self._block(at).is_head), None)
        if len(shown) == 1:
            lead = None  # a single row needs no introduction
        text = self._table(head, shown)
        if lead is not None:
            text = f"{self._lead_text(lead)}\n\n{text}"
        above = [at for at in (head, lead) if at is not None]
        if head is not None and shown == list(range(head + 1, head + 1 + len(shown))):
            quotes = [self._text(self._block(above[-1]).start, self._block(shown[-1]).end)]
        else:
            quotes = [self._quote(at) for at in (*shown, *above)]
        return Excerpt(
            section=self.section,
            text=text,
            quotes=tuple(quotes),
            first=self._block(shown[0]).start,
            last=self._block(shown[-1]).end,
            left_out=len(rows) - len(shown),
        )

    def _part_of_row(self, unit: Unit) -> Excerpt:
        """Return a sentence of a long row, after the words of the row's first cell."""
        key = key_span(self.section, self._block(unit.block))
        quotes = [self._text(unit.start, unit.end)]
        if unit.start >= key[1]:
            quotes.append(self._text(*key))
        return Excerpt(
            section=self.section,
            text=unit.plain,
            quotes=tuple(quotes),
            first=unit.start,
            last=unit.end,
        )

    def _table(self, head: int | None, rows: Sequence[int]) -> str:
        names = [] if head is None else cells(self._masked(head), marked_block)
        table = [cells(self._masked(at), marked_block) for at in rows]
        if len(table) == 1:
            return named(names, table[0])
        width = max(len(row) for row in (names, *table))
        lines = [names or [""] * width, ["---"] * width, *table]
        return "\n".join(f"| {' | '.join(_escaped(row, width))} |" for row in lines)

    def _prose(self, unit: Unit) -> Excerpt | None:
        """Return a sentence, with the neighbours that it needs."""
        block = self._block(unit.block)
        spans = [
            (block.start + first, block.start + last)
            for first, last in split_sentences(self._masked(unit.block))
        ]
        at = next((at for at, span in enumerate(spans) if span[0] >= unit.start), len(spans) - 1)
        start, end = unit.start, unit.end
        leans = _LEANS.match(unit.plain) or _CONTRASTS.search(unit.plain)
        if leans and at > 0:
            start = spans[at - 1][0]
        if at == 1 and _is_bare_reply(plain_block(self.section.masked[slice(*spans[0])])):
            at, start = 0, spans[0][0]
        if at == 0 and _REPLY.match(plain_block(self.section.masked[slice(*spans[0])])):
            start = self._question_above(unit.block, start)
        whole = self.section.chunk.text
        if not is_long_enough(whole, start, end) or find(whole[start:end], whole) is None:
            start, end = self._grown(spans, at)
        return self._plain(start, end)

    def _grown(self, spans: Sequence[tuple[int, int]], at: int) -> tuple[int, int]:
        """Return a short sentence with its neighbours, so that it can be found again."""
        first, last = max(0, at - 1), min(len(spans) - 1, at + 1)
        return spans[first][0], spans[last][1]

    def _question_above(self, block: int, start: int) -> int:
        """Return where the question begins that a yes or no answers."""
        if block == 0:
            return start
        before = self._block(block - 1)
        is_prose = before.kind in {BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.QUOTE}
        asks = is_prose and plain_block(self._masked(block - 1)).endswith(("?", "？"))
        return before.start if asks else start

    def _list_around(self, group: Group, unit: Unit) -> Excerpt | None:
        """Return an item with the introduction of its list, or the complete list if it is short."""
        start, end = self._block(group.first).start, self._block(group.last).end
        most = _MOST_CHARS if group.is_numbered else _MOST_CHARS_AROUND
        head = self._head_of(group)
        words, own = ({*stems_of(text)} & self._asked for text in (head, unit.plain))
        says_more = not words <= own
        if end - start <= most and head and (group.lead is not None or own < words):
            return self.group(group)
        # The item with the items that it is nested under
        at, depth = unit.block, self._block(unit.block).depth
        chain = [at]
        while at > group.first and depth > 1:
            at -= 1
            one = self._block(at)
            if one.kind is BlockKind.ITEM and one.depth < depth:
                chain.insert(0, at)
                depth = one.depth
        below = unit.block
        while below < group.last and self._block(below + 1).depth > self._block(unit.block).depth:
            below += 1
        chain += range(unit.block + 1, below + 1)
        first, last = self._block(chain[0]).start, self._block(chain[-1]).end
        if len(chain) == 1 and not (head and says_more):
            return self._plain(first, last)
        quotes = [self._text(first, last)]
        if head:
            quotes = [self._quote(self._head_block(group)), *quotes]
        lines = self._lines(chain)
        return Excerpt(
            section=self.section,
            text="\n".join([head, *lines] if head else lines),
            quotes=tuple(quotes),
            first=first,
            last=last,
        )

    def _announced_by(self, group: Group, unit: Unit) -> Group | None:
        """Return the list, table or code that a sentence introduces."""
        last = plain_block(self._masked(group.last))
        if not last.endswith(unit.plain):
            return None
        return next((one for one in groups(self.section) if one.lead == group.last), None)

    def _plain(self, start: int, end: int) -> Excerpt | None:
        return self._made(marked_block(self.section.masked[start:end]), (start, end))

    def _made(self, text: str, border: tuple[int, int]) -> Excerpt | None:
        start, end = border
        whole = self.section.chunk.text
        if not text or not is_long_enough(whole, start, end):
            return None
        return Excerpt(
            section=self.section,
            text=text,
            quotes=(whole[start:end],),
            first=start,
            last=end,
        )

    def _fitting(self, group: Group, most_chars: int) -> list[int]:
        """Return the blocks that fit."""
        shown: list[int] = []
        items = chars = 0
        for at in range(group.first, group.last + 1):
            block = self._block(at)
            is_item = block.kind is BlockKind.ITEM and block.depth == 1
            chars += len(block_text(self.section, block))
            if shown and (chars > most_chars or (is_item and items == _MOST_ITEMS)):
                break
            items += is_item
            shown.append(at)
        return shown

    def _lines(self, positions: Sequence[int]) -> Iterator[str]:
        is_list = self._block(positions[0]).kind is BlockKind.ITEM
        depths = [self._block(at).depth for at in positions]
        least = min(filter(None, depths), default=0) if is_list else min(depths)
        step = 0
        for at in positions:
            block = self._block(at)
            indent = "   " * max(0, block.depth - max(1, least))
            if block.kind is BlockKind.ITEM:
                number = block.number
                if number is not None and block.depth <= max(1, least):
                    # Code between two steps makes Markdown count from 1 again
                    number = step = max(number, step + 1)
                mark = "-" if number is None else f"{number}."
                yield f"{indent}{mark} {marked_block(self._masked(at))}"
            elif block.kind is BlockKind.CODE:
                inner = "   " * max(int(is_list), block.depth - least + 1 if block.depth else 0)
                language, code = code_of(self._masked(at))
                lines = code.split("\n")[:_MOST_CODE_LINES]
                yield from (f"{inner}{line}" for line in (f"```{language}", *lines, "```"))
            else:
                yield f"{indent}   {marked_block(self._masked(at))}"

    def _head_block(self, group: Group) -> int:
        return group.lead if group.lead is not None else group.heading or 0

    def _head_of(self, group: Group) -> str:
        """Return the line to show above a list or code; "" if there is none."""
        if group.lead is not None:
            return self._lead_text(group.lead)
        if group.heading is None or group.kind is GroupKind.CODE:
            return ""
        heading = marked_block(self._masked(group.heading).splitlines()[0]).rstrip(":")
        return heading if heading.endswith(("?", "!", "？")) else f"{heading}:"

    def _lead_text(self, lead: int) -> str:
        text = marked_block(self._masked(lead))
        if len(text) <= _MOST_LEAD:
            return text
        spans = split_sentences(text)
        at = len(spans) - 1
        # "This includes:" says nothing without the sentence before it
        while (
            at
            and _LEANS.match(text[slice(*spans[at])])
            and len(text) - spans[at - 1][0] <= 2 * _MOST_LEAD
        ):
            at -= 1
        return text[spans[at][0] :]

    def _head_start(self, group: Group) -> int:
        start = self._block(group.first).start
        if group.lead is not None:
            return self._block(group.lead).start
        if group.heading == group.first - 1 and group.heading is not None:
            return self._block(group.heading).start
        return start

    def _block(self, at: int) -> Block:
        return self.section.blocks[at]

    def _masked(self, at: int) -> str:
        block = self._block(at)
        return self.section.masked[block.start : block.end]

    def _text(self, start: int, end: int) -> str:
        return self.section.chunk.text[start:end]

    def _quote(self, at: int) -> str:
        return self._text(self._block(at).start, self._block(at).end)


def _is_bare_reply(text: str) -> bool:
    return bool(_REPLY.match(text)) and len(text.split()) == 1


def _escaped(row: Sequence[str], width: int) -> list[str]:
    return [cell.replace("|", r"\|") for cell in row] + [""] * (width - len(row))
