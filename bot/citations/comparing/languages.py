"""The languages of a statement and its evidence, and the words that they share."""

import re
from collections import Counter
from functools import lru_cache

from footnote_qa.index.chunking import listed, stems_of

_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FUNCTION_WORDS = {
    "en": listed("the a an of to and in is are for on with by at from it that this be you your or"),
    "de": listed("der die das den dem ein eine und ist sind im in zu von mit für auf nicht sie es"),
    "fr": listed("le la les un une des du de et est sont dans pour par sur avec ce vous il"),
    "es": listed("el la los las un una de y es son en para por con se que del al su"),
}


@lru_cache(maxsize=512)  # each sentence is compared with the same few passages
def language(text: str) -> str:
    """Return the language whose function words *text* uses most; "" if it has none.

    >>> language("Parking in der Garage ist frei"), language("Parking in the garage is free")
    ('de', 'en')
    """
    words = [match.group().lower() for match in _WORDS.finditer(text)]
    used = Counter(words)
    counts = {code: sum(used[w] for w in small) for code, small in _FUNCTION_WORDS.items()}
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] else ""


def foreign(sentence: str, text: str) -> bool:
    """Return whether the two are in different languages, if both languages are recognised.

    >>> foreign("Parken ist in der Garage frei", "Parking is free in the garage")
    True
    >>> foreign("Parken: frei", "Parking is free in the garage")
    False
    """
    one, other = language(sentence), language(text)
    return bool(one and other) and one != other


def covered(sentence: str, evidence: str) -> float | None:
    """Return the share of the sentence's words that are in the evidence; None if it has no words.

    >>> covered("Parking costs 3 euros.", "The daily fee for parking: 3 euros")
    0.75
    """
    said, known = stems_of(sentence), set(stems_of(evidence))
    return sum(stem in known for stem in said) / len(said) if said else None
