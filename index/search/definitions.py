"""Recognise questions that ask for a definition, and rate how clearly a text defines a term."""

import re
from functools import lru_cache

from footnote_qa.index.chunking import stems_of

_ARTICLE = r"(?:(?:an?|the|our|your|my|eine?|der|die|das)\s+)?"
_KIND = r"(?:(?:acronym|abbreviation|term|word|phrase|initialism|letters)\s+)?"
_OF = r"(?:meaning|definition|abbreviation|expansion|full form|full name) (?:of|for)"
_BE = r"(?:'?s| is| are| was| were| do| does)?"
_DEFINE = r"(?:define|definition of|meaning of|explain what)"
_MEANS = r"(?:stands? for|means?|abbreviates?|refers? to)"
_ASKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^what{_BE} {_ARTICLE}{_KIND}(?P<x>.{{1,60}}?) {_MEANS}$",
        rf"^what(?:'?s| is| are)? (?:the )?{_OF} {_ARTICLE}{_KIND}(?P<x>.{{1,60}})$",
        rf"^{_DEFINE} {_ARTICLE}{_KIND}(?P<x>.{{1,40}}?)(?: is)?$",
        rf"^{_ARTICLE}(?P<x>\S.{{0,40}}?)[:,]? (?:meaning|definition|acronym|stands for)$",
        r"^was (?:ist|sind|bedeutet|heißt) (?:eine?|der|die|das)? ?(?P<x>.{1,40})$",
    )
)
_ASKS_PLAINLY = re.compile(
    rf"^(?:what|who)(?:'?s| is| are|s) {_ARTICLE}{_KIND}(?P<x>[^,]{{1,40}})$", re.IGNORECASE
)
# "What is the deadline for X" asks for a fact: a definition is of a name, not of a property
_PROPERTY = re.compile(
    r"\b(?:of|for|in|at|on|to|from|with|between|by|per|when|if|that|who|which|my|our|your|the|"
    r"maximum|minimum|max|min|limit|deadline|price|cost|fee|rate|number|amount|average|name|email|"
    r"phone|address|url|password|default|version|latest|newest|oldest|first|last|next|best|highest|"
    r"lowest|most|least|process|procedure|difference|rules?|steps?|capital|date|time)\b",
    re.IGNORECASE,
)
# "PAM?": an acronym alone, in capitals
_ALONE = re.compile(r"^(?P<x>[A-Za-z]{0,2}[A-Z]{2,7}s?)$")
# "Who is our privacy officer?" asks for a person, "who is Ada Lind?" for a description
_ASKS_FOR_PERSON = re.compile(r"^who(?:'?s| is| are) (?:the|our|my|your|an?)\b", re.IGNORECASE)
_MOST_WORDS = 3
_SAYS = (
    r"(?:is|are|was|means?|stands? for|refers? to|describes?|denotes?|aka|a\.k\.a\.|ist|sind|"
    r"bedeutet|heißt)\b"
)
_LONGEST = 8  # letters of an acronym
_IN_BRACKETS = r"(?:\s*\([^()]{2,60}\))?"


def subject_of(question: str) -> str:
    """Return the term that *question* asks to be defined; "" if it asks for something else.

    >>> subject_of("What does TTS stand for?"), subject_of("what's a PIV?")
    ('TTS', 'PIV')
    >>> subject_of("What is the deadline for claims?")
    ''
    """
    text = re.sub(r"\s+", " ", question).strip(" ?!.…\"'“”？。")
    for pattern in _ASKS:
        if (found := pattern.match(text)) and (subject := _bare(found["x"])):
            return subject
    if found := _ALONE.match(text):
        return found["x"]
    found = _ASKS_PLAINLY.match(text)
    if found is None or _ASKS_FOR_PERSON.match(text):
        return ""
    subject = _bare(found["x"])
    is_name = 0 < len(stems_of(subject)) <= _MOST_WORDS and not _PROPERTY.search(subject)
    return subject if is_name else ""


def _bare(text: str) -> str:
    text = text.strip(" \"'“”‘’«»,")
    return re.sub(r"^(?:an?|the|our|your|my)\s+", "", text, flags=re.IGNORECASE)


@lru_cache(maxsize=256)
def _patterns(subject: str) -> tuple[tuple[float, re.Pattern[str]], ...]:
    flags = re.NOFLAG if _is_acronym(subject) else re.IGNORECASE
    name = rf"(?:an? |the )?[\"'“”]?{re.escape(subject)}(?:e?s)?[\"'“”]?{_IN_BRACKETS}"
    short = rf"\b{re.escape(subject)}\b[\"'“”)]*"
    return tuple(
        (score, re.compile(pattern, flags))
        for score, pattern in (
            (1.0, rf"^{name}\s*(?:[:–—=|]| - )\s*\S"),
            (0.9, rf"{short} (?:stands for|is short for|is an? (?:acronym|abbreviation))\b"),
            (0.85, rf"^{name},? {_SAYS}"),
            (0.75, rf"(?:^|[.;:] ){name} (?:is|are|means?) (?:an?|the|your|our)\b"),
        )
    )


def _is_acronym(subject: str) -> bool:
    return sum(map(str.isupper, subject)) > 1 and subject.isalnum() and len(subject) <= _LONGEST


def defines(text: str, subject: str) -> float:
    """Return how clearly the block of plain *text* defines *subject*, from 0 (not at all) to 1.

    A glossary entry counts most, then phrases such as "X stands for" or "X is a".

    >>> defines("TTS - Technology Services.", "TTS"), defines("Ask TTS for help.", "TTS")
    (1.0, 0.0)
    """
    if subject.casefold() not in text.casefold():
        return 0.0
    for score, pattern in _patterns(subject):
        if pattern.search(text):
            return score
    return 0.8 if _is_acronym(subject) and _is_written_out(text, subject) else 0.0


def _is_written_out(text: str, acronym: str) -> bool:
    """Return whether *text* spells an acronym out beside it, on either side of a bracket.

    >>> _is_written_out("Ask Technology Services (TS).", "TS")
    True
    >>> _is_written_out("TS (Technology Services) helps.", "TS")
    True
    """
    short = re.escape(acronym)
    before = re.search(rf"((?:[\w'’&-]+[ ]+){{1,8}})\(\"?{short}\"?\)", text)
    after = re.search(rf"\b{short} ?\((?P<words>[^()]{{3,80}})\)", text)
    return (before is not None and _ends_with_initials(before[1], acronym)) or (
        after is not None and _initials(after["words"]) == acronym.upper()
    )


def _ends_with_initials(text: str, acronym: str) -> bool:
    capitals = "".join(letter for letter in _first_letters(text) if letter.isupper())
    return any(each.upper().endswith(acronym.upper()) for each in (capitals, _initials(text)))


def _initials(text: str) -> str:
    return _first_letters(text).upper()


def _first_letters(text: str) -> str:
    return "".join(word[0] for word in re.split(r"[\s-]+", text) if word)
