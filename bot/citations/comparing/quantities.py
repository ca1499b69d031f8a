"""Compare the quantities of a statement with those of its evidence."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import combinations

from footnote_qa.bot.citations.comparing.claims import NUMBER_WORDS
from footnote_qa.bot.citations.comparing.dates import without_dates
from footnote_qa.bot.citations.comparing.units import FORMS, UNITS
from footnote_qa.index.chunking import STOPWORDS, stem

_TWICE = 2
_TEN = 10
_WORKDAY_HOURS = 8  # "13 days" of leave are 104 hours
_SUMMED = re.compile(
    r"\b(?:total|totals|totall?ing|altogether|combined|together|sum|in all|overall|difference|more|"
    r"less|left|remain\w*|twice|double|half|times|adds? up|insgesamt|zusammen|mehr|weniger)\b|=",
    re.IGNORECASE,
)
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


def times_changed(statement: str, evidence: str) -> bool:
    """Return whether *statement* says "once" or "twice" and *evidence* does not."""
    said = {word.lower() for word in re.findall(r"\b(?:once a|twice)\b", statement, re.IGNORECASE)}
    known = {word.lower() for word in re.findall(r"\b(?:once a|twice)\b", evidence, re.IGNORECASE)}
    return not said <= known


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


def _size(quantity: Quantity) -> tuple[str, Decimal] | None:
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
    mine, its = _size(one), _size(other)
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
    sizes = _size(short), _size(long)
    if sizes[0] is None or sizes[1] is None or sizes[1][0] != "months":
        return False
    years = sizes[1][1] / 12
    return sizes[0][1] in {years * 52 * 604_800, years * 365 * 86_400}


def wrong_quantity(statement: str, evidence: str) -> str:
    """Return the first quantity of *statement* that *evidence* does not have; "" if it has all.

    A quantity may be in another unit. A sum, a difference or a multiple passes if the statement
    says that it is one.

    >>> wrong_quantity("You get four days a month.", "Staff get four hours of leave a month.")
    'four days'
    >>> wrong_quantity("That is 104 hours.", "Employees earn 13 days of leave.")
    ''
    >>> wrong_quantity("In total it is 8 euros.", "Entry is 5 euros, parking 3 euros.")
    ''
    """
    known = quantities_in(evidence)
    for said in quantities_in(statement):
        if any(same(said, one) for one in known):
            if _is_exchanged(said, known):
                return said.written
            continue
        if _is_counted_twice(said, statement, evidence) or _is_the_nth(said, known, statement):
            continue
        if said.value == 1 and _size(said) in rates(evidence):
            continue  # "a day", "per day", "daily" say the same
        if said.value == 1 and said.unit in {one.unit for one in known if one.value == 1}:
            continue
        if _SUMMED.search(statement) and _is_computed(said, known):
            continue
        return said.written
    return _one_of_more(statement, known, evidence)


def _one_of_more(statement: str, known: Sequence[Quantity], evidence: str) -> str:
    """Return a "one member" of *statement* where *evidence* asks for several; "" if there is none.

    >>> _one_of_more("One member approves.", quantities_in("Two members approve."), "")
    'One member'
    """
    several = {one.noun for one in known if one.noun and one.value > 1}
    for match in re.finditer(r"\b(?:one|a single) ([^\W\d_]+)", statement, re.IGNORECASE):
        noun = re.escape(match[1])
        is_known = re.search(
            rf"\b(?:one|an?|single|each|every|per) {noun}\b", evidence, re.IGNORECASE
        )
        if match[1].lower() in STOPWORDS or is_known:
            continue
        if stem(match[1].lower()) in several:
            return match.group()
    return ""


def _is_counted_twice(said: Quantity, statement: str, evidence: str) -> bool:
    """Return whether "two tests a year" says that something is tested "twice a year"."""
    is_rate = said.value == _TWICE and not said.unit and rates(statement)
    return bool(is_rate and re.search(r"\btwice\b", evidence, re.IGNORECASE))


def _is_the_nth(said: Quantity, known: Sequence[Quantity], statement: str) -> bool:
    """Return whether "after three months" says that it is after the third month."""
    is_after = re.search(rf"\bafter\s+{re.escape(said.written)}", statement, re.IGNORECASE)
    return bool(is_after) and any(
        one.value == said.value and one.unit == f"nth {stem(said.unit)}" for one in known
    )


def _is_exchanged(said: Quantity, known: Sequence[Quantity]) -> bool:
    """Return whether the evidence counts other things with this number, and these with another."""
    if not said.noun or said.unit:
        return False
    of_this = [one for one in known if one.noun == said.noun]
    with_this = [one for one in known if one.value == said.value]
    return (
        bool(of_this)
        and all(one.value != said.value for one in of_this)
        and all(one.noun and one.noun != said.noun for one in with_this)
    )


def _is_computed(said: Quantity, known: Sequence[Quantity]) -> bool:
    """Return whether the number is a sum, difference, product or half of known ones."""
    alike = [
        one for one in known if not (said.unit and one.unit) or _dimension(one) == _dimension(said)
    ]
    values = [one.value for one in alike][:12]
    if sum(values) == said.value or said.value in {value * 2 for value in values}:
        return True
    if said.value in {value / 2 for value in values}:
        return True
    everything = [one.value for one in known][:12]
    return any(
        said.value in {one + other, abs(one - other)} for one, other in combinations(values, 2)
    ) or any(said.value == one * other for one, other in combinations(everything, 2))


def _dimension(quantity: Quantity) -> str:
    size = _size(quantity)
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
    found = {size for match in _RATE.finditer(text) if (size := _rate_size(match))}
    return frozenset(found | {_WEEK} if _WEEKDAY.search(text) else found)


def _rate_size(match: re.Match[str]) -> tuple[str, Decimal] | None:
    if match["form"]:
        value, unit = FORMS.get(match["form"].lower(), ("1", "hour"))
        return _size(Quantity(Decimal(value), unit, "", ""))
    number = (match["number"] or "1").lower()
    value = "2" if number in {"other", "second"} else str(NUMBER_WORDS.get(number, number))
    return _size(Quantity(Decimal(value), _canonical(match["unit"].lower()), "", ""))


def wrong_rate(statement: str, evidence: str) -> bool:
    """Return whether *statement* is about each day, say, and *evidence* only about each week.

    >>> wrong_rate("It costs 3 euros a week.", "It costs 3 euros a day.")
    True
    >>> wrong_rate("It is done quarterly.", "It is done every three months.")
    False
    """
    known = rates(evidence)
    named = {size for quantity in quantities_in(evidence) if (size := _size(quantity))}
    return bool(known) and not rates(statement) <= known | named


def has_money(text: str) -> bool:
    """Return whether *text* names an amount of money."""
    return any(_dimension(one) in {"eur", "usd", "gbp", "chf"} for one in quantities_in(text))


def has_time(text: str) -> bool:
    """Return whether *text* names a length of time."""
    return any(_dimension(one) in {"time", "months"} for one in quantities_in(text))
