"""Judge answers with a language model, and compare the judge with people."""

from eval.judging.agreement import Agreement, judge_agreement, load_labelled, metric_agreement
from eval.judging.judge import CRITERIA, judge_run
from eval.judging.llama_index import Completing

__all__ = [
    "CRITERIA",
    "Agreement",
    "Completing",
    "judge_agreement",
    "judge_run",
    "load_labelled",
    "metric_agreement",
]
