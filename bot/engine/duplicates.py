"""Passages that say the same, and documents that are versions of each other."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from footnote_qa.bot.types import ShownPassage
from footnote_qa.index.types import Chunk

_WORD = re.compile(r"\w+")
_VERSION_SHARE = 0.5
_SMALL_WORDS = "a an the this that these those and it its as of to for der die das ein eine und"
_SMALL = frozenset(_SMALL_WORDS.split())
_DATED = r"(?:19|20)\d\d(?:[-_. ]?\d\d){0,2}"
_NUMBERED = r"(?:v|version|rev|revision)[ _.-]?\d+(?:\.\d+)*"
_VERSION = re.compile(rf"(?<![^\W\d_])(?:{_DATED}|{_NUMBERED})(?![^\W\d_])", re.IGNORECASE)
_NUMBER = re.compile(r"\d+")


def says_the_same(one: Chunk, other: Chunk) -> bool:
    """Return whether two chunks say the same: they differ in marks, capitals or small words only.

    Every other word counts, since a text that says "open" where another says "closed" is not the
    same, however similar they are.
    """
    return _meaning(one.text) == _meaning(other.text)


def _meaning(text: str) -> list[str]:
    """Return the words of *text* without small ones; all of them if there are no others."""
    words = [word.lower() for word in _WORD.findall(text)]
    return [word for word in words if word not in _SMALL] or words


def newer_first(shown: Sequence[ShownPassage], question: str) -> tuple[ShownPassage, ...]:
    """Return *shown* with the newer of two versions before the older, which is marked.

    If the question names the older version, both stay as they are.
    """
    ordered = list(shown)
    for at in range(len(ordered)):
        for later in range(at + 1, len(ordered)):
            first, second = ordered[at], ordered[later]
            if not _are_versions(first.passage.chunk, second.passage.chunk):
                continue
            older, newer = _by_age(first, second)
            if older is None or newer is None or _is_named(older.passage.chunk, question):
                continue
            marked = replace(older, newer=newer.passage.chunk.title)
            ordered[at], ordered[later] = newer, marked
    return tuple(ordered)


def _are_versions(one: Chunk, other: Chunk) -> bool:
    """Return whether the documents have the same name but for a version, and say much the same."""
    if one.document == other.document or _plain_name(one) != _plain_name(other):
        return False
    first, second = (set(_WORD.findall(each.text.lower())) for each in (one, other))
    return len(first & second) >= _VERSION_SHARE * min(len(first), len(second))


def _plain_name(chunk: Chunk) -> str:
    stem = PurePosixPath(chunk.document.lower()).with_suffix("").as_posix()
    return " ".join(re.findall(r"[^\W_]+", _VERSION.sub(" ", stem)))


def _by_age(
    one: ShownPassage, other: ShownPassage
) -> tuple[ShownPassage | None, ShownPassage | None]:
    """Return the older and the newer of two versions; None for both if that is unknown."""
    first, second = one.passage.chunk, other.passage.chunk
    ages = _version(first), _version(second)
    if ages[0] == ages[1]:
        if first.modified_at is None or second.modified_at is None:
            return None, None
        is_older = first.modified_at < second.modified_at
        return (one, other) if is_older else (other, one)
    return (one, other) if ages[0] < ages[1] else (other, one)


def _version(chunk: Chunk) -> tuple[int, ...]:
    found = _VERSION.findall(chunk.document) or _VERSION.findall(chunk.title)
    return tuple(int(number) for text in found for number in _NUMBER.findall(text))


def _is_named(chunk: Chunk, question: str) -> bool:
    names = {name.lower() for name in _VERSION.findall(f"{chunk.document} {chunk.title}")}
    return any(name in question.lower() for name in names)
