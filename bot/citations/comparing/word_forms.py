"""Forms of words: inflected, derived, irregular, two words for one."""

import re
from collections.abc import Collection
from functools import lru_cache

from footnote_qa.bot.citations.comparing.word_tables import IRREGULAR, LIGHT, PHRASES
from footnote_qa.index.chunking import listed, stem

_SUFFIXES = (
    "ements",
    "ement",
    "ments",
    "ment",
    "ation",
    "ition",
    "ions",
    "ion",
    "ances",
    "ance",
    "ence",
    "als",
    "al",
    "able",
    "ible",
    "ness",
    "ities",
    "ity",
    "ive",
    "ful",
    "ers",
    "er",
    "ors",
    "or",
    "ing",
    "ed",
    "es",
    "s",
    "ly",
    "e",
    "y",
)
_ENDINGS = frozenset({"", *_SUFFIXES}) | listed(
    "ancy ant d ded ding ency ent ic ical ics ied ies ise ism ist ize n ning ped ping t "
    "ted ting wise"
)
_DOUBLED = re.compile(r"(?<=[aeiou])([bdgmnprt])\1(?:ing|ed|er|ers)$")
_SHORTEST_ROOT = 4
# Endings that tell two parties apart: an employer is no employee
_PARTIES = ("er", "or", "ee", "ant", "ent")


@lru_cache(maxsize=8192)
def root(word: str) -> str:
    """Return what derived forms of a word have in common, roughly and for English.

    >>> root("reimbursement"), root("reimburse"), root("approval"), root("approved")
    ('reimburs', 'reimburs', 'approv', 'approv')
    """
    word = word.removesuffix("'s").removesuffix("s'")
    for ending in _SUFFIXES:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ROOT:
            return word.removesuffix(ending).rstrip("e")
    return word.rstrip("e") or word


def in_single_words(text: str) -> str:
    """Return *text* with verbs of two words as one word.

    >>> in_single_words("Hand in the receipts.")
    'submit the receipts.'
    """
    for pattern, word in PHRASES:
        text = pattern.sub(word, text)
    return text


def is_light(word: str) -> bool:
    """Return whether a word of a statement needs no evidence by itself."""
    return word in LIGHT


@lru_cache(maxsize=65_536)
def base(word: str) -> str:
    """Return the form of a word without what its spelling doubles or changes.

    >>> base("running"), base("paid"), base("classes")
    ('run', 'pay', 'class')
    """
    word = IRREGULAR.get(word, word)
    word = _DOUBLED.sub(r"\1", word)
    return word.removesuffix("es") if word.endswith("sses") else word


@lru_cache(maxsize=65_536)
def is_derived(one: str, other: str) -> bool:
    """Return whether both are the same word with other endings."""
    most = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        most += 1
    return any(
        one[cut:] in _ENDINGS and other[cut:] in _ENDINGS for cut in range(_SHORTEST_ROOT, most + 1)
    )


@lru_cache(maxsize=4096)
def forms_of(words: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems and the roots of *words*."""
    return frozenset(map(stem, words)), frozenset(map(root, words))


def are_parties(word: str, words: Collection[str]) -> bool:
    """Return whether the words with its root name the other party only."""
    ending = _party(word)
    alike = [_party(one) for one in words if root(one) == root(word) or is_derived(one, word)]
    return bool(ending) and bool(alike) and all(one and one != ending for one in alike)


def _party(word: str) -> str:
    singular = word.removesuffix("'s").removesuffix("s")
    return next((ending for ending in _PARTIES if singular.endswith(ending)), "")


def is_compound(word: str, words: Collection[str]) -> bool:
    """Return whether it is two of the words in one: "workday", "webpage"."""
    return any(
        len(one) > 2 and word.startswith(one) and word[len(one) :].strip("-") in words  # noqa: PLR2004
        for one in words
    )
