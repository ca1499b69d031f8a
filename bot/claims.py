"""What a sentence claims in numbers and negations, and whether its evidence says the same."""

import re
import unicodedata
from collections.abc import Iterator

_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+")
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CLAUSE_END = re.compile(r"[.;:!?,\n|()。！？，；：、]")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NUMBER_WORDS = {
    "zero": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "twenty": "20",
    "thirty": "30",
    "hundred": "100",
    "once": "1",
    "twice": "2",
}

# English, German, French, Spanish; a sentence in another language is not held back by this rule.
_NEGATIONS = _listed(
    "not no never none nor neither cannot nobody nothing nowhere without "
    "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder "
    "ne pas jamais aucun aucune sans rien ni "
    "nunca jamás sin ningún ninguna ninguno tampoco"
)
# In a document these deny as well, so a sentence with "not" may rest on them.
_DENIALS = _listed(
    "except excluded excludes excluding exclude exempt prohibited forbidden banned denied refused "
    "rejected lacks lack lacking missing fails failed unless only unable impossible invalid "
    "ineligible unavailable unpaid unsupported unlike instead "
    "ausgenommen ausgeschlossen verboten untersagt nur außer sauf interdit exclu seulement "
    "excepto prohibido excluido solo sólo"
)


def numbers(text: str) -> frozenset[str]:
    """Return the numbers written in digits, in one spelling each.

    Day, month and year of a date are numbers of their own, so that "2026-05-01" and "1 May 2026"
    agree as far as they go; the ":00" of a time is left out, so that "9:00" and "9 am" agree.

    >>> sorted(numbers("1,000 or 3.50 at 09:00"))
    ['1000', '3.5', '9']
    """
    return frozenset(
        spelling
        for match in _NUMBER.finditer(_plain_digits(text).replace(":00", ""))
        for spelling in _spellings(match.group())
    )


def _plain_digits(text: str) -> str:
    """Return *text* with the digits of every script as 0 to 9."""
    return "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in text)


def _spellings(number: str) -> Iterator[str]:
    parts = re.split(r"\D", number)
    if _THOUSANDS.fullmatch(number):
        yield "".join(parts).lstrip("0") or "0"
    elif len(parts) == 1:
        yield number.lstrip("0") or "0"
    elif _THOUSANDS.fullmatch(number[: -len(parts[-1]) - 1]):
        yield _decimal("".join(parts[:-1]), parts[-1])
    elif len(parts) > 2:  # noqa: PLR2004 (a version or a dotted date has more than two parts)
        yield from (part.lstrip("0") or "0" for part in parts)
    else:
        yield _decimal(*parts)


def _decimal(whole: str, fraction: str) -> str:
    rest = fraction.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{rest}" if rest else "")


def missing_numbers(sentence: str, evidence: str) -> frozenset[str]:
    """Return the numbers of *sentence* that *evidence* has not, in digits or as English words.

    >>> sorted(missing_numbers("3 of 40 days", "three of 30 days"))
    ['40']
    """
    written = {_NUMBER_WORDS[w] for w in _words(evidence) if w in _NUMBER_WORDS}
    return numbers(sentence) - numbers(evidence) - written


def contradicts(sentence: str, evidence: str) -> bool:
    """Whether one denies what the other says, as far as single words show it.

    A sentence that denies needs evidence that denies; and where evidence denies a word, as in
    "not refundable", a sentence with that word has to deny something too.

    >>> contradicts("Trips are refundable.", "Trips are not refundable.")
    True
    >>> contradicts("Trips cost 3 euros.", "Trips cost 3 euros and are not refundable.")
    False
    """
    denies = any(True for _ in _negations(sentence))
    if denies:
        return not any(True for _ in _negations(evidence)) and _DENIALS.isdisjoint(_words(evidence))
    said = {_stem(word) for word in _words(sentence)}
    return any(_stem(word) in said for word in _denied_words(evidence))


def denied_before(text: str, start: int) -> bool:
    """Whether a negation stands shortly before text[start] in the same clause.

    A quote that leaves it out says the opposite of its document.

    >>> denied_before("You may not carry days over.", 12)
    True
    """
    clause = _CLAUSE_END.split(text[max(0, start - 80) : start])[-1]
    near = " ".join(clause.split()[-3:])
    return any(True for _ in _negations(near)) and not re.search(r"\b(?:but|sondern)\s*$", near)


def _words(text: str) -> list[str]:
    return [m.group().lower().replace("’", "'") for m in _WORDS.finditer(text)]


def _is_negation(word: str) -> bool:
    return word in _NEGATIONS or word.endswith("n't") or word.startswith("n'")


def _negations(text: str) -> Iterator[int]:
    """Yield where each negation ends; "not only" denies nothing, nor does the "No." of "No. 5"."""
    for match in _WORDS.finditer(text):
        if _is_negation(match.group().lower().replace("’", "'")):
            rest = text[match.end() :]
            if not re.match(r"\s+only\b|\s+nur\b|\.?\s*\d", rest, re.IGNORECASE):
                yield match.end()


def _denied_words(text: str) -> Iterator[str]:
    """Yield the first word of weight behind each negation, if its clause has one."""
    for end in _negations(text):
        clause = _CLAUSE_END.split(text[end : end + 80])[0]
        yield from [w for w in _words(clause) if len(w) > _SHORT][:1]


_SHORT = 3  # articles, pronouns and auxiliaries carry no claim


def _stem(word: str) -> str:
    """Return what inflected forms of an English word have in common, roughly."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + _SHORT:
            return word.removesuffix(ending).rstrip("e")
    return word.rstrip("e")
