"""Whether a quote proves a sentence: a score from the words they share and from their meaning."""

import math
from functools import lru_cache

from bot.citations.claims import covered, foreign
from index.types import Encode

# Fitted by benchmarks/calibrate_support.py on half of the articles of a public question set
BIAS, COVER, COSINE = -6.63, 7.98, 4.78
THRESHOLD = 0.345
"""Under it a sentence is not proven: so are 5 of 100 right pairs of the other half of the articles,
and 90 of 100 wrong ones."""


class EntailmentCheck:
    """Compares what a sentence of an answer claims with what its evidence says.

    Args:
        encode: Turns texts into unit vectors.
        threshold: Probability from 0 to 1 under which a sentence is not proven.
    """

    def __init__(self, encode: Encode, threshold: float = THRESHOLD) -> None:
        # A sentence is compared with several pieces of evidence, and one quote with many sentences
        self._vector = lru_cache(maxsize=256)(lambda text: encode([text])[0])
        self._least = math.log(threshold / (1 - threshold))

    def __call__(self, sentence: str, evidence: str) -> bool:
        """Whether *evidence* says what *sentence* claims.

        A sentence that shares no language with its evidence, or has no word of meaning, is not
        judged: neither words nor this meaning can be compared, and the other checks have to do.
        """
        cover = covered(sentence, evidence)
        if cover is None or foreign(sentence, evidence):
            return True
        by_words = BIAS + COVER * cover
        # Encoding takes some milliseconds: it is done only where it can make a difference
        if by_words >= self._least or by_words + COSINE < self._least:
            return by_words >= self._least
        cosine = float(self._vector(sentence) @ self._vector(evidence))
        return by_words + COSINE * cosine >= self._least
