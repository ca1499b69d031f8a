"""Compare what a sentence denies with what its evidence denies."""

import re
from collections.abc import Iterator

from footnote_qa.bot.citations.comparing.claims import stem_of, words_in
from footnote_qa.bot.citations.comparing.meanings import is_known
from footnote_qa.bot.citations.comparing.opposites import have_opposites
from footnote_qa.index.chunking import listed

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CLAUSE_END = re.compile(r"[.;:!?,\n|()。！？，；：、]")

# English, German, French, Spanish; this rule does not apply to other languages.
_NEGATIONS = listed(
    "not no never none nor neither cannot nobody nothing nowhere without "
    "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder "
    "ne pas jamais aucun aucune sans rien ni "
    "nunca jamás sin ningún ninguna ninguno tampoco"
)
# In a document these words deny too, so a sentence with "not" may be based on them.
_DENIALS = listed(
    "except excluded excludes excluding exclude exempt prohibited forbidden banned denied refused "
    "rejected lacks lack lacking missing fails failed unless only unable impossible invalid "
    "prevent prevents prevented preventing prohibits prohibit ceased ceases avoid avoids avoided "
    "muted disabled suspended paused frozen "
    "ineligible unavailable unlimited optional free void empty closed unpaid unsupported unlike "
    "instead "
    "ausgenommen ausgeschlossen verboten untersagt nur außer sauf interdit exclu seulement "
    "excepto prohibido excluido solo sólo"
)
# These limit rather than deny: "only refundable" is not "not refundable"
_HALF_DENIALS = listed("only unless instead unlike missing except nur seulement solo sólo")


_WITHOUT = listed("without ohne sans sin")
_NO_NEGATION = re.compile(
    r"\s+only\b|\s+nur\b|\.?\s*\d|\s+(?:more|later|less|fewer|longer|earlier|sooner) than\b|"
    r"\s+matter\b|\s+doubt\b|\s+even\b",
    re.IGNORECASE,
)
# "not … without", "not … unless": allowed under a condition
_EXCEPTED = re.compile(
    r"\b(?:not|n't|no|never|nobody|cannot)\b[^.;]*\b(?:without|unless|until|except|before|other "
    r"than)\b",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"\b(?:only|must|requires?|required|needs?|needed|once|after|if|with|have to|has to)\b",
    re.IGNORECASE,
)


def contradicts(sentence: str, evidence: str) -> bool:
    """Return whether one denies what the other says, as far as single words show it.

    A sentence with a denial needs evidence with a denial. If evidence denies a word, as in
    "not refundable", a sentence with that word has to deny something too.

    >>> contradicts("Trips are refundable.", "Trips are not refundable.")
    True
    >>> contradicts("Trips cost 3 euros.", "Trips cost 3 euros and are not refundable.")
    False
    >>> contradicts("It locks if there is no input.", "It locks without input.")
    False
    """
    if any(True for _ in _negations(sentence, mainly=True)):
        return _denies_what_is_said(sentence, evidence)
    words = set(words_in(sentence))
    if _WITHOUT & words and not (_WITHOUT | _DENIALS | _NEGATIONS) & set(words_in(evidence)):
        return True
    if _EXCEPTED.search(evidence) and _LIMITED.search(sentence) and not _WITHOUT & words:
        return False  # "only with approval" is "not without approval"
    if not (words & _DENIALS - _HALF_DENIALS) <= set(words_in(evidence)):
        return False  # it denies in another way: "prevent" for "do not fit"
    said = {stem_of(word) for word in words}
    return any(stem_of(word) in said for word in _denied_words(evidence, mainly=True))


def _denies_what_is_said(sentence: str, evidence: str) -> bool:
    """Return whether a sentence that denies something denies what *evidence* affirms."""
    if any(True for _ in _negations(evidence, mainly=True)):
        return False
    known = {*words_in(evidence)}
    denied = {*_denied_words(sentence, mainly=True)}
    if have_opposites([*_after_denials(sentence)], known):
        return False  # "not private" is "public"
    without = {*map(stem_of, _after_without(evidence))}
    if not without.isdisjoint(map(stem_of, denied)):
        return False  # "attachments are not opened" is "without opening the attachments"
    if known & _DENIALS:
        return not {*map(stem_of, known & _DENIALS)}.isdisjoint(map(stem_of, denied))
    return not denied or any(is_known(word, known) for word in denied)


def denies_alone(sentence: str, evidence: str) -> bool:
    """Return whether *sentence* denies something and *evidence* denies nothing.

    >>> denies_alone("It is not heated.", "It has windows.")
    True
    """
    if not any(True for _ in _negations(sentence, mainly=True)):
        return False
    return not any(True for _ in _negations(evidence)) and _DENIALS.isdisjoint(words_in(evidence))


def denied_before(text: str, start: int) -> bool:
    """Return whether a negation is shortly before text[start] in the same clause.

    A quote without that negation would say the opposite of its document.

    >>> denied_before("You may not carry days over.", 12)
    True
    """
    clause = _CLAUSE_END.split(text[max(0, start - 80) : start])[-1]
    near = " ".join(clause.split()[-3:])
    return any(True for _ in _negations(near)) and not re.search(r"\b(?:but|sondern)\s*$", near)


def _is_negation(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't") or word.startswith("n'")


def _negations(text: str, *, mainly: bool = False) -> Iterator[int]:
    """Yield where each negation ends; "not only" and the "No." of "No. 5" are not negations.

    Args:
        text: Any text.
        mainly: Leave out "without", which denies a condition and not the statement.
    """
    for match in _WORD.finditer(text):
        word = match.group().lower().replace("’", "'")
        if _is_negation(word) and not (mainly and word in _WITHOUT):
            rest = text[match.end() :]
            is_said = word == "no" and re.search(r"\bsa(?:y|ys|id|ying) $", text[: match.start()])
            if not is_said and not _NO_NEGATION.match(rest):
                yield match.end()


def _after_denials(text: str) -> Iterator[str]:
    """Yield the words that follow each negation in its clause."""
    for end in _negations(text, mainly=True):
        yield from words_in(_rest_of_clause(text, end))


def _after_without(text: str) -> Iterator[str]:
    """Yield the words that follow each "without" in its clause."""
    for match in _WORD.finditer(text):
        if match.group().lower() in _WITHOUT:
            yield from words_in(_rest_of_clause(text, match.end()))


def _rest_of_clause(text: str, start: int) -> str:
    return _CLAUSE_END.split(text[start : start + 80])[0]


def _denied_words(text: str, *, mainly: bool = False) -> Iterator[str]:
    """Yield the first content word after each negation, if its clause has one."""
    for end in _negations(text, mainly=mainly):
        clause = _rest_of_clause(text, end)
        yield from [w for w in words_in(clause) if len(w) >= _SHORT and w not in _AUXILIARIES][:1]


_SHORT = 3
_AUXILIARIES = listed(
    "able the and any are was has had its you our can may all for yet one this that these those "
    "been have does will would could should must they them their your being also only just even"
)
