"""Offline answerer: chooses and quotes sentences of the passages, without a language model."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from footnote_qa.bot.citations import language
from footnote_qa.bot.extractive.block_ranking import Similar
from footnote_qa.bot.extractive.choosing import Chooser
from footnote_qa.bot.extractive.excerpts import Excerpt
from footnote_qa.bot.extractive.other_languages import is_said_in, least_sure, sure
from footnote_qa.bot.extractive.question_parts import parts_of
from footnote_qa.bot.extractive.ranking import (
    FeatureExtractor,
    ParsedQuestion,
    is_named,
    logistic,
    logit,
    overall,
    parse_question,
    probabilities,
)
from footnote_qa.bot.extractive.span_model import SpanScores
from footnote_qa.bot.extractive.unit_choice import MOST_SENTENCES, Ranked, Ranking
from footnote_qa.bot.types import Draft, Evidence, Question, Sentence, ShownPassage
from footnote_qa.index.chunking import mask
from footnote_qa.index.types import Chunk, Encode

NAME = "offline"
FIRST_READ = 4  # passages; the others are read only if these are not enough
SURE = 0.8
SURE_BY_NUMBER = 0.6
RISE = 0.6
"""Bonus for a passage that surely has an answer, in standard deviations of the ranking."""

Point = Callable[[str, Sequence[tuple[str, str]]], list[SpanScores]]

# Fitted by benchmarks/calibrate_reader.py on all of its data: one for each of ranking.FEATURES
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
# One for each of ranking.OVERALL: whether the question is answered at all
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
# With it, 5 of 100 answerable questions are refused, averaged over the sets it was fitted on
THRESHOLD = 0.3
UNKNOWN_NAME = 0.02  # confidence if the question has a name that is in no document
THRESHOLD_WORDS_ONLY = 0.07
_SAMPLED = 12  # units to recognise the language of the passages by

# Question words of the other known languages that are not English words
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
_FIRST_WORD = re.compile(r"\w+")


class ExtractiveAnswerer:
    """Answers with the documents' own words, without a language model.

    Each sentence, item and row of the passages gets a probability of containing the answer. It
    depends on the words it shares with the question, its place, the kind of answer asked for, and
    the words that the span model points at. The best one, and the evidence that there is an answer
    at all, give the probability that the question is answered. Below the threshold the draft is
    empty. Otherwise the block with the answer is quoted, in the form that the question asks for.
    The span model reads only English; in other languages the words decide alone.

    Args:
        point: The span model; None reads by words only.
        threshold: Probability from 0 to 1 below which nothing is said; None takes the fitted ones,
            one with the span model and one without.
        encode: Embeds texts, to compare blocks with the question; None compares words only.
    """

    def __init__(
        self,
        point: Point | None,
        threshold: float | None = None,
        *,
        encode: Encode | None = None,
    ) -> None:
        self._point = point
        self._threshold = threshold
        self._encode = encode

    async def draft(self, question: Question, passages: Sequence[ShownPassage]) -> Draft:
        """Draft from *passages* in a thread, because reading keeps every core busy for a moment."""
        # German writes every noun with a capital
        capitals = language(question.text) != "de"
        missing = names_among(question.unknown, question.text, capitals=capitals)
        if missing:
            return Draft(sentences=(), answerer=NAME, confidence=UNKNOWN_NAME, missing=missing)
        return await asyncio.to_thread(self.read, question.text, passages)

    def read(self, question: str, passages: Sequence[ShownPassage]) -> Draft:
        """Draft the block with the answer, or one for each part of the question; may be empty."""
        reading = FeatureExtractor(passages)
        whole = parse_question(question)
        if not whole.stems:  # the question has no content words
            return Draft(sentences=(), answerer=NAME, confidence=0.0)
        parts = parts_of(question)
        alone = [parse_question(part) for part in parts.alone]
        rankings = [self._ranking(reading, one) for one in (*alone, whole)]
        rankings[-1] = _sure_by_number(reading, rankings[-1], question)
        chosen = Chooser(
            reading,
            passages,
            whole,
            similar=self._similar(question),
            leaning=[
                # With the words it leans on, "does it expire?" is compared by its subject too
                (parse_question(part), self._similar(f"{part} {question}"))
                for part in parts.leaning
            ],
        ).blocks(rankings)
        return Draft(
            sentences=tuple(
                Sentence(
                    text=one.text,
                    evidence=tuple(Evidence(passage_id=id_, quote=quote) for quote in one.quotes),
                )
                for id_, one in ((_id_of(one, passages), one) for one in chosen.excerpts)
            ),
            answerer=NAME,
            confidence=max(ranking.sure for ranking in rankings),
            points_at=chosen.points_at,
            left_out=sum(one.left_out for one in chosen.excerpts),
        )

    def _similar(self, question: str) -> Similar | None:
        encode = self._encode
        if encode is None:
            return None

        def similar(texts: Sequence[str]) -> list[float]:
            vectors = encode([question, *texts])
            return [float(one) for one in vectors[1:] @ vectors[0]]

        return similar

    def _ranking(self, reading: FeatureExtractor, asked: ParsedQuestion) -> Ranking:
        is_foreign = not is_english(asked.text)
        sample = [unit.plain for unit in reading.units[:_SAMPLED]]
        if is_foreign and is_said_in(asked.text, sample):
            return self._by_rare_words(reading, asked)
        if self._point is None or is_foreign:
            return self._by_words(reading, asked)
        pointed: list[SpanScores] = []
        ranking = Ranking(units=(), sure=0.0, least=1.0)
        chunks = [hit.chunk for hit in reading.hits]
        for some in (chunks[:FIRST_READ], chunks[FIRST_READ:]):
            if not some or ranking.sure >= SURE:
                break
            pointed += self._point(asked.text, [(above(one), mask(one.text)) for one in some])
            units, sure = _pointed_at(reading, asked, pointed)
            answerable = tuple(logistic(one.answerable) for one in pointed)
            ranking = Ranking(
                units=units, sure=sure, least=self._least(THRESHOLD), answerable=answerable
            )
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

    def _by_rare_words(self, reading: FeatureExtractor, asked: ParsedQuestion) -> Ranking:
        """Rank by words as in English, and by the stems of the question's own language."""
        english = self._by_words(reading, asked).units
        likely = sure(asked.text, reading.units)
        best = sorted(
            (
                replace(one, likely=logistic(logit(one.likely) + logit(likely[one.unit])))
                for one in english
            ),
            key=lambda one: (-one.likely, one.unit),
        )
        return Ranking(
            units=tuple(best),
            sure=max((likely[one.unit] for one in best), default=0.0),
            least=self._least(least_sure(asked.text)),
        )

    def _least(self, fitted: float) -> float:
        return fitted if self._threshold is None else self._threshold


def _sure_by_number(reading: FeatureExtractor, ranking: Ranking, question: str) -> Ranking:
    """Return *ranking*, with more confidence if a row has the exact number in the question."""
    rows = [
        one
        for one in ranking.units
        if reading.units[one.unit].header is not None
        and is_named(question, [reading.units[one.unit].plain])
    ]
    if not rows:
        return ranking
    others = [one for one in ranking.units if one not in rows]
    sure = max(ranking.sure, SURE_BY_NUMBER)
    return replace(ranking, units=(*rows, *others), sure=sure)


def _id_of(excerpt: Excerpt, passages: Sequence[ShownPassage]) -> str:
    return next(one.id for one in passages if one.section.chunk.id == excerpt.section.chunk.id)


class SpanReranker:
    """Raises passages that the span model thinks contain an answer, by `RISE` at most."""

    def __init__(self, point: Point) -> None:
        self._point = point

    def raises(self, question: str, chunks: Sequence[Chunk]) -> list[float]:
        """Return by how much each chunk rises: nothing if the network cannot read the question."""
        if not is_english(question):
            return [0.0] * len(chunks)
        pointed = self._point(question, [(above(one), mask(one.text)) for one in chunks])
        return [RISE * logistic(one.answerable) for one in pointed]


def _pointed_at(
    reading: FeatureExtractor, asked: ParsedQuestion, pointed: Sequence[SpanScores]
) -> tuple[tuple[Ranked, ...], float]:
    """Return the units of the passages read, best first, with the confidence in an answer."""
    units = [at for at, unit in enumerate(reading.units) if unit.states and unit.hit < len(pointed)]
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
            points_at=reading.words_pointed_at(pointed, units[at]) if rank < MOST_SENTENCES else "",
        )
        for rank, at in enumerate(order)
    ), sure


def names_among(words: Sequence[str], question: str, *, capitals: bool = True) -> tuple[str, ...]:
    """Return the words that name something: a person, a place, a product, a year, a code.

    A capitalised word names something, unless it is the first of the question, or unless
    *capitals* is false.

    >>> names_among(["Tokyo", "2031", "weekday"], "What is paid in Tokyo in 2031 on a weekday?")
    ('Tokyo', '2031')
    """
    first = _FIRST_WORD.search(question)
    first_word = "" if first is None else first.group()
    shouts = question.isupper()
    return tuple(
        word
        for word in words
        if any(map(str.isdigit, word))
        or (capitals and word[0].isupper() and not shouts and word != first_word)
        or (word.isupper() and len(word) > 1 and not shouts)
    )


def above(chunk: Chunk) -> str:
    """Return the headings above a passage, in the form that the network was trained on.

    >>> from tests.fakes.searcher import a_passage
    >>> above(a_passage("Text.", title="Plan", heading=("Plan", "Fees")).chunk)
    'Plan: Fees'
    """
    return ": ".join(chunk.path)


def is_english(question: str) -> bool:
    """Return whether the network can read the question: it is, or may be, in English.

    >>> is_english("Deductible of plan B?"), is_english("Wie viele Tage habe ich?")
    (True, False)
    """
    latin = sum(char.isascii() for char in question if char.isalpha())
    if 2 * latin < sum(map(str.isalpha, question)):
        return False
    if _ASKS_IN_ENGLISH.match(question):
        return True
    return not _ASKS_OTHERWISE.search(question) and language(question) in {"", "en"}
