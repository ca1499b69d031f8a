"""Rank the sentences of passages as answers, by features of each sentence and the question."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from footnote_qa.bot.extractive.span_model import SpanScores
from footnote_qa.bot.extractive.units import hits, units
from footnote_qa.bot.types import ShownPassage
from footnote_qa.index.chunking import STOPWORDS, plain_block, stem, stems_of, words
from footnote_qa.index.types import Chunk

_CAPITAL = re.compile(r"(?<=\S\s)[A-ZÄÖÜÉ][\w'’-]*|\b[A-Z]{2,}\w*\b|\b\w*\d[\w.,-]*")

_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_COUNTED = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|"
    "hundred|thousand|million|billion|half|once|twice|double|none|unlimited"
)
_HOW_MUCH = (
    r"\b(?:how (?:many|much|long|far|old|often|tall|large|big|high|deep|fast|wide|heavy)|"
    r"wie ?viele?|wie lange|combien|cuánt[oa]s?|what (?:is the )?(?:percentage|percent|number|"
    r"amount|price|cost|fee|rate|limit|maximum|minimum|population|deadline))\b"
)
_WHEN = r"\b(?:when|(?:what|which) (?:year|date|day|month|time|century|decade)|wann|quand|cuándo)\b"
_WHO = r"^(?:by |to |with |from )?(?:who|whom|whose|wer|wem|wen|qui|quién)\b"
_AMOUNT = rf"\d[\d.,]*|[$€£%]|\b(?:{_COUNTED})\b"
_TIME = (
    rf"\d[\d.,:]*|\b(?:{_MONTH}|(?:mon|tues|wednes|thurs|fri|satur|sun)day|century|noon|midnight|"
    r"daily|weekly|monthly|after|before|until|within)\b"
)
_PERSON = (
    r"(?<=\S\s)(?-i:[A-Z])[\w'’-]+|\b(?:team|department|manager|office|desk|everyone|everybody|nobody|"
    r"employees?|staff|members?|customers?|owner|director|lead|admins?)\b"
)
# Patterns for questions, and for the kind of text that answers them; the last match counts
_KINDS = tuple(
    (re.compile(asks, re.IGNORECASE), re.compile(holds, re.IGNORECASE))
    for asks, holds in ((_HOW_MUCH, _AMOUNT), (_WHEN, _TIME), (_WHO, _PERSON))
)

# Phrases beside the subject of the question
_IDIOMS = re.compile(
    r"\bfor the (?:first|last) time\b|\b(?:right|just) now\b|\bat the moment\b|"
    r"\bas soon as possible\b|"
    r"\b(?:can|could) you (?:please )?(?:tell|show|explain)\b|\bi (?:would|'d) like to know\b",
    re.IGNORECASE,
)

FEATURES = (
    "bias",
    "cover",
    "cover_near",
    "cover_passage",
    "cover_all",
    "missing_all",
    "missing_passage",
    "kind_met",
    "kind_unmet",
    "first",
    "log_words",
    "cosine_passage",
    "above_none",
    "share",
    "share_passage",
    "answerable",
    "margin",
)
WORDS_ONLY = 11  # this many of the features need only words
# Features of a question: evidence that there is an answer at all
OVERALL = (
    "bias",
    "best",
    "most_answerable",
    "highest_margin",
    "highest_cosine",
    "cover_all",
    "missing_all",
    "missing_passage",
)
_NEAR = 2  # units before and after one
_WORTH = 0.2  # share of the question that a further sentence must add
_USUAL_COSINE = 0.45  # of a passage without a known vector
_TINY = 1e-9
_FAR = 30.0  # a logit whose probability is all but certain
_MOST_MARGIN = 8.0  # larger margins are cut off here


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedQuestion:
    """A question, split into its parts.

    Attributes:
        text: The question.
        stems: Of its content words, in order.
        names: Stems of its names, numbers and abbreviations.
        kind: Matches texts with the kind of answer asked for; None if any text may answer.
    """

    text: str
    stems: tuple[str, ...]
    names: frozenset[str]
    kind: re.Pattern[str] | None


def parse_question(question: str) -> ParsedQuestion:
    """Return the parts of a question.

    >>> asked = parse_question("When did NASA move to Houston?")
    >>> asked.stems, sorted(asked.names)
    (('nasa', 'mov', 'houston'), ['houston', 'nasa'])
    """
    named = " ".join(_CAPITAL.findall(question))
    names = frozenset(stem(word) for word in words(named) if word not in STOPWORDS)
    kind: re.Pattern[str] | None = None
    for asks, holds in _KINDS:
        if asks.search(question):
            kind = holds
    telling = _IDIOMS.sub(" ", question)
    return ParsedQuestion(
        text=question, stems=tuple(stems_of(telling) or stems_of(question)), names=names, kind=kind
    )


_CODE = re.compile(r"\b(?=[\w.-]*\d)(?=[\w.-]*[^\W\d]|\d+[.-]\d)[\w]+(?:[.-][\w]+)*\b")
_LABELLED = re.compile(
    r"\b(?P<label>[^\W\d_]{3,})\s+(?:no\.?\s*|#)?(?P<number>\d{1,4})\b(?!\s*[%€$£])"
)


def is_named(question: str, texts: Sequence[str]) -> bool:
    """Return whether *texts* have every identifying number of *question*; it must have one.

    A code such as AS-0287 or 7.5 identifies something, and so does a number after a content
    word: "room 5", but not "for 5 years".

    >>> is_named("Who owns AS-0287?", ["AS-0287: Ann"]), is_named("Room 5?", ["Room 51"])
    (True, False)
    """
    said = " \n ".join(texts)
    wanted = [rf"(?<![\w.-]){re.escape(code)}(?![\w-]|\.\d)" for code in _CODE.findall(question)]
    wanted += [
        rf"\b{re.escape(found['label'])}s?\W{{1,3}}{found['number']}(?!\w|[.,]\d)"
        for found in _LABELLED.finditer(question)
        if found["label"].lower() not in STOPWORDS
    ]
    return bool(wanted) and all(re.search(one, said, re.IGNORECASE) for one in wanted)


class FeatureExtractor:
    """The words of the passages, counted once for all features."""

    def __init__(self, shown: Sequence[ShownPassage]) -> None:
        self.hits = hits(shown)
        self.units = units(self.hits)
        self._stems = [stems_of(unit.plain) for unit in self.units]
        self._above = [frozenset(stems_of(_above(hit.chunk))) for hit in self.hits]
        self._passages = [set(above) for above in self._above]
        for unit, said in zip(self.units, self._stems, strict=True):
            self._passages[unit.hit].update(said)
        self._everything = set[str]().union(*self._passages)
        self._counts = Counter(one for said in self._stems for one in set(said))
        self._weighed: dict[ParsedQuestion, dict[str, float]] = {}

    def features(self, asked: ParsedQuestion, at: int) -> list[float]:
        """Return the features of a unit that need no network, in the order of `FEATURES`."""
        unit, weights = self.units[at], self._weights(asked)
        said = self._said(at)
        passage = self._passages[unit.hit]
        met = self.is_of_kind(asked, at)
        return [
            1.0,
            _share(weights, said),
            _share(weights, self._near(at)),
            _share(weights, passage),
            _share(weights, self._everything),
            _missing(asked.names, self._everything),
            _missing(asked.names, passage),
            float(met),
            float(asked.kind is not None and not met),
            1 / (1 + unit.hit),
            math.log(1 + len(self._stems[at])),
        ]

    def is_of_kind(self, asked: ParsedQuestion, at: int) -> bool:
        """Return whether a unit has something of the kind asked for, such as a number."""
        return _holds(asked, self.units[at].plain)

    def pointed_features(
        self, pointed: Sequence[SpanScores], units: Sequence[int]
    ) -> list[list[float]]:
        """Return the features of each unit that come from the network, in the order of `FEATURES`.

        Args:
            pointed: The network's scores for each passage.
            units: Positions of the units.
        """
        margins = np.array([self._margin(pointed, at) for at in units])
        passages = np.array([self.units[at].hit for at in units])
        # Over all units that were read, and over a passage's own units and "there is none"
        shares = _softmax(margins)
        own = np.zeros(len(units))
        for passage in set(passages.tolist()):
            here = passages == passage
            own[here] = _softmax(np.append(margins[here], 0.0))[:-1]
        return [
            [
                self._cosine(at),
                logistic(margin),
                float(share),
                float(share_passage),
                logistic(pointed[self.units[at].hit].answerable),
                margin / _MOST_MARGIN,
            ]
            for at, margin, share, share_passage in zip(
                units, margins.tolist(), shares, own, strict=True
            )
        ]

    def words_pointed_at(self, pointed: Sequence[SpanScores], at: int) -> str:
        """Return the words of a unit that the network takes for the answer, without markup."""
        unit = self.units[at]
        best = self._best_span(pointed, at)
        if best is None:
            return ""
        offset = self.hits[unit.hit].offset
        return plain_block(unit.section.masked[best[1][0] + offset : best[1][1] + offset])

    def _best_span(
        self, pointed: Sequence[SpanScores], at: int
    ) -> tuple[float, tuple[int, int]] | None:
        unit = self.units[at]
        offset = self.hits[unit.hit].offset
        return pointed[unit.hit].best(unit.start - offset, unit.end - offset)

    def weights(self, asked: ParsedQuestion) -> dict[str, float]:
        """Return the rarity of each word of the question in the passages, adding up to 1."""
        weighed = self._weights(asked)
        total = sum(weighed.values()) or 1.0
        return {word: weight / total for word, weight in weighed.items()}

    def completing(self, asked: ParsedQuestion, at: int, quoted: Iterable[str]) -> int | None:
        """Return the position of the unit near *at* that adds what *quoted* leaves out.

        Args:
            asked: The question; at least a fifth of its words, weighted by rarity, must be new.
            at: Position of a unit that is quoted.
            quoted: The texts of all quoted units.
        """
        hit = self.units[at].hit
        known = self._above[hit].union(*map(stems_of, quoted))
        weights = self._weights(asked)
        new = {one: weight for one, weight in weights.items() if one not in known}
        near = range(max(0, at - _NEAR), min(len(self.units), at + _NEAR + 1))
        gains = {
            one: sum(new.get(word, 0.0) for word in self._said(one))
            for one in near
            if self.units[one].hit == hit and self.units[one].states
        }
        best = max(gains, key=lambda one: (gains[one], -one))
        return best if gains[best] > _WORTH * sum(weights.values()) else None

    def _margin(self, pointed: Sequence[SpanScores], at: int) -> float:
        best = self._best_span(pointed, at)
        margin = -_MOST_MARGIN if best is None else best[0]
        return max(-_MOST_MARGIN, min(_MOST_MARGIN, margin))

    def _cosine(self, at: int) -> float:
        cosine = self.hits[self.units[at].hit].passage.cosine
        return _USUAL_COSINE if cosine is None else cosine

    def _said(self, at: int) -> set[str]:
        return set(self._stems[at])

    def _near(self, at: int) -> set[str]:
        """Return the stems of a unit, its neighbours and the headings above it."""
        unit = self.units[at]
        near = set(self._above[unit.hit])
        for beside in (at - 1, at, at + 1):
            if 0 <= beside < len(self.units) and self.units[beside].hit == unit.hit:
                near.update(self._stems[beside])
        return near

    def _weights(self, asked: ParsedQuestion) -> dict[str, float]:
        """Return the rarity of each word of the question in the passages."""
        if asked not in self._weighed:
            total = len(self.units) + 1
            self._weighed[asked] = {one: rarity(self._counts[one], total) for one in asked.stems}
        return self._weighed[asked]


def rarity(count: int, total: int) -> float:
    """Return the weight of a word that *count* of *total* units have."""
    return math.log(1 + total / (0.5 + count))


def overall(best: float, row: Sequence[float], rows: Sequence[Sequence[float]]) -> list[float]:
    """Return the features of a question, in the order of `OVERALL`.

    Args:
        best: Probability of the best unit.
        row: Its features.
        rows: Those of all units.
    """
    told = dict(zip(FEATURES, row, strict=True))
    highest = dict(zip(FEATURES, np.max(np.asarray(rows), axis=0).tolist(), strict=True))
    odds = math.log(max(best, _TINY) / max(1 - best, _TINY))
    of_all = [highest["answerable"], highest["margin"], highest["cosine_passage"]]
    return [1.0, odds, *of_all, *(told[name] for name in OVERALL[5:])]


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max(initial=0.0))
    return np.asarray(raised / max(raised.sum(), _TINY))


def logit(probability: float) -> float:
    """Return the logit of a probability, at most 30 either way."""
    odds = max(probability, _TINY) / max(1 - probability, _TINY)
    return max(-_FAR, min(_FAR, math.log(odds)))


def logistic(score: float) -> float:
    """Return the probability whose logit is *score*."""
    return 1 / (1 + math.exp(-max(-_FAR, min(_FAR, score))))


def probabilities(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    """Return the probability of each row of features under a logistic model."""
    if not rows:
        return []
    scores = np.asarray(rows, dtype=np.float64) @ np.asarray(weights, dtype=np.float64)
    return [float(p) for p in 1 / (1 + np.exp(-scores))]


def _above(chunk: Chunk) -> str:
    return " ".join((chunk.title, *chunk.heading))


def _share(weights: dict[str, float], present: set[str]) -> float:
    total = sum(weights.values())
    return sum(w for one, w in weights.items() if one in present) / total if total else 0.0


def _missing(names: frozenset[str], present: set[str]) -> float:
    return len(names - present) / len(names) if names else 0.0


def _holds(asked: ParsedQuestion, text: str) -> bool:
    """Return whether the unit has something of the asked kind that is not in the question."""
    if asked.kind is None:
        return False
    own = asked.text.lower()
    return any(match.group().lower() not in own for match in asked.kind.finditer(text))
