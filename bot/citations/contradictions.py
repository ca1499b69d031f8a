"""Detect documents that give another figure than the cited one, and say which is newer."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from footnote_qa.bot.citations.comparing import figure
from footnote_qa.bot.citations.inert import inert
from footnote_qa.bot.types import Citation
from footnote_qa.index.chunking import STOPWORDS, listed, one_line, split_sentences, stem
from footnote_qa.index.types import Chunk, Passage

MOST_NOTES = 2
MIN_WORDS = 3
"""Share of words that two sentences must have in common if the documents are versions of one."""
MIN_WORDS_ROW = 2
"""The same for rows of tables."""
MIN_WORDS_ELSEWHERE = 6
"""The same if the titles have nothing in common, or if one word differs."""

_TOKEN = re.compile(r"\d(?:[\d.,:/'’-]*\d)?|[€$£%]|[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBERING = re.compile(r"^[\W_]*(?:\(?\d{1,3}[.)]\s+)?")
_SLOT = "#"
_TITLE_CHARS = 60


_DENIES = listed("no not nor never nicht kein keine ne pas sin")
# A number after one of these names a thing and is not a measurement
_LABELS = listed(
    "section sections step steps page pages figure table chapter version no nr art article rule "
    "level tier phase stage item question room building floor class group type part plan option "
    "kapitel seite schritt abschnitt stufe raum artikel tabelle q"
)
# Words that distinguish versions of a document and do not describe its subject
_VERSIONS = listed(
    "v version draft final rev revision new old copy archive archived edition update updated "
    "current entwurf fassung neu alt"
)


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence with its figures replaced.

    Attributes:
        chunk: The chunk that it is in.
        words: Stems of its content words, in order, with "#" for each figure.
        names: The stems that are written with a capital.
        figures: In order, each as it is compared and as it is written.
        is_row: Whether it is a row of a table.
    """

    chunk: Chunk
    words: tuple[str, ...]
    names: frozenset[str]
    figures: tuple[tuple[str, str], ...]
    is_row: bool


def disagreements(citations: Sequence[Citation], passages: Sequence[Passage]) -> list[str]:
    """Return a warning for each cited sentence that another document has with another figure.

    Only the passages that were found are compared, so that nobody learns of a document that they
    may not see. Two sentences are about the same thing if they have the same words and
    differ in one figure, or in the day and the month of one date. Documents whose titles share
    some words and differ in others ("Plan A", "Plan B") are about different things.
    """
    chunks = [passage.chunk for passage in passages]
    others = [said for chunk in chunks for said in _sayings(chunk, 0, len(chunk.text))]
    told: dict[frozenset[tuple[str, str]], str] = {}
    for citation in citations:
        for cited in _cited(citation, [passage.context for passage in passages]):
            for other in others:
                if differing := _differing(cited, other):
                    ours, theirs = differing
                    key = {(cited.chunk.document, ours), (other.chunk.document, theirs)}
                    told.setdefault(
                        frozenset(key), _note(citation, other.chunk, ours=ours, theirs=theirs)
                    )
    return list(told.values())[:MOST_NOTES]


def _cited(citation: Citation, chunks: Sequence[Chunk]) -> Iterator[_Said]:
    """Yield the sentences that are quoted, at least in part."""
    for chunk in chunks:
        if chunk.document == citation.document and chunk.start <= citation.start < chunk.end:
            yield from _sayings(chunk, citation.start - chunk.start, citation.end - chunk.start)
            return


def _sayings(chunk: Chunk, start: int, end: int) -> Iterator[_Said]:
    """Yield the sentences with a figure around chunk.text[start:end]."""
    for first, last in split_sentences(chunk.text):
        text = chunk.text[first:last]
        if first < end and start < last and not text.startswith("#"):
            said = _taken_apart(text, chunk)
            if said.figures:
                yield said


def _taken_apart(text: str, chunk: Chunk) -> _Said:
    words: list[str] = []
    names: set[str] = set()
    figures: list[tuple[str, str]] = []
    label = False
    for match in _TOKEN.finditer(_NUMBERING.sub("", text)):
        word = match.group()
        lower = word.lower()
        value = None if label else figure(word)
        label = lower in _LABELS
        if value is not None:
            figures.append((value, word))
            words.append(_SLOT)
        elif lower not in STOPWORDS or lower in _DENIES:
            words.append(stem(lower))
            if word[0].isupper():
                names.add(words[-1])
    return _Said(chunk, tuple(words), frozenset(names), tuple(figures), text.startswith("|"))


def _differing(one: _Said, other: _Said) -> tuple[str, str] | None:
    """Return the differing figures of two sentences about the same thing, as written."""
    if one.chunk.document == other.chunk.document or not _about_the_same(one, other):
        return None
    pairs = [
        (ours, theirs)
        for (ours_is, ours), (theirs_is, theirs) in zip(one.figures, other.figures, strict=True)
        if ours_is != theirs_is
    ]
    months = [pair for pair in pairs if not any(char.isdigit() for char in "".join(pair))]
    if not pairs or len(pairs) > 1 + bool(months) or len(months) > 1:
        return None
    return " ".join(ours for ours, _ in pairs), " ".join(theirs for _, theirs in pairs)


def _about_the_same(one: _Said, other: _Said) -> bool:
    least = _least_words(one, other)
    known = [word for word in one.words if word != _SLOT]
    if least is None or len(known) < least or one.words.count(_SLOT) != other.words.count(_SLOT):
        return False
    if one.words == other.words:
        return True
    ours, theirs = Counter(one.words), Counter(other.words)
    apart = [*(ours - theirs).elements()], [*(theirs - ours).elements()]
    differ = set(apart[0] + apart[1])
    return (
        len(known) >= MIN_WORDS_ELSEWHERE
        and max(map(len, apart)) <= 1
        and differ.isdisjoint(one.names | other.names | _DENIES)
        and not any(char.isdigit() for word in differ for char in word)  # "room 5", "room 6"
    )


def _least_words(one: _Said, other: _Said) -> int | None:
    """Return how many words they must share; None if their documents are about different things."""
    for ours, theirs in (
        (one.chunk.title, other.chunk.title),
        (" ".join(one.chunk.heading[-1:]), " ".join(other.chunk.heading[-1:])),
    ):
        numbers = _numbers(ours), _numbers(theirs)
        if all(numbers) and numbers[0] != numbers[1]:
            return None
        subjects = _subject(ours), _subject(theirs)
        is_part = subjects[0] <= subjects[1] or subjects[1] <= subjects[0]
        if not is_part and subjects[0] & subjects[1]:
            return None
        if not is_part:
            return MIN_WORDS_ELSEWHERE
    return MIN_WORDS_ROW if one.is_row and other.is_row else MIN_WORDS


_NUMBER = re.compile(r"(?P<label>[^\W\d_]*)[\s#.-]*(?P<number>\d[\w.]*)")
_YEAR = re.compile(r"(?:19|20)\d{2}")


def _numbers(title: str) -> frozenset[str]:
    """Return the numbers that distinguish similar titles: of "room 5", not of "version 2"."""
    return frozenset(
        found["number"]
        for found in _NUMBER.finditer(title)
        if found["label"].lower() not in _VERSIONS and not _YEAR.match(found["number"])
    )


def _subject(title: str) -> frozenset[str]:
    """Return the subject words of a title, without those that name a version."""
    words = {match.group().lower() for match in _TOKEN.finditer(title)}
    return frozenset(
        stem(word)
        for word in words - STOPWORDS - _VERSIONS
        if figure(word) is None and figure(word.capitalize()) is None
    )


def _note(citation: Citation, other: Chunk, *, ours: str, theirs: str) -> str:
    age = "Another"
    if citation.modified_at is not None and other.modified_at is not None:
        days = (other.modified_at.date() - citation.modified_at.date()).days
        age = "A newer" if days > 0 else "An older" if days < 0 else age
    title = inert(one_line(other.title))[:_TITLE_CHARS].strip()
    return (
        f"{age} document says otherwise: “{title}”{_changed(other.modified_at)} has {theirs} "
        f"where [{citation.label}]{_changed(citation.modified_at)} has {ours}."
    )


def _changed(modified_at: datetime | None) -> str:
    return "" if modified_at is None else f", changed on {modified_at:%Y-%m-%d},"
