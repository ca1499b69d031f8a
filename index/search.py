"""A question becomes passages, best first: words and meaning, fused, for those who may see them."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexingError
from index.generation import Generation, IndexDirectory
from index.types import Audience, Chunk, Passage, SearchResult, Vectors

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fusion:
    """How the two rankings become one.

    Attributes:
        dense_weight: Share of meaning, from 0 (words only) to 1 (meaning only).
        candidates: How many of each ranking take part.
    """

    dense_weight: float = 0.6
    candidates: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What the rankings say of one chunk."""

    fused: float
    cosine: float | None
    bm25: float | None


def fuse(
    cosines: Mapping[int, float], bm25: Mapping[int, float], *, dense_weight: float
) -> dict[int, Scores]:
    """Combine both rankings: `1 / (1 + exp(-(w * z(cosine) + (1 - w) * z(bm25))))`.

    *z* is the standard score among the candidates, `(x - mean) / standard deviation`, after
    Montague and Aslam, "Relevance Score Normalization for Metasearch" (2001): unlike the distance
    to the largest value it does not hang on one outlier. The logistic function only brings the
    sum between 0 and 1.

    Args:
        cosines: By chunk; every candidate must have one, unless there are none at all.
        bm25: By chunk; a candidate without one matched no word, which counts as 0.
        dense_weight: From 0 to 1.

    Returns:
        Scores by chunk; fused lies between 0 and 1.

    >>> found = fuse({1: 0.9, 2: 0.1}, {2: 8.0}, dense_weight=0.5)
    >>> found[1].fused, found[2].fused
    (0.5, 0.5)
    """
    ids = sorted(cosines.keys() | bm25.keys())
    weight = dense_weight if cosines else 0.0
    dense = standard_scores([cosines.get(id_, 0.0) for id_ in ids])
    lexical = standard_scores([bm25.get(id_, 0.0) for id_ in ids])
    fused = 1 / (1 + np.exp(-(weight * dense + (1 - weight) * lexical)))
    return {
        id_: Scores(fused=float(score), cosine=cosines.get(id_), bm25=bm25.get(id_))
        for id_, score in zip(ids, fused, strict=True)
    }


def standard_scores(values: Sequence[float]) -> NDArray[np.float64]:
    """Return how many standard deviations each value lies above the mean; 0 if all are equal.

    >>> standard_scores([1, 3]).tolist()
    [-1.0, 1.0]
    """
    array = np.asarray(values, dtype=np.float64)
    spread = array.std() if array.size else 0.0
    return (array - array.mean()) / spread if spread > 0 else np.zeros_like(array)


def search_generation(
    generation: Generation, question: str, *, k: int, audience: Audience, fusion: Fusion
) -> list[Passage]:
    """Find the *k* best passages of one generation that *audience* may see, best first."""
    if not question.strip():
        return []
    scores = _score(generation, question, audience=audience, fusion=fusion)
    chunks = generation.passages.chunks(_contenders(scores, k))
    best = sorted(chunks, key=lambda id_: _order(scores[id_], chunks[id_]))[:k]
    return [
        Passage(
            chunk=chunks[id_],
            rank=rank,
            fused=scores[id_].fused,
            cosine=scores[id_].cosine,
            bm25=scores[id_].bm25,
        )
        for rank, id_ in enumerate(best, start=1)
    ]


def _order(scores: Scores, chunk: Chunk) -> tuple[float, str, int]:
    # Ties fall to the document and the place, never to the order of insertion: a generation
    # built in small steps ranks as one built at once.
    return -round(scores.fused, 9), chunk.document, chunk.start


def _contenders(scores: Mapping[int, Scores], k: int) -> list[int]:
    """Return the chunks that can be among the *k* best, ties of the last one included."""
    ranked = sorted(-round(score.fused, 9) for score in scores.values())
    last = ranked[min(k, len(ranked)) - 1] if ranked else 0.0
    return [id_ for id_, score in scores.items() if -round(score.fused, 9) <= last]


def _score(
    generation: Generation, question: str, *, audience: Audience, fusion: Fusion
) -> dict[int, Scores]:
    only = None if audience is None else generation.passages.visible(audience)
    groups = None if only is None or audience is None else sorted(audience)
    bm25 = dict(generation.lexical.search(question, fusion.candidates, groups=groups))
    vectors = generation.vectors
    if vectors is None:  # words alone, until the vectors are there
        return fuse({}, bm25, dense_weight=fusion.dense_weight)
    vector = generation.encoder.encode([question])[0]
    dense = dict(vectors.search(vector, fusion.candidates, only=only))
    # A chunk that only its words brought up has a cosine too: taking it as 0 would bury it.
    missing = [id_ for id_ in bm25 if id_ not in dense]
    dense |= dict(zip(missing, vectors.cosines(vector, missing), strict=True))
    return fuse(dense, bm25, dense_weight=fusion.dense_weight)


class LiveIndex:
    """The index that is served: each search uses one generation, and the newest one promoted.

    A generation is opened aside and taken up between two searches; a search that has begun ends on
    the generation it began with. If a new generation cannot be opened the old one goes on serving.
    """

    def __init__(self, root: Path, *, fusion: Fusion | None = None) -> None:
        self._directory = IndexDirectory(root)
        self._fusion = fusion or Fusion()
        self._lock = threading.Lock()
        self._mark = self._directory.current_mark()
        self._generation = self._directory.open_best()

    @property
    def generation(self) -> Generation:
        """The generation that the next search uses."""
        mark = self._directory.current_mark()
        if mark == self._mark:
            return self._generation
        with self._lock:
            mark = self._directory.current_mark()  # another thread may have taken it up meanwhile
            if mark != self._mark:
                self._take_up()
                self._mark = mark
        return self._generation

    def _take_up(self) -> None:
        try:
            opened = self._directory.open()
        except IndexingError:
            log.exception("new generation refused, the old one serves on")
            return
        self._generation = opened
        log.info("generation taken up", extra={"generation": opened.manifest.generation})

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        """Find the *k* best passages that *audience* may see."""
        started = time.perf_counter()
        generation = self.generation
        passages = search_generation(
            generation, question, k=k, audience=audience, fusion=self._fusion
        )
        return SearchResult(
            passages=tuple(passages),
            generation=generation.manifest.generation,
            created_at=generation.manifest.created_at,
            lexical_only=generation.manifest.lexical_only,
            ms=(time.perf_counter() - started) * 1000,
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed *texts* as questions: shape (len(texts), dim), each row of length 1."""
        return self.generation.encoder.encode(texts)
