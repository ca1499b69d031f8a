"""The offline answerer: sentences of the passages, chosen and quoted; or nothing."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.citations.claims import language
from bot.extractive.excerpts import excerpt
from bot.extractive.ranking import (
    FeatureExtractor,
    ParsedQuestion,
    logistic,
    overall,
    parse_question,
    probabilities,
)
from bot.extractive.span_model import SpanScores
from bot.types import Draft, Evidence, Question, Sentence, ShownPassage
from index.types import Chunk

NAME = "offline"
MOST_SENTENCES = 3
MOST_PARTS = 3
FIRST_READ = 4  # passages; the others are read only if these leave a doubt
SURE = 0.8
RISE = 0.6
"""What a passage gains that holds an answer for sure, in standard deviations of the ranking."""

Point = Callable[[str, Sequence[tuple[str, str]]], list[SpanScores]]

# Fitted by benchmarks/calibrate_reader.py on all it has: one for each of reading.FEATURES
WEIGHTS: tuple[float, ...] = (
    -8.599,  # bias
    2.076,  # cover
    1.304,  # cover_near
    -0.581,  # cover_passage
    -2.189,  # cover_all
    0.214,  # missing_all
    0.227,  # missing_passage
    -0.124,  # kind_met
    0.266,  # kind_unmet
    1.644,  # first
    1.427,  # log_words
    2.757,  # cosine_passage
    -0.573,  # above_none
    1.541,  # share
    -0.349,  # share_passage
    0.677,  # answerable
    0.936,  # margin
)
WEIGHTS_WORDS_ONLY: tuple[float, ...] = (
    -7.634,  # bias
    2.636,  # cover
    1.567,  # cover_near
    -0.047,  # cover_passage
    -2.111,  # cover_all
    -0.220,  # missing_all
    -0.100,  # missing_passage
    -0.158,  # kind_met
    0.100,  # kind_unmet
    2.314,  # first
    1.253,  # log_words
)
# One for each of reading.OVERALL: whether the question is answered at all
WEIGHTS_OVERALL: tuple[float, ...] = (
    -2.017,  # bias
    -0.095,  # best
    2.121,  # most_answerable
    0.390,  # highest_margin
    2.678,  # highest_cosine
    -0.431,  # cover_all
    0.853,  # missing_all
    -1.162,  # missing_passage
)
# At it, 5 of 100 answerable questions are refused in the mean over the sets it was fitted on
THRESHOLD = 0.3
THRESHOLD_WORDS_ONLY = 0.07
# A further sentence is worth reading if it is this likely, measured by the first
_FURTHER = 0.4

_ASKS = (
    "who|whom|what|when|where|which|why|how|is|are|do|does|can|may|must|should|will|"
    "wer|was|wann|wo|wie|warum|welche[rs]?|darf|kann|muss"
)
# Words that ask in the other languages whose small words are known, and are none in English
_ASKS_OTHERWISE = re.compile(
    r"\b(?:wie|wann|wer|wem|wen|wo|warum|welche[rsnm]?|ich|wir|"
    r"combien|comment|quand|quel(?:le)?s?|qui|où|pourquoi|"
    r"cómo|cuándo|cuánt[oa]s?|quién(?:es)?|dónde|qué|cuál(?:es)?)\b",
    re.IGNORECASE,
)
# At the start of a question these are English, whatever its names are
_ASKS_IN_ENGLISH = re.compile(
    r"\W*(?:what|who|whom|whose|when|where|which|why|how|does|did|do|are|could|should)\b",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\b(?:it|its|this|these|those|they|them|their|he|him|his|she|her|"
    r"es|er|sie|ihn|ihm|ihnen|ihre?[nrms]?|diese[nrms]?)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(rf"\b(?:{_ASKS})\b", re.IGNORECASE)
_PART = re.compile(rf"\?\s+(?=\w)|,?\s+(?:and|und)\s+(?=(?:{_ASKS})\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A unit that could be an answer.

    Attributes:
        likely: Probability that it holds the answer.
        unit: Its position among those of all passages.
        points_at: The words in it that are the answer itself; "" if nobody says which.
    """

    likely: float
    unit: int
    points_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What was found for a question.

    Attributes:
        units: Best first.
        sure: Probability that the question is answered at all.
        least: The probability under which nothing is said.
    """

    units: tuple[Ranked, ...]
    sure: float
    least: float

    @property
    def chosen(self) -> tuple[Ranked, ...]:
        """The units worth saying, best first."""
        if not self.units or self.sure < self.least:
            return ()
        likely = self.units[0].likely * _FURTHER
        return tuple(one for one in self.units[:MOST_SENTENCES] if one.likely >= likely)


class ExtractiveAnswerer:
    """Answers with the documents' own sentences, without a language model.

    Each sentence of the passages gets a probability of holding the answer, from the words it shares
    with the question, its place, what kind of thing is asked for, and what the trained network
    points at. From the best one, and from what speaks for there being an answer at all, comes the
    probability that the question is answered. If it is under the threshold the draft is empty;
    else the best sentences are quoted whole. The network knows English: in other languages the
    words decide alone.

    Args:
        point: The network; None reads by words only.
        threshold: Probability from 0 to 1 under which nothing is said; None takes those that were
            fitted, one with the network and one without.
    """

    def __init__(self, point: Point | None, threshold: float | None = None) -> None:
        self._point = point
        self._threshold = threshold

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft from *passages* in a thread, since reading keeps every core busy for a moment."""
        return await asyncio.to_thread(self.read, question.text, passages)

    def read(self, question: str, passages: Sequence[ShownPassage]) -> Draft:
        """Draft one to three sentences that answer, those of parts first; none if nothing does."""
        reading = FeatureExtractor(passages)
        whole = parse_question(question)
        if not whole.stems:  # nothing is asked about
            return Draft(sentences=(), answerer=NAME, confidence=0.0)
        rankings = [self._ranking(reading, one) for one in (*_parts(whole), whole)]
        firsts = [one for ranking in rankings for one in ranking.chosen[:1]]
        by_unit = {one.unit: one for one in (*firsts, *rankings[-1].chosen)}
        said = _told(reading, list(by_unit.values()), whole)
        return Draft(
            sentences=tuple(sentence for sentence, _ in said),
            answerer=NAME,
            confidence=max(ranking.sure for ranking in rankings),
            points_at=tuple(one.points_at for _, one in said if one.points_at),
        )

    def _ranking(self, reading: FeatureExtractor, asked: ParsedQuestion) -> Ranking:
        if self._point is None or not is_english(asked.text):
            return self._by_words(reading, asked)
        pointed: list[SpanScores] = []
        ranking = Ranking(units=(), sure=0.0, least=1.0)
        chunks = [one.passage.chunk for one in reading.shown]
        for some in (chunks[:FIRST_READ], chunks[FIRST_READ:]):
            if not some or ranking.sure >= SURE:
                break
            pointed += self._point(asked.text, [(above(one), one.text) for one in some])
            units, sure = _pointed_at(reading, asked, pointed)
            ranking = Ranking(units=units, sure=sure, least=self._least(THRESHOLD))
        return ranking

    def _by_words(self, reading: FeatureExtractor, asked: ParsedQuestion) -> Ranking:
        units = [at for at, unit in enumerate(reading.units) if unit.states]
        likely = probabilities([reading.features(asked, at) for at in units], WEIGHTS_WORDS_ONLY)
        best = sorted(zip(likely, units, strict=True), key=lambda one: (-one[0], one[1]))
        return Ranking(
            units=tuple(Ranked(likely=one, unit=at, points_at="") for one, at in best),
            sure=best[0][0] if best else 0.0,
            least=self._least(THRESHOLD_WORDS_ONLY),
        )

    def _least(self, fitted: float) -> float:
        return fitted if self._threshold is None else self._threshold


class SpanReranker:
    """Raises the passages that the network says hold an answer, by `RISE` at most."""

    def __init__(self, point: Point) -> None:
        self._point = point

    def raises(self, question: str, chunks: Sequence[Chunk]) -> list[float]:
        """Return by how much each chunk rises: nothing if the network cannot read the question."""
        if not is_english(question):
            return [0.0] * len(chunks)
        pointed = self._point(question, [(above(one), one.text) for one in chunks])
        return [RISE * logistic(one.answerable) for one in pointed]


def _pointed_at(
    reading: FeatureExtractor, asked: ParsedQuestion, pointed: Sequence[SpanScores]
) -> tuple[tuple[Ranked, ...], float]:
    """Return the units of the passages that were read, best first, and how sure the answer is."""
    units = [
        at for at, unit in enumerate(reading.units) if unit.states and unit.passage < len(pointed)
    ]
    if not units:
        return (), 0.0
    told = reading.pointed_features(pointed, units)
    rows = [[*reading.features(asked, at), *more] for at, more in zip(units, told, strict=True)]
    likely = probabilities(rows, WEIGHTS)
    order = sorted(range(len(units)), key=lambda at: (-likely[at], units[at]))
    best = order[0]
    sure = probabilities([overall(likely[best], rows[best], rows)], WEIGHTS_OVERALL)[0]
    return tuple(
        Ranked(
            likely=likely[at],
            unit=units[at],
            points_at=reading.words_pointed_at(pointed, units[at]),
        )
        for at in order[:MOST_SENTENCES]
    ), sure


def _told(
    reading: FeatureExtractor, found: Sequence[Ranked], asked: ParsedQuestion
) -> list[tuple[Sentence, Ranked]]:
    """Return what is said of what was found, best first, and what completes it."""
    chosen = [
        one
        for at, one in enumerate(found)
        if not any(reading.says_less(asked, one.unit, other.unit) for other in found[:at])
    ][:MOST_SENTENCES]
    said = _quoted(reading, chosen, asked)
    if not said or len(said) == MOST_SENTENCES:
        return said
    told = [sentence.text for sentence, _ in said]
    more = reading.completing(asked, said[0][1].unit, told)
    if more is None:
        return said
    return _quoted(reading, [*chosen, Ranked(likely=0.0, unit=more, points_at="")], asked)


def _quoted(
    reading: FeatureExtractor, chosen: Sequence[Ranked], asked: ParsedQuestion
) -> list[tuple[Sentence, Ranked]]:
    """Return the units as sentences that are their own evidence; none is said twice."""
    told: list[tuple[Sentence, Ranked]] = []
    covered: set[int] = set()
    for one in chosen:
        shown = reading.shown[reading.units[one.unit].passage]
        made = excerpt(shown.passage.chunk, reading.units, one.unit, asked=asked.stems)
        if made is None or not covered.isdisjoint(range(made.first, made.last + 1)):
            continue
        covered.update(range(made.first, made.last + 1))
        evidence = tuple(Evidence(passage_id=shown.id, quote=quote) for quote in made.quotes)
        if made.first != made.last and made.text.count(one.points_at) > 1:
            one = replace(one, points_at="")  # noqa: PLW2901 which of them is meant is lost
        told.append((Sentence(text=made.text, evidence=evidence), one))
    return told


def _parts(asked: ParsedQuestion) -> list[ParsedQuestion]:
    """Return those of several questions in one that can be read without the others.

    Of "What is a grant and when does it expire?" that is the first alone.
    """
    pieces = [piece.strip() for piece in _PART.split(asked.text) if piece.strip()][:MOST_PARTS]
    if len(pieces) == 1:
        return []
    return [part for part in map(parse_question, pieces) if _stands_alone(part)]


def _stands_alone(part: ParsedQuestion) -> bool:
    """Whether it asks ("Got a minute?" does not) and names what for."""
    asks = _ASKING.search(part.text) and not _LEANS.search(part.text)
    return bool(asks) and len(part.stems) > 1


def above(chunk: Chunk) -> str:
    """Return what a passage stands under, as the network was taught to read it.

    >>> from tests.fakes.searcher import a_passage
    >>> above(a_passage("Text.", title="Plan", heading=("Plan", "Fees")).chunk)
    'Plan: Fees'
    """
    return ": ".join(chunk.path)


def is_english(question: str) -> bool:
    """Whether the network can read the question: it is in English, or may be.

    >>> is_english("Deductible of plan B?"), is_english("Wie viele Tage habe ich?")
    (True, False)
    """
    latin = sum(char.isascii() for char in question if char.isalpha())
    if 2 * latin < sum(map(str.isalpha, question)):
        return False
    if _ASKS_IN_ENGLISH.match(question):
        return True
    return not _ASKS_OTHERWISE.search(question) and language(question) in {"", "en"}
