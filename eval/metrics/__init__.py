"""Metrics of retrieval, answers and citations, with their statistics."""

from footnote_qa.eval.metrics.answers import exact_match, f1, groups_held, rouge_l
from footnote_qa.eval.metrics.calibration import auroc, risk_coverage
from footnote_qa.eval.metrics.catalogue import (
    METRICS,
    Metric,
    Values,
    answer_scores,
    loss_of,
    summaries,
)
from footnote_qa.eval.metrics.citations import TextOf, place_hit, share_held, without_labels
from footnote_qa.eval.metrics.own import OwnMetric, description, metrics_of, own_metrics
from footnote_qa.eval.metrics.retrieval import DEPTH, Spot, ranking, retrieval_scores
from footnote_qa.eval.metrics.statistics import (
    Difference,
    Numbers,
    Summary,
    difference,
    holm,
    mean,
    mean_of,
    questions_needed,
)

__all__ = [
    "DEPTH",
    "METRICS",
    "Difference",
    "Metric",
    "Numbers",
    "OwnMetric",
    "Spot",
    "Summary",
    "TextOf",
    "Values",
    "answer_scores",
    "auroc",
    "description",
    "difference",
    "exact_match",
    "f1",
    "groups_held",
    "holm",
    "loss_of",
    "mean",
    "mean_of",
    "metrics_of",
    "own_metrics",
    "place_hit",
    "questions_needed",
    "ranking",
    "retrieval_scores",
    "risk_coverage",
    "rouge_l",
    "share_held",
    "summaries",
    "without_labels",
]
