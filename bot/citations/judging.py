"""Judge whether a statement follows from its evidence: what is wrong with it, or what is open."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from footnote_qa.bot.citations.clauses import is_added
from footnote_qa.bot.citations.comparing import (
    MONTHS,
    NUMBER_WORDS,
    abbreviations,
    amounts_exchanged,
    are_about_the_same,
    are_exchanged,
    bound_changed,
    contradicts,
    denies_alone,
    exchanged_words,
    foreign,
    has_money,
    has_time,
    is_close,
    is_known,
    may_follow,
    missing_names,
    missing_numbers,
    modal_changed,
    order_changed,
    quantities_in,
    relations_exchanged,
    scope_changed,
    times,
    times_changed,
    wrong_date,
    wrong_quantity,
    wrong_rate,
    wrong_time,
)
from footnote_qa.bot.citations.evidence import Found, content_words
from footnote_qa.bot.citations.quotes import fold
from footnote_qa.index.chunking import STOPWORDS, words

_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:javascript|data|mailto):)[^\s<>]+|"
    r"\b[\w.+-]+@[\w-]+\.[\w.]+|(?<![\w.])@(?:here|channel|everyone|all)\b",
    re.I,
)
_CODE_SPAN = re.compile(r"`([^`]+)`")
# Options, files, paths, versions: what is copied and not said in other words
_LITERAL = re.compile(
    r"(?<![\w-])--?[a-z][\w-]+|\b[\w-]+(?:[./\\_][\w-]+)*\.(?:py|md|json|toml|ya?ml|txt|csv|sh|exe|cfg|ini|"
    r"pdf|docx?|xlsx?|html?|js|ts|sql|log|env)\b|\bv?\d+\.\d+\.\d+\b|\bv\d+(?:\.\d+)*\b|(?<!\w)/(?:[\w.-]+/)+[\w.-]*|"
    r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b[a-z]+_[a-z_]+\b"
)
# What is said to are in the document word for word
_SAID_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»]*\s[^\"“”„«»]*\s[^\"“”„«»]*)[\"”“»]")
_AT_MOST = re.compile(
    r"\b(?:up to|at most|no more than|not more than|longest|highest)\b", re.IGNORECASE
)
# Counted by the answer and not by the document
_COUNT = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|\d)\s+((?:[^\W\d_]+\s+){0,2}(?:things|items|points|"
    r"steps|ways|kinds|types|sorts|options|parts|pieces|reasons|cases|conditions|requirements|places)\b)(?=[^.;!?\n]*:)",
    re.IGNORECASE,
)
_UNIT_NAMES = re.compile(r"\b(?:EUR|USD|GBP|CHF|KB|MB|GB|TB|AM|PM|Uhr)\b")
LEAST_COVER = 0.3
"""If less of its words is known, nothing speaks for a statement."""
ALIKE = 0.78
"""The share of words of a statement from which on a fault in its wording is sure: of 384 written
statements it separates nearly all right ones for which a rule found a fault from the wrong ones."""
_LEAST_ALIKE = 0.2  # with fewer known words, nothing speaks for a statement with a fault
ALIKE_IF_SHORT = 0.5
"""The same for a statement of few words, which has hardly a wording of its own."""
_FEWEST_OWN = 4
FEWEST_WORDS = 2
"""A share of fewer words says nothing."""


class Reason(StrEnum):
    """Why a part of a draft is not shown."""

    EMPTY = "empty"
    NO_EVIDENCE = "no_evidence"  # no passage has anything like it
    QUOTE_NOT_FOUND = "quote_not_found"  # in none of the passages that were shown
    QUOTE_TOO_SHORT = "quote_too_short"
    QUOTE_CUT = "quote_cut"  # a negation before it was left out
    NUMBER = "number"  # it is in the sentence but not in the evidence, or counts something else
    DATE = "date"
    NAME = "name"  # as above, and not in the cited passage either
    NEGATION = "negation"  # one denies what the other says
    LINK = "link"  # a URL that is not in the evidence
    CODE = "code"  # a command, a file or a version that is not in the passage
    MODAL = "modal"  # it must, where the evidence says that it may
    SCOPE = "scope"  # an "only" or an "every" that the evidence does not have
    EXCHANGED = "exchanged"  # "after" for "before", "Tuesday" for "Monday", payer for payee
    NOT_PROVEN = "not_proven"  # the evidence is there, but says something else
    ABSENT = "absent"  # it says that the documents do not say something
    REMARK = "remark"  # it says nothing about the documents


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a comparison.

    Attributes:
        reason: What is wrong; None if nothing is.
        is_open: Whether the words cannot decide.
        missing: Words of the statement of which the evidence has no form.
    """

    reason: Reason | None = None
    is_open: bool = False
    missing: tuple[str, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether the evidence proves the statement."""
        return self.reason is None and not self.is_open


PROVEN = Verdict()


def judge(text: str, found: Sequence[Found], *, lead: str = "", asked: str = "") -> Verdict:
    """Return whether *found* proves *text*.

    Args:
        text: A statement.
        found: Its evidence.
        lead: Headings and lead-ins above the statement in the reply.
        asked: The question; a number may come from it, and then has to be decided.
    """
    quotes = "\n".join(one.quote for one in found)
    beside = "\n".join(one.beside for one in found)
    whole = "\n".join(one.chunk.text for one in found)
    known = f"{fold(quotes).text}\n{quotes}\n{beside}"
    plain = uncounted(text)
    literal = _literal_fault(text, quotes, whole)
    if literal is not None:
        return Verdict(literal)
    fault = _figure_fault(plain, f"{known}\n{asked}")
    if fault is None and foreign(text, whole):
        return PROVEN  # the words cannot be compared
    if fault is None and contradicts(text, quotes):
        fault = Reason.NEGATION
    if fault is None and _has_other_name(text, whole, beside):
        fault = Reason.NAME
    if fault is Reason.NUMBER and may_follow(text, known):
        return Verdict(is_open=True)
    if fault is not None:
        return _verdict(fault, text, found)
    is_asked = (bool(asked) or plain != text) and _figure_fault(text, known) is not None
    verdict = _wording(text, found, known=known, lead=lead)
    if verdict.is_proven and (is_asked or not _is_close(text, found, lead=lead)):
        return replace(verdict, is_open=True)
    return verdict


def _has_other_name(text: str, whole: str, beside: str) -> bool:
    return bool(
        missing_names(_UNIT_NAMES.sub(" ", text), f"{whole}\n{beside}")
        and missing_names(text, f"{fold(whole).text}\n{beside}")
    )


def _verdict(reason: Reason, text: str, found: Sequence[Found]) -> Verdict:
    """Return that *text* is wrong; that it is open if it says things in words of its own.

    A comparison of single words is sure only where most of the words are the same.
    """
    said = [
        one
        for one in words(text)
        if not (one in STOPWORDS or one.isdigit() or one in MONTHS or one in NUMBER_WORDS)
    ]
    known = frozenset[str]().union(*(unit.words for unit in found))
    if reason is Reason.NAME:  # what is wrong is no word of its own
        said = [one for one in said if is_known(one, known) or not _is_name(one, text)]
    alike = sum(is_known(one, known) for one in said) / max(1, len(said))
    sure = ALIKE if len(said) >= _FEWEST_OWN else ALIKE_IF_SHORT
    is_open = _LEAST_ALIKE <= alike < sure and not all(one.is_row for one in found)
    return Verdict(None, is_open=True) if is_open else Verdict(reason)


def _is_name(word: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(word.capitalize())}\b", text) is not None


def _is_close(text: str, found: Sequence[Found], *, lead: str) -> bool:
    if all(one.is_row for one in found):
        return True
    quotes = [one.quote for one in found]
    beside = "\n".join([lead, *(one.beside for one in found)])
    known = "\n".join([*quotes, beside])
    implied = _implied(known) | abbreviations(known)
    return is_close(text, quotes, frozenset(words(beside)) | implied)


def uncounted(text: str) -> str:
    """Return *text* without the number of things that it announces before a colon.

    >>> uncounted("The form asks for three things: a name, a date and a place.")
    'The form asks for things: a name, a date and a place.'
    """
    return _COUNT.sub(r"\1", text)


def _literal_fault(text: str, quotes: str, whole: str) -> Reason | None:
    if any(match.group().rstrip(".,;:!?)'\"") not in quotes for match in _URL.finditer(text)):
        return Reason.LINK
    rest = _URL.sub(" ", text)
    folded = fold(whole).text
    said = [
        one for one in _SAID_QUOTE.findall(rest) if fold(one).text.strip(" .,;:!?") not in folded
    ]
    if said:
        return Reason.QUOTE_NOT_FOUND
    spans = [span for span in _CODE_SPAN.findall(rest) if fold(span).text.strip() not in folded]
    literals = [one for one in _LITERAL.findall(rest) if fold(one).text not in folded]
    return Reason.CODE if spans or literals else None


def _figure_fault(text: str, known: str) -> Reason | None:
    said = _CODE_SPAN.sub(" ", _URL.sub(" ", text))
    if wrong_date(said, known):
        return Reason.DATE
    if wrong_time(said, known) and missing_numbers(said, known):
        return Reason.NUMBER
    if wrong_quantity(said, known) or wrong_rate(said, known) or bound_changed(said, known):
        return Reason.NUMBER
    return None


def _wording(text: str, found: Sequence[Found], *, known: str, lead: str) -> Verdict:
    evidence = frozenset(word for one in found for word in one.words) | _implied(known)
    evidence |= abbreviations(known)
    quoted = "\n".join(one.quote for one in found) + "\n" + "\n".join(one.lead for one in found)
    said = words(text)
    is_rows = all(one.is_row for one in found)  # nobody acts in a table
    changes = modal_changed(text, quoted), scope_changed(text, known)
    if times_changed(text, known):
        changes = (None, changes[1]) if changes[0] is False else changes
    if changes[0]:
        return _verdict(Reason.MODAL, text, found)
    if changes[1]:
        return _verdict(Reason.SCOPE, text, found)
    order = order_changed(text, quoted)
    pairs = [*exchanged_words(said, evidence)]
    around = f"{quoted}\n{known}"
    if (
        any(are_about_the_same(pair, text, around) for pair in pairs)
        or (not is_rows and are_exchanged(text, quoted))
        or (not is_rows and relations_exchanged(text, quoted))
        or order
        or amounts_exchanged(text, quoted)
    ):
        return _verdict(Reason.EXCHANGED, text, found)
    content = content_words(text)
    missing = tuple(word for word in content if not is_known(word, evidence))
    if len(missing) < len(content) and is_added(text, evidence, quoted):
        return Verdict(None, is_open=True, missing=missing)
    counted = len(quantities_in(text))
    share = (len(content) - len(missing) + counted) / max(1, len(content) + counted)
    if len(content) >= FEWEST_WORDS and share < LEAST_COVER:
        return Verdict(Reason.NOT_PROVEN, missing=missing)
    above = frozenset(words(lead))
    missing = tuple(word for word in missing if not is_known(word, above))
    missing += _missing_acronyms(text, f"{quoted}\n{known}\n{lead}")
    is_open = bool(missing or pairs) or None in (*changes, order) or denies_alone(text, quoted)
    return Verdict(None, is_open=is_open, missing=missing)


def _missing_acronyms(text: str, known: str) -> tuple[str, ...]:
    """Return the acronyms that are small words in other letters, and that *known* does not have.

    >>> _missing_acronyms("IT and HR approve it.", "HR approves it.")
    ('IT',)
    """
    written = [] if text.isupper() else re.findall(r"\b[A-Z]{2,}\b", text)
    return tuple(
        one for one in written if one.lower() in STOPWORDS and not re.search(rf"\b{one}\b", known)
    )


def _implied(known: str) -> frozenset[str]:
    """Return words that an amount of money or of time implies."""
    money = (
        frozenset({"cost", "costs", "price", "amount", "pay", "fee"})
        if has_money(known)
        else frozenset()
    )
    bounds = frozenset({"limit", "maximum", "max"}) if _AT_MOST.search(known) else frozenset()
    bounds |= frozenset({"minimum", "min"}) if "at least" in known.lower() else frozenset()
    time = frozenset({"duration", "length", "last", "long"}) if has_time(known) else frozenset()
    clock = frozenset({"time", "times", "hour", "hours"}) if times(known) else frozenset()
    return money | time | bounds | clock
