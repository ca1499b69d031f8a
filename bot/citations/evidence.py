"""Find the words of the shown passages that may prove a statement."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from footnote_qa.bot.citations.comparing import (
    NUMBER_WORDS,
    alternatives,
    denied_before,
    forms,
    in_single_words,
    is_known,
    is_light,
    is_unit,
    language,
    without_dates,
)
from footnote_qa.bot.citations.quotes import fold, is_long_enough, places, run
from footnote_qa.bot.types import Evidence, ShownPassage
from footnote_qa.index.chunking import HIDDEN, STOPWORDS, plain_block, split_sentences, words
from footnote_qa.index.types import BlockKind, Chunk, Section

MOST_CANDIDATES = 6
_MOST_ROWS = 12  # of a table that is evidence with all of its rows
_NAMED = 0.2  # how much more words a unit of another passage must have than one of the named ones
_MOST_OWN = 3  # further candidates from the passages that a statement names
_MOST_EXTENDED = 2  # of the candidates whose neighbours are candidates too
_COMPARED = 12  # candidates that are compared word by word
# The beginning of a sentence that cannot be understood without the one before it
_LEANS = re.compile(
    r"\W*(?:\w+,? ){0,2}(?:it|its|they|them|their|this|these|those|that|he|she|such|there|then|"
    r"also|"
    r"otherwise|both|neither)\b",
    re.IGNORECASE,
)
_MOST_CHARS = 600  # of a row or an item that is cited completely


@dataclass(frozen=True)
class Found:
    """Words in the text of a section.

    Attributes:
        section: The section.
        start: Offset in its text.
        end: One past the last.
        lead: What a reader needs to understand them: the head of a table, the line above a list.
    """

    section: Section
    start: int
    end: int
    lead: str = ""

    @property
    def chunk(self) -> Chunk:
        """The section's text."""
        return self.section.chunk

    @property
    def quote(self) -> str:
        """Exactly the words."""
        return self.chunk.text[self.start : self.end]

    @property
    def cited(self) -> tuple[int, int]:
        """Where the words to cite begin and end: with both halves of a link at either end."""
        whole, masked = self.chunk.text, self.section.masked
        start, end = self.start, self.end
        if whole[:start].endswith("[") and masked[start - 1] == HIDDEN:
            start -= 1
        if whole.startswith("](", end) and masked[end] == HIDDEN:
            end = len(masked) - len(masked[end:].lstrip(HIDDEN))
        return start, end

    @property
    def is_row(self) -> bool:
        """Whether they are a row of a table, whose cells have no order of words."""
        return self.quote.lstrip().startswith("|")

    @property
    def is_head(self) -> bool:
        """Whether they are the head of a table."""
        return any(
            block.is_head and block.start <= self.start and self.end <= block.end
            for block in self.section.blocks
        )

    @property
    def beside(self) -> str:
        """The text that the reader sees beside the words: title, headings, date, lead."""
        chunk = self.chunk
        part = self.section.part_at(self.start)
        date = [] if chunk.modified_at is None else [chunk.modified_at.date().isoformat()]
        return "\n".join(
            (chunk.title, *chunk.heading, *part.heading, *self._headings, self.lead, *date)
        )

    @property
    def _headings(self) -> Iterator[str]:
        level = 7
        for block in reversed([one for one in self.section.blocks if one.start < self.start]):
            if block.kind is BlockKind.HEADING and block.level < level:
                level = block.level
                yield plain_block(self.section.masked[block.start : block.end])

    @cached_property
    def words(self) -> frozenset[str]:
        """The words, and those beside them, in lower case."""
        text = f"{fold(self.quote).text}\n{self.beside}"
        return frozenset((*words(text), *words(in_single_words(text))))


class Passages:
    """The shown passages, cut into what can be cited: sentences, items, rows, code.

    Args:
        shown: The passages that the answerer saw, best first.
    """

    def __init__(self, shown: Sequence[ShownPassage]) -> None:
        self.shown = shown

    @cached_property
    def units(self) -> dict[str, list[Found]]:
        """The citable parts of each passage, by its id, in reading order."""
        return {one.id: [*_units_of(one.section)] for one in self.shown}

    def first_unit(self, ids: Collection[str]) -> Found | None:
        """Return the first citable words of the named passages."""
        return next(
            (unit for one in self.shown if one.id in ids for unit in self.units[one.id]), None
        )

    def best(self, text: str, ids: Collection[str]) -> list[tuple[float, Found]]:
        """Return the units that have most of the words of *text*, with their share, best first.

        Args:
            text: A statement.
            ids: Of the passages that it names; of equal units theirs come first.
        """
        every = [word for word in words(in_single_words(text)) if word not in STOPWORDS]
        light = {word for word in every if is_light(word)}  # decide between equal units
        said = [word for word in every if word not in light] or every or words(text)
        if not said:
            return []
        scored = []
        for at, named, unit in self._promising(said, ids):
            known = sum(is_known(word, unit.words) for word in said) / len(said)
            if known:
                own = frozenset(words(fold(unit.quote).text))
                in_quote = sum(word in own for word in said) / len(said)
                small = sum(word in own for word in light)
                scored.append((known, in_quote, small, named, -len(own), -at, unit))
        scored.sort(
            key=lambda one: (
                -round(one[0] + _NAMED * one[3], 2),
                -one[3],
                -one[1],
                -one[2],
                -one[4],
            )
        )
        further = [one for one in scored[MOST_CANDIDATES:] if one[3]][:_MOST_OWN]
        return [(one[0], one[-1]) for one in [*scored[:MOST_CANDIDATES], *further]]

    def with_neighbours(self, units: Sequence[Found], ids: Collection[str]) -> list[Found]:
        """Return those of *units* that are in the named passages, then the units beside them.

        Args:
            units: Best first.
            ids: Of the passages that a statement names; if it names none, all are.
        """
        named = [self.units[one.id] for one in self.shown if not ids or one.id in ids]
        own = [one for one in units if any(one in beside for beside in named)]
        near = [
            beside[at]
            for one in own[:_MOST_EXTENDED]
            for beside in named
            if one in beside
            for at in (beside.index(one) - 1, beside.index(one) + 1)
            if 0 <= at < len(beside)
        ]
        return list(dict.fromkeys([*own, *near]))

    def table_of(self, unit: Found) -> list[Found]:
        """Return the rows of the table that a unit is a row of; empty if it is none."""
        blocks = unit.section.blocks
        row = next((one for one in blocks if one.start == unit.start), None)
        if row is None or row.kind is not BlockKind.ROW:
            return []
        starts = {one.start for one in blocks if one.group == row.group}
        beside = next((units for units in self.units.values() if unit in units), [])
        rows = [one for one in beside if one.start in starts]
        return rows if len(rows) <= _MOST_ROWS else []

    def best_of_each(self, text: str, ids: Collection[str]) -> list[Found]:
        """Return the unit of each named passage that has most of the words of *text*."""
        said = content_words(text)
        best = []
        for one in self.shown:
            units = self.units[one.id] if one.id in ids else []
            scores = [_share(said, unit) for unit in units]
            if any(known for known, _ in scores):
                best.append(units[scores.index(max(scores))])
        return best

    def _promising(
        self, said: Sequence[str], ids: Collection[str]
    ) -> list[tuple[int, bool, Found]]:
        """Return the units that may have most of the words, by a comparison that costs little."""
        wanted = [alternatives(word) for word in said]
        found = [
            (
                -sum(not one.isdisjoint(forms(unit.words)) for one in wanted),
                shown.id in ids,
                at,
                unit,
            )
            for at, shown in enumerate(self.shown)
            for unit in self.units[shown.id]
        ]
        best = sorted(found, key=lambda one: (one[0], not one[1], one[2]))
        best = [*best[:_COMPARED], *[one for one in best[_COMPARED:] if one[1]][:_MOST_OWN]]
        return [(at, named, unit) for count, named, at, unit in best if count]

    def locate(self, evidence: Evidence) -> Found | str:
        """Return the first place where the quote occurs and may be cited, or why there is none."""
        reason = "quote_not_found"
        # The named passage comes first, then the others, best first
        ordered = sorted(self.shown, key=lambda one: one.id != evidence.passage_id)
        for find in (places, run):
            for section in (one.section for one in ordered):
                text = section.chunk.text
                for start, end in find(evidence.quote, text):
                    if not is_long_enough(text, start, end):
                        reason = "quote_too_short"
                    elif denied_before(text, start):
                        reason = "quote_cut"
                    else:
                        return Found(section, start, end)
        return reason

    def verbatim(self, text: str, ids: Collection[str]) -> Found | None:
        """Return where *text* is word for word; the named passages come first."""
        wanted = fold(text).text.strip(" .:;!?")
        if not wanted:
            return None
        for one in sorted(self.shown, key=lambda shown: shown.id not in ids):
            whole = one.section.chunk.text
            for start, end in places(text.strip(" .:;!?"), whole):
                if is_long_enough(whole, start, end) and not denied_before(whole, start):
                    around = (
                        unit
                        for unit in self.units[one.id]
                        if unit.start <= start and end <= unit.end
                    )
                    return next(around, Found(one.section, start, end))
        return None

    @cached_property
    def language(self) -> str:
        """The language of most of what was shown; "" if it is not known."""
        return language("\n".join(one.section.chunk.text for one in self.shown))


def _share(said: Sequence[str], unit: Found) -> tuple[int, int]:
    """Return how many words a unit knows, and how many of them are in its own text."""
    own = frozenset(words(fold(unit.quote).text))
    known = (sum(is_known(word, has) for word in said) for has in (unit.words, own))
    return next(known), next(known)


def content_words(text: str) -> list[str]:
    """Return the words of *text* that claim something, in order, in lower case.

    >>> content_words("You can also park your car in the garage.")
    ['park', 'car', 'garage']
    """
    return [
        word
        for word in words(in_single_words(without_dates(text)))
        if word not in STOPWORDS
        and not is_light(word)
        and not word.isdigit()
        and not is_unit(word)
        and word not in NUMBER_WORDS
    ]


def _units_of(section: Section) -> Iterator[Found]:
    text = section.chunk.text
    for at, block in enumerate(section.blocks):
        if block.kind is BlockKind.HEADING or (block.kind is BlockKind.ROW and block.is_head):
            continue
        lead = _lead(section, at)
        masked = section.masked[block.start : block.end]
        if block.kind in {BlockKind.ROW, BlockKind.CODE}:
            spans = [(block.start, block.start + len(masked.rstrip()))]
        else:
            spans = [
                (block.start + first, block.start + last) for first, last in split_sentences(masked)
            ]
        for number, (start, end) in enumerate(spans):
            if is_long_enough(text, start, end):
                before = spans[number - 1] if number and _LEANS.match(text[start:end]) else None
                above = "" if before is None else plain_block(text[slice(*before)])
                yield Found(section, start, end, f"{lead}\n{above}".strip())
            elif spans[number + 1 :] or number:  # a short statement is cited with its neighbour
                first = spans[max(0, number - 1)][0]
                yield Found(section, first, spans[min(number + 1, len(spans) - 1)][1], lead)


def _lead(section: Section, at: int) -> str:
    """Return the head of the table, or the line above the list or the code, that holds a block."""
    block, found = section.blocks[at], []
    depth = block.depth
    for before in reversed(section.blocks[:at]):
        if before.kind is BlockKind.HEADING:
            break
        if block.kind is BlockKind.ROW:
            if before.group == block.group and before.is_head:
                found.append(before)
                break
        elif before.kind is BlockKind.ITEM and before.depth < depth:
            found.append(before)
            depth = before.depth
        elif block.kind in {BlockKind.ITEM, BlockKind.CODE} and before.group != block.group:
            if before.kind is BlockKind.PARAGRAPH and before.end - before.start <= _MOST_CHARS:
                found.append(before)
            break
    return "\n".join(plain_block(section.masked[one.start : one.end]) for one in found)
