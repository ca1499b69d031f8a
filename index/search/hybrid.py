"""Hybrid search: rank passages by words and meaning, fused, for one audience."""

import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.chunking import mask, plain_block, split_blocks
from index.errors import IndexingError
from index.search.definitions import defines, subject_of
from index.search.sections import with_sections
from index.storage import Generation, IndexDirectory
from index.types import Audience, Chunk, Passage, Reranker, SearchResult, Vectors

log = logging.getLogger(__name__)

QUESTION_LENDS = 1.5
"""Bonus for a document whose title the question names, in standard deviations."""

PASSAGE_LENDS = 0.4
"""Share of its score that a passage lends to the documents it names."""

LENDERS = 5
"""How many of the best passages lend their score."""

DEFINITION_LENDS = 2.0
"""Bonus for a chunk that clearly defines the term asked for, in standard deviations."""

_DEFINING = 60  # chunks that are read for a definition
_MOST_NAMED = 20
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

    dense_weight: float = 0.6
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


def search_generation(
    generation: Generation, question: str, *, k: int, audience: Audience, fusion: Fusion
) -> list[Passage]:
    """Find the *k* best passages of one generation that *audience* may see, best first."""
    if not question.strip():
        return []
    search = _Search(generation, question, audience=audience, fusion=fusion)
    search.lend_to_named()
    search.raise_definitions()
    if fusion.reranker is not None:
        search.rerank(fusion.reranker, max(k, fusion.reranked), weight=fusion.rerank_weight)
    return [
        Passage(
            chunk=chunk,
            rank=rank,
            fused=search.scores[chunk.id].fused,
            cosine=search.scores[chunk.id].cosine,
            bm25=search.scores[chunk.id].bm25,
        )
        for rank, chunk in enumerate(search.best(k), start=1)
    ]


def result_of_search(
    generation: Generation, question: str, *, k: int, audience: Audience, fusion: Fusion
) -> SearchResult:
    """Search one generation; passages can read their sections, and unknown words are named."""
    started = time.perf_counter()
    passages = search_generation(generation, question, k=k, audience=audience, fusion=fusion)
    manifest = generation.manifest
    return SearchResult(
        passages=tuple(with_sections(passages, generation.passages)),
        generation=manifest.generation,
        created_at=manifest.created_at,
        lexical_only=manifest.lexical_only,
        unknown=generation.lexical.unknown(question, groups=_groups(generation, audience)),
        ms=(time.perf_counter() - started) * 1000,
    )


class _Search:
    """The search for one question in one generation.

    Attributes:
        scores: By chunk, for the chunks that the audience may see.
    """

    def __init__(
        self, generation: Generation, question: str, *, audience: Audience, fusion: Fusion
    ) -> None:
        self._generation, self._question, self._audience = generation, question, audience
        only = None if audience is None else generation.passages.visible(audience)
        self._groups = _groups(generation, audience)
        bm25 = dict(generation.lexical.search(question, fusion.candidates, groups=self._groups))
        dense: dict[int, float] = {}
        self._vector: Vectors | None = None
        if generation.vectors is not None:  # else by words alone, until there are vectors
            self._vector = generation.encoder.encode([question])[0]
            dense |= generation.vectors.search(self._vector, fusion.candidates, only=only)
            # A chunk that only its words brought up has a cosine too; 0 would push it down.
            dense |= self._cosines([id_ for id_ in bm25 if id_ not in dense])
        self._fuser = Fuser(dense, bm25, dense_weight=fusion.dense_weight)
        self.scores = self._fuser.candidates()

    def _cosines(self, ids: Sequence[int]) -> dict[int, float]:
        vectors = self._generation.vectors
        if vectors is None or self._vector is None:
            return {}
        return dict(zip(ids, vectors.cosines(self._vector, ids), strict=True))

    def best(self, k: int) -> list[Chunk]:
        """Return the *k* best chunks, best first.

        Ties are broken by document and position, never by order of insertion: a generation built
        in small steps ranks like one built in a single run.
        """
        ranks = {id_: -round(score.total, 9) for id_, score in self.scores.items()}
        last = sorted(ranks.values())[: max(k, 1)][-1:]
        contenders = [id_ for id_, rank in ranks.items() if rank <= last[0]]
        chunks = self._generation.passages.chunks(contenders).values()
        return sorted(chunks, key=lambda each: (ranks[each.id], each.document, each.start))[:k]

    def rerank(self, reranker: Reranker, count: int, *, weight: float) -> None:
        """Reorder the *count* best; no other chunks are found.

        The totals keep their distances: where both rankings agree, it takes more to change the
        order than where they don't.
        """
        chunks = self.best(count)
        rises = reranker.raises(self._question, chunks)
        known = self.scores
        self.scores = {
            chunk.id: replace(known[chunk.id], total=known[chunk.id].total + weight * rise)
            for chunk, rise in zip(chunks, rises, strict=True)
        }

    def lend_to_named(self) -> None:
        """Raise documents whose title the question names, then those named by the best passages.

        If a question needs two documents, it often shares words with only one of them, and that one
        names the other. The bonus is smaller the more common the title's words are.
        """
        if not self.scores:
            return
        titles = self._generation.passages.titles
        asked = titles.named(self._question, audience=self._audience)
        self._lend({document: QUESTION_LENDS * self._rarity(asked[document]) for document in asked})
        shares: dict[str, float] = {}
        for chunk in self.best(LENDERS):
            total = max(0.0, self.scores[chunk.id].total)
            named = titles.named(chunk.text, audience=self._audience, own=chunk.title)
            for document, title in named.items():
                share = PASSAGE_LENDS * total * self._rarity(title)
                if document != chunk.document:
                    shares[document] = max(share, shares.get(document, 0.0))
        self._lend(shares)

    def raise_definitions(self) -> None:
        """Raise chunks that define the term that the question asks for.

        A glossary entry shares one word with the question, and so do a hundred other chunks. So the
        candidates for that word alone are read, and definitions are ranked above mentions.
        """
        subject = subject_of(self._question)
        if not subject or not self.scores:
            return
        lexical = self._generation.lexical
        found = dict(lexical.search(subject, _DEFINING, groups=self._groups))
        wanted = [*found, *(chunk.id for chunk in self.best(_DEFINING))]
        chunks = self._generation.passages.chunks(wanted)
        rises = {id_: _clarity(chunk, subject) for id_, chunk in chunks.items()}
        new = [id_ for id_, rise in rises.items() if rise and id_ not in self.scores]
        cosines = self._cosines(new)
        self.scores |= {id_: self._fuser.scores(cosines.get(id_), found.get(id_)) for id_ in new}
        highest = max(score.total for score in self.scores.values())
        for id_, rise in rises.items():
            if rise:
                total = max(self.scores[id_].total + DEFINITION_LENDS * rise, highest * rise)
                self.scores[id_] = replace(self.scores[id_], total=total)

    def _rarity(self, title: str) -> float:
        return self._generation.lexical.rarity(title)

    def _lend(self, shares: Mapping[str, float]) -> None:
        """Add to the best chunk of each document, which may become a candidate by it."""
        chosen = sorted(shares, key=lambda document: (-shares[document], document))[:_MOST_NAMED]
        # If a document has candidates, its best chunk is among them: the others score lower.
        chunks = {
            document: [id_ for id_ in ids if id_ in self.scores] or ids
            for document, ids in self._generation.passages.ids_of(chosen).items()
        }
        new = [id_ for ids in chunks.values() for id_ in ids if id_ not in self.scores]
        cosines = self._cosines(new)
        known = self.scores | {id_: self._fuser.scores(cosines.get(id_), None) for id_ in new}
        for document, ids in chunks.items():
            best = max(ids, key=lambda id_: round(known[id_].total, 9))  # the first of equals
            raised = known[best].total + shares[document]
            self.scores[best] = replace(known[best], total=raised)


def _groups(generation: Generation, audience: Audience) -> list[str] | None:
    """Return the groups to restrict the word search to; None if all chunks may be seen."""
    if audience is None or generation.passages.visible(audience) is None:
        return None
    return sorted(audience)


def _clarity(chunk: Chunk, subject: str) -> float:
    """Return how clearly one of the chunk's blocks defines *subject*."""
    if subject.casefold() not in chunk.text.casefold():
        return 0.0
    masked = mask(chunk.text)
    texts = (plain_block(masked[one.start : one.end]) for one in split_blocks(chunk.text))
    return max((defines(text, subject) for text in texts), default=0.0)


class LiveIndex:
    """The index in use: each search uses one generation, the newest one promoted.

    A new generation is opened in the background and used from the next search on; a running search
    ends on its own generation. If a new one cannot be opened, the old one stays in use.
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
            mark = self._directory.current_mark()  # another thread may have opened it meanwhile
            if mark != self._mark:
                self._take_up()
                self._mark = mark
        return self._generation

    def _take_up(self) -> None:
        try:
            opened = self._directory.open()
        except IndexingError:
            log.exception("new generation cannot be opened, the old one stays in use")
            return
        self._generation = opened
        log.info("generation taken up", extra={"generation": opened.manifest.generation})

    def search(self, question: str, *, k: int, audience: Audience) -> SearchResult:
        """Find the *k* best passages that *audience* may see."""
        generation = self.generation
        return result_of_search(generation, question, k=k, audience=audience, fusion=self._fusion)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed *texts* as questions: shape (len(texts), dim), each row of length 1."""
        return self.generation.encoder.encode(texts)
