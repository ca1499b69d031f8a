"""The offline answerer: sentences of the passages, chosen and quoted; or nothing."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.excerpts import excerpt
from bot.reading import Asked, Encode, Reading, cosines, probabilities, take_apart
from bot.types import Draft, Evidence, Question, Sentence, ShownPassage

NAME = "offline"
CANDIDATES = 24  # encoding a sentence takes some 3 ms, so words choose which are worth it
MOST_SENTENCES = 3
MOST_PARTS = 3

# Fitted by benchmarks/calibrate_reader.py, which names them: one for each of reading.FEATURES
WEIGHTS: tuple[float, ...] = (
    -9.927,  # bias
    1.827,  # cover
    1.365,  # cover_near
    -0.487,  # cover_passage
    -1.115,  # cover_all
    0.394,  # missing_all
    -0.089,  # missing_passage
    0.29,  # kind_met
    0.206,  # kind_unmet
    2.543,  # first
    1.041,  # log_words
    3.561,  # cosine
    0.798,  # cosine_passage
)
WEIGHTS_WORDS_ONLY: tuple[float, ...] = (
    -7.52,  # bias
    3.076,  # cover
    1.292,  # cover_near
    -0.543,  # cover_passage
    -1.215,  # cover_all
    0.059,  # missing_all
    -0.311,  # missing_passage
    0.133,  # kind_met
    0.101,  # kind_unmet
    2.812,  # first
    0.868,  # log_words
)
# At it, some 5 of 100 answerable questions of the tuning halves are refused
THRESHOLD = 0.08
# A further sentence is worth reading if it is this likely, measured by the first
_FURTHER = 0.6

_ASKS = (
    "who|whom|what|when|where|which|why|how|is|are|do|does|can|may|must|should|will|"
    "wer|was|wann|wo|wie|warum|welche[rs]?|darf|kann|muss"
)
_PART = re.compile(rf"\?\s+(?=\w)|,?\s+(?:and|und)\s+(?=(?:{_ASKS})\b)", re.IGNORECASE)


class OfflineAnswerer:
    """Answers with the documents' own sentences, without a language model.

    Each sentence of the passages gets a probability of answering the question, from the words it
    shares with it, its meaning, its place and what kind of thing is asked for. The best ones are
    quoted whole; if even the best is less probable than the threshold, the draft is empty.

    Args:
        encode: Turns texts into unit vectors; None reads by words only.
        threshold: Probability from 0 to 1 under which nothing is said.
    """

    def __init__(self, encode: Encode | None, threshold: float = THRESHOLD) -> None:
        self._encode = encode
        self._threshold = threshold

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft from *passages* in a thread, since reading keeps a core busy for some 0.1 s."""
        said, confidence = await asyncio.to_thread(self._read, question.text, passages)
        return Draft(sentences=said, answerer=NAME, confidence=confidence)

    def read(self, question: str, passages: Sequence[ShownPassage]) -> tuple[Sentence, ...]:
        """Return one to three sentences that answer, the best first; none if nothing does."""
        return self._read(question, passages)[0]

    def _read(
        self, question: str, passages: Sequence[ShownPassage]
    ) -> tuple[tuple[Sentence, ...], float]:
        """Return the sentences, and the probability of the best one whether it is said or not."""
        reading = Reading(passages)
        whole = take_apart(question)
        rankings = [self._scored(reading, part) for part in _parts(whole)]
        chosen = [at for ranking in rankings for at in self._chosen(ranking)[:1]]
        if not chosen:
            rankings.append(self._scored(reading, whole))
            chosen = self._chosen(rankings[-1])
        confidence = max((ranking[0][0] for ranking in rankings if ranking), default=0.0)
        return tuple(_quoted(reading, chosen)), confidence

    def _scored(self, reading: Reading, asked: Asked) -> list[tuple[float, int]]:
        """Return (probability, position of the unit) of the candidates, best first."""
        candidates = reading.candidates(asked, CANDIDATES)
        rows = [reading.features(asked, at) for at in candidates]
        weights = WEIGHTS_WORDS_ONLY
        if self._encode is not None and candidates:
            weights = WEIGHTS
            texts = [reading.units[at].plain for at in candidates]
            for row, at, cosine in zip(
                rows, candidates, cosines(self._encode, asked.text, texts), strict=True
            ):
                passage = reading.shown[reading.units[at].passage].passage
                row.extend((cosine, cosine if passage.cosine is None else passage.cosine))
        sure = probabilities(rows, weights)
        return sorted(zip(sure, candidates, strict=True), key=lambda one: (-one[0], one[1]))

    def _chosen(self, scored: Sequence[tuple[float, int]]) -> list[int]:
        """Return the positions of the units worth saying, best first."""
        if not scored:
            return []
        least = max(self._threshold, scored[0][0] * _FURTHER)
        return [at for sure, at in scored if sure >= least][:MOST_SENTENCES]


def _quoted(reading: Reading, chosen: Sequence[int]) -> list[Sentence]:
    """Return the units as sentences that are their own evidence; none is said twice."""
    told: list[Sentence] = []
    covered: set[int] = set()
    for at in chosen:
        shown = reading.shown[reading.units[at].passage]
        made = excerpt(shown.passage.chunk, reading.units, at)
        if made is None or not covered.isdisjoint(range(made.first, made.last + 1)):
            continue
        covered.update(range(made.first, made.last + 1))
        evidence = tuple(Evidence(passage_id=shown.id, quote=quote) for quote in made.quotes)
        told.append(Sentence(text=made.text, evidence=evidence))
    return told


def _parts(asked: Asked) -> list[Asked]:
    """Return the questions of which this one consists, if it is more than one.

    A part with few words of its own ("and when do they expire?") is about what the whole is about.
    """
    pieces = [piece for piece in _PART.split(asked.text) if piece.strip()][:MOST_PARTS]
    if len(pieces) == 1:
        return []
    parts = [take_apart(piece.strip()) for piece in pieces]
    return [
        part if len(part.stems) > 1 else replace(part, stems=(*part.stems, *asked.stems))
        for part in parts
    ]
