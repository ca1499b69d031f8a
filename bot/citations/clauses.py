"""The clauses of a statement, and those that it adds to what its evidence says."""

import re
from collections.abc import Iterator
from itertools import pairwise

from footnote_qa.bot.citations.comparing import is_known
from footnote_qa.bot.citations.evidence import content_words

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
# A "so" and a "which" may only draw a conclusion: what they add is left open
_APPENDED = re.compile(
    r"^(?:and|or|but|unless|because|since|except|who|whose|although|though|provided|und|oder|"
    r"aber|weil|außer)\b",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"\b(\w+) and \1\b", re.IGNORECASE)  # "again and again" adds nothing


def _appended(text: str) -> Iterator[str]:
    """Yield the clauses after the first that are joined by a word such as "and"."""
    text = _REPEATED.sub(" ", text)
    ends = [match.span() for match in _CLAUSES.finditer(text)]
    for (start, end), (stop, _) in pairwise([*ends, (len(text), 0)]):
        joint = re.sub(r"^[\s,;:–—-]+", "", text[start:stop])
        if start and _APPENDED.match(joint):
            yield text[end:stop]


def independent(text: str) -> Iterator[str]:
    """Yield the parts of *text* that each claim something without the others.

    >>> list(independent("If it rains, we stay, and lunch is free."))
    ['If it rains, we stay', 'lunch is free.']
    """
    joints = _JOINTS if _CONDITIONAL.search(text) else _CLAUSES
    for part in joints.split(text):
        if part and content_words(part):
            yield part


def is_added(text: str, evidence: frozenset[str], known: str) -> bool:
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
