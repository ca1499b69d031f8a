"""The scores of both rankings, by words and by meaning, become one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from footnote_qa.index.defaults import DENSE_WEIGHT
from footnote_qa.index.types import Reranker

_STEEPEST = 700.0  # beyond it, exp overflows


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """How the two rankings are combined.

    Attributes:
        dense_weight: Share of meaning, from 0 (words only) to 1 (meaning only).
        candidates: How many chunks of each ranking take part.
        reranker: Reads the best passages again; None leaves them as they are.
        reranked: How many it reads.
        rerank_weight: How much its scores count; 0 ignores them.
    """

    dense_weight: float = DENSE_WEIGHT
    candidates: int = 200
    reranker: Reranker | None = None
    reranked: int = 20
    rerank_weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The scores of one chunk in both rankings.

    Attributes:
        total: The score to rank by; 0 is an average candidate.
        cosine: None if there are no vectors.
        bm25: None if no word matched among the best.
    """

    total: float
    cosine: float | None
    bm25: float | None

    @property
    def fused(self) -> float:
        """The total, mapped to 0 to 1 by the logistic function."""
        return 1 / (1 + math.exp(-max(self.total, -_STEEPEST)))


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and standard deviation of the scores of one ranking."""

    mean: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Scale":
        """Return the scale of *values*.

        >>> scale = Scale.of([1, 3])
        >>> scale.standard(1), scale.standard(3), Scale.of([2, 2]).standard(2)
        (-1.0, 1.0, 0.0)
        """
        # In order: a sum in another order differs in its last digit.
        array = np.sort(np.asarray(values, dtype=np.float64))
        return cls(float(array.mean()), float(array.std())) if array.size else cls(0.0, 0.0)

    def standard(self, value: float) -> float:
        """Return how many standard deviations *value* is above the mean; 0 if all are equal."""
        return (value - self.mean) / self.spread if self.spread > 0 else 0.0


class Fuser:
    """Fuses both scores of a chunk: `w * z(cosine) + (1 - w) * z(bm25)`.

    *z* is the standard score among the candidates, `(x - mean) / standard deviation`, after
    Montague and Aslam, "Relevance Score Normalization for Metasearch" (2001). Unlike scaling by
    the largest value, it does not depend on one outlier.
    """

    def __init__(
        self, cosines: Mapping[int, float], bm25: Mapping[int, float], *, dense_weight: float
    ) -> None:
        ids = cosines.keys() | bm25.keys()
        self._found = [(id_, cosines.get(id_), bm25.get(id_)) for id_ in ids]
        self._weight = dense_weight if cosines else 0.0
        self._dense = Scale.of([cosine or 0.0 for _, cosine, _ in self._found])
        self._lexical = Scale.of([score or 0.0 for *_, score in self._found])

    def candidates(self) -> dict[int, Scores]:
        """Fuse the scores of every candidate, by its id."""
        return {id_: self.scores(cosine, bm25) for id_, cosine, bm25 in self._found}

    def scores(self, cosine: float | None, bm25: float | None) -> Scores:
        """Fuse the scores of one chunk, a candidate or not; a missing score counts as 0."""
        dense = self._weight * self._dense.standard(cosine or 0.0)
        lexical = (1 - self._weight) * self._lexical.standard(bm25 or 0.0)
        return Scores(total=dense + lexical, cosine=cosine, bm25=bm25)


def fuse(
    cosines: Mapping[int, float], bm25: Mapping[int, float], *, dense_weight: float
) -> dict[int, Scores]:
    """Combine both rankings; see `Fuser`.

    Args:
        cosines: By chunk; every candidate must have one, unless there are none at all.
        bm25: By chunk; a candidate without one matched no word, which counts as 0.
        dense_weight: From 0 to 1.

    Returns:
        Scores by chunk; `fused` is between 0 and 1.

    >>> found = fuse({1: 0.9, 2: 0.1}, {2: 8.0}, dense_weight=0.5)
    >>> found[1].fused, found[2].fused
    (0.5, 0.5)
    """
    return Fuser(cosines, bm25, dense_weight=dense_weight).candidates()
