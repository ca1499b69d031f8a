"""The words of an index as people write them, for finding the one that was meant."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

FILE = "vocabulary.txt"

_WORD = re.compile(r"[^\W\d_]{4,30}")
_MOST_NEAR = 40
_SHORTEST = 4
_LONG = 7  # from this length on two letters may be wrong, else one


def write_vocabulary(folder: Path, tokens: Counter[str]) -> None:
    """Write in how many chunks each word is into *folder*.

    Args:
        folder: Folder of the index.
        tokens: In how many chunks each part between spaces is.
    """
    counts: Counter[str] = Counter()
    for token, count in tokens.items():
        for word in _WORD.findall(token.lower()):
            counts[word] += count
    lines = (f"{word} {count}\n" for word, count in sorted(counts.items()))
    (folder / FILE).write_text("".join(lines), encoding="utf-8")


class Vocabulary:
    """The words of an index, read when the first one is looked up."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""

    @cached_property
    def _counts(self) -> dict[str, int]:
        pairs = (line.split(" ") for line in self._text.splitlines())
        return {word: int(count) for word, count in pairs}

    @cached_property
    def _words(self) -> dict[int, list[str]]:
        by_length: dict[int, list[str]] = {}
        for word in self._counts:
            by_length.setdefault(len(word), []).append(word)
        return by_length

    def near(self, word: str) -> Iterator[str]:
        """Yield words that *word* may be a misspelling of, the likeliest first.

        Likelier is what differs in fewer letters (one may also be swapped with the next), then
        what begins with the same letter, then what more chunks hold.
        """
        word = word.lower()
        if len(word) < _SHORTEST:
            return
        most = 2 if len(word) >= _LONG else 1
        lengths = range(len(word) - most, len(word) + most + 1)
        choices = [one for length in lengths for one in self._words.get(length, ())]
        found = process.extract(
            word, choices, scorer=OSA.distance, score_cutoff=most, limit=_MOST_NEAR
        )
        ranked = sorted(
            found, key=lambda one: (*_unlike(word, one[0], one[1]), -self._counts[one[0]])
        )
        yield from (one for one, *_ in ranked)


def _unlike(word: str, other: str, distance: float) -> tuple[float, bool]:
    return distance, word[0] != other[0]


def letters_apart(one: str, other: str) -> int:
    """Return how many letters have to be added, removed, replaced or swapped with a neighbour.

    >>> letters_apart("parking", "packing"), letters_apart("ethanol", "ethan")
    (1, 2)
    """
    return OSA.distance(one.lower(), other.lower())
