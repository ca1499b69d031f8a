"""A reranker that prefers passages with phrases of the question."""

import re
from collections.abc import Sequence
from itertools import pairwise

from footnote_qa.plugins import CONTRACT

_WORD = re.compile(r"\w+")


class PhraseReranker:
    """Counts the pairs of neighbouring words that a passage shares with the question.

    Args:
        longest: Words of a passage that are read.
    """

    contract = CONTRACT

    def __init__(self, longest: int = 400) -> None:
        self._longest = longest

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return a count for each passage; more is better."""
        asked = self._pairs(question)
        return [float(len(asked & self._pairs(text))) for text in texts]

    def _pairs(self, text: str) -> set[tuple[str, str]]:
        words = _WORD.findall(text.lower())[: self._longest]
        return set(pairwise(words))
