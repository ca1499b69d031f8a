"""Compare a sentence with its evidence: numbers and names."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, pairwise

from footnote_qa.bot.citations.comparing.languages import foreign, language
from footnote_qa.index.chunking import listed

_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+")
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


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
    words = words_in(evidence)
    known = numbers(evidence) | set(_written(words))
    known |= {str(NUMBER_WORDS[w]) for w in words if w in NUMBER_WORDS}
    known |= {str(_MAGNITUDES[w]) for w in words if w in _MAGNITUDES}
    known |= {MONTHS[w] for w in words if w in MONTHS}
    written = set(_written(words_in(sentence))) - _NOT_COUNTED
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
    words = set(words_in(evidence))
    months = {number for word in words if (number := MONTHS.get(word))} | numbers(evidence)
    known = (
        {_unaccented(word) for word in words}
        | abbreviations(evidence)
        | _spelt_out(sentence, words)
    )
    known |= {word for sign, word in _SIGNS.items() if sign in evidence}
    known |= {f"{one}{other}" for one, other in pairwise(words_in(evidence))}
    known |= {part for name in _JOINED.findall(evidence) for part in words_in(_HUMP.sub(" ", name))}
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
    first, second = sorted((stem_of(one), stem_of(other)), key=len)
    return one == other or (len(first) >= _SHARED_LETTERS and second.startswith(first))


def _unaccented(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


_JOINED = re.compile(
    r"\b[A-Z]+[A-Za-z]*[a-z][A-Z]\w*|\b[A-Z]{2,}[a-z]{3,}\b"
)  # "HelpDesk", "HRDesk"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
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


def words_in(text: str) -> list[str]:
    """Return the words of *text* in lower case, without its numbers."""
    return [m.group().lower().replace("’", "'") for m in _WORDS.finditer(text)]


_SHORT = 3


def stem_of(word: str) -> str:
    """Return the common part of inflected forms of an English word, roughly."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + _SHORT:
            return word.removesuffix(ending).rstrip("e")
    return word.rstrip("e")
