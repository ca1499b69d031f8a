"""Words that can be spelled in several ways: with hyphens, brackets or capitals, or as one."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from footnote_qa.index.storage.dates import (
    Form,
    dates,
    dates_by_name,
    is_month,
    is_number_word,
    numbers,
)

_WORDLIKE = r"[^\W_]+"
_COMPOUND = re.compile(
    rf"(?<!\w)_*{_WORDLIKE}(?:[-‐‑_.&+@]{{1,2}}{_WORDLIKE}|\({_WORDLIKE}\))+_*(?![^\W_])"
)
_OPTION = re.compile(r"(?<![\w-])--?(?P<name>[^\W\d_][\w-]*)")
_SIGNED = re.compile(r"(?<!\w)(?P<letter>[A-Za-z])(?P<sign>\+\+|#)(?![\w+#])|(?<!\S)\.NET\b")
_CAMEL = re.compile(r"(?<!\w)[^\W_]*?[a-z][A-Z][^\W_]*|(?<!\w)[A-Z]{2,}[a-z]{2}[^\W_]*(?!\w)")
_MAY_BE_CAMEL = re.compile(r"[A-Za-z][A-Z][a-z]|[a-z][A-Z]")
_CAMEL_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_PLAIN = re.compile(r"[(\[*\"“‘']?[^\W\d_][^\W\d_A-Z]*[.,;:!?)\]*\"”’']{0,2}")
_MOST_PARTS = 6
_LONGEST = 50
_SIGNS = {"++": "plusplus", "#": "sharp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A part of a question that documents may spell otherwise.

    Attributes:
        start: Where it begins, in code points.
        end: One past its last.
        forms: Its one form, which the index has for each spelling; the most exact first.
        is_exact: Whether its words say little without each other, such as the day of a date.
    """

    start: int
    end: int
    forms: tuple[str, ...]
    is_exact: bool = False


def spellings(question: str) -> list[Spelling]:
    """Return the parts of *question* that can be spelled otherwise, in order.

    >>> [one.forms for one in spellings("Is Wi-Fi in the 401(k) by --with 31 May 2026?")]
    [('wifi',), ('401k',), ('optwith', 'with'), ('20260531', 'md0531', 'ym202605')]
    """
    found: list[Spelling] = []
    for one in dates(question):
        _add(found, Spelling(start=one.start, end=one.end, forms=one.terms, is_exact=True))
    for one in numbers(question):
        is_exact = question[one.start].isdecimal()
        _add(found, Spelling(start=one.start, end=one.end, forms=one.terms, is_exact=is_exact))
    for form in _written(question):
        _add(found, Spelling(start=form.start, end=form.end, forms=form.terms))
    return sorted(found, key=lambda one: one.start)


def _add(found: list[Spelling], new: Spelling) -> None:
    if all(new.end <= one.start or one.end <= new.start for one in found):
        found.append(new)


class FormReader:
    """Reads the terms to index for a text besides its words.

    Most tokens of a text occur in other texts too, so each is examined only the first time.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._forms: dict[str, tuple[str, ...]] = {}
        self._special: set[str] = set()
        self._months: set[str] = set()

    def forms(self, text: str, tokens: Set[str]) -> list[str]:
        """Return the terms to index for *text* besides its words, each once.

        Args:
            text: The text.
            tokens: Its parts between spaces.

        >>> text = "Wi-Fi with getUserName by 31 May 2026"
        >>> FormReader().forms(text, set(text.split()))
        ['20260531', 'md0531', 'ym202605', 'wifi', 'get', 'user', 'name']
        """
        for token in tokens - self._seen:
            self._look_at(token)
        found: list[str] = []
        if tokens & self._months:
            found += [term for one in dates_by_name(text) for term in one.terms]
        for token in sorted(tokens & self._special):
            found += self._forms[token]
        return list(dict.fromkeys(found))

    def _look_at(self, token: str) -> None:
        self._seen.add(token)
        if is_month(token):
            self._months.add(token)
        if _PLAIN.fullmatch(token) and not is_number_word(token):
            return  # nearly all tokens
        forms = [term for one in (*dates(token), *numbers(token)) for term in one.terms]
        forms += [term for one in _written(token) for term in one.terms]
        forms += _parts(token)
        if forms:
            self._special.add(token)
            self._forms[token] = tuple(forms)


def _written(text: str) -> Iterator[Form]:
    for match in _COMPOUND.finditer(text):
        parts = re.findall(_WORDLIKE, match.group())
        joined = "".join(parts).lower()
        if len(parts) <= _MOST_PARTS and len(joined) <= _LONGEST and not joined.isdigit():
            yield Form(start=match.start(), end=match.end(), terms=(joined,))
    if "-" in text:
        for match in _OPTION.finditer(text):
            joined = re.sub(r"\W|_", "", match["name"]).lower()
            yield Form(start=match.start(), end=match.end(), terms=(f"opt{joined}", joined))
    if "+" in text or "#" in text or ".NET" in text:
        for match in _SIGNED.finditer(text):
            sign = _SIGNS.get(match["sign"] or "", "")
            term = f"{match['letter']}{sign}".lower() if sign else "dotnet"
            yield Form(start=match.start(), end=match.end(), terms=(term,))


def _parts(text: str) -> Iterator[str]:
    """Yield the parts of names such as `getUserName`; other parts are words anyway."""
    if _MAY_BE_CAMEL.search(text):
        for match in _CAMEL.finditer(text):
            yield from (part.lower() for part in _CAMEL_PART.findall(match.group()))
