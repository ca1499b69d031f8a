"""Entailment check: does a quote prove a sentence, by shared words and by meaning?"""

import math
from functools import lru_cache

from footnote_qa.bot.citations.comparing import covered
from footnote_qa.index.types import Encode

# Fitted by benchmarks/calibrate_support.py on half of the articles of a public question set
BIAS, COVER, COSINE = -6.63, 7.98, 4.78


class EntailmentCheck:
    """Compares the claim of a sentence with its evidence.

    Args:
        encode: Turns texts into unit vectors.
    """

    def __init__(self, encode: Encode) -> None:
        # A sentence is compared with several quotes, and one quote with many sentences
        self._vector = lru_cache(maxsize=256)(lambda text: encode([text])[0])

    def __call__(self, sentence: str, evidence: str) -> float:
        """Return how likely it is, from 0 to 1, that *evidence* proves *sentence*."""
        cover = covered(sentence, evidence) or 0.0
        cosine = float(self._vector(sentence) @ self._vector(evidence))
        return 1 / (1 + math.exp(-(BIAS + COVER * cover + COSINE * cosine)))
