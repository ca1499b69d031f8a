"""Entailment check: does a quote prove a sentence, by shared words and by meaning?"""

import math
from functools import lru_cache

from bot.citations.claims import covered, foreign
from index.types import Encode

# Fitted by benchmarks/calibrate_support.py on half of the articles of a public question set
BIAS, COVER, COSINE = -6.63, 7.98, 4.78
THRESHOLD = 0.345
"""Below it a sentence is not proven: this rejects 5 of 100 right pairs of the other half of the
articles, and 90 of 100 wrong ones."""


class EntailmentCheck:
    """Compares the claim of a sentence with its evidence.

    Args:
        encode: Turns texts into unit vectors.
        threshold: Probability from 0 to 1; below it, a sentence is not proven.
    """

    def __init__(self, encode: Encode, threshold: float = THRESHOLD) -> None:
        # A sentence is compared with several quotes, and one quote with many sentences
        self._vector = lru_cache(maxsize=256)(lambda text: encode([text])[0])
        self._least = math.log(threshold / (1 - threshold))

    def __call__(self, sentence: str, evidence: str) -> bool:
        """Return whether *evidence* proves the claim of *sentence*.

        A sentence in another language than its evidence, or without content words, passes
        unchecked: its words and meaning cannot be compared, so only the other checks apply.
        """
        cover = covered(sentence, evidence)
        if cover is None or foreign(sentence, evidence):
            return True
        by_words = BIAS + COVER * cover
        # Encoding takes some milliseconds, so it is done only if it can make a difference
        if by_words >= self._least or by_words + COSINE < self._least:
            return by_words >= self._least
        cosine = float(self._vector(sentence) @ self._vector(evidence))
        return by_words + COSINE * cosine >= self._least
