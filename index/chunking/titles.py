"""Find the documents that a text names by their full titles."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from footnote_qa.index.audience import may_see
from footnote_qa.index.types import Audience

MOST_SHARED = 3
"""A title shared by more documents than this names none of them."""

_MOST_WORDS = 16
_WORD = re.compile(r"\w+")
_NOTE_AT_THE_END = re.compile(r"\s*\([^()]*\)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Titled:
    """A document that a text can name.

    Attributes:
        document: Its id.
        title: Its title.
        audience: Groups that may see it; empty means everybody.
    """

    document: str
    title: str
    audience: tuple[str, ...]


class Titles:
    """The titles of a generation, for finding them in texts."""

    def __init__(self, documents: Iterable[Titled]) -> None:
        self._bearers: dict[str, list[Titled]] = {}
        self._longest: dict[str, int] = {}
        for each in documents:
            for key in keys(each.title):
                self._bearers.setdefault(key, []).append(each)
                first, count = key.partition(" ")[0], key.count(" ") + 1
                self._longest[first] = max(count, self._longest.get(first, 0))

    def named(self, text: str, *, audience: Audience, own: str = "") -> Mapping[str, str]:
        """Find the documents that *text* names and *audience* may see.

        A name must be written like a title: it does not begin with a small letter. If two titles
        begin at the same word, the longer one counts. A title that the audience cannot see is
        ignored as if it did not exist.

        Args:
            text: The text to read.
            audience: Groups of the person who asks; None sees every document.
            own: Title of the text's own document; documents with that title are not counted.

        Returns:
            The title's words in lower case, by document.

        >>> titles = Titles([Titled(document="t.md", title="Travel Costs", audience=())])
        >>> titles.named("See Travel Costs, not travel costs.", audience=frozenset())
        {'t.md': 'travel costs'}
        """
        found: dict[str, str] = {}
        for key, bearers in self._matches(text, audience):
            if key not in keys(own) and len(bearers) <= MOST_SHARED:
                found |= {each.document: key for each in bearers}
        return found

    def _matches(self, text: str, audience: Audience) -> Iterator[tuple[str, list[Titled]]]:
        words = _WORD.findall(text)
        lower = [word.lower() for word in words]
        at = 0
        while at < len(words):
            match = None if words[at][0].islower() else self._at(lower, at, audience)
            if match is not None:
                yield match
            at += match[0].count(" ") + 1 if match else 1

    def _at(self, lower: list[str], at: int, audience: Audience) -> tuple[str, list[Titled]] | None:
        for count in range(min(self._longest.get(lower[at], 0), len(lower) - at), 0, -1):
            key = " ".join(lower[at : at + count])
            bearers = [
                each for each in self._bearers.get(key, ()) if may_see(each.audience, audience)
            ]
            if bearers:
                return key, bearers
        return None


def keys(title: str) -> frozenset[str]:
    """Return how a title may be written: its words, with and without a note in brackets at the end.

    >>> sorted(keys("Leave (Germany)"))
    ['leave', 'leave germany']
    """
    written = (title, _NOTE_AT_THE_END.sub("", title))
    split = [[word.lower() for word in _WORD.findall(each)] for each in written]
    return frozenset(" ".join(words) for words in split if 0 < len(words) <= _MOST_WORDS)
