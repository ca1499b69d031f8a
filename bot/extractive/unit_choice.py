"""Choose the sentences, items and rows that answer a question by a fact."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from footnote_qa.bot.extractive.block_ranking import Place, Similar, positions, ranked
from footnote_qa.bot.extractive.question_forms import Form
from footnote_qa.bot.extractive.ranking import FeatureExtractor, ParsedQuestion, is_named, logit
from footnote_qa.bot.extractive.units import Unit
from footnote_qa.index.chunking import stems_of

MOST_SENTENCES = 3
_COMPARED = 12
# Weights of a unit: fitted on questions over five collections, each left out once; see ADR 26
_LIKELY = 0.4
_SIMILAR = 0.8
_SIMILAR_BELOW_HEADING = 1.5
_SIMILAR_HEADING = 1.0
_IN_GROUP = 0.95
_OF_ITS_KIND = 1.0  # a number for "how many", a date for "when"
_EXAMPLE = 1.0
_NAMED = 4.0  # by its number: another number answers another question
_OTHER_CASE = 4.0  # "if you have a car" for "I have no car"
_IS_EXAMPLE = re.compile(
    r"(?:for example|for instance|e\.g\.|example:|as noted above)", re.IGNORECASE
)


_CONDITION = re.compile(
    r"(?:if|when|unless|in case|wenn|falls|si|quand|cuando)\b([^,:;.]+)[,:]", re.IGNORECASE
)
_DENIES = re.compile(
    r"\b(?:no|not|never|without|cannot|unless|nicht|kein\w*|ohne|sans|pas|sin)\b|n['’]t\b|\bdont\b",
    re.IGNORECASE,
)
_SAME_CASE = 0.5


def is_for_other_case(question: str, said: str) -> bool:
    """Return whether a sentence begins with the opposite of a condition that *question* names.

    >>> is_for_other_case("Where do I park if I have no badge?", "If you have a badge, use row 1.")
    True
    >>> is_for_other_case("Where do I park without a badge?", "If you have no badge, use row 2.")
    False
    """
    found = _CONDITION.match(said)
    if found is None:
        return False
    case = {*stems_of(_DENIES.sub(" ", found[1]))}
    if not case or len(case & {*stems_of(question)}) < _SAME_CASE * len(case):
        return False
    return bool(_DENIES.search(found[0])) != bool(_DENIES.search(question))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A unit that could be an answer.

    Attributes:
        likely: Probability that it has the answer.
        unit: Its position among those of all passages.
        points_at: The words in it that are the answer itself; "" if unknown.
    """

    likely: float
    unit: int
    points_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The ranked units for a question.

    Attributes:
        units: Best first.
        sure: Probability that the question is answered at all.
        least: The probability below which nothing is said.
        answerable: For each passage that was read, the probability that it has an answer.
    """

    units: tuple[Ranked, ...]
    sure: float
    least: float
    answerable: tuple[float, ...] = ()

    @property
    def is_answered(self) -> bool:
        """Whether there is an answer to show."""
        return bool(self.units) and self.sure >= self.least


class UnitChooser:
    """Chooses units by their probability, their group and their vectors together.

    Args:
        reading: The units of all passages.
        asked: The question.
        form: The form of its answer.
        similar: Compares texts with the question by their vectors; None if there are no vectors.
    """

    def __init__(
        self,
        reading: FeatureExtractor,
        asked: ParsedQuestion,
        form: Form,
        *,
        similar: Similar | None,
    ) -> None:
        self._reading = reading
        self._asked = asked
        self._form = form
        self._similar = similar

    def group_scores(self, places: Sequence[Place]) -> dict[tuple[int, int], float]:
        """Return the score of the group that each block is in, by section and block."""
        scores: dict[tuple[int, int], float] = {}
        for one in ranked(places, self._reading.weights(self._asked), self._form, similar=None):
            for block in positions(one.group):
                key = one.place.section.chunk.id, block
                scores[key] = max(scores.get(key, -math.inf), one.score)
        return scores

    def best(
        self,
        ranking: Ranking,
        in_group: Mapping[tuple[int, int], float],
        *,
        further: float,
    ) -> list[Ranked]:
        """Return the units worth quoting, by their probability, their group and their vectors.

        Args:
            ranking: The units.
            in_group: Score of the group that each block is in, by section and block.
            further: A unit whose score is lower than the best by more is left out.
        """
        if not ranking.is_answered:
            return []
        # Without vectors the probability alone decides
        by_likely, by_group = (1.0, 0.0) if self._similar is None else (_LIKELY, _IN_GROUP)
        prior = {}
        is_of_kind = {}
        for one in ranking.units:
            unit = self._reading.units[one.unit]
            is_of_kind[one.unit] = self._reading.is_of_kind(self._asked, one.unit)
            group = in_group.get((unit.section.chunk.id, unit.block), 0.0)
            prior[one.unit] = by_likely * logit(one.likely) + by_group * group
            prior[one.unit] += _OF_ITS_KIND * is_of_kind[one.unit]
        compared = sorted(ranking.units, key=lambda one: (-prior[one.unit], one.unit))[:_COMPARED]
        units = [self._reading.units[one.unit] for one in compared]
        scores = [
            prior[one.unit] + alike - _EXAMPLE * bool(_IS_EXAMPLE.match(unit.plain))
            for one, unit, alike in zip(compared, units, self._likeness(units), strict=True)
        ]
        named = [is_named(self._asked.text, (unit.plain, *self._above(unit))) for unit in units]
        scores = [
            score + _NAMED * is_it - _OTHER_CASE * is_for_other_case(self._asked.text, unit.plain)
            for score, is_it, unit in zip(scores, named, units, strict=True)
        ]
        order = sorted(range(len(compared)), key=lambda at: (-scores[at], at))
        first, least = compared[order[0]], scores[order[0]] - further
        # After the number that was asked for, a sentence without one adds nothing
        return [
            compared[at]
            for at in order[:MOST_SENTENCES]
            if scores[at] >= least and is_of_kind[compared[at].unit] >= is_of_kind[first.unit]
        ]

    def _likeness(self, units: Sequence[Unit]) -> list[float]:
        """Return how similar each unit is to the question: alone, with its heading, its heading."""
        if self._similar is None:
            return [0.0] * len(units)
        headings = [(self._above(unit) or ("",))[-1] for unit in units]
        below = [f"{heading}: {unit.plain}" for heading, unit in zip(headings, units, strict=True)]
        texts = list(dict.fromkeys([*(unit.plain for unit in units), *below, *headings]))
        alike = dict(zip(texts, self._similar(texts), strict=True))
        return [
            _SIMILAR * alike[unit.plain]
            + _SIMILAR_BELOW_HEADING * alike[under]
            + _SIMILAR_HEADING * alike[heading]
            for unit, under, heading in zip(units, below, headings, strict=True)
        ]

    def _above(self, unit: Unit) -> tuple[str, ...]:
        return self._reading.hits[unit.hit].chunk.path
