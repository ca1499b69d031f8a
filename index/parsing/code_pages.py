"""Choose the code page of text that is not UTF-8, by how likely its letters are in a language."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from charset_normalizer.constant import FREQUENCIES

_SAMPLE_BYTES = 12_000
_MOST_HIGH_BYTES = 1_200
_AROUND = 40  # bytes kept on both sides of a byte above 127

_WESTERN = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "ca", "en")
_CENTRAL = ("pl", "cs", "sk", "hu", "ro", "sl", "hr", "sq", "de")
_BALTIC = ("lt", "lv", "et")
_CYRILLIC = ("ru", "uk", "bg", "mk")

# The code page of Windows comes first: of two that read the same, it is the likelier one.
_LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "cp1252": (*_WESTERN, "is"),
    "cp1250": _CENTRAL,
    "cp1251": _CYRILLIC,
    "cp1253": ("el",),
    "cp1254": ("tr",),
    "cp1255": ("he",),
    "cp1256": ("ar", "fa", "ur"),
    "cp1257": _BALTIC,
    "cp1258": ("vi",),
    "cp874": ("th",),
    "iso8859-15": (*_WESTERN, "is"),
    "iso8859-2": _CENTRAL,
    "iso8859-5": _CYRILLIC,
    "iso8859-6": ("ar",),
    "iso8859-7": ("el",),
    "iso8859-8": ("he",),
    "iso8859-13": _BALTIC,
    "koi8-r": ("ru",),
    "koi8-u": ("uk",),
    "cp850": _WESTERN,
    "cp437": _WESTERN,
    "cp852": _CENTRAL,
    "cp866": _CYRILLIC,
    "cp737": ("el",),
    "cp857": ("tr",),
    "mac_roman": _WESTERN,
    "mac_latin2": _CENTRAL,
    "mac_cyrillic": _CYRILLIC,
    "mac_greek": ("el",),
    "mac_turkish": ("tr",),
}
_WIDE = ("gb18030", "big5", "cp932", "euc_jp", "cp949")
_COMMON_WIDE = {
    "gb18030": "Chinese",
    "big5": "Chinese",
    "cp932": "Japanese",
    "euc_jp": "Japanese",
    "cp949": "Korean",
}

# Natural logarithms. A pair that no text of the language has costs about as much as three that
# are usual.
_UNSEEN = 1e-6
_BACKOFF = 0.1
_EVERY_LETTER = 1e-5
_PUNCTUATION = frozenset("«»„“”‘’‚–—…€§°•·©®²³½¼¾£¿¡ªº±×÷µ\xa0\xad、。，：（）「」・")
_USUAL_SIGN, _RARE_SIGN, _CONTROL = -5.0, -9.0, -18.0
_IN_A_WORD = -8.0
_CASE_WITHIN = -4.0
_OTHER_PAGE, _OLD_PAGE = -3.0, -6.0  # files from DOS and from old Macintoshes are rare today
_WIDE_COMMON, _WIDE_USUAL, _WIDE_RARE = -5.5, -8.5, -17.0
_KANA = -5.0
_MOST_FLUENCY_CHARS = 1_000
_FLUENT = -3.5


def code_page(content: bytes) -> str:
    """Return the code page in which *content* is most likely text.

    >>> code_page("Die Kündigungsfrist beträgt drei Monate.".encode("cp1252"))
    'cp1252'
    >>> code_page("Договор действует до конца года.".encode("koi8-r"))
    'koi8-r'
    """
    sample = _around_high_bytes(content)
    best, found = -math.inf, "cp1252"
    for page in (*_LANGUAGES, *_WIDE):
        try:
            # A few bytes that the page lacks can be damage; a wrong page lacks many.
            text = sample.decode(page, errors="strict" if page not in _WIDE else "replace")
        except UnicodeDecodeError:
            continue
        score = _wide_score(text, page) if page in _WIDE else _score(text, page)
        if score > best:
            best, found = score, page
    return found


def fluency(text: str) -> float:
    """Return how likely the letters of *text* follow each other, at best, in a western language.

    The mean logarithm for each letter: about -2.5 for running text, below -4.4 for random letters.
    """
    letters = _letters(text[:_MOST_FLUENCY_CHARS])
    best = -math.inf
    for language in ("en", *_WESTERN, *_CENTRAL, "tr", "et", "lt"):
        best = max(best, _likelihood(letters, language) / max(1, len(letters) - 1))
        if best > _FLUENT:
            break
    return best


def _around_high_bytes(content: bytes) -> bytes:
    """Return the words around bytes above 127: the rest reads the same in every code page."""
    pieces: list[bytes] = []
    end = size = high = 0
    for match in re.finditer(rb"[\x80-\xff]+", content):
        start = max(end, match.start() - _AROUND)
        stop = min(len(content), match.end() + _AROUND)
        pieces.append(b" " * (start > end) + content[start:stop])
        size, end, high = size + stop - start, stop, high + match.end() - match.start()
        if size > _SAMPLE_BYTES or high > _MOST_HIGH_BYTES:
            break
    return b"".join(pieces)


def _score(text: str, page: str) -> float:
    signs = _prior(page)
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if not char.isascii():
            signs += _sign(before, char, after)
    letters = _letters(text)
    return signs + max(_likelihood(letters, language) for language in _LANGUAGES[page])


def _prior(page: str) -> float:
    if page == "cp1252":
        return 0.0
    return _OTHER_PAGE if page.startswith(("cp125", "iso", "koi8", "cp874")) else _OLD_PAGE


def _sign(before: str, char: str, after: str) -> float:
    """Return the cost of a character that is no letter, or of a capital within a word."""
    if _is_letter(char):
        is_within = before.isalpha() and before.islower() and char.isupper()
        return _CASE_WITHIN if is_within else 0.0
    if unicodedata.category(char) == "Cc":
        return _CONTROL
    cost = _USUAL_SIGN if char in _PUNCTUATION else _RARE_SIGN
    is_in_word = before.isalpha() and after.isalpha() and char not in "’·\xad"
    is_in_word = is_in_word or (char in "½¼¾" and after.isalpha())  # œ, Œ and Ÿ elsewhere
    return cost + (_IN_A_WORD if is_in_word else 0.0)


def _is_letter(char: str) -> bool:
    if char in _PUNCTUATION:  # ª and µ are letters to Unicode
        return False
    return char.isalpha() or unicodedata.category(char) == "Mn"


def _letters(text: str) -> str:
    """Return the words of *text* in lower case, one space between them."""
    kept = (char if _is_letter(char) else " " for char in text.lower())
    return f" {' '.join(''.join(kept).split())} "


def _likelihood(letters: str, language: str) -> float:
    follows, overall = _model(language)
    total = 0.0
    for first, second in pairwise(letters):
        chance = follows.get(first + second, 0.0) + _BACKOFF * overall.get(second, _EVERY_LETTER)
        total += math.log(chance + _UNSEEN)
    return total


@lru_cache(maxsize=64)
def _model(language: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return how likely each letter is after another, and how likely it is at all."""
    pairs = _table()[language]
    firsts: dict[str, int] = {}
    seconds: dict[str, int] = {}
    for pair, count in pairs.items():
        firsts[pair[0]] = firsts.get(pair[0], 0) + count
        seconds[pair[1]] = seconds.get(pair[1], 0) + count
    total = sum(seconds.values())
    follows = {pair: count / firsts[pair[0]] for pair, count in pairs.items()}
    return follows, {letter: count / total for letter, count in seconds.items()}


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = json.loads(
        Path(__file__).with_name("letter_pairs.json").read_text(encoding="utf-8")
    )
    return table


def _wide_score(text: str, page: str) -> float:
    """Return the likelihood of Chinese, Japanese or Korean, whose letters take two bytes."""
    total = _OTHER_PAGE + _likelihood(_letters(re.sub(r"[^\x00-\x7f]", " ", text)), "en")
    return total + sum(
        _wide_letter(before, char, page)
        for before, char in zip(" " + text, text, strict=False)
        if not char.isascii()
    )


def _wide_letter(before: str, char: str, page: str) -> float:
    if char == "\ufffd" or unicodedata.category(char) in {"Co", "Cn", "Cc"}:
        return _CONTROL
    if char in _PUNCTUATION:
        return _USUAL_SIGN
    cost = next(_letter_costs(char, page), _WIDE_RARE)
    is_mixed = before.isascii() and before.isalpha()
    return cost + (_IN_A_WORD if is_mixed else 0.0)


def _letter_costs(char: str, page: str) -> Iterator[float]:
    if char in _common(page):
        yield _WIDE_COMMON
    if "\u3040" <= char <= "\u30ff":
        yield _KANA if page in {"cp932", "euc_jp"} else _WIDE_RARE
    first = char.encode(page, errors="replace")[:1]
    # The first half of each table has the letters of everyday texts.
    if (page, True) in {
        ("gb18030", b"\xb0" <= first <= b"\xd7"),
        ("big5", b"\xa4" <= first <= b"\xc6"),
        ("cp932", b"\x88" <= first <= b"\x98"),
        ("euc_jp", b"\xb0" <= first <= b"\xcf"),
        ("cp949", b"\xb0" <= first <= b"\xc8" and "\uac00" <= char <= "\ud7a3"),
    }:
        yield _WIDE_USUAL


@lru_cache(maxsize=8)
def _common(page: str) -> frozenset[str]:
    names = [name for name in FREQUENCIES if name.startswith(_COMMON_WIDE[page])]
    return frozenset(letter for name in names for letter in FREQUENCIES[name])
