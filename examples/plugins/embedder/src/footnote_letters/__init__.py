"""An embedding model without a network: each piece of a word has a random direction.

It finds "parental" by "parent", in any language, and it needs no download. A model behind an API
has the same shape: its constructor takes the address and the key, and both methods send the texts.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from footnote_qa.plugins import CONTRACT

Vectors = NDArray[np.float32]

_WORD = re.compile(r"\w+")


class LetterModel:
    """The mean of the directions of all pieces of a text.

    Args:
        dim: Length of a vector.
        letters: Length of a piece.
    """

    contract = CONTRACT
    max_tokens = 512

    def __init__(self, dim: int = 256, letters: int = 4) -> None:
        self.dim = dim
        self._letters = letters
        self.fingerprint = f"letters-1-{dim}-{letters}"  # other numbers give other vectors

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text."""
        return np.stack([self._vector(text) for text in texts])

    def embed_questions(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each question."""
        return self.embed_documents(texts)

    def _vector(self, text: str) -> Vectors:
        pieces = [piece for word in _WORD.findall(text.lower()) for piece in self._pieces(word)]
        return np.sum([_direction(piece, self.dim) for piece in pieces or [""]], axis=0)

    def _pieces(self, word: str) -> list[str]:
        padded = f"<{word}>"
        count = max(1, len(padded) - self._letters + 1)
        return [padded[at : at + self._letters] for at in range(count)]


@lru_cache(maxsize=200_000)
def _direction(piece: str, dim: int) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(piece.encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
