"""Acronyms that the documents write out, such as "Technology Services (TS)"."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = "acronyms.json"

_ACRONYM = r"[A-Z][A-Z0-9&]{1,7}"
_BRACKETED = re.compile(rf"\([\"“]?({_ACRONYM})s?[\"”]?[),;]")
_CAPITALS = re.compile(r"[A-Z][A-Z0-9&]")
_AFTER = re.compile(rf"(?<![\w(])({_ACRONYM})s? \(([^()\n]{{4,90}})\)")
_SAYS = r"(?:[:–—=|]| - |,? (?:st[a]nds|is short) for )"
_ENTRY = re.compile(rf"^[\s>*|#+-]*\**({_ACRONYM})\**\s*{_SAYS}\s*\**(.{{4,120}})", re.MULTILINE)
_IN_TEXT = re.compile(rf"(?<!\w)({_ACRONYM}),? (?:st[a]nds|is short) for (.{{4,120}})")
_PART = re.compile(r"[^\W_]+")
_SMALL_WORDS = "of and the for in on to a an at by with & und der die das des für de la"
_SMALL = frozenset(_SMALL_WORDS.split())
_MOST_WORDS = 9
_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Acronym:
    """An acronym and what it stands for.

    Attributes:
        short: It, as it is written.
        words: What it stands for, in small letters.
        audiences: Groups of each document that says so; an empty one means everybody.
    """

    short: str
    words: str
    audiences: tuple[tuple[str, ...], ...]

    def may_be_used(self, groups: Iterable[str] | None) -> bool:
        """Return whether one of *groups* may see a document that says so; None sees all."""
        if groups is None:
            return True
        known = set(groups)
        return any(not audience or not known.isdisjoint(audience) for audience in self.audiences)


def written_out(text: str) -> Iterator[tuple[str, str]]:
    """Yield each acronym that *text* writes out, and its words in small letters.

    >>> list(written_out("Ask the Technology Services (TS). PIV is a card."))
    [('TS', 'technology services')]
    >>> list(written_out("PIV: Personal Identity Verification card"))
    [('PIV', 'personal identity verification')]
    """
    if not _CAPITALS.search(text):
        return
    if "(" in text:
        for match in _BRACKETED.finditer(text):
            before = re.split(r"[.;:!?|(]", text[max(0, match.start() - _LONGEST) : match.start()])
            words = _PART.findall(before[-1])[-_MOST_WORDS:]
            readings = (words[at:] for at in range(len(words) - 2, -1, -1))
            yield from _fitting(match[1], readings)
        for short, inside in _AFTER.findall(text):
            yield from _fitting(short, [_PART.findall(inside)])
    for pattern in (_ENTRY, _IN_TEXT):
        for short, after in pattern.findall(text):
            words = _PART.findall(after)[:_MOST_WORDS]
            yield from _fitting(short, (words[:count] for count in range(2, len(words) + 1)))


def _fitting(short: str, readings: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield the first of *readings* whose initials are the letters of *short*."""
    letters = "".join(_PART.findall(short)).lower()
    for words in readings:
        lower = [word.lower() for word in words]
        if not lower or (lower[0] in _SMALL and letters[0] != lower[0][0]):
            continue
        large = [word for word in lower if word not in _SMALL]
        if letters in {_initials(lower), _initials(large)}:
            yield short, " ".join(lower)
            return


def _initials(words: Iterable[str]) -> str:
    return "".join(word[0] for word in words)


def write_acronyms(folder: Path, found: Iterable[tuple[str, str, tuple[str, ...]]]) -> None:
    """Write acronyms, their words and the audience of the document that says so into *folder*."""
    table: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for short, words, audience in found:
        table.setdefault((short, words), set()).add(audience)
    rows = [[*key, sorted(audiences)] for key, audiences in sorted(table.items())]
    (folder / FILE).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


def read_acronyms(folder: Path) -> list[Acronym]:
    """Return the acronyms in *folder*; none if an earlier version wrote the index."""
    path = folder / FILE
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        Acronym(short=short, words=words, audiences=tuple(tuple(one) for one in audiences))
        for short, words, audiences in rows
    ]
