"""The language of a text, and the languages that an embedding model reads."""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from footnote_qa.index.embedding.names import EMBEDDED

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ENGLISH = "en"
READS = {EMBEDDED: frozenset({ENGLISH})}
"""Languages that a model reads; of a model that is not here it is not known."""

UNKNOWN = ""

_SAMPLE_CHARS = 600
_LEAST_LETTERS = 20  # of a script that writes words in letters; a shorter text can be anything
_LEAST_SURE = 0.9
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_SCRIPTS = (  # each is written for one language, but Chinese signs with kana are Japanese
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("zh", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")),
)
_FEW = 4
_COMMON = "the of and to is are you for that with be this have from or not we can if it by on as"
_ENGLISH_WORDS = frozenset(_COMMON.split())
_ENGLISH_SHARE = 0.12
_MANY = 0.05
_MOST_NAMES = 5
_ENGLISH_WORDS_AT_LEAST = 20


def language_of(text: str) -> str:
    """Return the code of the language of *text*, such as "en"; "" if that is unclear.

    >>> language_of("Wie viele Urlaubstage habe ich im Jahr?"), language_of("42 x")
    ('de', '')
    """
    sample = text[:_SAMPLE_CHARS]
    words = _WORD.findall(sample.lower())
    common = sum(word in _ENGLISH_WORDS for word in words)
    if len(words) >= _ENGLISH_WORDS_AT_LEAST and common >= _ENGLISH_SHARE * len(words):
        return ENGLISH  # most texts are, and this needs no model
    letters = sum(map(len, words)) + 5 * len(_UNSPACED.findall(sample))
    if letters < _LEAST_LETTERS:
        return UNKNOWN
    if script := next((name for name, one in _SCRIPTS if len(one.findall(sample)) >= _FEW), ""):
        return script
    language, sure = _identifier().classify(sample)
    return str(language) if sure >= _LEAST_SURE else UNKNOWN


def advice(model: str, languages: Mapping[str, int], *, what: str) -> str:
    """Return what to do if *model* does not read many of some texts; "" if it reads nearly all.

    Args:
        model: Name of the embedding model.
        languages: How many texts are in each language.
        what: What the texts are, such as "documents".

    >>> advice("embedded", {"en": 99, "de": 1}, what="documents")
    ''
    >>> advice("embedded", {"en": 1, "de": 2}, what="documents")[:57]
    '2 of 3 documents are in languages that the model "embedde'
    """
    missed = unread(model, languages)
    count, total = sum(missed.values()), sum(languages.values())
    if count < _MANY * total or not count:
        return ""
    names = ", ".join(sorted(missed, key=lambda name: -missed[name])[:_MOST_NAMES])
    return (
        f'{count} of {total} {what} are in languages that the model "{model}" does not read '
        f'({names}): set [index] model = "multilingual" and run `footnote index build`'
    )


def unread(model: str, languages: Mapping[str, int]) -> dict[str, int]:
    """Return how many of some texts are in each language that *model* does not read.

    >>> unread("embedded", {"en": 9, "de": 2, "": 1}), unread("multilingual", {"de": 2})
    ({'de': 2}, {})
    """
    reads = READS.get(model)
    if reads is None:
        return {}
    return {name: count for name, count in languages.items() if name and name not in reads}


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - half a second

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
