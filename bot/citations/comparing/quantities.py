"""Compare the quantities of a statement with those of its evidence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from footnote_qa.bot.citations.comparing.claims import NUMBER_WORDS
from footnote_qa.bot.citations.comparing.dates import without_dates
from footnote_qa.bot.citations.comparing.units import FORMS, UNITS
from footnote_qa.index.chunking import STOPWORDS, stem

_TWICE = 2
_TEN = 10
_WORKDAY_HOURS = 8  # "13 days" of leave are 104 hours
_NUMBER = r"\d+(?:[.,'’\u00a0\u202f]\d+)*"
_ONES = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "k": 1000}
_FIGURE = re.compile(
    rf"(?P<sign>[€$£])?\s?(?<![\w.])(?:(?P<digits>{_NUMBER})|"
    rf"(?P<word>(?:{_ONES})\b(?:[ -](?:{_ONES})\b)?))"
    rf"(?P<scale>[ -]?(?:hundred|thousand|million|billion|k\b))?"
    rf"(?P<after>\s?[%€$£]|°[CF]|[ -]?[^\W\d_]+)?(?P<next>[ -][^\W\d_]+)?",
    re.IGNORECASE,
)
_FORM = re.compile(r"\b(?:" + "|".join(map(re.escape, FORMS)) + r")\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts.

    Attributes:
        value: The number.
        unit: Its unit, such as "hour"; "" if it has none that is known.
        noun: Stem of the word after it, if that is no unit; "" for none.
        written: As it is in the text.
    """

    value: Decimal
    unit: str
    noun: str
    written: str


@lru_cache(maxsize=2048)
def quantities_in(text: str) -> tuple[Quantity, ...]:
    """Return the quantities in *text*, in digits and in words, without dates and times.

    >>> [(str(q.value), q.unit or q.noun) for q in quantities_in("two weeks, 1,500 euros, 9 bags")]
    [('2', 'week'), ('1500', 'euro'), ('9', 'bag')]
    """
    rest = _spelt(without_dates(text))
    found = [*_ordinals(rest), *_figures(_ORDINAL.sub(" ", rest))]
    for match in _FORM.finditer(rest):
        value, unit = FORMS[match.group().lower()]
        if value == "1":
            continue  # a rate, see `rates`
        found.append(Quantity(Decimal(value), unit, "", match.group()))
    return tuple(found)


_SPELT = (
    (re.compile(r"\b(?:a )?quarter of an hour\b", re.IGNORECASE), "15 minutes"),
    (re.compile(r"\bhalf an hour\b|\bhalf hour\b", re.IGNORECASE), "30 minutes"),
    (re.compile(r"\b(?:a )?quarter of a year\b", re.IGNORECASE), "3 months"),
    (re.compile(r"\bhalf a year\b", re.IGNORECASE), "6 months"),
    (re.compile(r"\bhalf a day\b", re.IGNORECASE), "0.5 days"),
    (re.compile(r"\ba couple of\b", re.IGNORECASE), "2"),
    (re.compile(r"\ba(?= (?:hundred|thousand|million|billion|dozen)\b)", re.IGNORECASE), "one"),
    (re.compile(r"\b(?:one|a) dozen\b", re.IGNORECASE), "12"),
    (re.compile(r"\b(?:once|twice)\b", re.IGNORECASE), " "),  # counted by `times_changed`
)
_NTH = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
_TIMES = "seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?"
_ORDINAL = re.compile(
    rf"\b(?P<nth>{'|'.join(_NTH)}|\d+(?:st|nd|rd|th))\s+(?:working\s+|full\s+)?(?P<unit>{_TIMES})\b|"
    rf"\b(?P<named>day|week|month|year)\s+(?P<number>\d+|{_ONES})\b"
    rf"(?!\s*{_TIMES})",
    re.IGNORECASE,
)


def _spelt(text: str) -> str:
    for pattern, written in _SPELT:
        text = pattern.sub(written, text)
    return text


def _ordinals(text: str) -> Iterator[Quantity]:
    """Yield "the third day" and "day three", which are no amounts."""
    for match in _ORDINAL.finditer(text):
        number = (match["nth"] or match["number"]).lower()
        known = _NTH.get(number) or NUMBER_WORDS.get(number)
        value = known if known is not None else int(re.sub(r"\D", "", number))
        unit = stem((match["unit"] or match["named"]).lower())
        yield Quantity(Decimal(value), f"nth {unit}", "", match.group())


def _figures(text: str) -> Iterator[Quantity]:
    at = 0
    while match := _FIGURE.search(text, at):
        at = match.end("after") if match["after"] and _unit(match["after"]) else 0
        at = max(at, match.end("scale"), match.end("digits"), match.end("word"), match.start() + 1)
        value = _value(match)
        if value is None:
            continue
        unit, noun = _counted(match)
        yield Quantity(value, unit, noun, text[match.start() : at].strip())


def _counted(match: re.Match[str]) -> tuple[str, str]:
    """Return the unit and the noun of a figure."""
    if match["sign"]:
        return match["sign"], ""
    for group in ("after", "next"):
        word = (match[group] or "").strip(" -").lower()
        if _unit(word):
            return _canonical(word), ""
    word = (match["after"] or "").strip(" -").lower()
    return "", "" if word in STOPWORDS else stem(word)


def is_unit(word: str) -> bool:
    """Return whether *word* is a unit, or says how often."""
    return _unit(word) or word in FORMS


def _unit(word: str) -> bool:
    return word.strip(" -").lower() in UNITS


def _canonical(word: str) -> str:
    """Return the shortest name of the same unit, except signs."""
    return stem(word) if word.isalpha() else word


def _value(match: re.Match[str]) -> Decimal | None:
    value: Decimal | None
    if match["digits"]:
        value = _decimal(match["digits"])
    else:
        words = re.split(r"[ -]", match["word"].lower())
        tens, ones = NUMBER_WORDS[words[0]], NUMBER_WORDS[words[-1]]
        if len(words) > 1 and (tens % _TEN or ones >= _TEN):
            words = words[:1]
        value = Decimal(sum(NUMBER_WORDS[word] for word in words))
        is_one = words in (["one"], ["once"], ["null"]) and not match["scale"]
        if is_one and not _unit(match["after"] or ""):
            return None  # mostly a pronoun
    if value is not None and match["scale"]:
        value *= _SCALES[match["scale"].strip(" -").lower()]
    return value


def _decimal(digits: str) -> Decimal | None:
    parts = re.split(r"[.,'’\u00a0\u202f]", digits)
    try:
        if len(parts) == 1:
            return Decimal(parts[0])
        if all(len(part) == 3 for part in parts[1:]) and len(parts[0]) <= 3 and parts[0] != "0":  # noqa: PLR2004 - thousands
            return Decimal("".join(parts))
        if len(parts) == 2:  # noqa: PLR2004 - complete and fraction
            return Decimal(f"{parts[0]}.{parts[1]}")
        if len(parts[-1]) != 3 and all(len(part) == 3 for part in parts[1:-1]):  # noqa: PLR2004
            return Decimal("".join(parts[:-1]) + "." + parts[-1])
    except InvalidOperation:
        return None
    return None  # a version or an address


def size_of(quantity: Quantity) -> tuple[str, Decimal] | None:
    """Return the dimension and the size of a quantity in its smallest unit."""
    known = UNITS.get(quantity.unit) or UNITS.get(f"{quantity.unit}s")
    known = known or UNITS.get(f"{quantity.unit}e") or UNITS.get(f"{quantity.unit}es")
    return (known[0], known[1] * quantity.value) if known else None


def same(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities are equal, in these or in other units.

    >>> same(quantities_in("two weeks")[0], quantities_in("14 days")[0])
    True
    >>> same(quantities_in("four days")[0], quantities_in("four hours")[0])
    False
    """
    if one.unit.startswith("nth") or other.unit.startswith("nth"):
        return (one.value, one.unit) == (other.value, other.unit)
    mine, its = size_of(one), size_of(other)
    if mine is None or its is None:
        return one.value == other.value
    (dimension, size), (theirs, their_size) = mine, its
    if dimension == theirs:
        return size == their_size or (dimension == "time" and _in_workdays(one, other))
    if {dimension, theirs} == {"time", "months"}:
        return _in_weeks(one, other) or _in_weeks(other, one)
    return False


def _in_workdays(one: Quantity, other: Quantity) -> bool:
    """Return whether one is the other's days in hours of work."""
    days, hours = sorted((one, other), key=lambda q: not q.unit.startswith(("day", "tag")))
    is_so = days.unit.startswith(("day", "tag")) and hours.unit.startswith(("hour", "hr", "st"))
    return is_so and days.value * _WORKDAY_HOURS == hours.value


def _in_weeks(short: Quantity, long: Quantity) -> bool:
    """Return whether a year is given as 52 weeks or 365 days."""
    sizes = size_of(short), size_of(long)
    if sizes[0] is None or sizes[1] is None or sizes[1][0] != "months":
        return False
    years = sizes[1][1] / 12
    return sizes[0][1] in {years * 52 * 604_800, years * 365 * 86_400}


def dimension_of(quantity: Quantity) -> str:
    """Return what a quantity measures, such as "time" or "eur"; "" if it has no unit."""
    size = size_of(quantity)
    return size[0] if size else ""


_RATE = re.compile(
    r"(?:\b(?:a|an|per|each|every|pro|je)\s+|/\s?)(?:(?P<number>\d+|two|three|four|five|six|ten|"
    r"twelve|other|second)\s+)?(?P<unit>"
    + "|".join(
        sorted(
            (name for name in UNITS if UNITS[name][0] in {"time", "months"}), key=len, reverse=True
        )
    )
    + r")\b|\b(?P<form>hourly|daily|" + "|".join(map(re.escape, FORMS)) + r")\b",
    re.IGNORECASE,
)  # fmt: skip


_WEEK = ("time", Decimal(604_800))
_WEEKDAY = re.compile(
    r"\b(?:every|each) (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\bon (?:mon|tues|wednes|thurs|"
    r"fri|satur|sun)days\b",
    re.IGNORECASE,
)


def rates(text: str) -> frozenset[tuple[str, Decimal]]:
    """Return for what lengths of time *text* says "a", "per" or "every", in smallest units.

    >>> rates("3 euros a month, quarterly") == rates("monthly and every three months")
    True
    """
    found = {size for match in _RATE.finditer(text) if (size := _ratesize_of(match))}
    return frozenset(found | {_WEEK} if _WEEKDAY.search(text) else found)


def _ratesize_of(match: re.Match[str]) -> tuple[str, Decimal] | None:
    if match["form"]:
        value, unit = FORMS.get(match["form"].lower(), ("1", "hour"))
        return size_of(Quantity(Decimal(value), unit, "", ""))
    number = (match["number"] or "1").lower()
    value = "2" if number in {"other", "second"} else str(NUMBER_WORDS.get(number, number))
    return size_of(Quantity(Decimal(value), _canonical(match["unit"].lower()), "", ""))


def has_money(text: str) -> bool:
    """Return whether *text* names an amount of money."""
    return any(dimension_of(one) in {"eur", "usd", "gbp", "chf"} for one in quantities_in(text))


def has_time(text: str) -> bool:
    """Return whether *text* names a length of time."""
    return any(dimension_of(one) in {"time", "months"} for one in quantities_in(text))
