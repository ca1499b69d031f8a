"""Calibration metrics: how well confidence predicts whether an answer is right."""

import math

import numpy as np

from footnote_qa.eval.metrics.statistics import Numbers

SHORT_WORDS = 10
"""An answer with at most this many words is expected word for word in what is said."""


def auroc(samples: Numbers) -> Numbers:
    """Area under the ROC curve of confidence (first column) for answerable (second column).

    The chance that an answerable question gets more confidence than an unanswerable one, ties
    counting half: `(sum of the ranks of the answerable - m (m + 1) / 2) / (m * u)` for m answerable
    and u unanswerable ones (Hanley and McNeil, 1982). 0.5 is chance; NaN if one kind is missing.

    >>> float(auroc(np.array([[[0.9, 1.0], [0.4, 1.0], [0.6, 0.0], [0.1, 0.0]]]))[0])
    0.75
    """
    wanted = _by_level(samples[..., 0], samples[..., 1])
    others = _by_level(samples[..., 0], 1 - samples[..., 1])
    # From the lowest confidence up: each answerable one beats all below it, and half of its level.
    beaten = np.cumsum(others, axis=-1) - others / 2
    pairs = wanted.sum(axis=-1) * others.sum(axis=-1)
    with np.errstate(invalid="ignore"):  # without a pair the value is NaN
        return np.asarray((wanted * beaten).sum(axis=-1) / pairs)


def aurc(samples: Numbers) -> Numbers:
    """Area under the risk-coverage curve of confidence (first column) and loss (second column).

    Mean, over the answered questions, of the risk among those with at least the same confidence
    (Geifman, Uziel and El-Yaniv, 2019). 0 is best; uninformative confidence gives the plain share
    of wrong answers.

    >>> float(aurc(np.array([[[0.9, 0.0], [0.5, 1.0]]]))[0])
    0.25
    """
    counts = _by_level(samples[..., 0], np.ones_like(samples[..., 0]))[..., ::-1]
    lost = _by_level(samples[..., 0], samples[..., 1])[..., ::-1]
    met = np.cumsum(counts, axis=-1)
    risk = np.cumsum(lost, axis=-1) / np.maximum(met, 1)
    return np.asarray((counts * risk).sum(axis=-1) / samples.shape[-2])


def risk_coverage(points: Numbers) -> tuple[Numbers, Numbers]:
    """Return (coverage, risk) as the required confidence falls, each level of confidence once.

    Args:
        points: Shape (questions, 2): confidence and loss.
    """
    confidence, loss = points[:, 0], points[:, 1]
    order = np.argsort(-confidence, kind="stable")
    ends = np.flatnonzero(np.diff(confidence[order], append=-math.inf))
    counts = ends + 1.0
    return counts / len(points), np.cumsum(loss[order])[ends] / counts


def loss(scores: dict[str, float], *, answerable: bool, short: bool) -> float | None:
    """1 if an answer is wrong, 0 if it is right, None if that is not known.

    Any answer to an unanswerable question is wrong. If a known right answer is *short*, the answer
    is right if it contains it; otherwise it is right if a citation points to a relevant place.

    >>> loss({"contains_answer": 0.0, "place_hit": 1.0}, answerable=True, short=False)
    0.0
    """
    if not answerable:
        return 1.0
    right = scores.get("contains_answer") if short else None
    if right is None:
        right = scores.get("place_hit")
    return None if right is None else 1.0 - right


def _by_level(confidence: Numbers, amounts: Numbers) -> Numbers:
    """Sum *amounts* by level of confidence, the lowest first: shape (samples, levels)."""
    levels, places = np.unique(confidence, return_inverse=True)
    first = np.arange(len(confidence))[:, None] * len(levels)
    size = len(confidence) * len(levels)
    cells = (first + places.reshape(confidence.shape)).ravel()
    sums = np.bincount(cells, weights=amounts.ravel(), minlength=size)
    return np.asarray(sums.reshape(len(confidence), len(levels)))
