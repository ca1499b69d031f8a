"""Small words that change what a statement claims: may and must, only, every, before and after."""

import re

from footnote_qa.index.chunking import STOPWORDS, stem

_MUST = re.compile(
    r"\b(?:must|shall|ha(?:s|ve) to|had to|need(?:s|ed)? to|required?|requires|mandatory|"
    r"compulsory|obligatory|obliged|obligated|necessary|is to be|are to be|"
    r"only|muss|müssen|musst)\b",
    re.IGNORECASE,
)
_MUST_SAID = re.compile(
    r"\b(?:must|shall|ha(?:s|ve) to|mandatory|compulsory|obligatory|obliged|obligated|"
    r"(?:is|are) required|required to|muss|müssen|musst)\b",
    re.IGNORECASE,
)
_SHOULD = re.compile(
    r"\b(?:should|recommend\w*|encourage[ds]?|advis(?:e[ds]?|able)|suggest\w*|ideally|preferably|"
    r"sollten?|empfohlen)\b",
    re.IGNORECASE,
)
_MAY = re.compile(
    r"\b(?:may(?! \d)|might|can|could|optional(?:ly)?|voluntary|permitted|allowed|"
    r"possible|possibly|"
    r"perhaps|free to|entitled|eligible|option|opt|choose|welcome to|sometimes|up to you|able to|"
    r"kann|können|darf|dürfen)\b"
)
_MAYBE = re.compile(r"\b(?:may(?! \d)|might|could)\s+(?:also\s+)?(?:be\s+)?([a-z]+)")
_HEDGED = re.compile(
    r"\b(?:may|might|can|could|sometimes|possibl[ey]|perhaps|optional(?:ly)?|if|when|eligible|"
    r"entitled|allowed|permitted|free to|option|depending|kann|können|darf|dürfen|unless)\b",
    re.IGNORECASE,
)
_ONLY = re.compile(
    r"\b(?:only|solely|exclusively|nothing but|"
    r"no one but|nobody but|nowhere but|nur|ausschließlich|"
    r"lediglich|seulement|solo|sólo)\b",
    re.IGNORECASE,
)
_ONLY_LIKE = re.compile(
    r"\b(?:anyone who|those who|only|solely|exclusively|just|alone|nothing but|no other|"
    r"except|unless|limited|restricted|"
    r"reserved|must|without|until|"
    r"sole|single|nur|ausschließlich|lediglich|seulement|uniquement|solo|sólo)\b",
    re.IGNORECASE,
)
# "Only 5 days can be kept": an upper bound; "only start after the last day": a time or a condition
_ONLY_NUMBER = re.compile(r"\bonly\s+(?:(?:up to|about|the first|a)\s+)?\d", re.IGNORECASE)
_ONLY_THEN = re.compile(
    r"(?<=\w )only\s+(?:\w+\s+){0,2}(?:after|once|when|from|if|on|upon|later)\b", re.IGNORECASE
)
_UPPER = re.compile(
    r"\b(?:up to|at most|no more than|not more than|maximum|max|limit\w*|cap(?:ped)?|"
    r"no longer than)\b",
    re.IGNORECASE,
)
_THEN = re.compile(
    r"\b(?:after|once|when|from|if|on|upon|following|begins?|starts?)\b", re.IGNORECASE
)
# Claims without exception, by what they are about
_ALWAYS = {  # what is claimed, and what in the evidence licenses it
    "time": (
        (
            r"always|every time|at all times|whenever|under all circumstances|without exception|"
            r"in all cases|in every case|permanently|forever|immer|jederzeit|guaranteed|"
            r"automatically"
        ),
        (
            r"always|every time|each time|at all times|whenever|in all cases|without exception|"
            r"permanent\w*|any time|24/7|never|around the clock|regardless|every day|"
            r"immer|jederzeit|guarantee\w*|automatic\w*"
        ),
    ),
    "people": (
        (
            r"everyone|everybody|anyone|anybody|no exceptions?|"
            r"every(?! (?:day|week|month|year|quarter|hour|\w+day|other|two|three|four|"
            r"five|six|few|second|third|\d+)\w*\b)|"
            r"all(?= (?:employees|staff|visitors|members|guests|contractors|managers|teams|users|"
            r"people|workers|offices|documents|travel|costs|expenses|requests))|"
            r"jede[rsmn]?|alle[rn]?(?= [A-ZÄÖÜ])"
        ),
        (
            r"everyone|everybody|every|each|all|any|anyone|anybody|someone|somebody|regardless|whoever|whole|"
            r"entire|per|no one|nobody|none|both|jede[rsmn]?|alle[rsmn]?"
        ),
    ),
    "whole": (
        r"completely|entirely|fully|in full|unlimited|whole|entire",
        (
            r"complete\w*|entire\w*|full\w*|in full|unlimited|no limit|no maximum|no cap|whole|"
            r"all|100 ?%|every|total"
        ),
    ),
}
_DENIES = re.compile(r"\b(?:not|no|never|nobody|cannot|nicht|kein\w*)\b|n['’]t\b", re.IGNORECASE)
_ALL = re.compile(
    r"(?<!at )\b(?:all|every|each|any)\b(?! (?:of )?(?:these|those|this|the same)\b)", re.IGNORECASE
)
_ALL_OF = re.compile(
    r"(?<!at )\b(?:all|every|each|any)\b(?! (?:of )?(?:these|those|this|the same)\b)"
    r"(?! (?:day|week|month|year|quarter|hour|time|other|two|three|four|few|\d)\w*\b)",
    re.IGNORECASE,
)
_AFTER_NOUN = re.compile(
    r"\b(?:for|in|on|at|with|by|to|from|that|who|which|when|if|and|or|is|are|ha[sv]e?)\b|[,.;:|\n]",
    re.IGNORECASE,
)
_NEAR_ALL = 5  # words after an "all" among which is what it is said of
_ALL_LIKE = re.compile(
    r"\b(?:all|every\w*|each|any\w*|whole|entire|per|a|an|no|none|never|both|daily|weekly|monthly|"
    r"quarterly|yearly|annual\w*|regardless)\b|/",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    r"\b(?:most|some|several|many|few|usually|typically|generally|often|sometimes|normally|mostly|"
    r"rarely|partly|partially|in part|mainly|primarily|at least|up to|at most|about|approximately|"
    r"around|roughly|almost|nearly|no more than|not more than|more than|less than|fewer than|"
    r"minimum|maximum|max|min|as long as|in principle|meist\w*|oft|manche|einige|etwa|"
    r"rund|höchstens|"
    r"mindestens|bis zu)\b",
    re.IGNORECASE,
)
_MOSTLY = re.compile(
    r"\b(?:most|some|several|few|usually|typically|generally|often|sometimes|normally|mostly|rarely|"
    r"partly|partially|mainly|primarily|in principle|meist\w*|oft|manche|einige)\b(?! \d)",
    re.IGNORECASE,
)
_BOUNDED = re.compile(
    r"\b(?:at least|at most|up to|no more than|not more than|more than|less than|fewer than|"
    r"minimum|maximum|about|approximately|around|roughly|almost|nearly)\b([^,.;]{0,12})",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"(?<!or )\b(?:less|more|fewer|cheaper|better|worse|faster|slower|higher|lower|sooner|shorter|"
    r"bigger|smaller|larger|easier|harder)\b(?! than (?:\d|one|two|three|four|five|six|ten))"
    r"(?! details?\b)",
    re.IGNORECASE,
)
_COMPARED_LIKE = re.compile(
    r"\b(?:less|more|fewer|\w{3,}er|worse|increas\w*|reduc\w*|decreas\w*|improv\w*|rather|than|"
    r"above|below|exceed\w*|over|under|up to|at most|at least|additional|further)\b",
    re.IGNORECASE,
)
_BOUNDS = (
    re.compile(r"\b(?:at least|no less than|not less than|minimum|min\.|or more|more than|over|"
               r"from(?=\W*$)|mindestens|starting at)\b", re.IGNORECASE),
    re.compile(r"\b(?:up to|at most|no more than|not more than|maximum|max\.|or less|less than|"
               r"under|within|by|limit\w*|cap\w*|höchstens|bis zu|fewer than|"
               r"until)\b", re.IGNORECASE),
)  # fmt: skip


def modal_changed(statement: str, evidence: str) -> bool | None:
    """Return whether *statement* makes more of a "may" or a "should"; None if it may do so.

    >>> modal_changed("Visitors must sign in.", "Visitors may sign in.")
    True
    >>> modal_changed("Visitors sign in.", "Visitors must sign in.")
    False
    """
    said, known = statement.lower(), evidence.lower()
    if (
        _must_verbs(said) & _known_stems(known)
        and not _MUST.search(known)
        and (_MAY.search(known) or _SHOULD.search(known))
    ):
        return True
    possible = {stem(verb) for verb in _MAYBE.findall(known)}
    if possible and not _HEDGED.search(said) and not _SHOULD.search(said):
        claimed = possible & {stem(word) for word in re.findall(r"[a-z]+", said)}
        certain = re.sub(_MAYBE, " ", known)
        if claimed and not claimed <= {stem(word) for word in re.findall(r"[a-z]+", certain)}:
            return True if re.search(r"\b(?:will|always|definitely|guaranteed)\b", said) else None
    both_deny = _DENIES.search(said) and _DENIES.search(known)  # "may not" is "must not"
    if not both_deny and (
        _MAY.search(said) and not _MAY.search(known) and _MUST_SAID.search(known)
    ):
        return None if re.search(r"\b(?:can|could|kann|können)\b", said) else True
    if _SHOULD.search(said) and not _SHOULD.search(known) and _MUST_SAID.search(known):
        return None
    return False


def _must_verbs(said: str) -> frozenset[str]:
    """Return the stems of the words after each "must"."""
    return frozenset(
        stem(word)
        for match in _MUST_SAID.finditer(said)
        for word in re.findall(r"[^\W\d_]+", said[match.end() : match.end() + 40])[:3]
        if word not in STOPWORDS
    )


def _known_stems(known: str) -> frozenset[str]:
    return frozenset(stem(word) for word in re.findall(r"[^\W\d_]+", known))


def scope_changed(statement: str, evidence: str) -> bool | None:
    """Return whether *statement* adds an "only" or an "every"; None if it leaves out a "most".

    >>> scope_changed("Only staff park here.", "Staff park here.")
    True
    >>> scope_changed("Staff park here.", "Only staff park here.")
    False
    >>> scope_changed("Only 5 days can be kept.", "There is a limit of 5 days.")
    False
    """
    said = re.sub(r"\bnot only\b", " ", statement, flags=re.IGNORECASE)
    if _ONLY_NUMBER.search(said) and _UPPER.search(evidence):
        said = _ONLY_NUMBER.sub(" ", said)
    if _ONLY.search(said) and not _ONLY_LIKE.search(evidence):
        is_then = _ONLY_THEN.search(said) and _THEN.search(evidence)
        # "cash is not accepted": badge only
        return None if is_then or _DENIES.search(evidence) else True
    if any(_is_without_exception(name, statement, evidence) for name in _ALWAYS):
        return None
    if _is_of_another(statement, evidence):
        return None
    goes_further = (_ALL.search(statement) and not _ALL_LIKE.search(evidence)) or (
        _COMPARED.search(statement) and not _COMPARED_LIKE.search(evidence)
    )
    return None if goes_further or _leaves_out(statement, evidence) else False


def _is_of_another(statement: str, evidence: str) -> bool:
    """Return whether *statement* says "all" or "every" of something, and *evidence* of another.

    >>> _is_of_another("It ends every server.", "Users of a server may end all security.")
    True
    """
    known = _quantified(evidence, most=_NEAR_ALL)
    return bool(known) and any(
        one.isdisjoint(known)
        for match in _ALL_OF.finditer(statement)
        for one in [_quantified(statement[match.start() : match.end() + 40], most=2)]
        if one
    )


def _quantified(text: str, *, most: int) -> frozenset[str]:
    """Return the stems of the words after each "all" or "every"."""
    return frozenset(
        stem(word.lower())
        for match in _ALL_OF.finditer(text)
        for word in re.findall(r"[^\W\d_]+", _AFTER_NOUN.split(text[match.end() :])[0])[:most]
        if word.lower() not in STOPWORDS
    )


def _is_without_exception(name: str, statement: str, evidence: str) -> bool:
    """Return whether *statement* has an "always" or "everybody" that *evidence* does not have."""
    claimed, known = _ALWAYS[name]
    if not re.search(rf"\b(?:{claimed})\b", statement, re.IGNORECASE):
        return False
    if name == "people" and _DENIES.search(statement):
        return False  # "do not tell anybody" is "never tell"
    return not re.search(rf"\b(?:{known})\b", evidence, re.IGNORECASE)


def _leaves_out(statement: str, evidence: str) -> bool:
    """Return whether *evidence* limits with a "most" or an "up to" what *statement* does not."""
    if _PARTLY.search(statement) or _HEDGED.search(statement):
        return False
    numbers = set(re.findall(r"\d+", statement))
    bounds = {
        number for match in _BOUNDED.finditer(evidence) for number in re.findall(r"\d+", match[1])
    }
    return bool(_MOSTLY.search(evidence) or bounds & numbers)


def bound_changed(statement: str, evidence: str) -> bool:
    """Return whether one says "at least" of a number and the other "at most".

    >>> bound_changed("You need at least 5 days.", "You may take up to 5 days.")
    True
    >>> bound_changed("It heats at least 45 m².", "It takes water from rooms of at most 45 m².")
    True
    """
    if re.search(
        r"\b(?:above|beyond|below|over|under|more than|less than) (?:that|this|these|it)\b",
        evidence,
    ):
        return False
    for number in re.findall(r"\d+", statement):
        ours, theirs = _bounds_of(number, statement), _bounds_of(number, evidence)
        if ours and theirs and ours.isdisjoint(theirs):
            return True
    return False


def _bounds_of(number: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for match in re.finditer(rf"(?<!\d){number}(?!\d)", text):
        near = text[max(0, match.start() - 24) : match.start()]
        after = text[match.end() : match.end() + 16]
        found |= {
            at
            for at, bound in enumerate(_BOUNDS)
            if bound.search(near)
            or re.match(
                r"\W*\w*\W*or (?:more)" if at == 0 else r"\W*\w*\W*or (?:less|fewer)", after
            )
        }
    return frozenset(found)
