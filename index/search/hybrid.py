"""Hybrid search: rank passages by words and meaning, fused, for one audience."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from footnote_qa.index.access import AccessTable
from footnote_qa.index.audience import may_see
from footnote_qa.index.chunking import mask, plain_block, split_blocks
from footnote_qa.index.errors import DocumentNotFoundError, IndexingError
from footnote_qa.index.search.definitions import defines, subject_of
from footnote_qa.index.search.foreign import is_in_another_language
from footnote_qa.index.search.fusion import Fuser, Fusion
from footnote_qa.index.search.misspellings import Corrected, correct
from footnote_qa.index.search.sections import pieces_of, with_sections
from footnote_qa.index.storage import INDEXED, DocumentRow, Generation, IndexDirectory, Within
from footnote_qa.index.types import (
    Audience,
    Chunk,
    Document,
    Passage,
    Reranker,
    SearchResult,
    Vectors,
)

log = logging.getLogger(__name__)

QUESTION_LENDS = 1.5
"""Bonus for a document whose title the question names, in standard deviations."""

PASSAGE_LENDS = 0.4
"""Share of its score that a passage lends to the documents it names."""

LENDERS = 5
"""How many of the best passages lend their score."""

DEFINITION_LENDS = 2.0
"""Bonus for a chunk that clearly defines the term asked for, in standard deviations."""

FOREIGN_WEIGHT = 0.9
"""Share of meaning if the question and the documents are in different languages."""

_DEFINING = 60  # chunks that are read for a definition
_MOST_NAMED = 20


def result_of_search(  # noqa: PLR0913 - what is searched, how, for whom, and where
    generation: Generation,
    question: str,
    *,
    k: int,
    audience: Audience,
    fusion: Fusion,
    within: Within | None = None,
) -> SearchResult:
    """Search one generation; passages can read their sections, and unknown words are named."""
    started = time.perf_counter()
    audience = generation.passages.granted(audience)
    read = corrected(generation, question, audience)
    passages = _found(generation, read.text, k=k, audience=audience, fusion=fusion, within=within)
    return SearchResult(
        passages=tuple(with_sections(passages, generation.passages)),
        generation=generation.manifest.generation,
        created_at=generation.manifest.created_at,
        lexical_only=generation.manifest.lexical_only,
        unknown=generation.lexical.unknown(read.text, groups=_groups(generation, audience)),
        question=read.text if read.corrections else "",
        corrections=read.corrections,
        suggestions=read.suggestions,
        ms=(time.perf_counter() - started) * 1000,
    )


def result_of_reading(generation: Generation, document: str, *, audience: Audience) -> SearchResult:
    """Return a complete document in passages; none if there is none that *audience* may see."""
    started = time.perf_counter()
    pieces = pieces_of(document, generation.passages)
    is_visible = not generation.passages.hides(document) and all(
        may_see(piece.chunk.audience, audience) for piece in pieces[:1]
    )
    return SearchResult(
        passages=tuple(pieces) if is_visible else (),
        generation=generation.manifest.generation,
        created_at=generation.manifest.created_at,
        lexical_only=generation.manifest.lexical_only,
        ms=(time.perf_counter() - started) * 1000,
    )


def corrected(generation: Generation, question: str, audience: Audience) -> Corrected:
    """Return *question* with its misspelt words replaced by those of the documents."""
    return correct(
        question,
        generation.lexical,
        groups=_groups(generation, audience),
        is_word=generation.encoder.is_word,
    )


def search_generation(
    generation: Generation, question: str, *, k: int, audience: Audience, fusion: Fusion
) -> list[Passage]:
    """Find the *k* best passages of one generation that *audience* may see, best first."""
    audience = generation.passages.granted(audience)
    read = corrected(generation, question, audience)
    return _found(generation, read.text, k=k, audience=audience, fusion=fusion)


def _found(  # noqa: PLR0913 - as above
    generation: Generation,
    question: str,
    *,
    k: int,
    audience: Audience,
    fusion: Fusion,
    within: Within | None = None,
) -> list[Passage]:
    if not question.strip():
        return []
    search = _Search(generation, question, audience=audience, fusion=fusion, within=within)
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


class _Search:
    """The search for one question in one generation.

    Attributes:
        scores: By chunk, for the chunks that the audience may see.
    """

    def __init__(
        self,
        generation: Generation,
        question: str,
        *,
        audience: Audience,
        fusion: Fusion,
        within: Within | None,
    ) -> None:
        self._generation, self._question, self._audience = generation, question, audience
        only = generation.passages.visible(audience)
        self._within: frozenset[int] | None = None
        if within is not None and not within.is_everything:
            only = generation.passages.ids_within(within, audience)
            self._within = frozenset(only.tolist())
        self._groups = _groups(generation, audience)
        bm25 = self._by_words(question, fusion.candidates)
        dense: dict[int, float] = {}
        self._vector: Vectors | None = None
        if generation.vectors is not None:  # else by words alone, until there are vectors
            self._vector = generation.encoder.encode([question])[0]
            dense |= generation.vectors.search(self._vector, fusion.candidates, only=only)
            # A chunk that only its words brought up has a cosine too; 0 would push it down.
            dense |= self._cosines([id_ for id_ in bm25 if id_ not in dense])
        is_foreign = is_in_another_language(question, generation)
        weight = max(fusion.dense_weight, FOREIGN_WEIGHT) if is_foreign else fusion.dense_weight
        self._fuser = Fuser(dense, bm25, dense_weight=weight)
        self.scores = self._fuser.candidates()

    def _by_words(self, text: str, k: int) -> dict[int, float]:
        lexical = self._generation.lexical
        return dict(lexical.search(text, k, groups=self._groups, only=self._within))

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
        found = self._by_words(subject, _DEFINING)
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
            if self._within is None or not self._within.isdisjoint(ids)
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
        self._prepared: Generation | None = None
        self._access_mark: object = ()

    @property
    def generation(self) -> Generation:
        """The generation that the next search uses."""
        mark = self._directory.current_mark()
        if mark == self._mark:
            return self._without_withheld()
        with self._lock:
            mark = self._directory.current_mark()  # another thread may have opened it meanwhile
            if mark != self._mark:
                self._take_up()
                self._mark = mark
        return self._without_withheld()

    def _without_withheld(self) -> Generation:
        """Return the generation in use; what a source has deleted since is shown to nobody."""
        generation, access = self._generation, self._directory.access
        mark = access.mark()
        if mark != self._access_mark:
            with self._lock:
                generation.withhold(access.withheld(generation.synced))
                self._access_mark = mark
        return generation

    @property
    def access(self) -> AccessTable:
        """Who is in which group of a source."""
        return self._directory.access

    def prepare(self, name: str) -> None:
        """Open a generation that is about to be promoted, so that no question waits for it.

        Raises:
            IndexingError: It cannot be opened.
        """
        self._prepared = self._directory.open(name)

    def _take_up(self) -> None:
        prepared, self._prepared = self._prepared, None
        try:
            name = self._directory.served()
            is_prepared = prepared is not None and prepared.manifest.generation == name
            opened = prepared if prepared is not None and is_prepared else self._directory.open()
        except IndexingError:
            log.exception("new generation cannot be opened, the old one stays in use")
            return
        self._generation = opened
        self._access_mark = ()  # a generation that was prepared earlier may have been opened before
        log.info("generation taken up", extra={"generation": opened.manifest.generation})

    def search(
        self, question: str, *, k: int, audience: Audience, within: Within | None = None
    ) -> SearchResult:
        """Find the *k* best passages that *audience* may see.

        Args:
            question: Free text.
            k: How many at most.
            audience: Groups whose documents may be found besides public ones; None is all.
            within: The documents that may be found; None is all.
        """
        return result_of_search(
            self.generation,
            question,
            k=k,
            audience=audience,
            fusion=self._fusion,
            within=within,
        )

    def read(self, document: str, *, audience: Audience) -> SearchResult:
        """Return a complete document in passages; none if *audience* may not see it."""
        return result_of_reading(self.generation, document, audience=audience)

    def document(self, document: str, *, audience: Audience) -> Document:
        """Return a document with its stored text; raises `DocumentNotFoundError`."""
        known = document.encode("utf-8", "replace").decode("utf-8")  # half a character is in no id
        passages = self.generation.passages
        found = passages.document(known)
        if found is None or not may_see(found.audience, audience):
            raise DocumentNotFoundError(
                f"there is no document {document!r}: list the documents for their ids"
            )
        return found

    def documents(self, *, audience: Audience) -> list[DocumentRow]:
        """Return every indexed document that *audience* may see, by id."""
        passages = self.generation.passages
        return [
            row
            for row in passages.shown_rows()
            if row.status == INDEXED and may_see(row.audience, audience)
        ]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed *texts* as questions: shape (len(texts), dim), each row of length 1."""
        return self.generation.encoder.encode(texts)
