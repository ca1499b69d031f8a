"""Compare a sentence with its evidence: numbers, names, negations and language."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, pairwise

from bot.citations.comparing.languages import foreign, language
from bot.citations.comparing.meanings import is_known
from index.chunking import listed

_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+")
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CLAUSE_END = re.compile(r"[.;:!?,\n|()。！？，；：、]")


NUMBER_WORDS = {
    word: value
    for value, words in (
        (0, "zero null"),
        (1, "one once"),
        (2, "two twice zwei"),
        (3, "three drei"),
        (4, "four vier"),
        (5, "five fünf"),
        (6, "six sechs"),
        (7, "seven sieben"),
        (8, "eight acht"),
        (9, "nine neun"),
        (10, "ten zehn"),
        (11, "eleven elf"),
        (12, "twelve zwölf"),
        (13, "thirteen dreizehn"),
        (14, "fourteen vierzehn"),
        (15, "fifteen fünfzehn"),
        (16, "sixteen sechzehn"),
        (17, "seventeen siebzehn"),
        (18, "eighteen achtzehn"),
        (19, "nineteen neunzehn"),
        (20, "twenty zwanzig"),
        (30, "thirty dreißig"),
        (40, "forty vierzig"),
        (50, "fifty fünfzig"),
        (60, "sixty sechzig"),
        (70, "seventy siebzig"),
        (80, "eighty achtzig"),
        (90, "ninety neunzig"),
    )
    for word in words.split()
}
_MAGNITUDES = {"hundred": 100, "hundert": 100, "thousand": 1000, "tausend": 1000}
_NOT_COUNTED = frozenset({"0", "1"})  # "one" is mostly a pronoun, and "null" a name
_COUNTS = {"2": 2, "3": 3, "4": 4}
_JOINT = re.compile(r",\s|\s(?:and|or|und|oder|et|ou|y|o)\s")  # between list entries

MONTHS = {
    name: str(number)
    for number, names in enumerate(
        (
            "january jan januar janvier enero",
            "february feb februar février febrero",
            "march mar märz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août agosto",
            "september sep sept septembre septiembre",
            "october oct oktober octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember décembre diciembre",
        ),
        start=1,
    )
    for name in names.split()
}

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


def numbers(text: str) -> frozenset[str]:
    """Return the numbers written in digits, in one spelling each.

    Day, month and year of a date are separate numbers, so that "2026-05-01" and "1 May 2026"
    agree; the ":00" of a time is left out, so that "9:00" and "9 am" agree.

    >>> sorted(numbers("1,000 or 3.50 at 09:00"))
    ['1000', '3.5', '9']
    """
    return frozenset(
        spelling
        for match in _NUMBER.finditer(_plain_digits(text).replace(":00", ""))
        for spelling in _spellings(match.group())
    )


def _plain_digits(text: str) -> str:
    """Return *text* with the digits of every script converted to 0 to 9."""
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
    """Return the numbers of *sentence* that *evidence* lacks, in digits and in words.

    >>> sorted(missing_numbers("3 of 40 days", "three of 30 days"))
    ['40']
    >>> sorted(missing_numbers("ten days of two hundred", "five days of 200"))
    ['10']
    >>> sorted(missing_numbers("It has two parts, a core and a crust.", "a core below a crust"))
    []
    """
    words = _words(evidence)
    known = numbers(evidence) | set(_written(words))
    known |= {str(NUMBER_WORDS[w]) for w in words if w in NUMBER_WORDS}
    known |= {str(_MAGNITUDES[w]) for w in words if w in _MAGNITUDES}
    known |= {MONTHS[w] for w in words if w in MONTHS}
    written = set(_written(_words(sentence))) - _NOT_COUNTED
    missing = frozenset((numbers(sentence) | written) - known)
    if missing <= written and numbers(evidence) | set(_written(words)) <= numbers(sentence):
        # All numbers of the evidence are there, so none was changed: "the two floors, A and B" only
        # counts the things that it names
        listed = len(_JOINT.findall(sentence)) + 1
        missing = frozenset(n for n in missing if n not in _COUNTS or _COUNTS[n] > listed)
    return missing


def _written(words: Sequence[str]) -> Iterator[str]:
    """Yield numbers written in words as digits: "two hundred", "sixty" "five"."""
    for word, following in pairwise([*words, ""]):
        if word in NUMBER_WORDS:
            yield str(NUMBER_WORDS[word] * _MAGNITUDES.get(following, 1))


def figure(word: str) -> str | None:
    """Return a number or month name in a standard spelling; None if *word* is neither.

    >>> figure("1,000"), figure("five"), figure("März"), figure("may")
    ('1000', '5', 'month 3', None)
    """
    found = numbers(word)
    if found:
        return " ".join(sorted(found))
    lower = word.lower()
    if word[:1].isupper() and lower in MONTHS:
        return f"month {MONTHS[lower]}"
    value = str(NUMBER_WORDS.get(lower, ""))
    return value if value and value not in _NOT_COUNTED else None


_NAME = re.compile(r"(?<![.!?:\n\"“„«(]\s)(?<=[\w,;)'’]\s)[A-ZÄÖÜÉÀ][\w'’-]*[^\W_]")
_ALWAYS_CAPITAL = listed("i i'm i'd i'll i've ok")
_SHARED_LETTERS = 4  # "German" and "Germany" mean about the same


def missing_names(sentence: str, evidence: str) -> frozenset[str]:
    """Return the names in *sentence* that *evidence* lacks in every form.

    A name is a capitalised word inside a sentence. Languages that capitalise every noun are not
    checked, and neither is a sentence in another language than its evidence.

    >>> sorted(missing_names("Ask Maria in the Oslo office.", "Maria works in Bergen."))
    ['oslo']
    """
    if language(sentence) == "de" or foreign(sentence, evidence):
        return frozenset()
    words = set(_words(evidence))
    months = {number for word in words if (number := MONTHS.get(word))} | numbers(evidence)
    known = (
        {_unaccented(word) for word in words}
        | abbreviations(evidence)
        | _spelt_out(sentence, words)
    )
    known |= {word for sign, word in _SIGNS.items() if sign in evidence}
    known |= {word.removesuffix("'s") for word in known}
    parts = (part for m in _NAME.finditer(sentence) for part in _WORDS.findall(m.group()))
    named = {
        part.lower().replace("’", "'").removesuffix("'s") for part in parts if part[0].isupper()
    }
    return frozenset(
        word
        for word in named - known - _ALWAYS_CAPITAL
        if MONTHS.get(word) not in months
        and not any(_same_name(_unaccented(word), one) for one in known)
    )


def _same_name(one: str, other: str) -> bool:
    """Return whether both are one word, or one of them begins with the other's stem."""
    first, second = sorted((_stem(one), _stem(other)), key=len)
    return one == other or (len(first) >= _SHARED_LETTERS and second.startswith(first))


def _unaccented(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


_SIGNS = {"°C": "celsius", "°F": "fahrenheit"}
_DOTTED = re.compile(r"\b(?:[A-Z]\.){2,}")
_CAPITALS = re.compile(r"\b[A-Z]\w*(?:[ \n](?:(?:of|and|for|the) )*[A-Z]\w*)+")


def abbreviations(text: str) -> set[str]:
    """Return the abbreviations of its names: "eu" for "European Union", "us" for "U.S."."""
    made = {match.group().replace(".", "").lower() for match in _DOTTED.finditer(text)}
    return made | {short for short, _ in _initials(text)}


def _spelt_out(text: str, shortened: Collection[str]) -> set[str]:
    """Return the words of those names in *text* whose abbreviation is in *shortened*."""
    return {word for short, words in _initials(text) if short in shortened for word in words}


def _initials(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the initials of each name of several words, and of each part of it, with its words."""
    for match in _CAPITALS.finditer(text):
        words = [word.lower() for word in match.group().split() if word[0].isupper()]
        for start, end in combinations(range(len(words) + 1), 2):
            if end - start > 1:
                yield "".join(word[0] for word in words[start:end]), words[start:end]


def contradicts(sentence: str, evidence: str) -> bool:
    """Return whether one denies what the other says, as far as single words show it.

    A sentence with a denial needs evidence with a denial. If evidence denies a word, as in
    "not refundable", a sentence with that word has to deny something too.

    >>> contradicts("Trips are refundable.", "Trips are not refundable.")
    True
    >>> contradicts("Trips cost 3 euros.", "Trips cost 3 euros and are not refundable.")
    False
    """
    if any(True for _ in _negations(sentence, mainly=True)):
        return _denies_what_is_said(sentence, evidence)
    words = set(_words(sentence))
    if _WITHOUT & words and not (_WITHOUT | _DENIALS | _NEGATIONS) & set(_words(evidence)):
        return True
    if _EXCEPTED.search(evidence) and _LIMITED.search(sentence) and not _WITHOUT & words:
        return False  # "only with approval" is "not without approval"
    if not (words & _DENIALS - _HALF_DENIALS) <= set(_words(evidence)):
        return False  # it denies in another way: "prevent" for "do not fit"
    said = {_stem(word) for word in words}
    return any(_stem(word) in said for word in _denied_words(evidence, mainly=True))


def _denies_what_is_said(sentence: str, evidence: str) -> bool:
    """Return whether a sentence that denies something denies what *evidence* affirms."""
    if any(True for _ in _negations(evidence, mainly=True)):
        return False
    known = {*_words(evidence)}
    denied = {*_denied_words(sentence, mainly=True)}
    if known & _DENIALS:
        return bool(known & _DENIALS & denied)
    return not denied or any(is_known(word, known) for word in denied)


def denies_alone(sentence: str, evidence: str) -> bool:
    """Return whether *sentence* denies something and *evidence* denies nothing.

    >>> denies_alone("It is not heated.", "It has windows.")
    True
    """
    if not any(True for _ in _negations(sentence, mainly=True)):
        return False
    return not any(True for _ in _negations(evidence)) and _DENIALS.isdisjoint(_words(evidence))


def denied_before(text: str, start: int) -> bool:
    """Return whether a negation is shortly before text[start] in the same clause.

    A quote without that negation would say the opposite of its document.

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


def _negations(text: str, *, mainly: bool = False) -> Iterator[int]:
    """Yield where each negation ends; "not only" and the "No." of "No. 5" are not negations.

    Args:
        text: Any text.
        mainly: Leave out "without", which denies a condition and not the statement.
    """
    for match in _WORDS.finditer(text):
        word = match.group().lower().replace("’", "'")
        if _is_negation(word) and not (mainly and word in _WITHOUT):
            rest = text[match.end() :]
            if not _NO_NEGATION.match(rest):
                yield match.end()


def _denied_words(text: str, *, mainly: bool = False) -> Iterator[str]:
    """Yield the first content word after each negation, if its clause has one."""
    for end in _negations(text, mainly=mainly):
        clause = _CLAUSE_END.split(text[end : end + 80])[0]
        yield from [w for w in _words(clause) if len(w) >= _SHORT and w not in _AUXILIARIES][:1]


_SHORT = 3
_AUXILIARIES = listed(
    "the and any are was has had its you our can may all for yet one this that these those been "
    "have does will would could should must they them their your being also only just even"
)


def _stem(word: str) -> str:
    """Return the common part of inflected forms of an English word, roughly."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + _SHORT:
            return word.removesuffix(ending).rstrip("e")
    return word.rstrip("e")
