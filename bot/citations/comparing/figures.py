"""Compare the figures of a statement with those of its evidence."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

from footnote_qa.bot.citations.comparing.dates import times
from footnote_qa.bot.citations.comparing.quantities import (
    Quantity,
    dimension_of,
    quantities_in,
    rates,
    same,
    size_of,
)
from footnote_qa.index.chunking import STOPWORDS, stem

_TWICE = 2
_DAY = 24 * 60  # minutes
# A bound in the evidence, to which a number of the statement may be an instance
_BOUND = (
    r"(?:under|over|above|below|up to|at least|at most|(?:no |not )?(?:more|less|fewer|longer|"
    r"later|older|younger|larger|smaller|higher|lower|earlier) than|from|until|to|between|within|"
    r"beyond|exceed\w*|minimum|maximum|limit(?:ed)? (?:of|to)|aged?|(?:and|or) (?:over|older|under|"
    r"younger|more|less)|unter|über|bis|ab|mindestens|höchstens)"
)
_SUMMED = re.compile(
    r"\b(?:total|totals|totall?ing|altogether|combined|together|sum|in all|overall|difference|more|"
    r"less|left|remain\w*|twice|double|half|times|adds? up|insgesamt|zusammen|mehr|weniger)\b|=",
    re.IGNORECASE,
)
_BOUNDED = re.compile(_BOUND, re.IGNORECASE)
_OWN_BOUND = re.compile(rf"(?<!comes )(?<!amounts )\b{_BOUND}\W+(?:[^\W\d_]+\W+)?$", re.IGNORECASE)
# Before the number of a case: "if it comes to 60 euros", "a bill of 5,000 euros", "a child of four"
_CASE = re.compile(
    r"\b(?:if|when|with|at|wenn|bei)\b[^.;:]*$|\b(?:a|an|one|someone|anyone|somebody|ein\w*)\b[^.,;:]{0,40}$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\b([^\W\d_]+) (\d{1,3})\b")
_NTH = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
)


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
        if said.value == 1 and size_of(said) in rates(evidence):
            continue  # "a day", "per day", "daily" say the same
        if said.value == 1 and said.unit in {one.unit for one in known if one.value == 1}:
            continue
        if _SUMMED.search(statement) and _amount(said) in {*_computed(said, known)}:
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


def wrong_rate(statement: str, evidence: str) -> bool:
    """Return whether *statement* is about each day, say, and *evidence* only about each week.

    >>> wrong_rate("It costs 3 euros a week.", "It costs 3 euros a day.")
    True
    >>> wrong_rate("It is done quarterly.", "It is done every three months.")
    False
    """
    known = rates(evidence)
    named = {size for quantity in quantities_in(evidence) if (size := size_of(quantity))}
    return bool(known) and not rates(statement) <= known | named


def times_changed(statement: str, evidence: str) -> bool:
    """Return whether *statement* says "once" or "twice" and *evidence* does not."""
    said = {word.lower() for word in re.findall(r"\b(?:once a|twice)\b", statement, re.IGNORECASE)}
    known = {word.lower() for word in re.findall(r"\b(?:once a|twice)\b", evidence, re.IGNORECASE)}
    return not said <= known


def may_follow(statement: str, evidence: str) -> bool:
    """Return whether each number of *statement* is in *evidence* or may follow from those there.

    It may be computed from two of them, be a time or a length of time between times of day, count
    what the evidence numbers ("lesson 2" for "the second lesson"), or be one of the cases for
    which the evidence has a bound ("a child of eleven" for "under 12"). Whether it does follow is
    not decided here.

    >>> told = "Repairs up to 75 euros are paid by the tenant."
    >>> may_follow("A repair of 60 euros is yours.", told)
    True
    >>> may_follow("Repairs up to 95 euros are yours.", told)
    False
    """
    known = quantities_in(evidence)
    return all(
        any(same(said, one) for one in known) or _is_derivable(said, statement, evidence)
        for said in quantities_in(statement)
    )


def _is_derivable(said: Quantity, statement: str, evidence: str) -> bool:
    known = quantities_in(evidence)
    return (
        _amount(said) in {*_computed(said, known)}
        or _is_span(said, evidence)
        or _is_label(said, statement, evidence)
        or _is_hour(said, statement, evidence)
        or _is_instance(said, statement, evidence)
    )


def _amount(quantity: Quantity) -> Decimal:
    known = size_of(quantity)
    return quantity.value if known is None else known[1]


def _computed(said: Quantity, known: Sequence[Quantity]) -> Iterator[Decimal]:
    """Yield what two known numbers of the same kind make, doubles, halves, and what is left."""
    alike = [
        _amount(one)
        for one in known
        if not one.unit.startswith("nth")
        and dimension_of(one) == dimension_of(said)
        and (said.unit or one.noun == said.noun)
    ][:12]
    yield sum(alike, Decimal(0))
    for value in alike:
        yield from (value * 2, value / 2)
        if dimension_of(said) == "share":
            yield 100 - value
    for one, other in combinations(alike, 2):
        yield from (one + other, abs(one - other))
    for one in alike:
        yield from (one * other.value for other in known if not dimension_of(other))


def _is_span(said: Quantity, evidence: str) -> bool:
    """Return whether a length of time is what two times of day of *evidence* have between them."""
    size = size_of(said)
    if size is None or size[0] != "time":
        return False
    clock = sorted(times(evidence))
    gaps = {abs(one - other) for one, other in combinations(clock, 2)}
    return int(size[1]) in {seconds * 60 for gap in gaps for seconds in (gap, _DAY - gap)}


def _is_label(said: Quantity, statement: str, evidence: str) -> bool:
    """Return whether "lesson 2" is the second lesson of *evidence*."""
    return any(
        Decimal(match[2]) == said.value
        and 0 < said.value <= len(_NTH)
        and re.search(rf"\b{_NTH[int(match[2]) - 1]}\b", evidence, re.IGNORECASE)
        for match in _LABEL.finditer(statement)
    )


def _is_hour(said: Quantity, statement: str, evidence: str) -> bool:
    """Return whether "before nine" is a time of day that *evidence* has."""
    is_bare = not said.unit and said.value == int(said.value)
    told = re.search(
        rf"\b(?:at|before|until|by|after|from|till|to) {re.escape(said.written)}\b", statement, re.I
    )
    hours = {minute // 60 % 12 for minute in times(evidence)}
    return bool(is_bare and told) and int(said.value) % 12 in hours


def _is_instance(said: Quantity, statement: str, evidence: str) -> bool:
    """Return whether a number is one of the cases for which *evidence* has a bound."""
    at = statement.find(said.written)
    if at < 0 or _OWN_BOUND.search(statement[:at]) or said.unit.startswith("nth"):
        return False  # it gives a bound itself
    if not _CASE.search(statement[:at]):
        return False
    noun = stem(said.noun) if said.noun else ""
    return any(
        (dimension_of(one) == dimension_of(said) or not (one.unit and said.unit))
        and (not noun or not one.noun or one.noun == noun or bool(one.unit) != bool(said.unit))
        and _BOUNDED.search(_around(one, evidence))
        for one in quantities_in(evidence)
    )


def _around(one: Quantity, text: str) -> str:
    at = text.find(one.written)
    return "" if at < 0 else f"{text[max(0, at - 24) : at]} {text[at + len(one.written) :][:16]}"
