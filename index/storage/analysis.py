"""Text becomes terms of the word index: stop words and endings go, by the language of the text."""

import re
import unicodedata
from functools import cache

import tantivy

ENGLISH = "en"
STEMMED = {
    "da": "danish",
    "de": "german",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ru": "russian",
    "sv": "swedish",
}
"""Languages whose words are stemmed by their own rules; all others are treated like English."""

_LONGEST_TOKEN_CHARS = 60
# Scripts written without spaces: each character is a term, or no word would ever match.
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff])")


def english() -> tantivy.TextAnalyzer:
    """Return the analyzer of the index itself, through which every text goes."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_LONGEST_TOKEN_CHARS))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


def stems(text: str) -> list[str]:
    """Return the stems of the words of a text, in order; small words are left out.

    >>> stems("the employees' leaves")
    ['employe', 'leav']
    """
    return list(_english().analyze(text))


@cache
def _english() -> tantivy.TextAnalyzer:
    return english()


@cache
def _own(language: str) -> tantivy.TextAnalyzer:
    name = STEMMED[language]
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_LONGEST_TOKEN_CHARS))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.stopword(name))
        .filter(tantivy.Filter.stemmer(name))
        .build()
    )


def prepared(text: str, language: str) -> str:
    """Return *text* as it is given to the analyzer of the index: other languages stemmed already.

    >>> prepared("Die Urlaubstage der Angestellten", "de"), prepared("The days", "en")
    ('urlaubstag angestellt', 'The days')
    """
    if text.isascii():
        return " ".join(_own(language).analyze(text)) if language in STEMMED else text
    # An accent can be part of its letter or follow it; both must give the same term.
    spaced = _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFC", text))
    return " ".join(_own(language).analyze(spaced)) if language in STEMMED else spaced


def stemmed_as(language: str) -> str:
    """Return the language by whose rules a text in *language* is stemmed."""
    return language if language in STEMMED else ENGLISH
