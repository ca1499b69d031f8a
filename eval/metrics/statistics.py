"""Statistics over questions: value, confidence interval, and the difference between two runs."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
PERMUTATIONS = 2000
SEED = 0
_MAX_CELLS = 2_000_000  # all samples together would take a gigabyte for 100,000 questions
_SAME = 1e-12
_Z = 1.959964  # of the normal distribution, 95 % lie between -z and z

Numbers = NDArray[np.float64]
Statistic = Callable[[Numbers], Numbers]
"""From shape (samples, questions, columns) to shape (samples,); NaN where there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A mean over questions, or another statistic if the metric uses one.

    Attributes:
        mean: The value.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n: Number of questions; those without a score are not counted.
    """

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a statistic changed from one run to another, on the same questions.

    Attributes:
        before: Its value in the first run.
        after: Its value in the second.
        mean: The second minus the first.
        low: Lower end of the 95 % interval of the difference.
        high: Upper end.
        p: How often a difference this large occurs if the runs are exchanged by chance.
        n: How many questions both runs have a score for.
    """

    before: float
    after: float
    mean: float
    low: float
    high: float
    p: float
    n: int


def mean(samples: Numbers) -> Numbers:
    """Return the mean of the first column of each sample, whose values are from 0 to 1."""
    return amount(samples)


def amount(samples: Numbers) -> Numbers:
    """Return the mean of the first column of each sample, such as tokens: 0 and 1 are no limits."""
    return np.asarray(samples[..., 0].mean(axis=-1))


def percentile(percent: float) -> Statistic:
    """Return the statistic that is this percentile of the first column."""

    def statistic(samples: Numbers) -> Numbers:
        return np.asarray(np.percentile(samples[..., 0], percent, axis=-1))

    return statistic


def mean_of(values: Iterable[float]) -> Summary | None:
    """Return the mean of *values*; None if there are none. The interval is `summary`'s."""
    return summary([(value,) for value in values], mean)


def percentile_of(values: Iterable[float], percent: float) -> Summary | None:
    """Return a percentile of *values*; None if there are none. The interval is `summary`'s."""
    return summary([(value,) for value in values], percentile(percent))


def summary(rows: Sequence[Sequence[float]], statistic: Statistic) -> Summary | None:
    """Return *statistic* of *rows*, one per question, with a 95 % interval; None without a value.

    The interval is the bootstrap's, by the percentile method: the questions are drawn again with
    replacement, as many as there are, 1,000 times, from a fixed seed; it runs from the 2.5th to
    the 97.5th percentile (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13).
    The interval of a mean of zeros and ones is Wilson's: where all are equal, the bootstrap would
    claim certainty.
    """
    if not rows:
        return None
    values = np.asarray(rows, dtype=np.float64)
    found = float(statistic(values[None])[0])
    if np.isnan(found):
        return None
    if statistic is mean and np.isin(values[:, 0], (0, 1)).all():
        low, high = wilson(found, len(values))
        return Summary(mean=found, low=low, high=high, n=len(values))
    drawn = np.concatenate([statistic(values[index]) for index in _resamples(values)])
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Summary(mean=found, low=float(low), high=float(high), n=len(values))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of *n* questions, by Wilson's score (JASA 22, 1927).

    >>> [tuple(round(end, 3) for end in wilson(share, 20)) for share in (0.0, 0.5, 1.0)]
    [(0.0, 0.161), (0.299, 0.701), (0.839, 1.0)]
    """
    square = _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return the p of each of several tests, corrected for their number by Holm's method.

    Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979): the smallest p counts as
    often as there are tests, the next one time less, and none is below the one before it.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    corrected: dict[str, float] = {}
    largest = 0.0
    for at, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, min(1.0, p_values[name] * (len(p_values) - at)))
        corrected[name] = largest
    return corrected


def questions_needed(found: Difference, margin: float) -> int:
    """Return how many questions would show a change of *margin*, by the interval of *found*.

    An interval is narrower by the root of the number of questions.

    >>> one = Difference(before=0, after=0, mean=0, low=-0.08, high=0.08, p=1, n=20)
    >>> questions_needed(one, 0.02)
    320
    """
    half = (found.high - found.low) / 2
    return ceil(found.n * (half / margin) ** 2 - _SAME)


def difference(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], statistic: Statistic
) -> Difference | None:
    """Compare two runs question by question; None if the statistic has no value in one of them.

    The interval is that of `summary`, each question drawn with both of its scores; for a mean of
    zeros and ones that changed, it is Agresti and Min's (`paired_shares`). *p* is that of
    a permutation test on pairs (Fisher, The Design of Experiments, 1935, ch. 3; here 2,000
    exchanges drawn at random): for each question a coin decides which run its two scores belong
    to, and p = (1 + exchanges with a difference at least as large) / (1 + exchanges).

    Args:
        before: One row per question.
        after: The same questions in the same order.
        statistic: The statistic to compare.
    """
    if not before:
        return None
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    values = [float(statistic(run[None])[0]) for run in (first, second)]
    if np.isnan(values).any():
        return None
    change = values[1] - values[0]
    low, high = _change_interval(first, second, statistic)
    return Difference(
        before=values[0],
        after=values[1],
        mean=change,
        low=low,
        high=high,
        p=_p_value(first, second, statistic, change=change),
        n=len(first),
    )


def paired_shares(won: int, lost: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of the difference of two shares on the same *n* questions.

    Agresti and Min, Effects and Non-effects of Paired Identical Observations (2005): half a
    question is added to each of the four counts of pairs. Where all questions that changed are
    lost, the bootstrap would claim certainty, however few they are.

    >>> [round(end, 2) for end in paired_shares(0, 3, 3)]
    [-1.0, -0.02]
    >>> [round(end, 2) for end in paired_shares(6, 2, 100)]
    [-0.02, 0.1]
    """
    up, down, total = won + 0.5, lost + 0.5, n + 2
    middle = (up - down) / total
    half = _Z * sqrt(up + down - (up - down) ** 2 / total) / total
    return max(-1.0, middle - half), min(1.0, middle + half)


def _change_interval(first: Numbers, second: Numbers, statistic: Statistic) -> tuple[float, float]:
    both = np.concatenate([first[:, 0], second[:, 0]])
    step = second[:, 0] - first[:, 0]
    if statistic is mean and np.isin(both, (0, 1)).all() and step.any():
        return paired_shares(int((step > 0).sum()), int((step < 0).sum()), len(first))
    drawn = np.concatenate([statistic(second[i]) - statistic(first[i]) for i in _resamples(first)])
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _p_value(first: Numbers, second: Numbers, statistic: Statistic, *, change: float) -> float:
    random = np.random.default_rng(SEED)
    as_large = 0
    for count in _blocks(first, PERMUTATIONS):
        swapped = random.random((count, len(first), 1)) < 0.5  # noqa: PLR2004 - a fair coin
        ones, others = np.where(swapped, second, first), np.where(swapped, first, second)
        changes = statistic(others) - statistic(ones)
        as_large += int((np.abs(changes) >= abs(change) - _SAME).sum())
    return (1 + as_large) / (1 + PERMUTATIONS)


def _resamples(values: Numbers) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(SEED)
    for count in _blocks(values, RESAMPLES):
        yield random.integers(len(values), size=(count, len(values)))


def _blocks(values: Numbers, total: int) -> Iterator[int]:
    size = max(1, _MAX_CELLS // values.size)
    for first in range(0, total, size):
        yield min(size, total - first)
