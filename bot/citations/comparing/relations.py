"""Which words of a statement belong together, and whether they do so in the evidence.

All words of "If the review is approved, it goes back" are in "If the review is rejected, it goes
back. If it is approved, it is done": what is wrong is which words share a clause, which side of a
verb they are on, and what comes first.
"""

import re
from collections.abc import Iterator
from itertools import combinations, permutations

from footnote_qa.bot.citations.comparing.dates import times
from footnote_qa.bot.citations.comparing.word_forms import is_light, root
from footnote_qa.index.chunking import STOPWORDS, listed

_SENTENCE = re.compile(r"[.!?](?=\s|$)|[;\n|]")
_CLAUSE = re.compile(
    r"[,;:()\n|]|\s[–—-]+\s|--|[.!?](?=\s|$)|\b(?:and|but|or|if|when|whenever|once|after|before|while|"
    r"where|whereas|unless|until|because|since|so|which|who|that|though|although|und|oder|aber|wenn|"
    r"falls|sobald|nachdem|bevor|während|weil)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DETERMINERS = listed(
    "a an the this that these those my your his her its our their each every all any no some one "
    "another both"
)
_BE = listed("is are was were be been being get gets got")
_BEFORE_VERB = listed(
    "to can could may might must shall should will would do does did not then also always never "
    "only it they he she we you i who which that and has have had"
)
_AFTER_VERB = _DETERMINERS | listed(
    "to from into onto in on at with for by as them it you us him her me up out off back over"
)
# A has to do with B as B has with A
_BOTH_WAYS = listed(
    "meet differ equal match combine connect compare collaborate work share agree mean be include "
    "contain discuss correspond overlap"
)
_FIRST = re.compile(r"\b(before|prior to|until|ahead of|bevor|vor)\b", re.IGNORECASE)
_LATER = re.compile(
    r"\b(after|once|as soon as|(?<!the )following|upon|nachdem|sobald|nach)\b", re.IGNORECASE
)
_LATER_LIKE = re.compile(
    r"\b(after|once|when|whenever|if|as soon as|(?<!the )following|upon|nachdem|sobald|wenn|"
    r"nach)\b",
    re.IGNORECASE,
)
_TIMED = re.compile(
    r"\b(?:before|prior|until|ahead|advance|by|no later|deadline|within|earlier|first|then|next|"
    r"later|after\w*|once|when\w*|if|as soon as|following|upon|previous\w*|vor\w*|nach\w*|bis|"
    r"sobald|wenn)\b",
    re.IGNORECASE,
)
_BEGUN = re.compile(r"\b(?:from|since|on|start\w*|begin\w*|with)\b", re.IGNORECASE)
_BACK_TO_TEXT = re.compile(r"\s*(?:(?:that|this|which|these|then)\b|it\s*[,.;:])", re.IGNORECASE)
_INNER_END = re.compile(
    r"[,;:()]|\b(?:as long as|provided|if|when|unless|until|so|because|although|but|wenn|falls|"
    r"weil|aber)\b|(?<=\w\s)(?:you|we|they|he|she)\b",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    r"\bfrom ((?:[^\W_]+[ -]){0,3}[^\W_]+) (?:back )?(?:in)?to ((?:[^\W_]+[ -]){0,3}[^\W_]+)",
    re.IGNORECASE,
)
_POINT = r"(?:version |release |v\.? ?)?(\d+(?:\.\d+)*)"
_CLOCK = r"(\d{1,2}(?:[:.]\d{2})?(?: ?(?:[ap]\.?m\.?|uhr))?|noon|midnight)"
_SPAN = re.compile(
    rf"\b(?:between|from|von) {_CLOCK} (?:and|to|until|till|bis|und) {_CLOCK}", re.IGNORECASE
)
_SINCE = re.compile(rf"\b(?:since|as of|starting with|starting in|after) {_POINT}", re.IGNORECASE)
_UNTIL = re.compile(rf"\b(?:before|prior to|until|up to|earlier than) {_POINT}", re.IGNORECASE)


_Order = tuple[frozenset[str], frozenset[str]]
"""Words of what comes first, and of what comes later."""


def relations_exchanged(statement: str, evidence: str) -> bool:
    """Return whether words of *statement* belong to each other's words in *evidence*.

    >>> told = "One part runs in Python on the server, and the other runs in JavaScript in the lab."
    >>> relations_exchanged("The server part runs in JavaScript, the lab part in Python.", told)
    True
    >>> relations_exchanged("The tag maps to a level.", "Each level maps to a tag.")
    True
    >>> relations_exchanged("A level is mapped to by the tag.", "Each tag maps to a level.")
    False
    """
    return (
        _clauses_crossed(statement, evidence)
        or _sides_exchanged(statement, evidence)
        or _way_turned(statement, evidence)
        or _point_turned(statement, evidence)
        or _span_turned(statement, evidence)
    )


def order_changed(statement: str, evidence: str) -> bool | None:
    """Return whether *statement* says "before" of what comes after; None if nothing shows it.

    >>> order_changed("It is sent before it is approved.", "Once it is approved, it is sent.")
    True
    >>> order_changed("It is approved before it is sent.", "Once it is approved, it is sent.")
    False
    """
    said = [*_ordered(statement, _FIRST, _LATER)]
    if not said:
        return False
    known = [*_ordered(evidence, _FIRST, _LATER_LIKE)]
    for first, later in said:
        found = [(_shared((first, later), pair), _shared((later, first), pair)) for pair in known]
        if any(turned for _, turned in found) and not any(
            same >= turned for same, turned in found if same
        ):
            return True
    is_timed = _TIMED.search(evidence) or (not _FIRST.search(statement) and _BEGUN.search(evidence))
    return False if is_timed else None


def _shared(said: _Order, told: _Order) -> int:
    """Return how many words two orders share; 0 unless they share some on each side."""
    (first, later), (one, two) = said, told
    counts = len(first & (one - two)), len(later & (two - one))
    return sum(counts) if min(counts) else 0


def _ordered(text: str, first: re.Pattern[str], later: re.Pattern[str]) -> Iterator[_Order]:
    """Yield the words of what comes first and of what comes later, for each "before" or "after"."""
    for sentence in _SENTENCE.split(text):
        for pattern in (first, later):
            for match in pattern.finditer(sentence):
                if _BACK_TO_TEXT.match(sentence, match.end()):
                    continue
                above, below = sentence[: match.start()], sentence[match.end() :]
                end = _INNER_END.search(below, 1)
                inner = _content(below[: end.start()] if end else below)
                is_front = not _content(above) or above.rstrip().endswith(",")  # "Before Y, X"
                outer = _content((below[end.start() :] if end else "") if is_front else above)
                if inner and outer:
                    yield (outer, inner) if pattern is first else (inner, outer)


def _clauses_crossed(statement: str, evidence: str) -> bool:
    """Return whether two clauses have each exchanged a word for the other's."""
    ours = [one for one in map(_content, _CLAUSE.split(statement)) if one]
    theirs = [one for one in dict.fromkeys(map(_content, _CLAUSE.split(evidence))) if one]
    return any(_is_crossed(one, other, theirs) for one, other in combinations(ours, 2))


def _is_crossed(one: frozenset[str], other: frozenset[str], theirs: list[frozenset[str]]) -> bool:
    found = [
        (len(one & first) + len(other & second), crossed)
        for first, second in permutations(theirs, 2)
        if one & first and other & second
        for crossed in [
            bool((one - first - other) & (second - first))
            and bool((other - second - one) & (first - second))
        ]
    ]
    together = max((len((one | other) & each) for each in theirs), default=0)
    apart = max(
        (len((one | other) & (first | second)) for first, second in combinations(theirs, 2)),
        default=0,
    )
    most = max((count for count, _ in found), default=0)
    best = [crossed for count, crossed in found if count == most]
    return most >= together and apart > together + 1 and bool(best) and all(best)


def _sides_exchanged(statement: str, evidence: str) -> bool:
    """Return whether what is before a verb is behind it in the evidence, and vice versa."""
    told = [*_sides(evidence, in_clauses=False)]
    for verb, left, right in _sides(statement, in_clauses=True):
        found = [
            (bool(left & before), bool(left & after and right & before))
            for other, before, after in told
            if other == verb
        ]
        if any(turned for _, turned in found) and not any(same for same, _ in found):
            return True
    return False


def _sides(text: str, *, in_clauses: bool) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Yield (verb, words before it, words behind it); what is done by somebody is turned round."""
    for part in (_CLAUSE if in_clauses else _SENTENCE).split(text):
        tokens = [match.group().lower() for match in _WORD.finditer(part)]
        for at, token in enumerate(tokens):
            if not _is_verb(tokens, at):
                continue
            before, after = _content(" ".join(tokens[:at])), _content(" ".join(tokens[at + 1 :]))
            if not before or not after or before & after:
                continue
            is_passive = not _BE.isdisjoint(tokens[max(0, at - 2) : at])
            if is_passive and "by" not in tokens[at + 1 : at + 6]:
                continue
            is_passive = is_passive or _is_done_by(tokens, at)  # "files created by owners"
            yield root(token), *((after, before) if is_passive else (before, after))


def _is_verb(tokens: list[str], at: int) -> bool:
    token = tokens[at]
    if token in STOPWORDS or is_light(token) or root(token) in _BOTH_WAYS:
        return False
    before = tokens[at - 1] if at else ""
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    if before in _DETERMINERS - {"that"}:
        return False
    is_form = token.endswith(("s", "ed")) and after in _AFTER_VERB
    is_bare = before not in _AFTER_VERB | {""} and after in _DETERMINERS
    return is_form or is_bare or before in _BEFORE_VERB | _BE


def _is_done_by(tokens: list[str], at: int) -> bool:
    """Return whether somebody does it, with at most a time between: "done every week by Ann"."""
    after = tokens[at + 1 : at + 4]
    if not tokens[at].endswith("ed") or "by" not in after:
        return False
    between = after[: after.index("by")]
    return not between or (len(between) == _TIME_WORDS and between[0] in {"each", "every"})


_TIME_WORDS = 2


def _way_turned(statement: str, evidence: str) -> bool:
    """Return whether one goes from A to B and the other from B to A."""
    ours, theirs = [*_ways(statement)], [*_ways(evidence)]
    return any(
        start & other_end and end & other_start and not start & other_start
        for start, end in ours
        for other_start, other_end in theirs
    )


def _ways(text: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for match in _FROM_TO.finditer(text):
        start, end = _content(match[1]), _content(match[2])
        yield start - end, end - start


def _point_turned(statement: str, evidence: str) -> bool:
    """Return whether one says "since 2.0" and the other "until 2.0"."""
    for ours, theirs in ((_SINCE, _UNTIL), (_UNTIL, _SINCE)):
        said = set(ours.findall(statement))
        if said & set(theirs.findall(evidence)) - set(ours.findall(evidence)):
            return True
    return False


def _span_turned(statement: str, evidence: str) -> bool:
    """Return whether one says "between 8:00 and 20:00" and the other "between 20:00 and 8:00"."""
    ours, theirs = {*_spans(statement)}, {*_spans(evidence)}
    return any((end, start) in theirs and (start, end) not in theirs for start, end in ours)


def _spans(text: str) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    for match in _SPAN.finditer(text):
        start, end = times(match[1]), times(match[2])
        if start and end:
            yield start, end


def _content(text: str) -> frozenset[str]:
    return frozenset(
        root(word)
        for word in (match.group().lower() for match in _WORD.finditer(text))
        if word not in STOPWORDS
    )
