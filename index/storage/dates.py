"""Dates and numbers in one form, however a text writes them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = (
    "january jan januar janvier enero ene|february feb februar février febrero|"
    "march mar märz mrz mars marzo|april apr avril abril abr|may mai mayo|june jun juni juin junio|"
    "july jul juli juillet julio|august aug août agosto ago|"
    "september sep sept septembre septiembre|october oct oktober okt octobre octubre|"
    "november nov novembre noviembre|december dec dezember dez décembre diciembre dic"
)
_MONTH_OF = {
    name: at for at, names in enumerate(_MONTHS.split("|"), start=1) for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_OF = r"(?: of| de| del)?"
_YEAR = r"(?P<year>\d{4})"
_DATES = tuple(
    re.compile(rf"(?<![\w.])(?:{pattern})(?![\w])", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})",
        r"(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])",
        r"(?P<day>\d{1,2})(?P<mark>[./-])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)",
        rf"{_DAY}{_OF} {_MONTH}{_OF},?(?: {_YEAR})?",
        rf"{_MONTH} {_DAY}(?:,? {_YEAR})?",
        rf"{_MONTH}{_OF},? {_YEAR}",
        rf"{_YEAR}-(?P<month>0[1-9]|1[0-2])",
    )
)
_DIGIT = re.compile(r"\d")
_WITH_NAMES, _WITH_FIGURES = _DATES[3:6], (*_DATES[:3], _DATES[6])
_NAMES = frozenset(_MONTH_OF)
_WORD = re.compile(r"\w+")
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:[,.'’\u00a0\u202f]\d{3})+(?![\w]|[.,]\d{3})")
_DOTTED = re.compile(r"(?<![\w.,])v?\d+(?:\.\d+)+(?![\w])|(?<![\w.,])\d+,\d{1,2}(?![\w]|,\d)")
_SEPARATED = re.compile(r"\d[,.'’\u00a0\u202f]\d")
_UP_TO_TWENTY = (
    "two zwei|three drei|four vier|five fünf|six sechs|seven sieben|eight acht|nine neun|ten zehn|"
    "eleven elf|twelve zwölf|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty"
)
_TENS = "thirty|forty|fifty|sixty|seventy|eighty|ninety"
_NUMBER_WORDS = {
    word: str(number)
    for words, number in (
        *zip(_UP_TO_TWENTY.split("|"), range(2, 21), strict=True),
        *zip(_TENS.split("|"), range(30, 100, 10), strict=True),
    )
    for word in words.split()
}
_MOST_MONTH, _MOST_DAY = 12, 31
_BESIDE = 4  # tokens on each side of a month that can belong to its date
_THIS_CENTURY = 70  # a year written with two digits below this is after 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A part of a text that can be written in another way.

    Attributes:
        start: Where it begins, in code points.
        end: One past its last.
        terms: The one form of it, the most exact first.
    """

    start: int
    end: int
    terms: tuple[str, ...]


def dates(text: str) -> list[Form]:
    """Return the dates in *text*: `20260531` for a day, `md0531` without a year, `ym202605`.

    >>> [dates(one)[0].terms[0] for one in ("31 May 2026", "May 31, 2026", "31.5.26", "2026-05-31")]
    ['20260531', '20260531', '20260531', '20260531']
    """
    if not _DIGIT.search(text):
        return []
    has_name = any(map(is_month, text.split()))
    return _dates(text, (*_WITH_FIGURES, *(_WITH_NAMES if has_name else ())))


def dates_by_name(text: str) -> list[Form]:
    """Return the dates in *text* that name their month, in figures beside it."""
    tokens = text.split()
    near: list[str] = []
    after = 0
    for at, token in enumerate(tokens):
        if at >= after and is_month(token):
            after = at + _BESIDE
            near.append(" ".join(tokens[max(0, at - _BESIDE + 1) : after]))
    return [one for part in near if _DIGIT.search(part) for one in _dates(part, _WITH_NAMES)]


def _dates(text: str, patterns: Iterable[re.Pattern[str]]) -> list[Form]:
    found: list[Form] = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            terms = tuple(_date_terms(match))
            if terms and not any(_meet(match, one) for one in found):
                found.append(Form(start=match.start(), end=match.end(), terms=terms))
    return found


@lru_cache(maxsize=1 << 16)
def is_month(token: str) -> bool:
    """Return whether *token*, with or without marks around it, names a month."""
    return not _NAMES.isdisjoint(_WORD.findall(token.lower()))


def _meet(match: re.Match[str], form: Form) -> bool:
    return match.start() < form.end and form.start < match.end()


def _date_terms(match: re.Match[str]) -> Iterator[str]:
    parts = match.groupdict()
    month, day = _month(parts["month"]), int(parts.get("day") or 0)
    year = _year(parts.get("year") or "")
    readings = [(month, day)]
    if parts.get("mark") in {"/", "-"}:  # the day comes first or second, depending on the country
        readings.append((day, month))
    valid = [(m, d) for m, d in readings if 1 <= m <= _MOST_MONTH and 0 <= d <= _MOST_DAY]
    yield from (f"{year}{m:02}{d:02}" for m, d in valid if year and d)
    yield from (f"md{m:02}{d:02}" for m, d in valid if d)
    yield from (f"ym{year}{m:02}" for m, _ in valid if year)


def _month(written: str) -> int:
    return int(written) if written.isdigit() else _MONTH_OF[written.lower()]


def _year(written: str) -> str:
    if len(written) == len("26"):
        return f"{20 if int(written) < _THIS_CENTURY else 19}{written}"
    return written


def is_number_word(token: str) -> bool:
    """Return whether *token*, with or without marks around it, is a number in letters."""
    return not _NUMBER_WORDS.keys().isdisjoint(_WORD.findall(token.lower()))


def numbers(text: str) -> list[Form]:
    """Return the numbers in *text* that can be written in another way.

    >>> [one.terms for one in numbers("1,000 or 1.000 people in twelve rooms, version 3.11.2")]
    [('12',), ('1000',), ('1000',), ('3d11d2',)]
    """
    found: list[Form] = []
    if not _NUMBER_WORDS.keys().isdisjoint(_WORD.findall(text.lower())):
        words = ((match, match.group().lower()) for match in _WORD.finditer(text))
        found += [
            _form(match, _NUMBER_WORDS[word]) for match, word in words if word in _NUMBER_WORDS
        ]
    if not _SEPARATED.search(text):
        return found
    found += [_form(match, re.sub(r"\D", "", match.group())) for match in _THOUSANDS.finditer(text)]
    for match in _DOTTED.finditer(text):
        if not any(_meet(match, one) for one in found):
            found.append(_form(match, re.sub(r"[.,]", "d", match.group().lstrip("v"))))
    return found


def _form(match: re.Match[str], term: str) -> Form:
    return Form(start=match.start(), end=match.end(), terms=(term,))
