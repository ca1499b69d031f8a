"""Scores of one question, and their mean over many with an interval."""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from ir_measures import RR, Measure, Qrel, R, ScoredDoc, iter_calc, nDCG
from numpy.typing import NDArray

from bot.types import Answer, Citation, Status
from eval.types import Case, Place
from index.types import Passage

DEPTH = 10
RESAMPLES = 1000
SEED = 0

RETRIEVAL = ("ndcg@10", "recall@10", "mrr@10")
METRICS = (
    *RETRIEVAL,
    *("exact_match", "f1", "contains_answer", "place_hit", "quote_verbatim"),
    *("refusal_recall", "false_refusal", "cost_usd", "ms_p50", "ms_p95"),
)
"""All names, in the order in which they are shown."""

_MEASURES: dict[Measure, str] = dict(
    zip((nDCG @ DEPTH, R @ DEPTH, RR @ DEPTH), RETRIEVAL, strict=True)
)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_LABEL = re.compile(r"\s?\[(\d+)\]")

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """What a ranking is made of: a document, or a page where pages are marked as relevant.

    Attributes:
        document: Id of the document.
        page: Physical page, from 1; None means the document as a whole.
    """

    document: str
    page: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A mean over questions, or a percentile where the metric is one.

    Attributes:
        mean: The value.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n: From how many questions; one whose score could not be taken is not among them.
    """

    mean: float
    low: float
    high: float
    n: int


def ranking(passages: Sequence[Passage], relevant: Sequence[Place]) -> list[Spot]:
    """Fold *passages*, best first, to documents or pages: each stands where its best one stood.

    Pages count where the relevant places name pages, documents everywhere else.
    """
    spots = (_spot(passage.chunk.document, passage.chunk.page, relevant) for passage in passages)
    return list(dict.fromkeys(spots))


def retrieval_scores(spots: Sequence[Spot], relevant: Sequence[Place]) -> dict[str, float]:
    """Score a ranking by `ir_measures`: nDCG, recall and reciprocal rank of the first ten.

    Args:
        spots: As `ranking` makes them, best first.
        relevant: What should be found; if nothing is marked there is nothing to score.
    """
    grades: dict[Spot, int] = {}
    for place in relevant:
        spot = _spot(place.document, place.page, relevant)
        grades[spot] = max(place.grade, grades.get(spot, 0))
    if not grades:
        return {}
    # Numbers for names, since the measures take text alone; falling scores, since they know no
    # order and would break ties by name.
    names = {spot: str(number) for number, spot in enumerate(dict.fromkeys([*grades, *spots]))}
    wanted = [Qrel("", names[spot], grade) for spot, grade in grades.items()]
    found = [ScoredDoc("", names[spot], float(-rank)) for rank, spot in enumerate(spots)]
    measured = {_MEASURES[m.measure]: m.value for m in iter_calc(_MEASURES, wanted, found)}
    return {name: measured[name] for name in RETRIEVAL}


def answer_scores(
    case: Case, answer: Answer, *, text_of: Callable[[str], str | None] | None = None
) -> dict[str, float]:
    """Score what can be scored of *answer*; a score that cannot be taken is left out.

    A refusal of an answerable question answers it with nothing: its match with a right answer
    is 0. A failure is neither an answer nor a refusal, and has no score.

    Args:
        case: The question.
        answer: What was said.
        text_of: Stored text of a document, None if there is no such document.
    """
    if answer.status is Status.FAILED:
        return {}
    answered = answer.status is Status.ANSWERED
    scores: dict[str, float] = {
        "false_refusal" if case.answerable else "refusal_recall": float(not answered)
    }
    if case.answerable and case.answers:
        said = without_labels(answer.text, answer.citations)
        scores["exact_match"] = exact_match(said, case.answers)
        scores["f1"] = f1(said, case.answers)
        contained = contains_answer(said, case.answers)
        scores |= {} if contained is None else {"contains_answer": contained}
    if answered and case.relevant:
        scores["place_hit"] = place_hit(answer.citations, case.relevant)
    if answer.citations and text_of:
        scores["quote_verbatim"] = quote_verbatim(answer.citations, text_of)
    if answer.usage.cost_usd is not None:
        scores["cost_usd"] = float(answer.usage.cost_usd)
    return scores


def normalise(text: str) -> str:
    """Reduce *text* to what SQuAD compares, by the rules of its official scoring.

    Small letters; no ASCII punctuation; no "a", "an", "the"; one space between words.

    >>> normalise("The  Answer: 42%, a well-known one.")
    'answer 42 wellknown one'
    """
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(said: str, answers: Sequence[str]) -> float:
    """1 if *said* is one of *answers* after `normalise`, else 0.

    >>> exact_match("the Euro!", ["euro", "EUR"])
    1.0
    """
    return float(normalise(said) in {normalise(answer) for answer in answers})


def f1(said: str, answers: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of words after `normalise`, for the best answer.

    Where one side has no word left, 1 if the other has none either, else 0.

    >>> f1("in October 1973", ["October 1973", "1973"])
    0.8
    """
    words = normalise(said).split()
    return max(_f1(words, normalise(answer).split()) for answer in answers)


def contains_answer(said: str, answers: Sequence[str]) -> float | None:
    """1 if the words of one of *answers* stand in *said* one after the other, else 0.

    None if no answer has a word left after `normalise`: nothing is contained in everything.

    >>> contains_answer("It ended in 2010.", ["10"])
    0.0
    """
    wanted = [words for answer in answers if (words := normalise(answer))]
    if not wanted:
        return None
    padded = f" {normalise(said)} "
    return float(any(f" {words} " in padded for words in wanted))


def place_hit(citations: Sequence[Citation], relevant: Sequence[Place]) -> float:
    """1 if a citation points to a relevant place, else 0."""
    return float(any(_is_at(citation, place) for citation in citations for place in relevant))


def quote_verbatim(citations: Sequence[Citation], text_of: Callable[[str], str | None]) -> float:
    """Share of *citations* whose quote is the stored text of their span, letter for letter."""
    exact = 0
    for citation in citations:
        text = text_of(citation.document)
        exact += text is not None and text[citation.start : citation.end] == citation.quote != ""
    return exact / len(citations)


def without_labels(text: str, citations: Sequence[Citation]) -> str:
    """Take the labels of *citations* out of *text*, and no other number in brackets."""
    labels = {str(citation.label) for citation in citations}
    return _LABEL.sub(lambda found: "" if found[1] in labels else found[0], text)


def mean_of(values: Iterable[float]) -> Summary | None:
    """Return the mean of *values*; None if there are none. The interval is `_summary`'s."""
    return _summary(values, lambda samples: samples.mean(axis=-1))


def percentile_of(values: Iterable[float], percent: float) -> Summary | None:
    """Return a percentile of *values*; None if there are none. The interval is `_summary`'s."""

    def statistic(samples: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.percentile(samples, percent, axis=-1))

    return _summary(values, statistic)


def _summary(values: Iterable[float], statistic: Statistic) -> Summary | None:
    """Take *statistic* with a 95 % interval by the bootstrap's percentile method.

    The questions are drawn again with replacement, as many as there are, 1,000 times, from a
    fixed seed; the interval runs from the 2.5th to the 97.5th percentile of the statistic
    (B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    """
    sample = np.fromiter(values, dtype=np.float64)
    if not sample.size:
        return None
    random = np.random.default_rng(SEED)
    # One resample at a time: all at once take a gigabyte for a set of 100,000 questions.
    resampled = [
        statistic(sample[random.integers(sample.size, size=sample.size)]) for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Summary(mean=float(statistic(sample)), low=float(low), high=float(high), n=sample.size)


def _f1(said: Sequence[str], answer: Sequence[str]) -> float:
    if not said or not answer:
        return float(said == answer)
    shared = (Counter(said) & Counter(answer)).total()
    return 2 * shared / (len(said) + len(answer))


def _spot(document: str, page: int | None, relevant: Sequence[Place]) -> Spot:
    own = [place.page for place in relevant if place.document == document]
    # Where the whole document is relevant, a page of it cannot be told from another.
    by_page = None not in own if own else any(place.page for place in relevant)
    return Spot(document=document, page=page if by_page else None)


def _is_at(citation: Citation, place: Place) -> bool:
    if citation.document != place.document or place.page not in {None, citation.page}:
        return False
    depth = len(place.heading)
    starts = range(len(citation.heading) - depth + 1)
    return any(citation.heading[start : start + depth] == place.heading for start in starts)
