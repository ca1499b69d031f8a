"""Judge whether a statement follows from its evidence: what is wrong with it, or what is open."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from footnote_qa.bot.citations.comparing import (
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
    is_known,
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
_CLAUSES = re.compile(
    r"\s*(?:[;:]|,(?!\d)|\s[–—-]\s|\b(?:(?:and|or)(?! (?:more|less|fewer|longer|later|earlier|"
    r"above|below|up|over|beyond|so)\b)|but|unless|because|since|if|when|whenever|while|"
    r"so that|so|"
    r"which|who|whose|except|although|though|until|as long as|provided|und|oder|aber|weil|wenn|"
    r"falls|"
    r"sofern|außer)\b)\s*",
    re.IGNORECASE,
)
# What such a word joins is true only together
_CONDITIONAL = re.compile(
    r"\b(?:if|when|whenever|once|unless|before|after|until|while|because|since|as long as|provided|"
    r"wenn|falls|sobald|nachdem|bevor|solange|sofern)\b",
    re.IGNORECASE,
)
_JOINTS = re.compile(r"\s*(?:[;:]|,?\s(?:and|but|und|aber)\b)\s*", re.IGNORECASE)
_CONDITION = re.compile(
    r"\b(?:unless|except|excluding|provided(?: that)?|because|as long as|only if|even if|"
    r"außer|sofern)\b([^.;]*)",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"\b(?:unless|except|excluding|only if|even if)\b", re.IGNORECASE)
_CONDITIONS = re.compile(
    r"\b(?:unless|except|exclud\w*|other than|but not|if|only|when|where|provided|until|without|"
    r"because|since|due|reason|so|therefore|in case|as long as|even|außer|sofern|wenn|falls)\b",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"\b(?:up to|at most|no more than|not more than|longest|highest)\b", re.IGNORECASE
)
# A "so" and a "which" may only draw a conclusion: what they add is left open
_APPENDED = re.compile(
    r"^(?:and|or|but|unless|because|since|except|who|whose|although|though|provided|und|oder|"
    r"aber|weil|außer)\b",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"\b(\w+) and \1\b", re.IGNORECASE)  # "again and again" adds nothing
# Counted by the answer and not by the document
_COUNT = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|\d)\s+((?:[^\W\d_]+\s+){0,2}(?:things|items|points|"
    r"steps|ways|kinds|types|sorts|options|parts|pieces|reasons|cases|conditions|requirements|places)\b)(?=[^.;!?\n]*:)",
    re.IGNORECASE,
)
_UNIT_NAMES = re.compile(r"\b(?:EUR|USD|GBP|CHF|KB|MB|GB|TB|AM|PM|Uhr)\b")
LEAST_COVER = 0.34
"""If less of its words is known, nothing speaks for a statement."""
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
    ADDED = "added"  # a clause of which the evidence says nothing
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
    uncounted = _without_count(text)
    reason = _literal_fault(text, quotes, whole) or _figure_fault(uncounted, f"{known}\n{asked}")
    if reason is not None:
        return Verdict(reason)
    is_asked = (bool(asked) or uncounted != text) and _figure_fault(text, known) is not None
    if foreign(text, whole):
        return PROVEN  # the words cannot be compared
    if contradicts(text, quotes):
        return Verdict(Reason.NEGATION)
    if missing_names(_UNIT_NAMES.sub(" ", text), f"{whole}\n{beside}") and missing_names(
        text, f"{fold(whole).text}\n{beside}"
    ):
        return Verdict(Reason.NAME)
    verdict = _wording(text, found, known=known, lead=lead)
    return replace(verdict, is_open=True) if is_asked and verdict.is_proven else verdict


def _without_count(text: str) -> str:
    """Return *text* without the number of things that it announces before a colon.

    >>> _without_count("The form asks for three things: a name, a date and a place.")
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
    is_rows = all(one.quote.lstrip().startswith("|") for one in found)  # nobody acts in a table
    changes = modal_changed(text, quoted), scope_changed(text, known)
    if times_changed(text, known):
        changes = (None, changes[1]) if changes[0] is False else changes
    if changes[0]:
        return Verdict(Reason.MODAL)
    if changes[1]:
        return Verdict(Reason.SCOPE)
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
        return Verdict(Reason.EXCHANGED)
    content = content_words(text)
    missing = tuple(word for word in content if not is_known(word, evidence))
    if len(missing) < len(content) and _is_added(text, evidence, quoted):
        return Verdict(Reason.ADDED, missing=missing)
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


def _appended(text: str) -> Iterator[str]:
    """Yield the clauses after the first that are joined by a word such as "and"."""
    text = _REPEATED.sub(" ", text)
    ends = [match.span() for match in _CLAUSES.finditer(text)]
    for (start, end), (stop, _) in pairwise([*ends, (len(text), 0)]):
        joint = re.sub(r"^[\s,;:–—-]+", "", text[start:stop])
        if start and _APPENDED.match(joint):
            yield text[end:stop]


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


def clauses(text: str) -> Iterator[str]:
    """Yield the clauses of *text* that claim something.

    >>> list(clauses("Parking is free, and dogs are welcome."))
    ['Parking is free', 'dogs are welcome.']
    """
    for clause in _CLAUSES.split(text):
        if clause and content_words(clause):
            yield clause


def independent(text: str) -> Iterator[str]:
    """Yield the parts of *text* that each claim something without the others.

    >>> list(independent("If it rains, we stay, and lunch is free."))
    ['If it rains, we stay', 'lunch is free.']
    """
    joints = _JOINTS if _CONDITIONAL.search(text) else _CLAUSES
    for part in joints.split(text):
        if part and content_words(part):
            yield part


def _is_added(text: str, evidence: frozenset[str], known: str) -> bool:
    """Return whether a clause that is appended to *text* has no word that the evidence knows."""
    if any(
        words_of and not any(is_known(word, evidence) for word in words_of)
        for words_of in map(content_words, _appended(text))
    ):
        return True
    condition = _CONDITION.search(text)
    if _EXCEPTION.search(text) and not _CONDITIONS.search(known):
        return True
    return bool(
        condition
        and not _CONDITIONS.search(known)
        and not all(is_known(word, evidence) for word in content_words(condition[1]))
    )
